"""Tables of more than two views: the mean per view of the queries in front, every direction folded behind it."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path

import pytest

from pipeline.core.criteria import BEST_VALIDATION, LAST_EPOCH
from pipeline.records.reader import Records
from pipeline.reporting.page.build import build_report
from pipeline.reporting.results.report_scope import Scope, Subject
from pipeline.reporting.results.results import Results
from pipeline.reporting.tables.comparison import by_query_view, comparison
from pipeline.reporting.tables.table import Number
from tests.reporting.conftest import DATASETS, METHODS, PARAMS, RATES, SEEDS, done, project, scoped
from tests.support.records import write_cells, write_statistics

VIEWS = ("image", "text", "cloud")
DIRECTIONS = [f"{a}->{b}" for a, b in permutations(VIEWS, 2)]


@pytest.fixture
def three(tmp_path: Path) -> Path:
    folder = tmp_path / "records"
    for method, level in (("ce", 0.3), ("mrl", 0.5)):
        rows = [
            done(rate, seed, criterion, direction, f"{level + 0.02 * number - 0.1 * rate + 0.01 * seed:.6g}")
            for rate in RATES
            for seed in SEEDS
            for criterion in (BEST_VALIDATION, LAST_EPOCH)
            for number, direction in enumerate(DIRECTIONS)
        ]
        write_cells(folder, "emoji", method, rows)
    write_statistics(folder, "emoji")
    described = {
        "classes": ["a", "b"],
        "sizes": {"train": 60, "valid": 20, "test": 60},
        "views": {view: {"extractor": "Pixels", "dimension": 4} for view in VIEWS},
    }
    (folder / "datasets").mkdir()
    (folder / "datasets" / "emoji.json").write_text(json.dumps(described), encoding="utf-8")
    return folder


def results(folder: Path) -> Results:
    scope = Scope(DATASETS[0], METHODS[1:3], ["symmetric"], RATES, SEEDS, ["ce", "mrl"])
    return Results(Records(folder), scope)


def test_a_column_per_view_of_the_queries_is_the_mean_of_its_directions(three: Path) -> None:
    table = by_query_view(results(three), "symmetric", BEST_VALIDATION)
    assert [column.heads[1:] for column in table.columns] == [
        *((f"{view}->others", str(rate)) for view in VIEWS for rate in RATES),
        ("all", "mean"),
    ]
    first = table.rows[0].cells[0]
    assert isinstance(first, Number)
    assert first.mean == pytest.approx(0.3 + 0.01 - 0.02 + 0.01)
    assert first.n == 3


def test_every_direction_is_there_and_folded(three: Path) -> None:
    table = comparison(results(three), "symmetric", BEST_VALIDATION)
    assert table.folded
    assert len(table.columns) == len(DIRECTIONS) * len(RATES) + 1


def test_the_page_shows_the_means_and_folds_the_directions(three: Path, tmp_path: Path) -> None:
    emoji = PARAMS | {"experiments": PARAMS["experiments"][:1]}
    displayed = project(emoji, datasets=["emoji"], methods=["ce", "mrl"])
    build_report(three, tmp_path / "out", Subject(displayed, DATASETS[:1], METHODS[1:3]))
    text = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    means = text.index('id="table-emoji_symmetric_best_validation_by_query"')
    summary = text.index("<summary>Emoji, best validation, every direction</summary>")
    assert means < summary < text.index('id="table-emoji_symmetric_best_validation"')


def test_two_views_are_shown_as_before(records: Path) -> None:
    both = scoped(records)
    assert not both.many_directions
    assert not comparison(both, "symmetric", BEST_VALIDATION).folded
