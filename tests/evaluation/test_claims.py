"""From AP of drawn datasets to endpoints and claims: the same numbers as the statistics called directly."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline.config.load import parse
from pipeline.config.project import Project
from pipeline.core.criteria import BEST_VALIDATION
from pipeline.core.readouts import COSINE, MATCH, READOUTS
from pipeline.core.seeds import generator
from pipeline.core.splits import Array
from pipeline.evaluation import precisions
from pipeline.evaluation.claims import ROUNDS, TAIL, write_claims
from pipeline.evaluation.hierarchical import Comparison, against_best, nested_interval, paired_differences
from pipeline.evaluation.precisions import Precisions
from pipeline.records.reader import Records

SEEDS, RATES, WAYS = (10, 11, 12), (0.2, 0.8), ("image->text", "text->image")
QUERIES = {10: 9, 11: 11, 12: 10}
LEVELS = {
    ("witness", "default"): 0.6,
    ("witness", "own"): 0.59,
    ("mrl", "default"): 0.5,
    ("mrl", "shared"): 0.4,
    ("ce", "default"): 0.3,
    ("klr", "default"): 0.45,
    ("klr", "em"): 0.58,
    ("rono", "default"): 0.65,
    ("sdml", "default"): 0.64,
}
"""What each entry reaches by cosine; klr em learns from the claimed method's label model."""
OWN = ("witness", "default")
INCOMPLETE = {("rono", "default"), ("sdml", "default")}
"""The first lacks a seed, the second a column of one seed."""
RIVALS = [("mrl", "default"), ("mrl", "shared"), ("ce", "default"), ("klr", "default")]
"""What is left of them for the claim: entries that are complete, of another method, with another label model."""


def ap(entry: tuple[str, str], readout: str, rate: float, seed: int, way: str) -> Array:
    """AP of the queries of one column; by match probability MRL is further from the claimed method."""
    level = LEVELS[entry] - (0.1 if (entry[0], readout) == ("mrl", MATCH) else 0.0)
    rng = generator(0, *entry, readout, str(rate), str(seed), way)
    return level + 0.05 * rng.standard_normal(QUERIES[seed]) - 0.1 * rate


def lacks(entry: tuple[str, str], rate: float, seed: int) -> bool:
    return (entry[0], seed) == ("rono", 12) or (entry[0], rate, seed) == ("sdml", 0.8, 11)


def trained(folder: Path) -> Path:
    """AP as the copied project leaves them: a folder per drawn dataset, a file per method."""
    for seed in SEEDS:
        for method in dict.fromkeys(name for name, _ in LEVELS):
            made = [
                Precisions(
                    *(entry[1], "symmetric", rate, seed, BEST_VALIDATION, readout, way),
                    ap(entry, readout, rate, seed, way),
                )
                for entry in LEVELS
                for readout in READOUTS
                for rate in RATES
                for way in WAYS
                if entry[0] == method and not lacks(entry, rate, seed)
            ]
            precisions.write(folder / f"emoji_{seed}" / f"{method}.npz", made)
    return folder


def confirming(**methods: list[str]) -> Project:
    variants: dict[str, dict[str, Any]] = {"own": {"targets": "own"}, "em": {"targets": "em"}, "shared": {}}
    listed = {name: [variant for method, variant in LEVELS if method == name] for name, _ in LEVELS}
    experiment: dict[str, Any] = {"name": "confirm", "claim": "witness", "datasets": ["emoji"], "noises": ["symmetric"]}
    experiment |= {"rates": list(RATES), "seeds": list(SEEDS), "methods": methods or listed}
    return parse(
        {
            "experiments": [experiment],
            "datasets": {"emoji": {"views": {}}},
            "extractors": {},
            "noises": {"symmetric": {}},
            "methods": {name: {"default": {}, "variants": variants} for name in listed},
        }
    )


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, project = tmp_path_factory.mktemp("claims"), confirming()
    write_claims(project, project.experiment("confirm"), trained(folder / "ap"), folder / "records")
    return folder / "records"


@pytest.fixture
def claims(records: Path) -> pd.DataFrame:
    return Records(records).claims("emoji")


def columns(entry: tuple[str, str], readout: str) -> list[Array]:
    """AP of each seed, Q x C, in another order of columns than the record's."""
    return [np.stack([ap(entry, readout, rate, seed, way) for way in WAYS for rate in RATES], axis=1) for seed in SEEDS]


def compared(readout: str, *rivals: tuple[str, str]) -> Comparison:
    return against_best(columns(OWN, readout), {"/".join(rival): columns(rival, readout) for rival in rivals})


