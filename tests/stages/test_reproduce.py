"""An experiment that is not the first runs in a copy of the project, and only its own records come back."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from pipeline.config.load import load
from pipeline.core.cells import CellKey
from pipeline.core.errors import BadInput
from pipeline.records import descriptions
from pipeline.records.cells import CELLS
from pipeline.records.curves import CURVES
from pipeline.records.epochs import EPOCHS
from pipeline.records.receipts import RECEIPTS
from pipeline.records.sign_bits import SIGN_BITS
from pipeline.records.statistics import STATISTICS
from pipeline.records.suspicion import CONFIDENT_LEARNING, SUSPICION
from pipeline.records.transfer import bring
from pipeline.runs import costs
from pipeline.runs.copied_project import copy_project
from pipeline.runs.dvc import repro
from pipeline.runs.finished_cell import FinishedCell, write_cost, write_result
from pipeline.runs.store import CellStore
from stages import paths
from stages.paths import BROUGHT, COSTS, MACHINE, RUNS
from stages.tools import reproduce
from tests.support import tiny

KEY = CellKey("digits", "ce", "other", "symmetric", 0.2, 0)


def settings() -> dict[str, Any]:
    params = tiny.params()
    params["methods"]["ce"]["variants"] = {"other": {"epochs": 1}}
    params["datasets"]["digits"] = params["datasets"]["emoji"] | {"noises": {"symmetric": {"per_pair": True}}}
    first = params["experiments"][0]
    params["experiments"] += [
        first | {"name": "pairs", "beside": "default", "rates": [0.4]},
        first | {"name": "small", "methods": ["ce"]},
        first | {"name": "confirm", "claim": "ce", "seeds": [10, 11]},
        first | {"name": "digits", "datasets": ["digits"], "methods": {"ce": ["other"]}},
        first
        | {"name": "clean", "beside": "digits", "datasets": ["digits"], "methods": {"ce": ["default"]}, "rates": [0.0]},
        first | {"name": "further", "beside": "default", "on_demand": True, "methods": {"ce": ["other"]}},
        first | {"name": "drawn", "beside": "default", "on_demand": True, "noises": ["pairflip"], "methods": ["ce"]},
    ]
    params["noises"]["pairflip"] = {}
    params["report"] = {"ablations": {"ce": ["other"]}}
    return params


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A git project with settings, an experiment on a dataset of its own and files that a person brought."""
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text(yaml.safe_dump(settings(), sort_keys=False), encoding="utf-8")
    Path("files/digits").mkdir(parents=True)
    Path("files/digits/labels.npy").write_bytes(b"labels")
    Path(".gitignore").write_text("/files/\n/build/\n", encoding="utf-8")
    Path(".dvc").mkdir()
    Path(".dvc/config").touch()
    Path("reports").mkdir()
    for name in ("reports/index.html", "reports/cost.csv", "dvc.lock"):
        Path(name).write_text("committed", encoding="utf-8")
    subprocess.run(["git", "init", "-q"], check=True)
    return tmp_path


def copy(experiment: str) -> Path:
    target = Path("build") / experiment
    copy_project(Path(), target, experiment, BROUGHT, (COSTS, MACHINE))
    return target


def test_the_copy_has_the_experiment_first_and_what_is_beside_it_alone() -> None:
    project = load(copy("digits") / "params.yaml")
    assert [experiment.name for experiment in project.experiments] == ["digits", "clean"]
    assert project.shown_datasets == ("digits",)
    assert project.shown_methods == ("ce",)
    assert project.noise_settings("symmetric", "digits") == {"per_pair": True}
    assert project.report.ablations == {"ce": ("other",)}
    assert [experiment.name for experiment in load(copy("small") / "params.yaml").experiments] == ["small"]
    further = load(copy("further") / "params.yaml")
    assert [grid.name for grid in further.grids("emoji")] == ["further"], "it is trained there"


def test_in_the_copy_for_a_claim_every_seed_is_a_dataset() -> None:
    project = load(copy("confirm") / "params.yaml")
    assert project.experiments[0].datasets == ("emoji_10", "emoji_11")
    assert [grid.seeds for name in project.experiments[0].datasets for grid in project.grids(name)] == [(10,), (11,)]
    assert project.dataset("emoji_11").load == {"seed": 11}


