"""A missing record is 'not run'; a broken one is named with file and line."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from pipeline.core.cells import CellKey
from pipeline.core.errors import BadInput
from pipeline.records.cells import CELLS
from pipeline.records.curves import CURVES
from pipeline.records.epochs import EPOCHS
from pipeline.records.reader import Records
from pipeline.records.statistics import STATISTICS
from pipeline.records.suspicion import SUSPICION
from pipeline.records.table_record import TableRecord
from tests.reporting.conftest import write_suspicion


def test_missing_files_are_no_rows(tmp_path: Path) -> None:
    records = Records(tmp_path)
    assert records.cells("emoji", "mrl").empty
    assert list(records.recorded_cells("emoji")) == []
    assert records.epochs("emoji", "mrl").empty
    assert records.curves("emoji", "mrl").empty
    assert records.suspicion("emoji", "mrl").empty
    assert records.statistics("emoji").empty
    assert records.receipts("emoji") == []
    assert records.probes("emoji") == []
    assert records.description("emoji") is None


def test_types_of_a_good_record(records: Path) -> None:
    cells = Records(records).cells("emoji", "mcca")
    assert cells["rate"].isna().all()
    assert cells["seed"].isna().all()
    assert cells["noise"].isna().all()
    assert cells["map"].tolist() == [0.31, 0.307, 0.31, 0.307]
    assert cells["direction"].tolist() == ["image->text", "text->image"] * 2
    labelled = Records(records).cells("emoji", "ce")
    assert labelled["seed"].dtype == pd.Int64Dtype()
    assert set(labelled["noise"]) == {"symmetric"}
    assert set(labelled["method"]) == {"ce"}


def test_a_cell_that_is_not_done_keeps_its_row(records: Path) -> None:
    cells = Records(records).cells("emoji", "mrl")
    skipped = cells[cells["status"] == "skipped"]
    assert len(skipped) == 6
    assert skipped["map"].isna().all()
    assert set(skipped["direction"]) == set(skipped["criterion"]) == {""}


def test_cells_come_back_as_keys_and_maps(records: Path) -> None:
    cells = {cell.key: cell for cell in Records(records).recorded_cells("emoji")}
    free = cells[CellKey("emoji", "mcca", "default", None, None, None)]
    assert (free.status, free.reason, free.code, free.fingerprint) == ("done", "", "c0de", "f1")
    assert free.maps == {
        "best_validation/image->text": 0.31,
        "best_validation/text->image": 0.307,
        "last_epoch/image->text": 0.31,
        "last_epoch/text->image": 0.307,
        "best_validation/mean": pytest.approx(0.3085),
        "last_epoch/mean": pytest.approx(0.3085),
    }
    failed = cells[CellKey("emoji", "mrl", "default", "symmetric", 0.8, 2)]
    assert (failed.status, failed.maps) == ("failed", {})
    assert {key.method for key in cells} == {"mcca", "ce", "mrl", "sdml"}
    only = Records(records).recorded_cells("emoji", "mcca")
    assert [cell.key for cell in only] == [free.key]


def test_epochs_and_curves_are_spread_out(records: Path) -> None:
    epochs = Records(records).epochs("emoji", "ce")
    assert list(epochs.columns[:5]) == ["method", "variant", "noise", "rate", "epoch"]
    assert epochs.loc[epochs["rate"] == 0.2, "epoch"].tolist() == [1, 2, 3, 4, 5, 6]
    assert epochs["accuracy/clean"].tolist()[:2] == [0.537, 0.763], "three digits"
    curves = Records(records).curves("emoji", "mcca")
    assert curves["recall"].tolist() == pytest.approx([level / 10 for level in range(11)] * 2)
    assert curves["precision"].tolist()[:3] == pytest.approx([0.5, 0.46, 0.42])


def test_each_file_is_read_once(records: Path) -> None:
    reader = Records(records)
    reader.cells("emoji", "ce")
    CELLS.file(records, "emoji").unlink()
    assert len(reader.cells("emoji", "mrl"))
    assert Records(records).cells("emoji", "mrl").empty


CE = "ce,default,symmetric,0.2,0,"


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("method,variant", "methods,variant", "the header must be"),
        ("best_validation map image", "best map image", "'best' is no criterion"),
        (CE, CE.replace(",0,", ",zero,"), "seed 'zero' is no whole number"),
        (CE, CE.replace("0.2", "low"), "rate 'low' is no number"),
        (CE, CE.replace("0.2", "1.2"), "rate '1.2' is outside 0..1"),
        (CE, CE.removeprefix("ce"), "there is no method"),
        (",done,,", ",finished,,", "status 'finished'"),
        (",done,,", ",failed,,", "a failed cell gives no reason"),
        (",c0de,f1,,0.31,", ",c0de,,0.31,", "13 fields where the header has 14"),
        (",f1,,0.31,", ",f1,,7.31,", "best_validation map image->text '7.31' is outside 0..1"),
        (",f1,,0.31,", ",f1,,nan,", "best_validation map image->text 'nan' is no finite number"),
        (",f1,,0.31,", ",f1,,,", "the cell is done, but it has no best_validation map image->text"),
        (CE, CE.replace(",0,", ",1,"), "stand twice"),
        ("map ", "ndcg ", "there is no column 'best_validation map ...'"),
        ("map image->text,", "image->text,", "'best_validation image->text' is not"),
        ("map text->image", "map image->text", "the header must be"),
    ],
)
def test_a_broken_cell_record_is_refused(records: Path, old: str, new: str, complaint: str) -> None:
    path = CELLS.file(records, "emoji")
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(BadInput, match=r"cells/emoji\.csv, line") as caught:
        Records(records).cells("emoji", "ce")
    assert complaint in str(caught.value)


def test_the_line_is_that_of_the_file(records: Path) -> None:
    path = CELLS.file(records, "emoji")
    lines = path.read_text().splitlines(keepends=True)
    lines[6] = lines[6].replace("symmetric,0.8", "symmetric,low")
    path.write_text("".join(lines))
    with pytest.raises(BadInput, match=r"cells/emoji\.csv, line 7: rate 'low'"):
        Records(records).cells("emoji", "mcca")


@pytest.mark.parametrize(
    ("record", "old", "new", "complaint"),
    [
        (EPOCHS, "accuracy/clean,0.537", "accuracy/clean,one", "accuracy/clean 'one' is no number"),
        (EPOCHS, "accuracy/clean,0.537", ",0.537", "there is no measure"),
        (CURVES, "recall 0.5", "recall 0.55", "the header must be"),
        (CURVES, ",0.5,0.46", ",1.5,0.46", "outside 0..1"),
        (SUSPICION, "symmetric,0.2,0,image,0.91", "symmetric,0.2,0,image,sure", "auc 'sure' is no number"),
        (STATISTICS, "best_validation", "best", "'best' is no criterion"),
        (STATISTICS, "symmetric,0.2,", ",0.2,", "there is no noise"),
    ],
)
def test_other_broken_records_are_refused(
    records: Path, record: TableRecord, old: str, new: str, complaint: str
) -> None:
    path = record.file(write_suspicion(records), "emoji")
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(BadInput, match=rf"{record.folder}/emoji\.csv, line") as caught:
        record.read(records, "emoji")
    assert complaint in str(caught.value)


def test_broken_receipts_and_descriptions_are_refused(records: Path) -> None:
    (records / "noise" / "emoji.json").write_text('[{"kind": "symmetric"}]')
    with pytest.raises(BadInput, match=r"noise/emoji\.json: receipt 1 lacks hash, per_pair, rate, realised, seed"):
        Records(records).receipts("emoji")
    (records / "datasets" / "emoji.json").write_text('{"classes": [')
    with pytest.raises(BadInput, match=r"datasets/emoji\.json, line 1: no valid JSON"):
        Records(records).description("emoji")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ('{"view": "cloud"}', "a list of probes is expected"),
        ("[1]", "probe 1 lacks accuracy, dimension, extractor, used, view"),
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
