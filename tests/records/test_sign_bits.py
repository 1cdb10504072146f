"""MAP by sign bits is recorded as its mean over seeds and comes back as the mean of the directions."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from pipeline.core.readouts import BITS
from pipeline.records.reader import Records
from pipeline.records.sign_bits import SIGN_BITS, sign_row

SETTING = {"method": "ce", "variant": "default", "noise": "symmetric", "rate": 0.2}
FREE = {"method": "mcca", "variant": "default", "noise": None, "rate": None}


def maps(first: float, second: float) -> dict[int, dict[str, float]]:
    return {bits: {"a->b": first + bits / 1000, "b->a": second + bits / 1000} for bits in BITS}


def test_a_row_holds_each_direction_and_the_spread_of_their_mean() -> None:
    row = sign_row(SETTING, {0: maps(0.1, 0.4), 1: maps(0.3, 0.4)})
    assert list(row) == [
        *(*SETTING, "seeds"),
        *(f"sign{bits} {column}" for bits in BITS for column in ("a->b", "b->a", "std")),
    ]
    assert row["seeds"] == 2
    assert [row["sign16 a->b"], row["sign16 b->a"]] == pytest.approx([0.216, 0.416])
    assert row["sign128 std"] == pytest.approx(0.1 / 2**0.5), "the means of the directions are .25 and .35"


def test_what_is_written_comes_back_by_bits(tmp_path: Path) -> None:
    rows = [sign_row(SETTING, {0: maps(0.1, 0.4), 1: maps(0.3, 0.4)}), sign_row(FREE, {None: maps(0.2, 0.3)})]
    SIGN_BITS.write(tmp_path, "emoji", rows)
    text = SIGN_BITS.file(tmp_path, "emoji").read_text().splitlines()
    assert text[0].startswith("method,variant,noise,rate,seeds,sign16 a->b,sign16 b->a,sign16 std,sign32 a->b,")
    assert text[1].startswith("ce,default,symmetric,0.2,2,0.216,0.416,0.0707,")
    assert text[2].startswith("mcca,default,,,,0.216,0.316,,")
    records = Records(tmp_path)
    read = records.sign_bits("emoji", "ce")
    assert read["bits"].tolist() == list(BITS)
    assert read["map"].tolist() == pytest.approx([0.3 + bits / 1000 for bits in BITS])
    assert read["std"].tolist() == pytest.approx([0.0707] * 4)
    free = records.sign_bits("emoji", "mcca")
    assert free["seeds"].isna().all()
    assert free["std"].isna().all()
    assert free["map"].tolist() == pytest.approx([0.25 + bits / 1000 for bits in BITS])


def test_one_seed_has_no_spread() -> None:
    row = sign_row(SETTING, {0: maps(0.1, 0.4)})
    assert (row["seeds"], row["sign64 std"]) == (1, None)


def test_records_without_the_file_have_no_rows(tmp_path: Path) -> None:
    read = Records(tmp_path).sign_bits("emoji", "ce")
    assert read.empty
    assert {"bits", "map", "std", "seeds"} <= set(read.columns)
    SIGN_BITS.write(tmp_path, "emoji", [])
    assert Records(tmp_path).sign_bits("emoji", "ce").empty
    assert read["seeds"].dtype == pd.Int64Dtype()
