"""dvc.yaml says of every stage what it imports and reads: no more, no less."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.core.plugins import names
from pipeline.features.base.dgcnn_network import OWN_WEIGHTS
from pipeline.runs.fingerprint import code_behind
from tests.support.import_graph import ROOMS, ROOT, closure, room
from tests.support.import_graph import modules as known

STAGES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
PLUGINS = {
    "fetch": ["data", "samples"],
    "examine": ["samples", "data"],
    "features": ["data", "features", "samples"],
    "probe": ["data", "features", "samples"],
    "plan": ["methods", "noise"],
    "noise": ["noise"],
    "evaluate": ["metrics"],
    "report": ["data", "methods", "metrics", "noise", "tracking"],
    "viewer": ["data", "methods", "samples"],
}
"""Rooms whose files a stage finds by their names in params.yaml."""
THROUGH_THE_PLAN = {"train"}
"""Stages whose code reaches them as the fingerprints in their plan."""
SETTINGS = "config"
"""A room in no list of deps: what it reads stands under params, or is params.yaml itself."""
over_stages = pytest.mark.parametrize("stage", STAGES)


def code_of(stage: str) -> set[Path]:
    """Files of pipeline/ that a stage's code comes from, plug-ins included, but for SETTINGS."""
    modules = closure(f"stages.{stage}")
    for package in PLUGINS.get(stage, []):
        for name in names(f"pipeline.{package}"):
            modules |= closure(f"pipeline.{package}.{name}")
    files = {known()[module].relative_to(ROOT) for module in modules if module.startswith("pipeline.")}
    return {file for file in files if file.parts[1] != SETTINGS}


def asks_for_a_dataset(stage: str) -> bool:
    """Whether its own file asks the project for a dataset's settings."""
    source = (ROOT / "stages" / f"{stage}.py").read_text(encoding="utf-8")
    return "configured(project" in source or "project.dataset(" in source


def listed(stage: str, kind: str) -> list[str]:
    return [str(entry if isinstance(entry, str) else next(iter(entry))) for entry in STAGES[stage].get(kind, [])]


@over_stages
def test_a_stage_runs_its_own_command(stage: str) -> None:
    command = STAGES[stage]["cmd"].split()
    assert command[:2] == ["stages/run", stage]
    assert (ROOT / "stages" / f"{stage}.py").is_file()


@pytest.mark.parametrize("file", sorted((ROOT / "stages").rglob("*.py")), ids=lambda file: file.stem)
def test_a_stage_is_thin(file: Path) -> None:
    assert len(file.read_text(encoding="utf-8").splitlines()) <= 60


@pytest.mark.parametrize("stage", [stage for stage in STAGES if stage not in THROUGH_THE_PLAN | {"pretrain"}])
def test_a_stage_depends_on_the_code_that_it_imports(stage: str) -> None:
    """Every file lies under a listed folder, and every listed folder or file holds code of the stage."""
    code = code_of(stage)
    places = [Path(dep) for dep in listed(stage, "deps") if dep.startswith("pipeline/")]
    assert {file for file in code if not any(file.is_relative_to(place) for place in places)} == set()
    assert [place for place in places if not any(file.is_relative_to(place) for file in code)] == []
    assert {place.parts[1] for place in places} <= set(ROOMS)


def test_training_depends_on_the_fingerprints_of_all_code_that_makes_numbers() -> None:
    """The plan stage, which hashes the code behind every method, depends on every room of that code."""
    behind = {room(module) for name in names("pipeline.methods") for module in code_behind(f"pipeline.methods.{name}")}
    assert {f"pipeline/{name}" for name in behind} <= set(listed("plan", "deps"))
    assert "data/plan/${item.dataset}.json" in listed("train", "deps")
    assert not listed("train", "params")


@over_stages
def test_a_stage_that_reads_settings_names_them(stage: str) -> None:
    """params.yaml as a whole, or the blocks that the stage's code asks the project for."""
    if stage in THROUGH_THE_PLAN | {"noise"}:
        assert not listed(stage, "params")
        assert "params.yaml" not in listed(stage, "deps")
        return
    assert bool(listed(stage, "params")) != ("params.yaml" in listed(stage, "deps"))


@pytest.mark.parametrize("stage", [stage for stage in STAGES if asks_for_a_dataset(stage)])
def test_a_stage_that_asks_for_a_dataset_depends_on_its_whole_block(stage: str) -> None:
    """Not on its views alone: whether its labels are clean, for one, decides what evaluation records."""
    assert {"params.yaml", "datasets.${item.dataset}"} & {*listed(stage, "deps"), *listed(stage, "params")}


def test_the_weights_of_pretraining_are_those_that_the_extractor_reads() -> None:
    assert [ROOT / out for out in listed("pretrain", "outs")] == [OWN_WEIGHTS]


@over_stages
def test_what_one_stage_writes_another_reads_or_people_look_at(stage: str) -> None:
    read = [dep for other in STAGES for dep in listed(other, "deps")]
    for out in listed(stage, "outs"):
        used = any(dep.startswith(out) or out.startswith(f"{dep}/") for dep in read)
        assert used or out.startswith(("reports/", "data/ap/", "pipeline/features/dgcnn.pt")), out


def test_the_matrix_is_the_first_experiment() -> None:
    for stage in STAGES.values():
        for axis, values in stage.get("matrix", {}).items():
            assert values == f"${{experiments[0].{axis}s}}"
