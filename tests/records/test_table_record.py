"""One definition gives columns, writer, reader and checks: what is written is what is read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.core.errors import BadInput
from pipeline.records.cells import CELLS, by_direction, by_match
from pipeline.records.curves import CURVES, by_recall, curve_row
from pipeline.records.epochs import EPOCHS, by_epoch, epoch_rows
from pipeline.records.sign_bits import SIGN_BITS
from pipeline.records.statistics import STATISTICS
from pipeline.records.suspicion import CONFIDENT_LEARNING, SUSPICION
from pipeline.records.table_record import Kind, TableRecord

TABLES = (CELLS, EPOCHS, CURVES, SIGN_BITS, SUSPICION, CONFIDENT_LEARNING, STATISTICS)
SETTING = {"method": "ce", "variant": "default", "noise": "symmetric", "rate": 0.2}
FREE = {"method": "mcca", "variant": "default", "noise": None, "rate": None}


@pytest.mark.parametrize("record", TABLES, ids=lambda record: record.folder)
def test_a_key_names_columns_of_the_record(record: TableRecord) -> None:
    assert set(record.key) <= {column.name for column in record.columns}


@pytest.mark.parametrize("record", TABLES, ids=lambda record: record.folder)
def test_without_rows_there_is_a_header_and_every_column_comes_back(record: TableRecord, tmp_path: Path) -> None:
    record.write(tmp_path, "emoji", [])
    text = record.file(tmp_path, "emoji").read_text()
    assert text == ",".join(column.name for column in record.columns) + "\n"
    empty = record.read(tmp_path, "emoji")
    assert list(empty.columns) == [column.name for column in record.columns]
    assert empty.dtypes.to_dict() == record.read(tmp_path, "none").dtypes.to_dict()
    kinds = {column.name: column.kind for column in record.columns}
    assert all(empty[name].dtype == float for name, kind in kinds.items() if kind is Kind.NUMBER)


def test_rows_of_experiments_on_demand_follow_those_of_the_page(tmp_path: Path) -> None:
    rows = [{**SETTING, "variant": name, "seed": 1, "view": "text", "auc": 0.5, "precision": 1} for name in "ba"]
    SUSPICION.write(tmp_path, "emoji", rows[:1])
    SUSPICION.write(tmp_path, "emoji.further", rows[1:])
    SUSPICION.write(tmp_path, "emoji_two", rows[1:])
    read = SUSPICION.read(tmp_path, "emoji")
    assert read["variant"].tolist() == ["b", "a"]
    assert read.dtypes.to_dict() == SUSPICION.read(tmp_path, "emoji_two").dtypes.to_dict()
    SUSPICION.file(tmp_path, "emoji").unlink()
    assert SUSPICION.read(tmp_path, "emoji")["variant"].tolist() == ["a"]
    SUSPICION.write(tmp_path, "emoji", rows[1:])
    with pytest.raises(BadInput, match=r"emoji\.further\.csv, line 2: the same method, .* stand twice"):
        SUSPICION.read(tmp_path, "emoji")


def test_values_keep_their_types_and_four_digits(tmp_path: Path) -> None:
    cell = {**SETTING, "seed": np.int64(1), "view": "image", "auc": np.float64(1 / 3), "precision": 1, "wrong": 0.5}
    SUSPICION.write(tmp_path, "emoji", [cell | {"estimate": 0.25, "certain": True}, cell | {"view": "text"}])
    assert SUSPICION.file(tmp_path, "emoji").read_text().splitlines()[1:] == [
        "ce,default,symmetric,0.2,1,image,0.3333,1,0.5,0.25,1",
        "ce,default,symmetric,0.2,1,text,0.3333,1,0.5,,",
    ]
    rows = SUSPICION.read(tmp_path, "emoji")
    assert rows["seed"].tolist() == [1, 1]
    assert rows["certain"].isna().tolist() == [False, True]


def test_writing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    rows = [{**FREE, "direction": "a->b", **curve_row({}, "a->b", np.linspace(0.9, 0.1, 11))}]
    for name in ("one", "two"):
        CURVES.write(tmp_path, name, rows)
    assert CURVES.file(tmp_path, "one").read_bytes() == CURVES.file(tmp_path, "two").read_bytes()


def test_a_column_that_the_record_does_not_have_is_a_mistake_of_the_code(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="curves has no column 'median'"):
        CURVES.write(tmp_path, "emoji", [{**SETTING, "median": 0.5}])
    assert not CURVES.file(tmp_path, "emoji").exists()


def test_further_columns_of_cells_stand_in_the_order_of_their_first_row(tmp_path: Path) -> None:
    cell = {**SETTING, "seed": 0, "status": "done", "reason": "", "code": "c", "fingerprint": "f"}
    scores = {"last_epoch map a->b": 0.5, "last_epoch map b->a": 0.25}
    CELLS.write(tmp_path, "emoji", [cell | scores, {**cell, "seed": 1, "status": "failed", "reason": "x, y"}])
    assert list(CELLS.read(tmp_path, "emoji").columns[-2:]) == list(scores)
    assert CELLS.file(tmp_path, "emoji").read_text().splitlines()[2].endswith('failed,"x, y",c,f,,,')


def test_the_accuracies_of_a_history_come_back_epoch_by_epoch_with_three_digits(tmp_path: Path) -> None:
    history = [
        {"epoch": 1, "loss/total": 2.0, "accuracy/clean": 0.23456, "accuracy/recovered": 0.5},
        {"epoch": 2, "accuracy/clean": 1.0},
    ]
    EPOCHS.write(tmp_path, "emoji", [*epoch_rows(SETTING, history), *epoch_rows({**SETTING, "rate": 0.4}, history[:1])])
    epochs = by_epoch(EPOCHS.read(tmp_path, "emoji"))
    assert epochs["epoch"].tolist() == [1, 2, 1]
    assert epochs["rate"].tolist() == [0.2, 0.2, 0.4]
    assert epochs["accuracy/clean"].tolist() == [0.235, 1, 0.235]
    assert epochs["accuracy/recovered"].isna().tolist() == [False, True, False]
    assert "loss/total" not in epochs
    assert list(epoch_rows(SETTING, [])) == []


def test_the_epochs_of_a_label_free_method_have_no_noise(tmp_path: Path) -> None:
    EPOCHS.write(tmp_path, "emoji", epoch_rows(FREE, [{"epoch": 1, "accuracy/clean": 0.5}]))
    epochs = by_epoch(EPOCHS.read(tmp_path, "emoji"))
    assert epochs["noise"].isna().all()
    assert epochs["rate"].isna().all()


def test_a_curve_comes_back_level_by_level(tmp_path: Path) -> None:
    precision = np.linspace(0.9, 0.1, 11)
    CURVES.write(tmp_path, "emoji", [curve_row(SETTING, way, precision) for way in ("a->b", "b->a")])
    curves = by_recall(CURVES.read(tmp_path, "emoji"))
    assert curves["direction"].tolist() == ["a->b"] * 11 + ["b->a"] * 11
    assert curves["recall"].tolist() == pytest.approx([level / 10 for level in range(11)] * 2)
    assert curves["precision"].tolist() == pytest.approx([*precision, *precision], abs=1e-6)


def test_an_empty_name_is_none_and_an_empty_text_is_empty(tmp_path: Path) -> None:
    cell = {**FREE, "status": "failed", "reason": "epoch 1", "code": "", "fingerprint": "f"}
    CELLS.write(tmp_path, "emoji", [cell])
    (row,) = CELLS.read(tmp_path, "emoji").to_dict("records")
    assert (row["noise"], row["code"]) == (None, "")
    assert pd.isna(row["seed"])


def test_match_probabilities_come_back_by_direction_and_scores_by_criterion(tmp_path: Path) -> None:
    facts = {"status": "done", "reason": "", "code": "c", "fingerprint": "f"}
    one = {**SETTING, "seed": 0, **facts, "temperature": 0.1, "match a->b": 0.6, "match b->a": 0.7}
    one |= {"best_validation map a->b": 0.5, "best_validation map b->a": 0.25, "noisy_validation map a->b": 0.4}
    one |= {"noisy_validation map b->a": 0.2, "best_validation ndcg a->b": 0.9, "best_validation ndcg b->a": 0.8}
    other = {**SETTING, "seed": 1, **facts, "best_validation map a->b": 0.3, "best_validation map b->a": 0.1}
    CELLS.write(tmp_path, "emoji", [one, other])
    rows = CELLS.read(tmp_path, "emoji")
    matched = by_match(rows)[["seed", "direction", "temperature", "map"]].to_numpy().tolist()
    assert matched == [[0, "a->b", 0.1, 0.6], [0, "b->a", 0.1, 0.7]]
    long = by_direction(rows)
    assert long[["seed", "criterion", "direction", "map"]].to_numpy().tolist() == [
        [0, "best_validation", "a->b", 0.5],
        [0, "best_validation", "b->a", 0.25],
        [0, "noisy_validation", "a->b", 0.4],
        [0, "noisy_validation", "b->a", 0.2],
        [1, "best_validation", "a->b", 0.3],
        [1, "best_validation", "b->a", 0.1],
    ]
    assert long["ndcg"].notna().tolist() == [True, True, False, False, False, False]
