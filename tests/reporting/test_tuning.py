"""The table of how settings were chosen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.errors import BadInput
from pipeline.core.readouts import COSINE, MATCH
from pipeline.records.reader import Records
from pipeline.records.tuning import TUNING
from pipeline.reporting.tables.formats import markdown
from pipeline.reporting.tables.table import Absent, Number
from pipeline.reporting.tables.tuning import tuning
from tests.reporting.conftest import METHODS, PARAMS, project

SETUP = {"dataset": "emoji", "noise": "symmetric", "rate": 0.4, "seed": 100}
LADDERS = {"lr": [1e-4, 1e-3, 1e-2, 0.1, 1.0], "beta": [0.7, 1.0, 10.0]}
PLAIN = {"default": {"ladders": {"lr": LADDERS["lr"]}}}
BOTH = {variant: {"ladders": LADDERS} for variant in ("default", "shared")}
TUNED = {"ce": PLAIN, "mrl": BOTH, "sdml": PLAIN}
PROJECT = project(PARAMS | {"tuning": SETUP | {"methods": TUNED}})


def trial(
    cosine: float | None, published: bool = False, match: float = 0.0, variant: str = "default", **settings: Any
) -> dict[str, Any]:
    maps = {} if cosine is None else {COSINE: cosine, MATCH: match}
    reason = "" if cosine is not None else "diverged"
    row = {"variant": variant, "settings": settings, "published": published, "maps": maps}
    return row | {"reason": reason, "code": json.dumps(settings)}


def write(folder: Path, method: str, *trials: dict[str, Any]) -> None:
    TUNING.write(folder, method, trials)


def rows(folder: Path) -> dict[str, Any]:
    table = tuning(Records(folder), PROJECT, METHODS)
    assert table is not None
    return {row.label: row for row in table.rows}


def test_what_was_tried_and_what_came_out(tmp_path: Path) -> None:
    tried = [trial(0.3, True, lr=1e-4, beta=0.7), trial(0.2, lr=1e-3, beta=0.7), trial(0.5, lr=1e-3, beta=1.0)]
    write(tmp_path, "mrl", *tried)
    result = rows(tmp_path)
    mrl = result["MRL: lr 0.001, beta 1.0"]
    assert [cell.mean for cell in mrl.cells] == [3, 0.3, 0.5]
    assert mrl.note == "tried: lr 0.0001, 0.001; beta 0.7, 1.0"
    assert all(isinstance(cell, Absent) and cell.state == "not run" for cell in result["CE"].cells)
    assert list(result) == ["CE", "MRL: lr 0.001, beta 1.0", "MRL (shared)", "SDML"], "a row per variant that is tuned"


def test_each_variant_is_told_by_its_own_trials(tmp_path: Path) -> None:
    shared = [trial(0.1, variant="shared", lr=1e-3, beta=0.7), trial(0.2, variant="shared", lr=1e-2, beta=1.0)]
    write(tmp_path, "mrl", trial(0.4, lr=1e-3, beta=1.0), *shared)
    result = rows(tmp_path)
    assert result["MRL: lr 0.001, beta 1.0"].cells[0] == Number(1)
    assert [cell.state for cell in result["MRL (shared): lr 0.01, beta 1.0"].cells if isinstance(cell, Absent)] == [
        "none"
    ]
    assert result["MRL (shared): lr 0.01, beta 1.0"].cells[::2] == [Number(2), Number(0.2)]


def test_the_better_readout_counts(tmp_path: Path) -> None:
    write(tmp_path, "ce", trial(0.5, match=0.1, lr=0.1), trial(0.3, match=0.6, lr=0.01))
    assert rows(tmp_path)["CE: lr 0.01"].cells[2] == Number(0.6)


def test_a_choice_at_an_end_of_a_ladder_says_so(tmp_path: Path) -> None:
    write(tmp_path, "mrl", trial(0.5, lr=1.0, beta=0.7), trial(0.4, variant="shared", lr=0.1, beta=10.0))
    assert list(rows(tmp_path))[1:3] == [
        "MRL: lr 1.0, beta 0.7; at an end of what was offered: lr, beta",
        "MRL (shared): lr 0.1, beta 10.0; at an end of what was offered: beta",
    ]


def test_no_published_settings_and_a_failed_trial(tmp_path: Path) -> None:
    write(tmp_path, "ce", trial(None, lr=1.0), trial(0.4, lr=0.1))
    write(tmp_path, "mrl", trial(None, True, lr=1.0, beta=1.0), trial(0.4, lr=0.1, beta=1.0))
    result = rows(tmp_path)
    count, published, chosen = result["CE: lr 0.1"].cells
    assert (count, chosen) == (Number(2), Number(0.4))
    assert published.state == "none"
    assert result["MRL: lr 0.1, beta 1.0"].cells[1].state == "failed"


def test_the_table_reads_well(tmp_path: Path) -> None:
    write(tmp_path, "ce", trial(0.4, lr=0.1))
    table = tuning(Records(tmp_path), PROJECT, METHODS)
    assert table is not None
    assert "on emoji under symmetric noise at rate 0.4, seed 100" in table.caption
    assert "| CE: lr 0.1<sup>a</sup> | 1 | none<sup>b</sup> | .400 |" in markdown(table)


def test_nothing_tuned_no_table(tmp_path: Path) -> None:
    assert tuning(Records(tmp_path), PROJECT, METHODS) is None


def test_a_broken_record_is_named(tmp_path: Path) -> None:
    write(tmp_path, "ce", trial(0.4, lr=0.1))
    file = tmp_path / "tuning" / "ce.csv"
    file.write_text(file.read_text(encoding="utf-8").replace(",0.1\n", ",0.1x\n"), encoding="utf-8")
    with pytest.raises(BadInput, match=r"tuning/ce.csv, line 2: lr '0.1x' is no setting in JSON"):
        tuning(Records(tmp_path), PROJECT, METHODS)


def test_a_trial_comes_back_as_it_was(tmp_path: Path) -> None:
    trials = [trial(0.412345, True, 0.5, lr=1e-4, hidden=[256, 256]), trial(None, variant="shared", lr=0.1, kind="x")]
    write(tmp_path, "ce", *trials)
    assert TUNING.read(tmp_path, "ce") == trials
