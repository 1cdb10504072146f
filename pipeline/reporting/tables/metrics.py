"""The same rankings by every metric: does the order of the methods depend on how one looks at them?"""

from __future__ import annotations

from pipeline.metrics.base import registered
from pipeline.reporting.results.cell_values import cell
from pipeline.reporting.results.report_scope import noise_words
from pipeline.reporting.results.results import CRITERION_NAMES, Results
from pipeline.reporting.tables.comparison import spread
from pipeline.reporting.tables.table import Column, Row, Table


def metrics(results: Results, noise: str) -> Table:
    """A row per entry, a column per metric of `report.metrics`: mean over directions and noise rates."""
    scope, headline = results.scope, results.headline
    known = registered()
    chosen = {name: known[name] for name in scope.metrics or known}
    rows = []
    for entry in results.entries(headline):
        cells = [cell(results.mean(entry, noise, scope.rates, headline, name)) for name in chosen]
        rows.append(Row(entry.label, cells, method=entry.method.name))
    ranked = len(rows) > 1
    return Table(
        name=f"{results.dataset.name}_{noise}_metrics",
        title=f"{results.dataset.display}, by every metric",
        caption=f"Mean over directions and noise rates under {noise_words(noise)}, {CRITERION_NAMES[headline]}, of "
        f"{', '.join(metric.display for metric in chosen.values())}; relevant is every item of the query's class. R@k "
        "is the share of queries that meet a relevant item among the first k, with equal similarities in random order. "
        f"{spread(results, noise)}{' Best of a column bold, second underlined.' if ranked else ''}",
        stub="method",
        levels=("metric",),
        columns=[Column((metric.display,), ranked, metric.decimals) for metric in chosen.values()],
        rows=rows,
    )
