"""AP of all methods -> one row per entry and column, the same numbers as the tests that they are made of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.config.load import parse
from pipeline.core.criteria import BEST_VALIDATION, FIXED_CHECKPOINT, LAST_EPOCH
from pipeline.core.readouts import COSINE, MATCH, READOUTS
from pipeline.core.seeds import generator
from pipeline.core.splits import Array
from pipeline.evaluation import precisions
from pipeline.evaluation.precisions import Precisions
from pipeline.evaluation.significance import bootstrap_intervals, p_against
from pipeline.evaluation.statistics import DRAWS, FLIPS, LEVEL, Family, families, statistics
from pipeline.records.reader import Records
from pipeline.records.statistics import STATISTICS

RATES, WAYS = (0.2, 0.8), ("image->text", "text->image")
FAMILY = Family(["symmetric"], RATES, [0, 1], [("mcca", "default"), ("ce", "default"), ("mrl", "default")])
LEVELS = {"mcca": 0.3, "ce": 0.6, "mrl": 0.599}


def ap(method: str, rate: float | None, seed: int | None, way: str) -> Array:
    """Hard and easy queries, the same for all methods."""
    easy = generator(0, "queries", way).random(80) / 3
    return LEVELS[method] + easy + 0.02 * generator(seed or 0, method, str(rate), way).standard_normal(80)


def write(folder: Path, states: dict[str, str] | None = None) -> dict[str, Path]:
    """Three methods at two rates and seeds, one of them label-free and deterministic; by match probability half."""
    files = {}
    for method in LEVELS:
        free = method == "mcca"
        keys = [(None, None)] if free else [(rate, seed) for rate in RATES for seed in (0, 1)]
        noise, state = "" if free else "symmetric", (states or {}).get(method, BEST_VALIDATION)
        made = [
            Precisions("default", noise, r, s, state, readout, way, ap(method, r, s, way) / (1 + (readout == MATCH)))
            for r, s in keys
            for readout in READOUTS
            for way in WAYS
        ]
        files[method] = folder / "ap" / f"{method}.npz"
        precisions.write(files[method], made)
    return files


def test_ap_come_back_in_their_order(tmp_path: Path) -> None:
    files = write(tmp_path)
    labelled, free = list(precisions.read(files["ce"])), list(precisions.read(files["mcca"]))
    assert [(one.rate, one.seed, one.readout, one.direction) for one in labelled[:5]] == [
        *((0.2, 0, COSINE, "image->text"), (0.2, 0, COSINE, "text->image")),
        *((0.2, 0, MATCH, "image->text"), (0.2, 0, MATCH, "text->image"), (0.2, 1, COSINE, "image->text")),
    ]
    np.testing.assert_array_equal(labelled[4].ap, ap("ce", 0.2, 1, "image->text"))
    assert (free[0].noise, free[0].rate, free[0].seed, free[0].criterion) == ("", None, None, BEST_VALIDATION)


def test_every_column_is_compared_as_by_hand(tmp_path: Path) -> None:
    rows = statistics("emoji", [FAMILY], write(tmp_path))
    assert len(rows) == 3 * len(RATES) * len(WAYS)
    here = {row["method"]: row for row in rows if (row["rate"], row["direction"]) == (0.8, "image->text")}
    means = {
        "mcca": ap("mcca", None, None, "image->text"),
        **{name: (ap(name, 0.8, 0, "image->text") + ap(name, 0.8, 1, "image->text")) / 2 for name in ("ce", "mrl")},
    }
    single = {name: values.astype(np.float32) for name, values in means.items()}
    words = ("emoji", "symmetric", "0.8", "image->text")
    p = p_against("ce", single, LEVEL, FLIPS, generator(0, "significance", "permutation", *words))
    for name in ("mcca", "mrl"):
        gap = np.subtract(single[name], single["ce"], dtype=np.float64)
        draw = generator(0, "significance", "bootstrap", *words)
        interval = bootstrap_intervals(gap[:, None], DRAWS, draw)[0]
        assert here[name]["p"] == p[name]
        assert here[name]["tied"] == int(p[name] > LEVEL)
        assert here[name]["difference"] == pytest.approx(gap.mean())
        np.testing.assert_allclose([here[name]["low"], here[name]["high"]], interval, rtol=1e-12)
    assert here["ce"]["map"] == pytest.approx(means["ce"].mean(), abs=1e-7)
    assert (here["mcca"]["tied"], here["mrl"]["tied"], here["ce"]["tied"]) == (0, 1, 1)
    assert not {"p", "difference", "low"} & set(here["ce"])


def test_the_rows_are_those_of_the_record(tmp_path: Path) -> None:
    rows = statistics("emoji", [FAMILY], write(tmp_path))
    STATISTICS.write(tmp_path, "emoji", rows)
    read = Records(tmp_path).statistics("emoji")
    assert len(read) == len(rows)
    assert read["p"].dropna().tolist() == pytest.approx([row["p"] for row in rows if "p" in row], abs=1e-12)
    assert read["p"].isna().sum() == len(RATES) * len(WAYS), "the best of each column"


def test_a_best_that_stands_alone_shares_its_place_with_nobody(tmp_path: Path) -> None:
    family = Family(["symmetric"], RATES, [0, 1], FAMILY.entries[:2])
    rows = statistics("emoji", [family], write(tmp_path))
    assert {(row["method"], row["tied"]) for row in rows} == {("ce", 0), ("mcca", 0)}


def test_one_entry_alone_is_not_compared(tmp_path: Path) -> None:
    rows = statistics("emoji", [Family(["symmetric"], [0.2], [0, 1], [("ce", "default")])], write(tmp_path))
    assert [set(row) & {"p", "tied", "difference"} for row in rows] == [set(), set()]


def test_other_entries_and_seeds_do_not_count(tmp_path: Path) -> None:
    files = write(tmp_path)
    rows = statistics("emoji", [Family(["symmetric"], [0.2], [1], [("ce", "default"), ("ce", "other")])], files)
    assert [row["map"] for row in rows] == pytest.approx([ap("ce", 0.2, 1, way).mean() for way in WAYS], abs=1e-7)


def test_columns_with_ap_of_different_states_are_left_out(tmp_path: Path) -> None:
    files = write(tmp_path, {"mrl": FIXED_CHECKPOINT})
    assert statistics("emoji", [FAMILY], files) == []
    same = dict.fromkeys(LEVELS, LAST_EPOCH)
    assert {row["criterion"] for row in statistics("emoji", [FAMILY], write(tmp_path, same))} == {LAST_EPOCH}


def test_a_family_per_grid_without_the_variants_that_stand_apart() -> None:
    grid = {"datasets": ["emoji"], "noises": ["symmetric"], "rates": [0.2, 1], "seeds": [0]}
    beside = {"name": "flipped", "noises": ["pairflip"], "rates": [0.4], "beside": "default"}
    params = {
        "experiments": [
            grid | {"name": "default", "methods": {"mrl": ["default", "authors_code", "half", "em"]}},
            grid | beside | {"methods": {"mrl": ["half", "default"]}},
        ],
        "datasets": {"emoji": {"views": {}}},
        "methods": {"mrl": {"default": {}, "variants": {"authors_code": {}, "half": {}, "em": {}}}},
        "report": {"ablations": {"mrl": ["half"]}, "factorial": {"mrl": ["em"]}},
        "noises": {"symmetric": {}, "pairflip": {}},
        "extractors": {},
    }
    assert families(parse(params), "emoji") == [
        Family(("symmetric",), (0.2, 1.0), (0,), [("mrl", "default"), ("mrl", "authors_code")]),
        Family(("pairflip",), (0.4,), (0,), [("mrl", "default")]),
    ]