def of_the_best(claims: pd.DataFrame, readout: str) -> Mapping[str, Any]:
    (row,) = claims[(claims["best"] == 1) & (claims["readout"] == readout)].to_dict("records")
    return row


@pytest.mark.parametrize(("readout", "rival"), [(COSINE, ("mrl", "default")), (MATCH, ("klr", "default"))])
def test_the_best_rival_of_each_readout_is_compared_as_by_hand(
    claims: pd.DataFrame, readout: str, rival: tuple[str, str]
) -> None:
    row, expected = of_the_best(claims, readout), compared(readout, *RIVALS)
    assert (row["method"], row["variant"]) == rival == tuple(expected.rival.split("/"))
    assert (row["claimed"], row["noise"], row["seeds"]) == ("witness", "symmetric", 3)
    for name in ("difference", "low", "high", "p"):
        assert row[name] == pytest.approx(getattr(expected, name), rel=1e-5), name


def test_every_other_entry_is_compared_alone_also_kin(claims: pd.DataFrame) -> None:
    for readout in READOUTS:
        rows = claims[(claims["best"] == 0) & (claims["readout"] == readout)].to_dict("records")
        others = [entry for entry in LEVELS if entry != OWN and entry not in INCOMPLETE]
        assert {(row["method"], row["variant"]) for row in rows} == set(others)
        assert len(rows) == len(others)
        for row in rows:
            expected = compared(readout, (row["method"], row["variant"]))
            for name in ("difference", "low", "high", "p"):
                assert row[name] == pytest.approx(getattr(expected, name), rel=1e-5, abs=1e-9), name


def test_the_nearest_entry_is_kin_and_not_the_best_rival(claims: pd.DataFrame) -> None:
    for readout in READOUTS:
        alone = claims[(claims["best"] == 0) & (claims["readout"] == readout)]
        others = alone[alone["method"] != "witness"].set_index("method")["difference"]
        assert others.idxmin() == "klr"
        assert others.min() < of_the_best(claims, readout)["difference"]


def test_the_bootstrap_beside_it_is_of_the_same_rival(claims: pd.DataFrame) -> None:
    row = of_the_best(claims, MATCH)
    differences = paired_differences(columns(OWN, MATCH), columns(("klr", "default"), MATCH))
    rng = generator(0, "claims", "emoji", "symmetric", MATCH, "klr", "default")
    expected = nested_interval(differences, ROUNDS, rng, TAIL)
    assert (row["nested_low"], row["nested_high"]) == pytest.approx(expected, rel=1e-5)


def test_endpoints_are_means_over_queries_rates_and_directions(records: Path) -> None:
    rows = Records(records).endpoints("emoji")
    assert len(rows) == (len(LEVELS) - len(INCOMPLETE)) * len(READOUTS) * len(SEEDS)
    for row in rows.to_dict("records"):
        entry, seed = (row["method"], row["variant"]), row["seed"]
        means = [ap(entry, row["readout"], rate, seed, way).mean() for rate in RATES for way in WAYS]
        assert row["map"] == pytest.approx(np.mean(means), rel=1e-5)


def test_an_entry_that_lacks_a_seed_or_a_column_is_left_out(records: Path, claims: pd.DataFrame) -> None:
    """Both would be above the claimed method."""
    assert not {"rono", "sdml"} & set(claims["method"])
    assert not {"rono", "sdml"} & set(Records(records).endpoints("emoji")["method"])


def test_a_claimed_method_that_lacks_a_seed_claims_nothing(tmp_path: Path) -> None:
    project = confirming()
    folder = trained(tmp_path / "ap")
    (folder / "emoji_11" / "witness.npz").unlink()
    write_claims(project, project.experiment("confirm"), folder, tmp_path / "records")
    assert Records(tmp_path / "records").claims("emoji").empty
    assert "mrl" in set(Records(tmp_path / "records").endpoints("emoji")["method"])


def test_kin_alone_is_no_rival(tmp_path: Path) -> None:
    project = confirming(witness=["default", "own"], klr=["em"])
    folder = trained(tmp_path / "ap")
    for seed in SEEDS:
        for method in ("mrl", "ce", "rono", "sdml"):
            (folder / f"emoji_{seed}" / f"{method}.npz").unlink()
        kept = [one for one in precisions.read(folder / f"emoji_{seed}" / "klr.npz") if one.variant == "em"]
        precisions.write(folder / f"emoji_{seed}" / "klr.npz", kept)
    write_claims(project, project.experiment("confirm"), folder, tmp_path / "records")
    claims = Records(tmp_path / "records").claims("emoji")
    assert set(claims["best"]) == {0}
    assert {*zip(claims["method"], claims["variant"], strict=True)} == {("klr", "em"), ("witness", "own")}
