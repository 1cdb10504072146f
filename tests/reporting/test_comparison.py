"""The papers' layout, byte for byte, and the numbers behind it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from statistics import fmean, stdev

import pandas as pd
import pytest

from pipeline.core.criteria import BEST_VALIDATION, FIXED_CHECKPOINT, LAST_EPOCH, NOISY_VALIDATION
from pipeline.core.errors import BadInput
from pipeline.records.cells import CELLS
from pipeline.records.curves import CURVES
from pipeline.records.reader import Records
from pipeline.reporting.results.cell_values import NOT_KEPT, NOT_RUN, Values, combine
from pipeline.reporting.results.report_scope import Entry, Scope
from pipeline.reporting.results.results import Results, under
from pipeline.reporting.tables.comparison import comparison, robustness
from pipeline.reporting.tables.formats import html, latex, markdown, tidy
from pipeline.reporting.tables.receipts import receipts
from pipeline.reporting.tables.significance_marks import differences, marked, standings
from pipeline.reporting.tables.table import Absent, Number, Table
from tests.reporting.conftest import DATASETS, METHODS, SEEDS, number, scoped, write_records
from tests.support.records import drop_method, lines

GOLDEN = Path(__file__).parent / "golden"
FORMATS = {"md": markdown, "tex": latex, "csv": tidy, "html": html}


@pytest.fixture
def results(records: Path) -> Results:
    return scoped(records)


def tables(records: Path) -> dict[str, Table]:
    results = scoped(records)
    headline = comparison(results, "symmetric", "best_validation")
    compared = standings(Records(records), results, "symmetric")
    apart = differences(headline, results, "symmetric", compared)
    assert apart is not None
    return {
        "best_validation": marked(headline, results, "symmetric", compared),
        "differences": apart,
        "last_epoch": comparison(results, "symmetric", "last_epoch"),
        "robustness": robustness(results, "symmetric"),
        "noise": receipts(results),
    }


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("name", ["best_validation", "differences", "last_epoch", "robustness", "noise"])
def test_tables_are_byte_exact(records: Path, name: str, suffix: str) -> None:
    made = FORMATS[suffix](tables(records)[name])
    assert made.encode() == (GOLDEN / f"{name}.{suffix}").read_bytes()


def copy_criterion(records: Path, one: str, other: str, wanted: Callable[[dict[str, str]], bool]) -> None:
    """Record the scores of a criterion under another one, too, for the wanted cells."""
    made = []
    for row in lines(CELLS, records, "emoji"):
        scores = {name.replace(one, other): value for name, value in row.items() if name.startswith(one)}
        made.append(row | (scores if wanted(row) else {}))
    CELLS.write(records, "emoji", made)


def test_the_fixed_checkpoint_table_shows_only_who_has_one(records: Path) -> None:
    assert scoped(records).entries(FIXED_CHECKPOINT) == []
    one = {"method": "ce", "rate": "0.8", "seed": "0"}
    copy_criterion(records, LAST_EPOCH, FIXED_CHECKPOINT, lambda row: row | one == row)
    results = scoped(records)
    table = comparison(results, "symmetric", FIXED_CHECKPOINT)
    assert [row.label for row in table.rows] == ["CE"]
    assert results.criteria == [BEST_VALIDATION, LAST_EPOCH]
    assert table.rows[0].cells[0] == NOT_KEPT
    assert isinstance(table.rows[0].cells[1], Number)
    assert table.rows[0].cells[1].note == "n = 1 of 3 seeds: seed 1 not kept; seed 2 not kept"


def test_the_noisy_validation_table_shows_only_who_chose_with_noisy_labels(records: Path) -> None:
    assert scoped(records).entries(NOISY_VALIDATION) == []
    copy_criterion(records, LAST_EPOCH, NOISY_VALIDATION, lambda row: row["method"] == "ce")
    results = scoped(records)
    table = comparison(results, "symmetric", NOISY_VALIDATION)
    assert [row.label for row in table.rows] == ["CE"]
    assert table.name == "emoji_symmetric_noisy_validation"
    assert table.title == "Emoji, noisy validation"
    assert (
        "Noisy validation = the epoch is chosen with validation labels as noisy as those of training" in table.caption
    )
    assert results.criteria == [BEST_VALIDATION, LAST_EPOCH], "it is neither headline nor in the figures"


def test_draws_that_differ_between_seeds_are_shown_per_seed(records: Path) -> None:
    results = scoped(records)
    assert not results.drawn_once("symmetric")
    assert not results.drawn_once("recorded")
    assert len(receipts(results).columns) == 6


def test_a_seed_that_failed_is_left_out_and_named(results: Results) -> None:
    cell = comparison(results, "symmetric", "best_validation").rows[2].cells[1]
    assert isinstance(cell, Number)
    assert cell.n == 2
    assert cell.note == "n = 2 of 3 seeds: seed 2 failed (loss term 'loss/total' is not finite)"


def test_a_label_free_number_stands_at_every_rate(results: Results) -> None:
    cells = comparison(results, "symmetric", "best_validation").rows[0].cells
    assert cells[0] == cells[1] == Number(0.31, deterministic=True)


def test_a_label_free_method_that_was_not_run_has_no_constant_fall(records: Path) -> None:
    drop_method(CELLS, records, "emoji", "mcca")
    assert set(robustness(scoped(records), "symmetric").rows[0].cells) == {NOT_RUN}


def test_the_area_is_the_trapezoidal_mean_seed_by_seed(tmp_path: Path) -> None:
    """CE's MAP falls on a straight line, so its mean from rate .2 to .8 is the MAP at .5, however the rates lie."""
    rates = (0.2, 0.3, 0.8)
    folder = write_records(tmp_path, rates=rates)
    results = Results(Records(folder), Scope(DATASETS[0], METHODS, ["symmetric"], rates, SEEDS, ["mcca", "ce"]))
    table = robustness(results, "symmetric")
    assert [column.heads[1] for column in table.columns[:4]] == ["0.2", "0.8", "fall", "area"]
    seeds = [float(number("ce", 0.5, seed, BEST_VALIDATION, "image->text")) - 0.01 for seed in SEEDS]
    area = table.rows[1].cells[3]
    assert isinstance(area, Number)
    assert (area.mean, area.std) == pytest.approx((fmean(seeds), stdev(seeds)), abs=1e-6)
    assert table.rows[0].cells[3] == Number(pytest.approx(0.3085), deterministic=True)  # type: ignore[arg-type]


