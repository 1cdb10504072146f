"""How every figure looks: type, inks, one colour and mark per method, and files that repeat byte for byte."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from pipeline.reporting.info import Entry, Scope

LineStyle = str | tuple[int, tuple[float, ...]]
WIDTH = 9.2

INK, SOFT, GRID = "#1f2429", "#6a737d", "#dfe3e8"
"""The page swaps these three and COLOURS for its own, so that figures follow light and dark."""

COLOURS = ("#0072b2", "#c24e00", "#00805d", "#a8558c", "#9a6700", "#3689c4", "#6558b1", "#6b7076")
"""After Okabe and Ito, darkened to be legible as type on white; the page lightens them in the dark."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X")

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
    "lines.linewidth": 1.7,
    "lines.markersize": 4.5,
    "figure.constrained_layout.use": True,
    "svg.hashsalt": "report",
    "svg.fonttype": "none",
}


@dataclass(frozen=True)
class Look:
    """A method keeps its colour and mark everywhere; dotted: label-free, dashed: another variant of the method."""

    colour: str
    marker: str
    dashes: LineStyle

    @classmethod
    def of(cls, entry: Entry, scope: Scope) -> Look:
        position = list(scope.methods).index(entry.method)
        dashes: LineStyle = "-" if entry.variant == entry.method.variants[0] else "--"
        dotted: LineStyle = (0, (1, 1.2))
        marker = MARKERS[position % len(MARKERS)]
        return cls(COLOURS[position % len(COLOURS)], marker, dotted if entry.method.label_free else dashes)


class Sheet:
    """Panels that share both axes, under a title that starts at the left edge."""

    def __init__(self, rows: int, columns: int, panel_height: float, title: str) -> None:
        with mpl.rc_context(SETTINGS):
            self.figure = Figure(figsize=(WIDTH, panel_height * rows + 0.4))
            self.panels = self.figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
            self.figure.suptitle(title, x=0.008, ha="left", fontsize=10.5, fontweight="bold")
        self._ends: dict[tuple[Axes, float], list[tuple[float, str, str]]] = {}

    def name_axes(self, x: str, y: str) -> None:
        """Axis names at the outer edge only."""
        for axes in self.panels[-1]:
            axes.set_xlabel(x)
        for row in self.panels:
            row[0].set_ylabel(y)

    def head(self, axes: Axes, text: str) -> None:
        axes.set_title(text, loc="left", fontsize=9.5)

    def label(self, axes: Axes, x: float, y: float, name: str, colour: str) -> None:
        """Name a line where it ends, in its own colour; `finish` keeps names from covering each other."""
        self._ends.setdefault((axes, x), []).append((y, name, colour))

    def finish(self) -> Figure:
        self.figure.draw_without_rendering()
        for (axes, x), ends in self._ends.items():
            bottom, top = axes.get_ylim()
            gap = 0.135 * (top - bottom) / (axes.bbox.height / self.figure.dpi)
            for height, (_, name, colour) in zip(_apart(sorted(ends), gap, top), sorted(ends), strict=True):
                axes.annotate(
                    name,
                    (x, height),
                    (7, 0),
                    textcoords="offset points",
                    color=colour,
                    va="center",
                    fontsize=8.5,
                    annotation_clip=False,
                )
        return self.figure


def _apart(ends: Sequence[tuple[float, str, str]], gap: float, top: float) -> list[float]:
    """Heights in ascending order, at least one line of type apart, moved down together if they pass the top."""
    heights: list[float] = []
    for y, _, _ in ends:
        heights.append(max(y, heights[-1] + gap) if heights else y)
    overflow = max(0.0, heights[-1] - top)
    return [height - overflow for height in heights]


def svg(made: Figure) -> str:
    """Text stays text; comments, indents and digits beyond a hundredth of a point go."""
    buffer = io.StringIO()
    with mpl.rc_context(SETTINGS):
        made.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    drawing = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", buffer.getvalue(), flags=re.DOTALL)
    drawing = re.sub(r"^.*?(?=<svg )", "", drawing, flags=re.DOTALL)
    drawing = re.sub(r"(\d\.\d\d)\d+", r"\1", drawing)
    return re.sub(r"\s*\n\s*", "\n", drawing)


def png(made: Figure) -> bytes:
    """64 colours are enough for lines on white, and keep the file small."""
    drawn, buffer = io.BytesIO(), io.BytesIO()
    with mpl.rc_context(SETTINGS):
        made.savefig(drawn, format="png", dpi=110, facecolor="white")
    Image.open(drawn).convert("RGB").quantize(64).save(buffer, format="png", optimize=True)
    return buffer.getvalue()
