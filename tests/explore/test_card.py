"""The model card says what was trained on what and how well it retrieves, or that this is not known."""

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.core.cells import CellKey
from pipeline.explore.search.card import card, realised
from pipeline.records.reader import Records
from tests.support.records import write_cells
from tests.support.trained_cell import PAIRED, RUN, params, trained

ROWS = [
    ("mcca", "default", "", "", "", "best_validation", "image->text", 0.75, "f00d"),
    ("mcca", "default", "", "", "", "best_validation", "text->image", 0.5, "f00d"),
    ("mcca", "default", "", "", "", "last_epoch", "text->image", 0.25, "f00d"),
]


@pytest.fixture
def cell(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return trained(tmp_path)


def records(rows):
    folder = Path("reports/records")
    cells = [(*row[1:-1], "done", "", "c0de", row[-1]) for row in rows]
    write_cells(folder, "emoji", "mcca", cells)
    return Records(folder)


def test_the_card_of_a_cell_that_was_evaluated(cell):
    text = card(params(PAIRED), RUN, cell, records(ROWS))
    assert "| image → text | 0.750 | 0.750 | – | deterministic |" in text
    assert "| text → image | 0.500 |" in text
    assert "0.250" not in text
    for said in ("Rupnik", "CC-BY 4.0", "without labels", "`f00d`", "24 training pairs, 12 test pairs, 3 classes"):
        assert said in text
    assert "| `image` | image of 8 x 8 | Pixels |" in text
    assert '"components": 2' in text


def test_seeds_of_one_setting_stand_together(cell):
    noisy = [
        ("mcca", "default", "symmetric", rate, seed, "best_validation", "image->text", score, fingerprint)
        for rate, seed, score, fingerprint in ((0.2, 0, 0.5, "f00d"), (0.2, 1, 0.7, "other"), (0.4, 0, 0.1, "third"))
    ]
    text = card(params(PAIRED), RUN, cell, records(noisy))
    assert "| image → text | 0.500 | 0.600 | 0.141 | 0, 1 |" in text


def test_wrong_pairs_are_not_called_label_noise(cell):
    moved = replace(cell, key=CellKey("emoji", "mcca", "default", "mismatched", 0.4, 0))
    assert "Trained with **mismatched pairs at rate 0.4**" in card(params(PAIRED), RUN, moved, records(ROWS))


def test_records_of_another_state_of_the_code_are_not_taken(cell):
    text = card(params(PAIRED), RUN, cell, records([(*ROWS[0][:-1], "older")]))
    assert "Not known: the records did not hold this very cell" in text
    assert "0.750" not in text


def test_the_realised_noise_is_that_of_the_cells_receipt():
    receipts = [{"kind": "symmetric", "rate": 0.2, "seed": seed, "realised": {"image": 0.1 + seed}} for seed in (0, 1)]
    assert realised(receipts, CellKey("emoji", "ce", "default", "symmetric", 0.2, 1)) == {"image": 1.1}
    assert realised(receipts, CellKey("emoji", "ce", "default", "symmetric", 0.4, 1)) == {}
