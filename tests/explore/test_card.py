"""The model card says what was trained on what and how well it retrieves, or that this is not known."""

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.config.load import parse
from pipeline.core.cells import CellKey
from pipeline.explore.search.card import model_card, realised
from pipeline.records.cells import CELLS
from pipeline.records.reader import Records
from pipeline.runs.finished_cell import FinishedCell
from tests.support.trained_cell import PAIRED, RUN, loaded, params

CELL = {"method": "mcca", "variant": "default", "status": "done", "reason": "", "code": "c0de", "fingerprint": "f00d"}
CHOSEN = {"best_validation map image->text": 0.75, "best_validation map text->image": 0.5}
ROWS = [{**CELL, **CHOSEN, "last_epoch map image->text": 0.3, "last_epoch map text->image": 0.25}]


@pytest.fixture
def cell(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return loaded(tmp_path)


def text(cell, rows):
    CELLS.write(Path("reports/records"), "emoji", rows)
    return model_card(parse(params(PAIRED)), FinishedCell.read(RUN), cell, Records(Path("reports/records")))


def test_the_card_of_a_cell_that_was_evaluated(cell):
    card = text(cell, ROWS)
    assert "| image → text | 0.750 | 0.750 | – | deterministic |" in card
    assert "| text → image | 0.500 |" in card
    assert "0.250" not in card
    for said in ("Rupnik", "CC-BY 4.0", "without labels", "`f00d`", "24 training pairs, 12 test pairs, 3 classes"):
        assert said in card
    assert "| `image` | image of 8 x 8 | Pixels |" in card
    assert '"components": 2' in card


def test_seeds_of_one_setting_stand_together(cell):
    noisy = [
        {
            **ROWS[0],
            "noise": "symmetric",
            "rate": rate,
            "seed": seed,
            "best_validation map image->text": score,
            "fingerprint": fingerprint,
        }
        for rate, seed, score, fingerprint in ((0.2, 0, 0.5, "f00d"), (0.2, 1, 0.7, "other"), (0.4, 0, 0.1, "third"))
    ]
    card = text(cell, noisy)
    assert "| image → text | 0.500 | 0.600 | 0.141 | 0, 1 |" in card


def test_wrong_pairs_are_not_called_label_noise(cell):
    moved = replace(cell, key=CellKey("emoji", "mcca", "default", "mismatched", 0.4, 0))
    assert "Trained with **mismatched pairs at rate 0.4**" in text(moved, ROWS)


def test_records_of_another_state_of_the_code_are_not_taken(cell):
    card = text(cell, [{**ROWS[0], "fingerprint": "older"}])
    assert "Not known: the records did not hold this very cell" in card
    assert "0.750" not in card


def test_the_realised_noise_is_that_of_the_cells_receipt():
    receipts = [{"kind": "symmetric", "rate": 0.2, "seed": seed, "realised": {"image": 0.1 + seed}} for seed in (0, 1)]
    assert realised(receipts, CellKey("emoji", "ce", "default", "symmetric", 0.2, 1)) == {"image": 1.1}
    assert realised(receipts, CellKey("emoji", "ce", "default", "symmetric", 0.4, 1)) == {}
