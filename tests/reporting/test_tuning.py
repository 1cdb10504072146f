"""The table of how settings were chosen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.errors import BadInput
from pipeline.records.reader import Records
from pipeline.reporting.tables.formats import markdown
from pipeline.reporting.tables.table import Absent, Number
from pipeline.reporting.tables.tuning import tuning
from tests.reporting.conftest import METHODS, PARAMS, method, project

TUNED = {"dataset": "emoji", "noise": "symmetric", "rate": 0.4, "seed": 100}
PROJECT = project(
    PARAMS
    | {
        "methods": PARAMS["methods"] | {"witness": {"default": {}}},
        "tuning": TUNED | {"methods": {"witness": {"grid": {"lr": [0.1]}, "remark": "a second grid"}}},
    }
)


def trial(mean: float | None, published: bool = False, **settings: Any) -> dict[str, Any]:
    maps = {} if mean is None else {"image->text": mean, "mean": mean}
    reason = "" if mean is not None else "diverged"
    return {"settings": settings, "published": published, "maps": maps, "reason": reason, "code": "c"}


def write(folder: Path, method: str, *trials: dict[str, Any]) -> None:
    file = folder / "tuning" / f"{method}.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(trials), encoding="utf-8")


def rows(folder: Path) -> dict[str, Any]:
    table = tuning(Records(folder), PROJECT, METHODS)
    assert table is not None
    return {row.label: row for row in table.rows}


def test_what_was_tried_and_what_came_out(tmp_path: Path) -> None:
    tried = [trial(0.3, True, lr=1e-4, beta=0.7), trial(0.2, lr=1e-3, beta=0.7), trial(0.5, lr=1e-3, beta=10.0)]
    write(tmp_path, "mrl", *tried)
    result = rows(tmp_path)
    mrl = result["MRL: lr 0.001, beta 10.0"]
    assert [cell.mean for cell in mrl.cells] == [3, 0.3, 0.3, 0.5]
    assert mrl.note == "tried: lr 0.0001, 0.001; beta 0.7, 10.0"
    assert all(isinstance(cell, Absent) and cell.state == "not run" for cell in result["CE"].cells)
    assert len(result) == len(METHODS)


def test_no_published_settings_and_a_failed_trial(tmp_path: Path) -> None:
    write(tmp_path, "ce", trial(None, lr=1.0), trial(0.4, lr=0.1))
    write(tmp_path, "mrl", trial(None, True, lr=1.0), trial(0.4, lr=0.1))
    result = rows(tmp_path)
    count, published, median, chosen = result["CE: lr 0.1"].cells
    assert (count, chosen) == (Number(2), Number(0.4))
    assert published.state == "none"
    assert median.mean == pytest.approx(0.2)
    assert result["MRL: lr 0.1"].cells[1].state == "failed"


def test_the_table_reads_well(tmp_path: Path) -> None:
    write(tmp_path, "ce", trial(0.4, lr=0.1))
    table = tuning(Records(tmp_path), PROJECT, METHODS)
    assert table is not None
    assert "on emoji under symmetric noise at rate 0.4, seed 100" in table.caption
    assert "| CE: lr 0.1<sup>b</sup> | 1 | none<sup>c</sup> | .400 | .400 |" in markdown(table)


def test_a_method_that_had_more_than_the_others_is_named(tmp_path: Path) -> None:
    write(tmp_path, "ce", trial(0.4, lr=0.1))
    displayed = [*METHODS, method("witness", "Witness")]
    for printed in (False, True):
        table = tuning(Records(tmp_path), PROJECT, displayed)
        assert table is not None
        assert table.caption.endswith("a second grid." if printed else "no test sample took part.")
        assert ("Not so Witness: a second grid." in table.caption) == printed
        write(tmp_path, "witness", trial(0.5, lr=0.1))


def test_nothing_tuned_no_table(tmp_path: Path) -> None:
    assert tuning(Records(tmp_path), PROJECT, METHODS) is None


def test_a_broken_record_is_named(tmp_path: Path) -> None:
    write(tmp_path, "ce", {"settings": {}})
    with pytest.raises(BadInput, match=r"tuning/ce.json: trial 1 lacks code, maps, published, reason"):
        tuning(Records(tmp_path), PROJECT, METHODS)
