"""An experiment whose seeds draw splits of their own: each seed of a dataset is a dataset."""

from __future__ import annotations

import copy
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.config.load import load, parse
from pipeline.core.plugins import build
from pipeline.data.base import Dataset
from pipeline.runs.copied_project import copy_project
from pipeline.runs.plan import keys
from pipeline.runs.redraw import name, redrawn
from tests.support import tiny
from tests.support.copied import ROOT

SEEDS = [10, 11]


def params() -> dict[str, Any]:
    """A claim on two datasets, one of which is another reading of a file, and its companion under another noise."""
    given = tiny.experiment(name="confirm", claim="ce", seeds=SEEDS, datasets=["emoji", "wide"])
    given["datasets"]["emoji"]["load"] = {"seed": 0, "size": 7}
    given["datasets"]["wide"] = {"source": "emoji", "views": {"image": "pixels"}}
    given["datasets"]["other"] = {"views": {}}
    given["noises"]["pairflip"] = {}
    companion = {"name": "flipped", "beside": "confirm", "datasets": ["wide"], "noises": ["pairflip"]}
    given["experiments"].append(given["experiments"][0] | companion)
    del given["experiments"][1]["claim"]
    return given


def test_every_seed_of_a_dataset_becomes_a_dataset() -> None:
    first, companion = redrawn(params())["experiments"]
    assert first["datasets"] == ["emoji_10", "emoji_11", "wide_10", "wide_11"]
    assert companion["datasets"] == ["wide_10", "wide_11"]
    assert name("emoji", 10) == "emoji_10"


def test_a_drawn_dataset_has_its_seed_and_keeps_its_file_and_the_rest_of_its_block() -> None:
    datasets = redrawn(params())["datasets"]
    for seed in SEEDS:
        drawn, wide = datasets[name("emoji", seed)], datasets[name("wide", seed)]
        assert (drawn["source"], drawn["load"], drawn["seeds"]) == ("emoji", {"seed": seed, "size": 7}, [seed])
        assert drawn["views"] == params()["datasets"]["emoji"]["views"]
        assert (wide["source"], wide["load"], wide["seeds"]) == ("emoji", {"seed": seed}, [seed])


def test_other_datasets_stay_as_they_are_and_so_does_what_was_given() -> None:
    given = params()
    before = copy.deepcopy(given)
    datasets = redrawn(given)["datasets"]
    assert given == before
    assert {name: datasets[name] for name in before["datasets"]} == before["datasets"]


def test_the_cells_of_a_drawn_dataset_are_of_its_seed_alone() -> None:
    project = parse(redrawn(params()))
    for dataset in ("emoji_10", "wide_11"):
        seed = int(dataset.rpartition("_")[2])
        assert {grid.seeds for grid in project.grids(dataset)} == {(seed,)}
        assert {key.seed for key in keys(project, dataset, "ce")} == {seed}
    assert {key.noise for key in keys(project, "wide_10", "ce")} == {"symmetric", "pairflip"}
    assert {key.noise for key in keys(project, "emoji_10", "ce")} == {"symmetric"}


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The experiment `confirm` of this very project, copied as `make reproduce` does."""
    root, target = tmp_path / "root", tmp_path / "confirm"
    root.mkdir()
    (target / ".dvc").mkdir(parents=True)
    (root / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    copy_project(root, target, "confirm", Path("files"), ())
    return target


def test_a_copy_for_a_claim_parses_and_draws_every_split(copied: Path) -> None:
    original = parse(yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))).experiment("confirm")
    project = load(copied / "params.yaml")
    confirm, *beside = project.experiments
    assert confirm.name == "confirm"
    assert {experiment.beside for experiment in beside} == {"confirm"}
    assert confirm.methods == original.methods
    assert confirm.datasets == tuple(name(dataset, seed) for dataset in original.datasets for seed in original.seeds)
    for dataset in original.datasets:
        for seed in original.seeds:
            block = project.dataset(name(dataset, seed))
            assert block.source == dataset
            assert block.seeds == (seed,)
            built: Any = build("pipeline.data", dataset, Dataset, block.load)
            assert built.seed == seed
            for method, variants in original.methods.items():
                for variant in variants:
                    drawn, plain = (project.settings(method, variant, d) for d in (name(dataset, seed), dataset))
                    assert drawn == plain, "settings of a dataset go by its name"
