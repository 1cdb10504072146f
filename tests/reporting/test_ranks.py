"""Average ranks and the bars that join what a critical difference does not tell apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.reporting.figures.ranks import joined, rank_caption, rank_figure, ranked
from pipeline.reporting.tables.significance_marks import Standing, Standings
from tests.reporting.conftest import scoped


def column(direction: str, **maps: float) -> tuple[tuple[str, ...], dict[str, Standing]]:
    return (direction, "0.2"), {label: Standing(value, tied=False) for label, value in maps.items()}


def compared() -> Standings:
    return dict([column("a->b", CE=0.5, MRL=0.7, SDML=0.5, MCCA=0.1), column("b->a", CE=0.3, MRL=0.2, MCCA=0.1)])


def test_ranks_leave_out_who_has_a_gap() -> None:
    assert ranked(compared()) == {"CE": 1.5, "MRL": 1.5, "MCCA": 3}
    assert ranked(dict([column("a->b", CE=0.5), column("b->a", MRL=0.5)])) == {}


@pytest.mark.parametrize(
    ("ranks", "reach", "groups"),
    [
        ([1, 2, 3], 0.5, []),
        ([1, 2, 3], 1, []),
        ([1, 2, 3], 1.1, [(0, 1), (1, 2)]),
        ([1, 2, 3], 5, [(0, 2)]),
        ([1, 1.5, 2, 4, 4.2], 1.2, [(0, 2), (3, 4)]),
        ([1, 1], 0.1, [(0, 1)]),
    ],
)
def test_bars_join_largest_groups_within_reach(ranks: list[float], reach: float, groups: list[tuple[int, int]]) -> None:
    assert joined(ranks, reach) == groups


def test_the_figure_needs_three_and_its_caption_names_who_is_missing(records: Path) -> None:
    results = scoped(records)
    figure = rank_figure(results, "symmetric", compared())
    assert figure is not None
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["CE", "MRL", "MCCA"]
    caption = rank_caption(results, compared())
    assert "over 2 columns" in caption
    assert "Left out because a cell has no number: MRL (authors_code), SDML, Later." in caption
    assert "A description only" in caption
    assert rank_figure(results, "symmetric", dict([column("a->b", CE=0.5, MRL=0.7)])) is None
    assert rank_figure(results, "symmetric", dict([column("a->b")])) is None
