"""Records that other code or other settings made are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.config.load import parse
from pipeline.config.project import Project
from pipeline.core.cells import CellKey
from pipeline.core.errors import BadInput
from pipeline.records.cells import CELLS
from pipeline.records.freshness import check_cells
from pipeline.records.reader import Records
from pipeline.runs.fingerprint import code_fingerprint
from pipeline.runs.plan import build

FEW = {"few": {"components": 1}}
GRID = {"name": "default", "datasets": ["emoji"], "methods": ["mcca"], "noises": ["symmetric"], "rates": [0.2]}
FURTHER = GRID | {"name": "further", "beside": "default", "on_demand": True, "methods": {"mcca": ["few"]}}


def project(**settings: Any) -> Project:
    return parse(
        {
            "experiments": [GRID | {"seeds": [0]}, FURTHER | {"seeds": [0]}],
            "datasets": {"emoji": {"views": {}}},
            "methods": {"mcca": {"default": {"ridge": 0.1, "components": 2} | settings, "variants": FEW}},
            "noises": {"symmetric": {}},
            "extractors": {},
        }
    )


@pytest.fixture
def records(tmp_path: Path) -> Records:
    """A cell per variant, by the code of today."""
    rows = []
    for variant in ("default", "few"):
        code = code_fingerprint(build(project(), CellKey("emoji", "mcca", variant, None, None, None)))
        cell = {"method": "mcca", "variant": variant, "status": "failed", "reason": "x", "code": code}
        rows.append(cell | {"fingerprint": "f"})
    CELLS.write(tmp_path, "emoji", rows)
    return Records(tmp_path)


def test_records_of_today_are_counted(records: Records) -> None:
    assert check_cells(project(), records, ["emoji", "mnist3d"]) == 2


def test_another_setting_makes_records_old(records: Records) -> None:
    with pytest.raises(BadInput, match=r"emoji, mcca: cell 'default-any-any' is older than the code; run `make rep"):
        check_cells(project(ridge=1.0), records, ["emoji"])


def test_other_code_makes_a_record_old(records: Records, tmp_path: Path) -> None:
    file = CELLS.file(tmp_path, "emoji")
    head, first, second = file.read_text().splitlines(keepends=True)
    file.write_text("".join([head, first, second.replace(second.split(",")[7], "older")]))
    with pytest.raises(BadInput, match=r"cell 'few-any-any' is older than the code; run `make .* EXPERIMENT=further`"):
        check_cells(project(), Records(tmp_path), ["emoji"])
