"""The best methods against the noise rate, a panel per dataset."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from pipeline.reporting.figures.style import Look, Sheet
from pipeline.reporting.figures.svg import series
from pipeline.reporting.results.cell_values import Values, cell
from pipeline.reporting.results.report_scope import Entry
from pipeline.reporting.results.results import Results
from pipeline.reporting.tables.table import Number, decimal


def overview_figure(panels: Sequence[tuple[Results, Sequence[tuple[Entry, Sequence[Values]]]]]) -> Figure:
    """panels: a dataset's results with the entries to draw and their values, one per rate."""
    sheet = Sheet(1, len(panels), 3.2, "MAP by match probability against the rate of label noise", share_y=False)
    looks: dict[str, Look] = {}
    for axes, (results, curves) in zip(sheet.panels[0], panels, strict=True):
        rates = list(results.scope.rates)
        for entry, values in curves:
            look = looks.setdefault(entry.label, Look.of(entry, results.scope).numbered(len(looks)))
            numbers = [number for value in values if isinstance(number := cell(value), Number)]
            spread = [number.std or 0.0 for number in numbers]
            bars = axes.errorbar(rates, [number.mean for number in numbers], spread, elinewidth=1.0, **look.style)
            for part in bars.get_children():
                series(part, look.method)
        chance = (results.description or {}).get("chance")
        words = "" if chance is None else f", chance {decimal(chance, 3)}"
        sheet.head(axes, f"{results.dataset.display}{words}")
        axes.set_xticks(rates)
    sheet.name_axes("noise rate", "MAP")
    sheet.legend(looks)
    return sheet.figure
