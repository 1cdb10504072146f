"""How every figure looks: type, inks, one colour and mark per method, and files that repeat byte for byte."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from pipeline.reporting.figures.svg import compact, series
from pipeline.reporting.results.report_scope import Entry, Scope

LineStyle = str | tuple[int, tuple[float, ...]]
WIDTH = 9.2

INK, SOFT, GRID, PAPER = "#1f2429", "#6a737d", "#dfe3e8", "#ffffff"
"""The page swaps these four and COLOURS for its own, so that figures follow light and dark."""

COLOURS = (
    *("#0072b2", "#c24e00", "#00805d", "#a8558c", "#9a6700"),
    *("#3a9fd8", "#6558b1", "#c4103c", "#464e56", "#6f8400"),
)
"""After Okabe and Ito, darkened for lines and type on white; the page lightens them in the dark."""
WIDTHS = (1.0, 1.8, 2.6)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_DASHES: Mapping[tuple[bool, bool], LineStyle] = {
    (False, False): "-",
    (False, True): "--",
    (True, False): (0, (1, 1.2)),
    (True, True): (0, (5, 1.2, 1, 1.2)),
}
"""By whether a method is label-free, and whether it is a further variant."""

SETTINGS = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9.0,
    "axes.labelsize": 9.0,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "text.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "axes.linewidth": 0.8,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.bottom": False,
    "ytick.left": False,
    "lines.linewidth": WIDTHS[1],
    "lines.markersize": 4.5,
    "figure.facecolor": PAPER,
    "axes.facecolor": "none",
    "figure.constrained_layout.use": True,
    "svg.hashsalt": "report",
    "svg.fonttype": "none",
}


@dataclass(frozen=True)
class Look:
    """How a line looks; a method's colour and mark are the same in all figures of one dataset.

    dashes: solid, dotted where the method is label-free, dashed or dash-dotted for its further variants; hollow: the
    mark of a further variant; width: in points, tells apart methods of one colour; method: whose line it is, for the
    page to point it out.
    """

    colour: str
    marker: str = ""
    dashes: LineStyle = "-"
    hollow: bool = False
    width: float = WIDTHS[1]
    method: str = ""

    @classmethod
    def of(cls, entry: Entry, scope: Scope) -> Look:
        position = list(scope.order).index(entry.method.name)
        further = entry.variant != "default"
        return cls(
            COLOURS[position % len(COLOURS)],
            MARKERS[position % len(MARKERS)],
            _DASHES[entry.method.label_free, further],
            further,
            WIDTHS[position // len(COLOURS) % len(WIDTHS)],
            entry.method.name,
        )

    def numbered(self, number: int) -> Look:
        """With the colour and mark of this number, for a figure that draws few methods of many."""
        colour, marker = COLOURS[number % len(COLOURS)], MARKERS[number % len(MARKERS)]
        return replace(self, colour=colour, marker=marker, width=WIDTHS[1])

    @property
    def style(self) -> dict[str, Any]:
        """As arguments of a Matplotlib line."""
        face = {"markerfacecolor": PAPER} if self.hollow else {}
        line = {"color": self.colour, "linestyle": self.dashes, "linewidth": self.width}
        return {**line, "marker": self.marker, **face}


class Sheet:
    """Panels that share their axes, under a title that starts at the left edge."""

    def __init__(self, rows: int, columns: int, panel_height: float, title: str, *, share_y: bool = True) -> None:
        with mpl.rc_context(SETTINGS):
            self.figure = Figure(figsize=(WIDTH, panel_height * rows + 0.4))
            self.panels = self.figure.subplots(rows, columns, sharex=True, sharey=share_y, squeeze=False)
            self.figure.suptitle(title, x=0.008, ha="left", fontsize=10.5, fontweight="bold")

    def name_axes(self, x: str, y: str) -> None:
        """Axis names at the outer edge only."""
        for axes in self.panels[-1]:
            axes.set_xlabel(x)
        for row in self.panels:
            row[0].set_ylabel(y)

    def head(self, axes: Axes, text: str) -> None:
        axes.set_title(text, loc="left", fontsize=9.0)

    def name_row(self, panels: Sequence[Axes], text: str) -> None:
        """A name right of a row of panels, in the margin that the legend keeps free."""
        end = panels[-1]
        end.text(1.06, 0.5, text, transform=end.transAxes, color=INK, fontsize=9.0, va="center", in_layout=False)

    def legend(self, looks: Mapping[str, Look]) -> None:
        """Every name beside the panels, once."""
        lines = [Line2D([], [], label=name, **look.style) for name, look in looks.items()]
        with mpl.rc_context(SETTINGS):
            legend = self.figure.legend(
                handles=lines, loc="outside right upper", frameon=False, handlelength=3.2, fontsize=8.5
            )
        for line, text, look in zip(legend.get_lines(), legend.get_texts(), looks.values(), strict=True):
            series(line, look.method)
            series(text, look.method)


def svg(made: Figure) -> str:
    """A file of its own on white paper; text stays text."""
    buffer = io.StringIO()
    with mpl.rc_context(SETTINGS):
        made.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return compact(buffer.getvalue())
