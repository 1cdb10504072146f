"""params.yaml: a mistake in it is one sentence that names the place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.config.load import load
from pipeline.core.errors import BadParams
from tests.support import tiny
from tests.support.samples import PARAMS, project

BESIDE = {
    "name": "beside_it",
    "beside": "default",
    "datasets": ["emoji"],
    "noises": ["symmetric"],
    "rates": [0.4],
    "seeds": [0],
    "methods": {"ce": ["default"]},
}
WHOLE = tiny.params() | {
    "viewer": {"queries": 6, "top": 4, "a": "mcca", "b": "ce"},
    "tuning": {
        "dataset": "emoji",
        "noise": "symmetric",
        "rate": 0.4,
        "seed": 100,
        "methods": {"ce": {"default": {"ladders": {"learning_rate": [0.1]}}}},
    },
    "report": {"ablations": {}},
}
WHOLE["experiments"].append(BESIDE)
WHOLE["datasets"]["words"] = WHOLE["datasets"]["emoji"]
LIST = "it should be a valid list."
MAPPING = "it should be a valid dictionary."
FIRST = "params.yaml, experiments, entry 1"
SECOND = "params.yaml, experiments, entry 2"


def write(folder: Path, params: dict[str, Any]) -> Path:
    file = folder / "params.yaml"
    file.write_text(yaml.safe_dump(params), encoding="utf-8")
    return file


def sentence(folder: Path, params: dict[str, Any]) -> str:
    """What refuses these settings."""
    with pytest.raises(BadParams) as caught:
        load(write(folder, params))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def changed(keys: str, value: Any) -> dict[str, Any]:
    """WHOLE with the value at the dotted keys; `...` takes the key away."""
    params = yaml.safe_load(yaml.safe_dump(WHOLE))
    *path, last = keys.split(".")
    place = params
    for key in path:
        place = place[int(key)] if isinstance(place, list) else place[key]
    key = int(last) if isinstance(place, list) else last
    place[key] = value
    if value is ...:
        del place[key]
    return params  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("keys", "value", "expected"),
    [
        ("experiments.0.rates", 0.2, f"{FIRST}, rates: 0.2 does not fit; {LIST}"),
        ("experiments.0.rates", "0.2", f"{FIRST}, rates: '0.2' does not fit; {LIST}"),
        ("experiments.0.rates", [], f"{FIRST}, rates: [] does not fit; it should have at least 1 item"),
        ("experiments.0.rates", ["0.2"], f"{FIRST}, rates, entry 1: '0.2' does not fit; it should be a valid number."),
        ("experiments.0.rates", [0.2, 1.4], "rates, entry 2: 1.4 does not fit; it should be less than or equal to 1."),
        ("experiments.0.rates", [float("nan")], "rates, entry 1: nan does not fit; it should be a finite number."),
        ("experiments.0.rates", [0.2, 0.2], "rates: [0.2, 0.2] does not fit; it should have 0.2 once."),
        ("experiments.0.rates", ..., f"{FIRST}: the setting 'rates' is missing; add it."),
        ("experiments.0.seeds", 3, f"{FIRST}, seeds: 3 does not fit; {LIST}"),
        ("experiments.0.seeds", ["a"], "seeds, entry 1: 'a' does not fit; it should be a valid integer."),
        ("experiments.0.seeds", [-1], "seeds, entry 1: -1 does not fit; it should be greater than or equal to 0."),
        ("experiments.0.seeds", [True], "seeds, entry 1: True does not fit; it should be a valid integer."),
        ("experiments.0.seeds", [1, 1], "seeds: [1, 1] does not fit; it should have 1 once."),
        ("experiments.0.rats", [0.2], f"{FIRST}: unknown name 'rats'; did you mean 'rates'?"),
        ("experiments.0.datasets", ["emojy"], f"{FIRST}, datasets, entry 1: unknown name 'emojy'; did you mean"),
        ("experiments.0.methods", ["ce", "mca"], f"{FIRST}, methods: unknown name 'mca'; did you mean 'mcca'?"),
        ("experiments.0.methods", ["ce", "ce"], "methods: ['ce', 'ce'] does not fit; it should have 'ce' once."),
        ("experiments.0.noises", ["symetric"], "noises, entry 1: unknown name 'symetric'; did you mean 'symmetric'?"),
        ("experiments.0.profile", "papr", "params.yaml, methods.mcca: unknown name 'papr'; choose one of default."),
        ("experiments.0.name", "two words", "name: 'two words' does not fit; it should have letters, digits"),
        ("experiments.0", None, f"{FIRST}: None does not fit; {MAPPING}"),
        ("experiments", [], "params.yaml, experiments: [] does not fit; it should have at least 1 item"),
        ("experiments", {}, f"params.yaml, experiments: {{}} does not fit; {LIST}"),
        ("experiments.1.name", "default", f"{SECOND}: the name 'default' is taken; choose another one."),
        (
            "experiments.0.on_demand",
            True,
            "entry 1: 'on_demand' stands without 'beside'; name the experiment",
        ),
        ("experiments.1.beside", "defalt", f"{SECOND}, beside: unknown name 'defalt'; did you mean 'default'?"),
        (
            "experiments.1.beside",
            "beside_it",
            "'beside_it' is beside 'beside_it' itself; name one that stands",
        ),
        ("experiments.1.datasets", ["words"], "beside: 'default' does not have 'words'; add it there, or leave it out"),
        ("experiments.0.methods", ["mcca"], f"{SECOND}, beside: 'default' does not have 'ce'; add it there, or leave"),
        ("experiments.1.methods", {"cee": ["default"]}, "methods: unknown name 'cee'; did you mean 'ce'?"),
        ("experiments.1.methods", {"ce": ["defalt"]}, "methods: unknown name 'defalt'; did you mean 'default'?"),
        ("experiments.1.methods", {"ce": "default"}, f"methods.ce: 'default' does not fit; {LIST}"),
        ("report.datasets", ["emoij"], "report.datasets, entry 1: unknown name 'emoij'; did you mean 'emoji'?"),
        ("report.ablations", {"ce": ["no_em"]}, "report.ablations: unknown name 'no_em'; choose one of default."),
        ("viewer.a", "mca", "viewer.a: unknown name 'mca'; did you mean 'mcca'?"),
        ("viewer.top", 0, "viewer.top: 0 does not fit; it should be greater than 0."),
        ("tuning.noise", "symetric", "tuning.noise: unknown name 'symetric'; did you mean 'symmetric'?"),
        ("tuning.methods.cee", {"default": {"ladders": {}}}, "tuning.methods: unknown name 'cee'; did you mean 'ce'?"),
        ("tuning.methods.ce.default.ladders", {"beta": 1}, f"ce.default.ladders.beta: 1 does not fit; {LIST}"),
        ("datasets.emoji.lod", {}, "datasets.emoji: unknown name 'lod'; did you mean 'load'?"),
        ("datasets.emoji.views", ..., "datasets.emoji: the setting 'views' is missing; add it."),
        ("datasets.emoji.views", {"image": "pixel"}, "unknown name 'pixel'; did you mean 'pixels'?"),
        ("datasets.emoji.views", {"suggested": "pixels"}, "'suggested' does not fit; it should have another name, for"),
        ("datasets.emoji.views", {"Labels": "pixels"}, "'Labels' does not fit; it should have another name, for"),
        ("datasets.emoji.views", {"a": "pixels", "A": "pixels"}, "it should have one of 'A' and 'a', which differ in"),
        ("datasets.emoji.probes", {"meta": {"pixels": {}}}, "'meta' does not fit; it should have another name"),
        ("datasets.Emoji", {"views": {"image": "pixels"}}, "it should have one of 'Emoji' and 'emoji', which differ"),
        ("datasets.photos-v1", {"views": {"x" * 101: "pixels"}}, "does not fit; it should have letters, digits"),
        ("datasets.-new", {"views": {"image": "pixels"}}, "'-new' does not fit; it should have letters, digits"),
        ("datasets.emoji.views", {"a/b": "pixels"}, "'a/b' does not fit; it should have letters, digits"),
        ("datasets.emoji.noises", {"symetric": {}}, "datasets.emoji.noises: unknown name 'symetric'; did you mean"),
        ("datasets.two words", {"views": {"image": "pixels"}}, "'two words' does not fit; it should have letters"),
        ("methods.ce.datasets", {"emojy": {}}, "methods.ce.datasets: unknown name 'emojy'; did you mean 'emoji'?"),
        ("noises.sym metric", {}, "'sym metric' does not fit; it should have letters, digits"),
        ("methods.c/e", {"default": {}}, "'c/e' does not fit; it should have letters, digits"),
        ("viewer.queries", 2.5, "viewer.queries: 2.5 does not fit; it should be a valid integer."),
        ("report.datasets", ["emoji", "emoji"], "report.datasets: ['emoji', 'emoji'] does not fit; it should have"),
        ("noises", ..., "params.yaml: the block 'noises' is missing; add it, or restore it from git."),
        ("experimets", [], "params.yaml: unknown name 'experimets'; did you mean 'experiments'?"),
    ],
)
def test_a_mistake_is_one_sentence(tmp_path: Path, keys: str, value: Any, expected: str) -> None:
    refusal = sentence(tmp_path, changed(keys, value))
    assert expected in refusal
    assert refusal.startswith("params.yaml")


def test_a_misspelt_block_is_blamed_and_not_the_right_name(tmp_path: Path) -> None:
    params = changed("experiments", ...) | {"experimets": WHOLE["experiments"]}
    expected = (
        "params.yaml: the block 'experiments' is missing, and the name 'experimets' is unknown; write 'experiments'."
    )
    assert sentence(tmp_path, params) == expected


def test_of_several_mistakes_the_first_is_named(tmp_path: Path) -> None:
    params = changed("experiments.0.rates", 0.2) | {"viewer": {}}
    params["experiments"][0]["seeds"] = ["a"]
    assert sentence(tmp_path, params) == f"{FIRST}, rates: 0.2 does not fit; {LIST}"


def test_a_dataset_has_one_profile_for_its_runs_share_a_folder(tmp_path: Path) -> None:
    params = changed("methods.ce.paper", {})
    params["methods"]["mcca"]["paper"] = {}
    params["experiments"].append(BESIDE | {"name": "third", "beside": None, "profile": "paper"})
    expected = "entry 3: 'emoji' has the profiles default and paper; give the dataset a second name with `source`."
    assert expected in sentence(tmp_path, params)


def test_a_column_of_the_tables_belongs_to_one_experiment(tmp_path: Path) -> None:
    params = changed("experiments.1.noises", WHOLE["experiments"][0]["noises"])
    params["experiments"][1]["rates"] = WHOLE["experiments"][0]["rates"]
    expected = f"{SECOND}: 'default' has emoji with symmetric noise at 0.2, too; leave it out of one of the two."
    assert sentence(tmp_path, params) == expected


@pytest.mark.parametrize("keys", ["viewer", "tuning", "report", "experiments.1"])
def test_what_may_be_left_out(tmp_path: Path, keys: str) -> None:
    load(write(tmp_path, changed(keys, ...)))


def test_tuning_may_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    file = write(tmp_path, changed("tuning", ...))
    (tmp_path / "tuning.yaml").write_text(yaml.safe_dump(WHOLE["tuning"]), encoding="utf-8")
    tuning = load(file).tuning
    assert tuning is not None
    assert tuning.methods["ce"]["default"].ladders == {"learning_rate": (0.1,)}


def test_what_tuning_chose_stands_in_a_file_of_its_own(tmp_path: Path) -> None:
    file = write(tmp_path, changed("methods.ce.variants", {"wide": {"hidden": [8]}, "long": {"epochs": 9}}))
    chosen = {"ce": {"default": {"hidden": [16], "epochs": 7}, "wide": {"epochs": 5}}}
    (tmp_path / "tuned.yaml").write_text(yaml.safe_dump(chosen), encoding="utf-8")
    settings = {name: load(file).settings("ce", name, "emoji") for name in ("default", "wide", "long")}
    assert [(s["hidden"], s["epochs"]) for s in settings.values()] == [([16], 7), ([8], 5), ([16], 9)]


def test_a_key_that_stands_twice_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "params.yaml"
    file.write_text("noises: {}\nmethods: {}\nnoises: {}\n", encoding="utf-8")
    with pytest.raises(BadParams, match=r"params\.yaml, line 3: 'noises' stands twice; remove or rename one"):
        load(file)


def test_a_merge_key_may_bring_what_is_overridden(tmp_path: Path) -> None:
    file = write(tmp_path, tiny.params())
    text = file.read_text(encoding="utf-8") + "profiles: {a: &a {x: 1, y: 2}, b: {<<: *a, x: 3}}\n"
    file.write_text(text, encoding="utf-8")
    assert load(file).profiles["b"] == {"x": 3, "y": 2}


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadParams, match=r"params.yaml: the file is missing; run the command in the project's root"):
        load(tmp_path / "params.yaml")


@pytest.mark.parametrize(("text", "line"), [("a: 1\nb: [1, 2\n", 3), ("a: 1\n\tb: 2\n", 2), ("a: 'open\n", 2)])
def test_broken_yaml_is_named_with_its_line(tmp_path: Path, text: str, line: int) -> None:
    (tmp_path / "params.yaml").write_text(text)
    with pytest.raises(BadParams, match=rf"params.yaml, line {line}: this is not valid YAML"):
        load(tmp_path / "params.yaml")


@pytest.mark.parametrize("text", ["", "just words", "[1, 2]"])
def test_a_file_without_settings_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "params.yaml").write_text(text)
    with pytest.raises(BadParams, match="the file holds no settings"):
        load(tmp_path / "params.yaml")


def test_the_committed_settings_are_read() -> None:
    assert project().experiments[0].name == "default"
    assert len(PARAMS.read_text(encoding="utf-8").splitlines()) <= 13 * len(project().methods)
