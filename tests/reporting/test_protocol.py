"""A dataset with a grid of its own, recorded noise, and no validation split."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.core.criteria import BEST_VALIDATION, FIXED_CHECKPOINT, LAST_EPOCH
from pipeline.reporting.published.publications import read
from pipeline.reporting.tables.comparison import comparison, robustness
from pipeline.reporting.tables.probes import probes
from pipeline.reporting.tables.published_beside import side_by_side
from pipeline.reporting.tables.receipts import receipts
from tests.reporting.test_comparison import FORMATS, GOLDEN
from tests.support.protocol_records import protocol_results, write_protocol
from tests.support.records import keep_criteria


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("name", ["fixed_checkpoint", "robustness", "noise", "probes", "beside_published"])
def test_tables_of_a_protocol_without_validation_are_byte_exact(tmp_path: Path, name: str, suffix: str) -> None:
    results = protocol_results(write_protocol(tmp_path))
    made = {
        "fixed_checkpoint": lambda: comparison(results, "recorded", FIXED_CHECKPOINT),
        "robustness": lambda: robustness(results, "recorded"),
        "noise": lambda: receipts(results),
        "probes": lambda: probes(results),
        "beside_published": lambda: side_by_side(results, *read()),
    }[name]()
    assert made is not None
    assert FORMATS[suffix](made).encode() == (GOLDEN / f"protocol_{name}.{suffix}").read_bytes()


def test_without_validation_nothing_is_chosen_by_it(tmp_path: Path) -> None:
    results = protocol_results(write_protocol(tmp_path))
    assert results.entries(BEST_VALIDATION) == []
    assert results.headline == FIXED_CHECKPOINT
    assert results.criteria == [FIXED_CHECKPOINT, LAST_EPOCH]
    keep_criteria(tmp_path, "mnist3d_rono", lambda row, criterion: criterion != FIXED_CHECKPOINT)
    results = protocol_results(tmp_path)
    assert results.criteria == [LAST_EPOCH]
    assert len(robustness(results, "recorded").columns) == 4


def test_pretraining_is_judged_by_the_numbers(tmp_path: Path) -> None:
    (won,) = probes(protocol_results(write_protocol(tmp_path))).notes
    assert won.startswith("Pre-training DGCNN on parametric shapes beats random initialisation: .930 against .912.")
    assert won.endswith("some strokes look like digits.")
    path = tmp_path / "probes" / "mnist3d_rono.json"
    path.write_text(path.read_text().replace("0.93,", "0.9,"))
    (lost,) = probes(protocol_results(tmp_path)).notes
    assert "does worse than random initialisation: .900 against .912." in lost
    path.write_text(path.read_text().replace("0.9,", "0.9121,"))
    (even,) = probes(protocol_results(tmp_path)).notes
    assert even.endswith("makes no difference to random initialisation: both .912.")
    path.write_text(path.read_text().replace("(random)", "(other)"))
    assert probes(protocol_results(tmp_path)).notes == []