def test_a_claim_is_evaluated_in_the_copy_and_its_records_stand_here(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[tuple[str, ...]] = []
    written: list[tuple[str, str, str]] = []
    monkeypatch.setattr(reproduce, "repro", lambda folder, *words: called.append((folder.as_posix(), *words)))
    monkeypatch.setattr(
        reproduce,
        "write_claims",
        lambda project, chosen, ap, records: written.append((chosen.name, ap.as_posix(), records.as_posix())),
    )
    result = CliRunner().invoke(reproduce.main, ["--experiment", "confirm"])
    assert result.exit_code == 0, result.output
    assert written == [("confirm", "build/confirm/data/ap", "reports/records")]
    assert called == [("build/confirm", "evaluate"), (".", "--single-item", "--force", "report")]
    assert Path("reports/cost.csv").read_text(encoding="utf-8") == "committed", "its costs are of no table"


@pytest.mark.parametrize("shown", [True, False])
def test_costs_are_known_before_the_report_and_a_dataset_that_is_not_shown_changes_nothing_here(
    shown: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    params = settings()
    params["report"]["datasets"] = ["emoji", "digits"] if shown else ["emoji"]
    Path("params.yaml").write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")
    called: list[tuple[str, ...]] = []
    CELLS.write(Path("build/digits/reports/records"), "digits", [])
    monkeypatch.setattr(reproduce, "repro", lambda folder, *words: called.append((folder.as_posix(), *words)))
    monkeypatch.setattr(costs, "update", lambda *rest: called.append(("costs", rest[3].as_posix())))
    result = CliRunner().invoke(reproduce.main, ["--experiment", "digits"])
    assert result.exit_code == 0, result.output
    inside = [
        ("build/digits", "--single-item", "--force", "fetch@digits"),
        ("build/digits", "train"),
        ("costs", "build/digits/reports/cost.csv"),
    ]
    if shown:
        here = [(".", "--single-item", "--force", "report")]
        assert called == [*inside, ("costs", "reports/cost.csv"), ("build/digits",), *here]
    else:
        assert called == [*inside, ("build/digits",)]
    assert Path("reports/records/cells/digits.csv").exists() == shown
    assert f"{'' if shown else 'build/digits/'}reports/index.html" in result.output


@pytest.mark.parametrize(("experiment", "kinds"), [("further", ["cells"]), ("drawn", ["cells", "noise", "statistics"])])
def test_what_is_trained_on_demand_stands_beside_the_records_of_the_page(
    experiment: str, kinds: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under the page's own noise it adds cells alone: whatever else there is would stand twice."""
    made, here = Path("build") / experiment / "reports/records", Path("reports/records")
    for record in (CELLS, CURVES, EPOCHS, SIGN_BITS, SUSPICION, STATISTICS, CONFIDENT_LEARNING):
        record.write(made, "emoji", [])
    RECEIPTS.write(made, "emoji", [])
    called: list[tuple[str, ...]] = []
    monkeypatch.setattr(reproduce, "repro", lambda folder, *words: called.append((folder.as_posix(), *words)))
    monkeypatch.setattr(costs, "update", lambda *rest: called.append(("costs", rest[3].as_posix())))
    result = CliRunner().invoke(reproduce.main, ["--experiment", experiment])
    assert result.exit_code == 0, result.output
    folder = f"build/{experiment}"
    trained = [(folder, "--single-item", "--force", "fetch@emoji"), (folder, "train")]
    counted = [("costs", f"{folder}/reports/cost.csv"), ("costs", "reports/cost.csv")]
    evaluated = [(folder, "evaluate", "confident_learning"), (".", "--single-item", "--force", "report")]
    assert called == [*trained, *counted, *evaluated]
    brought = [path.relative_to(here) for path in here.rglob("*") if path.is_file()]
    assert {path.stem for path in brought} == {f"emoji.{experiment}"}
    assert {path.parent.name for path in brought} >= set(kinds)
    assert ({path.parent.name for path in brought} == {"cells"}) == (experiment == "further")


def test_the_first_experiment_is_trained_before_its_costs_are_written_and_reported_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    called: list[tuple[str, ...]] = []
    monkeypatch.setattr(reproduce, "repro", lambda folder, *words: called.append((folder.as_posix(), *words)))
    monkeypatch.setattr(costs, "update", lambda *rest: called.append(("costs", rest[3].as_posix())))
    result = CliRunner().invoke(reproduce.main, [])
    assert result.exit_code == 0, result.output
    assert called == [(".", "train"), ("costs", "reports/cost.csv"), (".",)]


def test_the_copy_has_the_files_that_were_brought_and_no_results() -> None:
    target = copy("digits")
    assert (target / "files/digits/labels.npy").read_bytes() == b"labels"
    assert (target / "reports/cost.csv").is_file()
    assert not (target / "reports/index.html").exists()
    assert not (target / "dvc.lock").exists()


def test_a_second_copy_keeps_what_was_computed() -> None:
    kept = copy("digits") / "data" / "raw"
    kept.mkdir(parents=True)
    copy("digits")
    assert kept.is_dir()


def test_code_that_is_gone_goes_from_the_copy() -> None:
    """A method's file that stays would be a method there, and change what its room's stages depend on."""
    gone = copy("digits") / "pipeline/methods/gone.py"
    gone.parent.mkdir(parents=True)
    gone.touch()
    copy("digits")
    assert not gone.exists()


def test_an_unknown_experiment_is_named_with_the_nearest() -> None:
    result = CliRunner().invoke(reproduce.main, ["--experiment", "digit"])
    assert result.exit_code == 2, result.output
    assert "experiments: unknown name 'digit'; did you mean 'digits'" in result.stderr
    assert not Path("build").exists()


def records_of(folder: Path, dataset: str, fingerprint: str = "f", sizes: int = 1) -> Path:
    """The records of a run of two methods, and of what an experiment on demand has added."""
    made: dict[str, Any] = {"method": "ce", "variant": "default", "noise": "given", "rate": 0.0, "seed": 0}
    made |= {"status": "failed", "reason": "x", "code": "c", "fingerprint": fingerprint}
    CELLS.write(folder, dataset, [made])
    CELLS.write(folder, f"{dataset}.further", [made | {"variant": "other"}])
    described = {"classes": [], "views": {}, "sizes": dict.fromkeys(("train", "valid", "test"), sizes)}
    descriptions.write(folder, dataset, described)
    return folder


def brought(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_only_the_records_of_the_dataset_come_back() -> None:
    made = records_of(Path("build/digits/reports/records"), "digits")
    records_of(made, "digits_two")
    (made / "cells/digits.further.csv").unlink()
    bring(made, Path("reports/records"), "digits")
    assert brought(Path("reports/records")) == ["cells/digits.csv", "datasets/digits.json"]


def test_records_of_an_earlier_run_go() -> None:
    """Their rows would stand beside the new ones in one table."""
    here = records_of(Path("reports/records"), "digits")
    records_of(here, "digits_two")
    SUSPICION.write(here, "digits", [])
    made = records_of(Path("build/digits/reports/records"), "digits")
    (made / "cells/digits.further.csv").unlink()
    others = [name for name in brought(here) if "digits_two" in name]
    bring(made, here, "digits")
    assert brought(here) == sorted(["cells/digits.csv", "cells/digits.further.csv", "datasets/digits.json", *others])


@pytest.mark.parametrize("change", [{"fingerprint": "g"}, {"sizes": 2}])
def test_what_was_made_on_demand_of_other_data_goes_too(change: dict[str, Any]) -> None:
    here = records_of(Path("reports/records"), "digits")
    made = records_of(Path("build/digits/reports/records"), "digits", **change)
    (made / "cells/digits.further.csv").unlink()
    bring(made, here, "digits")
    assert brought(here) == ["cells/digits.csv", "datasets/digits.json"]


def test_a_copy_needs_no_git(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the project comes as an archive, belongs to another user, or git is not installed."""
    shutil.rmtree(".git")
    monkeypatch.setenv("PATH", "/nonexistent")
    Path("pipeline/methods/__pycache__").mkdir(parents=True)
    for name in ("pipeline/methods/own.py", "pipeline/methods/__pycache__/own.pyc", "dvc.yaml", "notes.md"):
        Path(name).touch()
    target = copy("digits")
    copied = {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()}
    expected = {"pipeline/methods/own.py", "dvc.yaml", "params.yaml", ".dvc/config", ".dvc/config.local"}
    assert copied == expected | {"reports/cost.csv"}


def test_dvc_that_stops_is_one_sentence() -> None:
    Path("dvc").mkdir()
    Path("dvc/__init__.py").touch()
    Path("dvc/__main__.py").write_text("raise SystemExit(1)", encoding="utf-8")
    with pytest.raises(BadInput, match="dvc repro stopped"):
        repro(Path())


def test_what_an_experiment_costs_comes_back() -> None:
    Path("reports/cost.csv").unlink()
    folders = Path("build/digits/.cells/f1"), Path("build/digits/data/runs/digits/ce/other")
    for folder in folders:
        folder.mkdir(parents=True)
        write_result(FinishedCell(folder, KEY, "done", "", "code", "f1", "features", "labels", [], None))
    write_cost(folders[0], {"seconds": 2.0, "device": "cpu", "peak_memory": 50, "parameters": 3})
    trained = Path("build/digits")
    grid = load(copy("digits") / "params.yaml").experiments[0]
    costs.update(grid, trained / RUNS, CellStore(trained / paths.CELLS), COSTS, MACHINE)
    assert COSTS.read_text(encoding="utf-8").splitlines()[1:] == ["digits,ce,other,1,2,50,3"]
    assert MACHINE.is_file()
