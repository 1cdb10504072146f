"""The proof that a rebuilding changed no number: two layouts, digits that were dropped, one number that differs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from benchmarks.compare_records import main, same
from pipeline.records.cells import CELLS
from pipeline.records.curves import CURVES, curve_row
from pipeline.records.epochs import EPOCHS
from pipeline.records.readout import READOUT
from pipeline.records.receipts import RECEIPTS
from pipeline.records.suspicion import CONFIDENT_LEARNING, SUSPICION

SETTING = {"method": "ce", "variant": "default", "noise": "symmetric", "rate": 0.2}
RECEIPT = {"kind": "symmetric", "rate": 0.2, "seed": 0, "per_pair": False, "realised": {"image": 0.18}, "hash": "ab"}
OLD = {
    "cells/emoji/ce.csv": "dataset,method,variant,noise,rate,seed,criterion,direction,map,map_at_50,tied,"
    "status,reason\n"
    "emoji,ce,default,symmetric,0.2,0,last_epoch,image->text,0.512346,0.6,0,done,\n"
    "emoji,ce,default,symmetric,0.2,0,last_epoch,text->image,0.5,0.6,0,done,\n"
    "emoji,ce,default,symmetric,0.2,1,,,,,,failed,epoch 1\n",
    "epochs/emoji/ce.csv": "variant,noise,rate,epoch,loss/total,valid/mean\ndefault,symmetric,0.2,1,1.23456,0.5\n",
    "curves/emoji/ce.csv": "variant,noise,rate,direction,recall,precision\n"
    + "".join(f"default,symmetric,0.2,image->text,{level / 10:.6g},{1 - level / 10:.6g}\n" for level in range(11)),
    "suspicion/emoji/ce.csv": "variant,noise,rate,seed,view,auc,precision,wrong,estimate,certain\n"
    "default,symmetric,0.2,0,image,0.9,0.8,0.18,0.2,1\n",
    "confident_learning/emoji.csv": "variant,noise,rate,seed,view,auc,precision,wrong,estimate\n"
    "default,symmetric,0.2,0,image,0.7,0.6,0.18,0.3\n",
    "readout/emoji/ce.csv": "variant,noise,rate,seed,direction,temperature,map\n"
    "default,symmetric,0.2,0,image->text,0.5,0.6\n",
}


def compared(old: Path, new: Path, *options: str) -> Result:
    return CliRunner().invoke(main, [str(old), str(new), *options])


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """The same numbers as records were laid out before, and as they are."""
    old, new = tmp_path / "old", tmp_path / "new"
    for name, text in OLD.items():
        (old / name).parent.mkdir(parents=True, exist_ok=True)
        (old / name).write_text(text)
    cell = {**SETTING, "seed": 0, "criterion": "last_epoch", "status": "done", "reason": ""}
    failed = {**SETTING, "seed": 1, "status": "failed", "reason": "epoch 1"}
    scores = {"map image->text": 0.5123456, "ndcg image->text": 0.7, "map text->image": 0.5}
    CELLS.write(new, "emoji", [cell | scores, failed])
    EPOCHS.write(
        new,
        "emoji",
        [
            SETTING | {"measure": name, "values": value}
            for name, value in (("loss/total", "1.235"), ("valid/mean", "0.5"))
        ],
    )
    CURVES.write(new, "emoji", [curve_row(SETTING, "image->text", np.linspace(1, 0, 11))])
    suspected = {**SETTING, "seed": 0, "view": "image", "wrong": 0.18}
    SUSPICION.write(new, "emoji", [suspected | {"auc": 0.9, "precision": 0.8, "estimate": 0.2, "certain": 1}])
    baseline = {"method": "confident_learning", "auc": 0.7, "precision": 0.6, "estimate": 0.3}
    CONFIDENT_LEARNING.write(new, "emoji", [suspected | baseline])
    READOUT.write(new, "emoji", [{**SETTING, "seed": 0, "direction": "image->text", "temperature": 0.5, "map": 0.6}])
    for folder in (old, new):
        RECEIPTS.write(folder, "emoji", [RECEIPT])
    return old, new


def test_the_same_numbers_in_two_layouts_are_identical(folders: tuple[Path, Path]) -> None:
    for one, other in (folders, folders[::-1], folders[:1] * 2, folders[1:] * 2):
        result = compared(one, other)
        assert result.exit_code == 0, result.output
        assert "differ" not in result.output
    assert "cells emoji: 4 identical" in result.output
    assert result.output.splitlines()[-1].startswith("together: 32 of 32 identical")


def test_every_other_number_is_listed(folders: tuple[Path, Path]) -> None:
    old, new = folders
    file = CELLS.file(new, "emoji")
    file.write_text(file.read_text().replace("0.512346", "0.512347"))
    file = EPOCHS.file(new, "emoji")
    file.write_text(file.read_text().replace("1.235", "1.234"))
    READOUT.file(new, "emoji").unlink()
    result = compared(old, new)
    assert result.exit_code == 1
    place = "emoji ce default symmetric 0.2"
    assert f"differs: cells {place} seed 0 last_epoch image->text map: 0.512346 -> 0.512347" in result.output
    assert f"differs: epochs {place} loss/total epoch 1: 1.23456 -> 1.234" in result.output
    assert f"only in OLD: readout {place} seed 0 image->text map = 0.6" in result.output
    assert "cells emoji: 3 identical, 1 differ" in result.output


def test_one_dataset_can_be_compared_alone(folders: tuple[Path, Path]) -> None:
    assert compared(*folders, "--dataset", "mnist3d").output == "together: 0 of 0 identical\n"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (("0.5", 6), ("0.50", 6), True),
        (("0.123450", 6), ("0.1235", 4), True),
        (("0.123450", 6), ("0.1234", 4), True),
        (("0.123449", 6), ("0.1236", 4), False),
        (("0.99996", 6), ("1", 4), True),
        (("0", 6), ("0.0001", 4), False),
        (("failed x", 17), ("done", 17), False),
    ],
)
def test_digits_that_were_dropped_make_no_difference(
    one: tuple[str, int], other: tuple[str, int], expected: bool
) -> None:
    assert same(one, other) == same(other, one) == expected
