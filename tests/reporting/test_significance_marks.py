"""Planted AP: who is marked as tied with the best, what differs from it and by how much."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.core.criteria import BEST_VALIDATION
from pipeline.core.errors import BadInput
from pipeline.core.splits import Array
from pipeline.records.reader import CELL_COLUMNS, Records
from pipeline.reporting.results.results import Results
from pipeline.reporting.tables.comparison import comparison
from pipeline.reporting.tables.formats import html, latex, markdown, tidy
from pipeline.reporting.tables.significance_marks import Samples, differences, marked, samples
from pipeline.reporting.tables.table import Absent, Number, Table
from tests.reporting.conftest import DIRECTIONS, RATES, SEEDS, done, scoped, write_csv

QUERIES = 300
LOSS = 0.1


def columns() -> list[str]:
    return [f"default|symmetric|{rate}|{direction}" for rate in RATES for direction in DIRECTIONS]


def plant(folder: Path, **methods: Array) -> tuple[Results, Samples]:
    """Cells and AP of methods on emoji, the same AP in every column; what is not named has not been run."""
    for name, ap in methods.items():
        keys = [(r, s, d) for r in RATES for s in SEEDS for d in DIRECTIONS] if name != "mcca" else []
        keys += [("", "", d) for d in DIRECTIONS] if name == "mcca" else []
        mean = f"{ap.mean():.6g}"
        rows = [done("emoji", name, r, s, BEST_VALIDATION, d, mean) for r, s, d in keys]
        write_csv(folder / "cells" / "emoji" / f"{name}.csv", CELL_COLUMNS, rows)
        names = [f"default|||{d}" for d in DIRECTIONS] if name == "mcca" else columns()
        write_ap(folder, name, dict.fromkeys(names, ap))
    results = scoped(folder)
    return results, samples(Records(folder), results, "symmetric")


def write_ap(folder: Path, name: str, ap: dict[str, Array]) -> None:
    (folder / "ap" / "emoji").mkdir(parents=True, exist_ok=True)
    arrays = {key: values.astype(np.float32) for key, values in ap.items()}
    np.savez(folder / "ap" / "emoji" / f"{name}.npz", allow_pickle=False, **arrays)


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
    results, taken = plant(tmp_path, **planted(), mcca=np.full(QUERIES, 0.2))
    table = marked(headline(results), results, "symmetric", taken)
    yes, no = [True] * 4 + [None], [False] * 4 + [None]
    assert tied(table) == {"MCCA": no, "CE": yes, "MRL": no, "MRL (authors_code)": [], "SDML": yes, "Later": []}
    assert "not distinguishable from the best of its column on these queries" in table.caption
    assert "does not cover retraining" in table.caption
    assert markdown(table).count("<sup>≈</sup>") == 2 * 4 + 1
    assert latex(table).count(r"\textsuperscript{$\approx$}") == 2 * 4 + 1
    assert html(table).count("<sup>≈</sup>") == 2 * 4 + 1
    assert tidy(table).count(",true,false,number") == 2 * 4
    assert [row.cells[0] for row in table.rows if isinstance(row.cells[0], Absent)]


def test_a_best_that_stands_alone_is_not_marked(tmp_path: Path) -> None:
    ap = planted()
    results, taken = plant(tmp_path, ce=ap["ce"], mrl=ap["mrl"])
    table = marked(headline(results), results, "symmetric", taken)
    assert tied(table)["CE"] == tied(table)["MRL"] == [False] * 4 + [None]
    assert "<sup>≈</sup>" not in markdown(table)
    assert "not distinguishable" in table.caption


def test_one_entry_alone_is_not_tested(tmp_path: Path) -> None:
    results, taken = plant(tmp_path, ce=planted()["ce"])
    assert marked(headline(results), results, "symmetric", taken) == headline(results)
    assert differences(headline(results), results, "symmetric", taken) is None


def test_gaps_are_left_out_of_the_family(tmp_path: Path) -> None:
    plant(tmp_path, **planted())
    path = tmp_path / "cells" / "emoji" / "sdml.csv"
    path.write_text("".join(line for line in path.read_text().splitlines(True) if "symmetric,0.8" not in line))
    results = scoped(tmp_path)
    taken = samples(Records(tmp_path), results, "symmetric")
    assert {column: list(sample.ap) for column, sample in taken.items()} == {
        (direction, rate): names
        for direction in DIRECTIONS
        for rate, names in (("0.2", ["CE", "MRL", "SDML"]), ("0.8", ["CE", "MRL"]))
    }
    assert tied(marked(headline(results), results, "symmetric", taken))["CE"] == [True, False, True, False, None]


def test_ap_that_are_not_those_of_the_map_are_refused(tmp_path: Path) -> None:
    ap = planted()
    results, _ = plant(tmp_path, **ap)
    for shift, told in ((5e-5, None), (2e-4, "the mean AP is"), (np.nan, "the mean AP is nan")):
        write_ap(tmp_path, "ce", dict.fromkeys(columns(), ap["ce"] + shift))
        if told is None:
            samples(Records(tmp_path), results, "symmetric")
            continue
        with pytest.raises(BadInput, match=rf"ap/emoji/ce\.npz: CE, symmetric 0\.2, image->text: {told}"):
            samples(Records(tmp_path), results, "symmetric")
    (tmp_path / "ap" / "emoji" / "ce.npz").unlink()
    with pytest.raises(BadInput, match="there is no AP, the MAP is"):
        samples(Records(tmp_path), results, "symmetric")


def test_differences_have_the_sign_and_the_interval_of_what_was_planted(tmp_path: Path) -> None:
    results, taken = plant(tmp_path, **planted())
    table = differences(headline(results), results, "symmetric", taken)
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


def test_intervals_are_the_same_whatever_else_is_shown(tmp_path: Path) -> None:
    ap = planted()
    few = plant(tmp_path / "few", ce=ap["ce"], mrl=ap["mrl"])
    many = plant(tmp_path / "many", **ap)
    found = [differences(headline(results), results, "symmetric", taken) for results, taken in (few, many)]
    one, other = (
        [c.interval for row in table.rows if row.label == "MRL" for c in row.cells if isinstance(c, Number)]
        for table in found
        if table is not None
    )
    np.testing.assert_allclose(np.array(one), np.array(other), rtol=1e-12)


def test_the_names_of_ap_are_read_strictly(tmp_path: Path) -> None:
    assert Records(tmp_path).ap("emoji", "ce") == {}
    write_ap(tmp_path, "mcca", {"default|||image->text": np.ones(3)})
    assert list(Records(tmp_path).ap("emoji", "mcca")) == [("default", "", None, "image->text")]
    for key, told in (("default|symmetric", "is no list of AP"), ("default|x|low|a->b", "rate 'low' is no number")):
        write_ap(tmp_path, "ce", {key: np.ones(3)})
        with pytest.raises(BadInput, match=told):
            Records(tmp_path).ap("emoji", "ce")
    (tmp_path / "ap" / "emoji" / "ce.npz").write_text("nonsense")
    with pytest.raises(BadInput, match=r"ap/emoji/ce\.npz: no readable archive of arrays"):
        Records(tmp_path).ap("emoji", "ce")
