"""Kinds of noise that are trained beside the grid, for some methods."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pipeline.records.cells import CELLS
from pipeline.records.curves import CURVES
from pipeline.records.epochs import EPOCHS
from pipeline.reporting.page.build import build_report
from pipeline.reporting.results.report_scope import Subject
from tests.reporting.conftest import DATASETS, METHODS, PARAMS, project, write_records
from tests.support.records import drop_method, lines, write_statistics

PAIRFLIP = {
    "name": "flipped",
    "datasets": ["emoji"],
    "noises": ["pairflip"],
    "methods": {"ce": ["default"], "mrl": ["default"]},
}
NAMES = [info.name for info in METHODS]
SHOWN = PARAMS | {"report": {"datasets": ["emoji"], "methods": NAMES}}


def add_pairflip(folder: Path) -> None:
    """What was recorded under symmetric noise once more as if under pairflip."""
    for record in (CELLS, EPOCHS, CURVES):
        rows = lines(record, folder, "emoji")
        again = [row | {"noise": "pairflip"} for row in rows if row["method"] in ("ce", "mrl")]
        record.write(folder, "emoji", rows + again)
    write_statistics(folder, "emoji")
    file = folder / "noise" / "emoji.json"
    receipts = json.loads(file.read_text(encoding="utf-8"))
    flipped = [{**receipt, "kind": "pairflip", "per_pair": True} for receipt in receipts]
    file.write_text(json.dumps(receipts + flipped), encoding="utf-8")


def build(folder: Path) -> Path:
    build_report(
        folder / "records",
        folder / "out",
        Subject(project(SHOWN, beside=PAIRFLIP, methods=NAMES), DATASETS[:1], METHODS),
    )
    return folder / "out"


@pytest.fixture
def records(tmp_path: Path) -> Path:
    return write_records(tmp_path / "records")


def test_a_kind_has_tables_and_figures_of_its_own(records: Path, tmp_path: Path) -> None:
    add_pairflip(records)
    out = build(tmp_path)
    table = (out / "tables" / "emoji_pairflip_best_validation.md").read_text(encoding="utf-8")
    assert "under pair-flip label noise" in table
    labels = [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("| ")][1:]
    assert [label.split("<")[0] for label in labels] == ["CE", "MRL"]
    assert (out / "tables" / "emoji_pairflip_differences.md").exists()
    assert (out / "figures" / "emoji_pairflip_map.svg").exists()
    receipts = (out / "tables" / "emoji_further_noise.md").read_text(encoding="utf-8")
    assert "pairflip 0.2" in receipts
    assert "symmetric" not in receipts
    assert "once per pair" in receipts
    page = (out / "index.html").read_text(encoding="utf-8")
    assert len(re.findall(r"<h\d[^>]*>Further kinds of noise", page)) == 1
    assert "pairflip" in json.loads((out / "metrics.json").read_text(encoding="utf-8"))["emoji"]


def test_the_grid_itself_is_shown_as_without_it(records: Path, tmp_path: Path) -> None:
    before = {path.name: path.read_text(encoding="utf-8") for path in (build(tmp_path) / "tables").iterdir()}
    add_pairflip(records)
    after = {path.name: path.read_text(encoding="utf-8") for path in (build(tmp_path) / "tables").iterdir()}
    assert after["emoji.tex"] != before.pop("emoji.tex")
    assert {name: after[name] for name in before} == before
    assert {name for name in after if name not in before}


def test_what_was_not_run_is_left_out(records: Path, tmp_path: Path) -> None:
    out = build(tmp_path)
    assert not list((out / "tables").glob("emoji_pairflip*"))
    assert not (out / "tables" / "emoji_further_noise.md").exists()
    assert "Further kinds of noise" not in (out / "index.html").read_text(encoding="utf-8")


def test_a_kind_of_the_grid_without_numbers_has_no_part(records: Path, tmp_path: Path) -> None:
    drop_method(CELLS, records, "emoji", "mcca")
    both = project(SHOWN, noises=["symmetric", "pairflip"], methods=NAMES)
    build_report(records, tmp_path / "out", Subject(both, DATASETS[:1], METHODS))
    names = {path.name for folder in ("tables", "figures") for path in (tmp_path / "out" / folder).iterdir()}
    assert any("symmetric" in name for name in names)
    assert not any("pairflip" in name for name in names)
