"""Variants that lack a part stand in a table of their own."""

from pathlib import Path

import pytest

from pipeline.core.errors import UnknownName
from pipeline.records.cells import CELLS
from pipeline.reporting.page.build import build_report
from pipeline.reporting.results.report_scope import Subject
from tests.reporting.conftest import DATASETS, METHODS, PARAMS, project, write_records
from tests.reporting.test_further import PAIRFLIP, add_pairflip
from tests.support.records import keep

KNOWN = METHODS[:3]
METHODS_SHOWN = [info.name for info in KNOWN]
EMOJI = {"datasets": ["emoji"], "methods": METHODS_SHOWN}
SHOWN = PARAMS | {"experiments": [PARAMS["experiments"][0] | {"methods": METHODS_SHOWN}]}
SHOWN |= {"report": EMOJI | {"ablations": {"mrl": ["authors_code"]}}}


def labels(file: Path) -> list[str]:
    lines = file.read_text(encoding="utf-8").splitlines()
    return [line.split("|")[1].split("<")[0].strip() for line in lines if line.startswith("| ")][1:]


def test_they_leave_the_tables_and_have_one_with_the_whole_method(tmp_path: Path) -> None:
    build_report(write_records(tmp_path / "records"), tmp_path / "out", Subject(project(SHOWN), DATASETS[:1], KNOWN))
    tables = tmp_path / "out" / "tables"
    assert labels(tables / "emoji_symmetric_mrl_ablations.md") == ["MRL", "MRL (authors\\_code)"]
    assert labels(tables / "emoji_symmetric_best_validation.md") == ["MCCA", "CE", "MRL"]
    assert len(list(tables.glob("*_ablations.md"))) == 1
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert 'id="emoji-ablations"' in page


def test_without_any_nothing_is_said(tmp_path: Path) -> None:
    displayed = project(SHOWN | {"report": EMOJI})
    build_report(write_records(tmp_path / "records"), tmp_path / "out", Subject(displayed, DATASETS[:1], KNOWN))
    assert not list((tmp_path / "out" / "tables").glob("*_ablations.*"))
    assert "emoji-ablations" not in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")


def test_a_kind_of_noise_that_none_of_them_met_has_no_such_table(tmp_path: Path) -> None:
    records = write_records(tmp_path / "records")
    add_pairflip(records)
    keep(CELLS, records, "emoji", lambda row: (row["variant"], row["noise"]) != ("authors_code", "pairflip"))
    build_report(records, tmp_path / "out", Subject(project(SHOWN, beside=PAIRFLIP), DATASETS[:1], KNOWN))
    tables = [file.name for file in (tmp_path / "out" / "tables").glob("*.md")]
    assert "emoji_pairflip_best_validation.md" in tables
    assert [name for name in tables if "ablations" in name] == ["emoji_symmetric_mrl_ablations.md"]


def test_a_variant_that_is_not_there_is_named() -> None:
    wrong = SHOWN | {"report": SHOWN["report"] | {"ablations": {"mrl": ["author_code"]}}}
    with pytest.raises(UnknownName, match="authors_code"):
        project(wrong)