def test_one_rate_has_an_area_of_one_point(records: Path) -> None:
    scope = Scope(DATASETS[0], METHODS, ["symmetric"], [0.2], SEEDS, ["mcca", "ce"])
    low, _, _, area, *_ = robustness(Results(Records(records), scope), "symmetric").rows[1].cells
    assert area == low


def test_seeds_outside_the_grid_are_not_shown(records: Path) -> None:
    entry = Entry(METHODS[1], "default")
    result = scoped(records, seeds=[0]).outcome(entry, "symmetric", 0.2, "last_epoch", "image->text")
    assert isinstance(result, Values)
    assert set(result.by_seed) == {0}


def test_noise_of_another_kind_is_not_shown(results: Results) -> None:
    result = results.outcome(Entry(METHODS[1], "default"), "pairflip", 0.2, "last_epoch", "image->text")
    assert isinstance(result, Absent)
    assert result.state == "not run"


def test_differences_are_taken_seed_by_seed() -> None:
    one, other = Values({0: 0.5, 1: 0.7, 2: 0.9}), Values({0: 0.4, 1: 0.6})
    result = combine([one, other], [1, -1])
    assert isinstance(result, Values)
    assert result.by_seed == pytest.approx({0: 0.1, 1: 0.1})


def test_a_deterministic_part_joins_every_seed() -> None:
    result = combine([Values({None: 0.5}), Values({0: 0.1, 1: 0.3})], [0.5, 0.5])
    assert result == Values({0: pytest.approx(0.3), 1: pytest.approx(0.4)})  # type: ignore[dict-item]


def test_a_missing_part_leaves_the_whole_out() -> None:
    result = combine([Values({0: 0.5}), Absent("failed", "x")], [0.5, 0.5])
    assert isinstance(result, Absent)
    assert result.state == "incomplete"


def test_a_label_free_record_answers_for_every_noise_and_rate() -> None:
    rows = pd.DataFrame(
        [(None, None, 0), ("symmetric", 0.2, 1), ("symmetric", 0.8, 2), ("pairflip", 0.2, 3)],
        columns=["noise", "rate", "row"],
    )
    assert under(rows, "symmetric", 0.2)["row"].tolist() == [0, 1]
    assert under(rows, "pairflip", 0.2)["row"].tolist() == [0, 3]
    assert under(rows, "pairflip", 0.8)["row"].tolist() == [0]
    assert under(rows[:0], "pairflip", 0.8).empty


def test_curves_are_read_when_they_are_asked_for(records: Path) -> None:
    CURVES.file(records, "emoji").write_text("broken\n")
    results = scoped(records)
    entry = next(entry for entry in results.scope.entries if entry.method.name == "ce")
    assert isinstance(results.outcome(entry, "symmetric", 0.2, BEST_VALIDATION, results.directions[0]), Values)
    with pytest.raises(BadInput, match=r"curves/emoji\.csv"):
        results.eleven_point(entry, "symmetric", 0.2, BEST_VALIDATION, results.directions[0])
