"""The params.yaml of a project of one's own, and how long a run in it takes."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from pipeline.authoring.start.duration import seconds
from pipeline.authoring.start.layout import Layout
from pipeline.authoring.start.own_project import METHODS, as_columns, name_of, own_params, write_project
from pipeline.config.load import load
from pipeline.core.errors import BadInput, BadParams, UnknownName
from pipeline.features.base.proposal import Proposal

ROOT = Path(__file__).parents[3]
PARAMS = ROOT / "params.yaml"
PROPOSALS = {"image": Proposal("pixels", ""), "text": Proposal("doc2vec", "")}


def layout(folder: str = "/mine", table: str = "/mine/pairs.csv") -> Layout:
    return Layout(Path(folder), Path(table), {"file": "file", "label": "topic"}, {"image": "", "text": None})


def make(target: Path, made: Layout) -> None:
    write_project(own_params(PARAMS, "mine", made, PROPOSALS, target), ROOT, target)


def test_the_project_trains_the_own_dataset_alone_on_labels_as_they_are(tmp_path: Path) -> None:
    make(tmp_path, layout())
    project = load(tmp_path / "params.yaml")
    assert [experiment.name for experiment in project.experiments] == ["mine"]
    assert {method: list(variants) for method, variants in project.experiments[0].methods.items()} == METHODS
    assert project.shown_datasets == ("mine",)
    chosen = project.dataset("mine")
    assert chosen.load is not None
    assert (chosen.load["folder"], chosen.load["table"], chosen.load["clean"]) == ("/mine", "pairs.csv", False)
    assert project.settings("witness", "default", "mine") == load(PARAMS).settings("witness", "default", "emoji")


def test_started_again_it_keeps_what_a_person_changed_there_and_takes_the_new_table(tmp_path: Path) -> None:
    make(tmp_path, layout())
    file = tmp_path / "params.yaml"
    changed = yaml.safe_load(file.read_text(encoding="utf-8"))
    changed["experiments"][0]["seeds"] = [3]
    changed["datasets"]["mine"]["views"]["text"] = "lda"
    changed["datasets"]["mine"]["load"]["shares"] = {"train": 0.5, "test": 0.5}
    changed["datasets"]["mine"]["load"]["views"]["image"]["side"] = 28
    file.write_text(yaml.safe_dump(changed), encoding="utf-8")
    make(tmp_path, layout(table="/mine/corrected.csv"))
    project = load(file)
    assert project.experiments[0].seeds == (3,)
    assert project.dataset("mine").views["text"] == "lda"
    settings = project.dataset("mine").load
    assert settings is not None
    assert (settings["table"], settings["shares"]) == ("corrected.csv", {"train": 0.5, "test": 0.5})
    assert settings["views"]["image"]["side"] == 28


def test_a_name_that_is_taken_is_refused(tmp_path: Path) -> None:
    make(tmp_path, layout())
    with pytest.raises(BadInput, match="it belongs to other files; give another name by --name"):
        own_params(PARAMS, "mine", layout("/yours", "/yours/pairs.csv"), PROPOSALS, tmp_path)
    with pytest.raises(BadInput, match="another experiment stands there"):
        own_params(PARAMS, "yours", layout(), PROPOSALS, tmp_path)
    with pytest.raises(BadInput, match="the name 'emoji' is taken"):
        own_params(PARAMS, "emoji", layout(), PROPOSALS, tmp_path / "new")


def test_a_name_comes_from_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "My Photos (2024)"
    folder.mkdir()
    (folder / "pairs.csv").touch()
    assert name_of(folder) == name_of(folder / "pairs.csv") == "my_photos_2024"
    (tmp_path / "新闻").mkdir()
    with pytest.raises(BadInput, match="give one by --name"):
        name_of(tmp_path / "新闻")


def test_columns_are_named_in_pairs() -> None:
    assert as_columns(["label=topic", "file=a=b"]) == {"label": "topic", "file": "a=b"}
    assert as_columns(["labels=anna,ben"]) == {"labels": ["anna", "ben"]}
    with pytest.raises(UnknownName, match="did you mean 'label'"):
        as_columns(["lable=topic"])
    with pytest.raises(BadParams, match="write meaning=name"):
        as_columns(["label"])


def test_time_grows_with_training_pairs_and_is_shared_among_cores() -> None:
    costs = {("emoji", name, "default"): {"seconds": value} for name, value in (("a", "10"), ("b", "30"))}
    sizes = {"emoji": 1000}

    def about(train: int, cores: int, *methods: str) -> float:
        return seconds(costs, sizes, [(name, "default") for name in methods], 0, train, [], cores)

    assert about(2000, 1, "a") - about(1000, 1, "a") == pytest.approx(10)
    assert about(1000, 2, "a", "b") == pytest.approx(about(1000, 1, "a", "b") - 10), "the longest cell is not shared"
    assert about(1000, 1, "a", "b", "unknown") - about(1000, 1, "a", "b") == pytest.approx(20 + 1.5)
