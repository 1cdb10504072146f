"""A missing record is 'not run'; a broken one is named with file and line."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from pipeline.core.errors import BadInput
from pipeline.records.reader import Records


def test_missing_files_are_no_rows(tmp_path: Path) -> None:
    records = Records(tmp_path)
    assert records.cells("emoji", "mrl").empty
    assert records.epochs("emoji", "mrl").empty
    assert records.curves("emoji", "mrl").empty
    assert records.receipts("emoji") == []
    assert records.probes("emoji") == []
    assert records.description("emoji") is None


def test_types_of_a_good_record(records: Path) -> None:
    cells = Records(records).cells("emoji", "mcca")
    assert cells["rate"].isna().all()
    assert cells["seed"].isna().all()
    assert cells["map"].tolist() == [0.31, 0.307, 0.31, 0.307]
    assert Records(records).cells("emoji", "ce")["seed"].dtype == pd.Int64Dtype()


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("dataset,method", "dataset,methods", "the header must be"),
        ("emoji,ce,default,symmetric,0.2,0,", "emoji,mrl,default,symmetric,0.2,0,", "belongs to emoji/mrl"),
        ("symmetric,0.2,0,best_validation", "symmetric,0.2,0,best", "no criterion and direction"),
        ("symmetric,0.2,0,", "symmetric,0.2,zero,", "seed 'zero' is no whole number"),
        ("symmetric,0.2,0,", "symmetric,low,0,", "rate 'low' is no number"),
        (",done,,", ",finished,,", "status 'finished'"),
        (",done,,", ",failed,,", "a failed cell gives no reason"),
        ("0,done,,c0de,f1\n", "0,done,,c0de\n", "14 fields where the header has 15"),
        ("image->text,0.", "image->text,7.", "outside 0..1"),
        ("image->text,0.", "image->text,nan,0.", "16 fields"),
        ("text->image", "image->text", "stand twice"),
    ],
)
def test_a_broken_cell_record_is_refused(records: Path, old: str, new: str, complaint: str) -> None:
    path = records / "cells" / "emoji" / "ce.csv"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(BadInput, match=r"ce\.csv, line") as caught:
        Records(records).cells("emoji", "ce")
    assert complaint in str(caught.value)


def test_a_done_cell_needs_a_number(records: Path) -> None:
    path = records / "cells" / "emoji" / "mcca.csv"
    path.write_text(path.read_text().replace("image->text,0.31,", "image->text,,"))
    with pytest.raises(BadInput, match="outside"):
        Records(records).cells("emoji", "mcca")


def test_broken_history_receipts_and_description_are_refused(records: Path) -> None:
    history = records / "epochs" / "emoji" / "ce.csv"
    history.write_text(history.read_text().replace("symmetric,0.2,1,", "symmetric,0.2,one,"))
    with pytest.raises(BadInput, match="epoch 'one' is no number"):
        Records(records).epochs("emoji", "ce")
    (records / "noise" / "emoji.json").write_text('[{"kind": "symmetric"}]')
    with pytest.raises(BadInput, match="a receipt lacks hash, per_pair, rate, realised, seed"):
        Records(records).receipts("emoji")
    (records / "datasets" / "emoji.json").write_text('{"classes": [')
    with pytest.raises(BadInput, match="no valid JSON"):
        Records(records).description("emoji")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ('{"view": "cloud"}', "a list of probes is expected"),
        ("[1]", "a probe lacks accuracy, dimension, extractor, used, view"),
        ('[{"view": "cloud", "extractor": "X", "dimension": 2, "accuracy": 1.5, "used": true}]', "'1.5' is outside"),
        ('[{"view": "cloud", "extractor": "X", "dimension": "2", "accuracy": 1, "used": true}]', "no whole number"),
    ],
)
def test_broken_probes_are_refused(tmp_path: Path, content: str, complaint: str) -> None:
    (tmp_path / "probes").mkdir()
    (tmp_path / "probes" / "emoji.json").write_text(content)
    with pytest.raises(BadInput, match=complaint):
        Records(tmp_path).probes("emoji")


def test_a_description_names_the_size_of_every_split(records: Path) -> None:
    path = records / "datasets" / "emoji.json"
    path.write_text(path.read_text().replace('"valid"', '"validation"'))
    with pytest.raises(BadInput, match="sizes of train, valid, test are expected"):
        Records(records).description("emoji")


def test_label_free_cells_have_no_noise(records: Path) -> None:
    assert Records(records).cells("emoji", "mcca")["noise"].isna().all()
    assert set(Records(records).cells("emoji", "ce")["noise"]) == {"symmetric"}
