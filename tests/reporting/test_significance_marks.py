"""Planted AP: who is marked as tied with the best, what differs from it and by how much."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.core.criteria import BEST_VALIDATION
from pipeline.core.errors import BadInput
from pipeline.core.splits import Array
from pipeline.records.cells import CELLS
from pipeline.records.reader import Records
from pipeline.records.statistics import STATISTICS
from pipeline.reporting.results.results import Results
from pipeline.reporting.tables.comparison import comparison
from pipeline.reporting.tables.formats import html, latex, markdown, tidy
from pipeline.reporting.tables.significance_marks import Standings, differences, marked, standings
from pipeline.reporting.tables.table import Absent, Number, Table
from tests.reporting.conftest import DIRECTIONS, RATES, SEEDS, done, scoped
from tests.support.records import keep, lines, write_cells, write_statistics

QUERIES = 300
LOSS = 0.1


def plant(folder: Path, **methods: Array) -> tuple[Results, Standings]:
    """Cells and AP of methods on emoji, the same AP in every column; what is not named has not been run."""
    for name, ap in methods.items():
        keys = [(r, s, d) for r in RATES for s in SEEDS for d in DIRECTIONS] if name != "mcca" else []
        keys += [("", "", d) for d in DIRECTIONS] if name == "mcca" else []
        write_cells(folder, "emoji", name, [done(r, s, BEST_VALIDATION, d, f"{ap.mean():.6g}") for r, s, d in keys])
    write_statistics(folder, "emoji", methods)
    results = scoped(folder)
    return results, standings(Records(folder), results, "symmetric")


def planted() -> dict[str, Array]:
    """CE is best, SDML equal up to noise, MRL worse by LOSS but for noise."""
    draw = np.random.default_rng(0)
    ce = 0.3 + 0.6 * draw.beta(2, 2, QUERIES)
    noise = 0.05 * draw.standard_normal((2, QUERIES))
    noise -= noise.mean(axis=1, keepdims=True)
    return {"ce": ce, "sdml": ce + noise[0] - 0.001, "mrl": ce + noise[1] - LOSS}


def headline(results: Results) -> Table:
    return comparison(results, "symmetric", BEST_VALIDATION)


def tied(table: Table) -> dict[str, list[bool | None]]:
    return {row.label: [c.tied for c in row.cells if isinstance(c, Number)] for row in table.rows}


def test_the_best_and_its_equal_are_marked_and_the_worse_is_not(tmp_path: Path) -> None:
    results, compared = plant(tmp_path, **planted(), mcca=np.full(QUERIES, 0.2))
    table = marked(headline(results), results, "symmetric", compared)
    yes, no = [True] * 4 + [None], [False] * 4 + [None]
    assert tied(table) == {"MCCA": no, "CE": yes, "MRL": no, "MRL (authors_code)": [], "SDML": yes, "Later": []}
    assert "not significantly worse than the best of its column on these queries" in table.caption
    assert "does not cover retraining" in table.caption
    assert markdown(table).count("<sup>≈</sup>") == 2 * 4 + 1
    assert latex(table).count(r"\textsuperscript{$\approx$}") == 2 * 4 + 1
    assert html(table).count("<sup>≈</sup>") == 2 * 4 + 1
    assert tidy(table).count(",true,false,number") == 2 * 4
    assert [row.cells[0] for row in table.rows if isinstance(row.cells[0], Absent)]


def test_a_best_that_stands_alone_is_not_marked(tmp_path: Path) -> None:
    ap = planted()
    results, compared = plant(tmp_path, ce=ap["ce"], mrl=ap["mrl"])
    table = marked(headline(results), results, "symmetric", compared)
    assert tied(table)["CE"] == tied(table)["MRL"] == [False] * 4 + [None]
    assert "<sup>≈</sup>" not in markdown(table)
    assert "not significantly worse" in table.caption


def test_one_entry_alone_is_not_tested(tmp_path: Path) -> None:
    results, compared = plant(tmp_path, ce=planted()["ce"])
    assert marked(headline(results), results, "symmetric", compared) == headline(results)
    assert differences(headline(results), results, "symmetric", compared) is None


def test_gaps_are_left_out_of_the_family(tmp_path: Path) -> None:
    plant(tmp_path, **planted())
    keep(CELLS, tmp_path, "emoji", lambda row: (row["method"], row["rate"]) != ("sdml", "0.8"))
    write_statistics(tmp_path, "emoji", planted())
    results = scoped(tmp_path)
    compared = standings(Records(tmp_path), results, "symmetric")
    assert {head: list(column) for head, column in compared.items()} == {
        (direction, rate): names
        for direction in DIRECTIONS
        for rate, names in (("0.2", ["CE", "MRL", "SDML"]), ("0.8", ["CE", "MRL"]))
    }
    assert tied(marked(headline(results), results, "symmetric", compared))["CE"] == [True, False, True, False, None]


def test_a_column_whose_best_is_not_shown_is_left_out(tmp_path: Path) -> None:
    ap = planted()
    plant(tmp_path, **ap, other=ap["ce"] + 0.05)
    compared = standings(Records(tmp_path), scoped(tmp_path), "symmetric")
    assert compared == {}
    plant(tmp_path, **ap, other=ap["ce"] - 0.05)
    compared = standings(Records(tmp_path), scoped(tmp_path), "symmetric")
    assert {label for column in compared.values() for label in column} == {"CE", "MRL", "SDML"}


def test_statistics_that_are_not_those_of_the_map_are_refused(tmp_path: Path) -> None:
    ap = planted()
    results, _ = plant(tmp_path, **ap)
    for shift, reason in ((5e-5, None), (2e-4, "the mean AP is")):
        write_statistics(tmp_path, "emoji", ap | {"ce": ap["ce"] + shift})
        if reason is None:
            standings(Records(tmp_path), results, "symmetric")
            continue
        with pytest.raises(BadInput, match=rf"statistics/emoji\.csv: CE, symmetric 0\.2, image->text: {reason}"):
            standings(Records(tmp_path), results, "symmetric")
    keep(STATISTICS, tmp_path, "emoji", lambda row: row["method"] != "ce")
    with pytest.raises(BadInput, match="there are no statistics, the MAP is"):
        standings(Records(tmp_path), results, "symmetric")


def test_differences_have_the_sign_and_the_interval_of_what_was_planted(tmp_path: Path) -> None:
    results, compared = plant(tmp_path, **planted())
    table = differences(headline(results), results, "symmetric", compared)
    assert table is not None
    rows = {row.label: row.cells for row in table.rows}
    assert {cell.state for cell in rows["CE"] if isinstance(cell, Absent)} == {"best"}
    assert {cell.state for cell in rows["Later"] if isinstance(cell, Absent)} == {"not run"}
    for label, loss in (("MRL", LOSS), ("SDML", 0.001)):
        for cell in rows[label]:
            assert isinstance(cell, Number)
            assert cell.interval is not None
            assert cell.mean == pytest.approx(-loss, abs=1e-6)
            assert cell.interval[0] < -loss < cell.interval[1]
            assert (cell.std, cell.n) == (None, len(SEEDS))
    assert [c.interval[1] < 0 for c in rows["MRL"] if isinstance(c, Number) and c.interval] == [True] * 4
    assert [c.interval[1] > 0 for c in rows["SDML"] if isinstance(c, Number) and c.interval] == [True] * 4
    assert len({c.interval for c in rows["MRL"] if isinstance(c, Number)}) == 4, "columns have draws of their own"
    assert " [−." in markdown(table)


def test_the_report_reads_and_computes_nothing(tmp_path: Path) -> None:
    plant(tmp_path, **planted())
    STATISTICS.write(
        tmp_path,
        "emoji",
        [
            row | {"difference": "-0.5", "low": "-0.6", "high": "-0.4"} if row["method"] == "mrl" else row
            for row in lines(STATISTICS, tmp_path, "emoji")
        ],
    )
    results = scoped(tmp_path)
    table = differences(headline(results), results, "symmetric", standings(Records(tmp_path), results, "symmetric"))
    assert table is not None
    (row,) = (row for row in table.rows if row.label == "MRL")
    assert {(cell.mean, cell.interval) for cell in row.cells if isinstance(cell, Number)} == {(-0.5, (-0.6, -0.4))}
