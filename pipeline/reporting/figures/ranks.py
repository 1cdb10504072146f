"""Average ranks with their critical difference, after Demsar (JMLR 2006): a description, no test."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from pipeline.evaluation.significance import average_ranks, critical_difference
from pipeline.evaluation.statistics import LEVEL
from pipeline.reporting.figures.style import INK, SOFT, Look, Sheet
from pipeline.reporting.figures.svg import series
from pipeline.reporting.results.report_scope import noise_words
from pipeline.reporting.results.results import CRITERION_NAMES, Results
from pipeline.reporting.tables.significance_marks import Standings

FEWEST = 3


def ranked(standings: Standings) -> dict[str, float]:
    """Label -> average rank over all columns, best first; entries with a gap are left out."""
    columns = [{label: standing.map for label, standing in column.items()} for column in standings.values()]
    labels = [label for label in columns[0] if all(label in column for column in columns)] if columns else []
    if not labels:
        return {}
    ranks = average_ranks(np.array([[column[label] for column in columns] for label in labels]))
    return dict(sorted(zip(labels, ranks.tolist(), strict=True), key=lambda pair: pair[1]))


def joined(ranks: Sequence[float], reach: float) -> list[tuple[int, int]]:
    """First and last position of every largest group of ascending ranks that differ by less than reach."""
    lasts = [max(n for n, other in enumerate(ranks) if other - rank < reach) for rank in ranks]
    return [(first, last) for first, last in enumerate(lasts) if last > first and last not in lasts[:first]]


def rank_figure(results: Results, noise: str, standings: Standings) -> Figure | None:
    """A row per entry with its average rank, and bars beside the rows that join what is not apart; None for few."""
    ranks = ranked(standings)
    if len(ranks) < FEWEST:
        return None
    reach = critical_difference(len(ranks), len(standings), LEVEL)
    title = f"{results.dataset.display}: average rank under {noise_words(noise)}, {CRITERION_NAMES[results.headline]}"
    sheet = Sheet(1, 1, 0.19 * len(ranks) + 0.75, title)
    axes = sheet.panels[0][0]
    looks = {entry.label: Look.of(entry, results.scope) for entry in results.scope.entries}
    for row, (label, rank) in enumerate(ranks.items()):
        point = axes.plot(rank, row, **looks[label].style)
        series(point[0], looks[label].method)
    groups = joined(list(ranks.values()), reach)
    for place, (first, last) in enumerate(groups, start=1):
        across = [1 + 0.018 * place] * 2
        axes.plot(across, [first - 0.3, last + 0.3], color=INK, transform=axes.get_yaxis_transform(), clip_on=False)
    bottom = len(ranks) - 1
    axes.plot([1, 1 + reach], [bottom, bottom], color=SOFT)
    axes.text(1, bottom - 0.35, f"critical difference {reach:.2f}", color=SOFT, fontsize=8.5)
    axes.set_yticks(range(len(ranks)), list(ranks))
    axes.set_ylim(len(ranks) - 0.4, -0.6)
    sheet.name_axes("average rank, 1 = best", "")
    return sheet.figure


def rank_caption(results: Results, standings: Standings) -> str:
    """What the bars mean, what the figure cannot say, and who is missing from it."""
    ranks = ranked(standings)
    left_out = [entry.label for entry in results.entries(results.headline) if entry.label not in ranks]
    missing = f" Left out because a cell has no number: {', '.join(left_out)}." if left_out else ""
    return (
        f"Average rank by MAP over {len(standings)} columns (directions and noise rates), "
        f"{CRITERION_NAMES[results.headline]}. Bars on the right join methods whose average ranks differ by less than "
        f"the critical difference (Nemenyi, level {LEVEL}). A description only: directions and rates of one dataset "
        f"are not independent columns.{missing}"
    )
