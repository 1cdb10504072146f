"""A mistake in what is to be trained, tuned or shown is one sentence when params.yaml is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from pipeline.config.params import block, load

from pipeline.core.errors import BadParams
from tests.support import tiny

ROOT = Path(__file__).parents[2]
FURTHER = {"dataset": "emoji", "noises": ["symmetric"], "rates": [0.4], "methods": {"ce": ["default"]}}
WHOLE = tiny.params() | {
    "further": [FURTHER],
    "small": {"rates": [0.2]},
    "viewer": {"queries": 6, "top": 4, "a": "mcca", "b": "ce"},
    "tuning": {
        "dataset": "emoji",
        "noise": "symmetric",
        "rate": 0.4,
        "seed": 100,
        "methods": {"ce": {"grid": {"learning_rate": [0.1]}}},
    },
}
LIST = "it should be a valid list."
MAPPING = "it should be a valid dictionary."


def told(tmp_path: Path, params: dict[str, Any]) -> str:
    """The sentence that refuses these settings."""
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    with pytest.raises(BadParams) as caught:
        load(tmp_path / "params.yaml")
    assert "\n" not in str(caught.value)
    return str(caught.value)


def changed(keys: str, value: Any) -> dict[str, Any]:
    """WHOLE with the value at the dotted keys; `...` takes the key away."""
    params = yaml.safe_load(yaml.safe_dump(WHOLE))
    *path, last = keys.split(".")
    place = params
    for key in path:
        place = place[int(key)] if isinstance(place, list) else place[key]
    place[last] = value
    if value is ...:
        del place[last]
    return params  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("keys", "value", "sentence"),
    [
        ("grid.rates", 0.2, f"grid.rates: 0.2 does not fit; {LIST}"),
        ("grid.rates", "0.2", f"grid.rates: '0.2' does not fit; {LIST}"),
        ("grid.rates", [], "grid.rates: [] does not fit; it should have at least 1 item"),
        ("grid.rates", ["0.2"], "grid.rates, entry 1: '0.2' does not fit; it should be a valid number."),
        ("grid.rates", [0.2, 1.4], "grid.rates, entry 2: 1.4 does not fit; it should be less than or equal to 1."),
        ("grid.rates", [float("nan")], "grid.rates, entry 1: nan does not fit; it should be a finite number."),
        ("grid.rates", ..., "grid: the setting 'rates' is missing; add it."),
        ("grid.seeds", 3, f"grid.seeds: 3 does not fit; {LIST}"),
        ("grid.seeds", ["a"], "grid.seeds, entry 1: 'a' does not fit; it should be a valid integer."),
        ("grid.seeds", [-1], "grid.seeds, entry 1: -1 does not fit; it should be greater than or equal to 0."),
        ("grid.seeds", [True], "grid.seeds, entry 1: True does not fit; it should be a valid integer."),
        ("grid.rats", [0.2], "grid: unknown name 'rats'; did you mean 'rates'?"),
        ("grid.datasets", ["emojy"], "grid.datasets, entry 1: unknown name 'emojy'; did you mean 'emoji'?"),
        ("grid.methods", ["ce", "mca"], "grid.methods, entry 2: unknown name 'mca'; did you mean 'mcca'?"),
        ("grid.noises", ["symetric"], "grid.noises, entry 1: unknown name 'symetric'; did you mean 'symmetric'?"),
        ("grid", None, f"grid: None does not fit; {MAPPING}"),
        ("further", FURTHER, "further: {'dataset': 'emoji', 'methods': {'ce': ['default']}, 'noises': ['symm"),
        ("further.0.dataset", "emojy", "further, entry 1, dataset: unknown name 'emojy'; did you mean 'emoji'?"),
        ("further.0.datset", "emoji", "further, entry 1: unknown name 'datset'; did you mean 'dataset'?"),
        ("further.0.rates", 0.2, f"further, entry 1, rates: 0.2 does not fit; {LIST}"),
        ("further.0.methods", ["ce"], f"further, entry 1, methods: ['ce'] does not fit; {MAPPING}"),
        ("further.0.methods", {"cee": ["default"]}, "methods: unknown name 'cee'; did you mean 'ce'?"),
        ("further.0.methods", {"ce": ["defalt"]}, "methods: unknown name 'defalt'; did you mean 'default'?"),
        ("small.rates", 0.2, f"small.rates: 0.2 does not fit; {LIST}"),
        ("small.datasets", ["emoij"], "small.datasets, entry 1: unknown name 'emoij'; did you mean 'emoji'?"),
        ("small", None, f"small: None does not fit; {MAPPING}"),
        ("report.datasets", ..., "report: the setting 'datasets' is missing; add it."),
        ("report.ablations", {"ce": ["no_em"]}, "report.ablations: unknown name 'no_em'; choose one of default."),
        ("viewer.a", "mca", "viewer.a: unknown name 'mca'; did you mean 'mcca'?"),
        ("viewer.top", 0, "viewer.top: 0 does not fit; it should be greater than 0."),
        ("tuning.noise", "symetric", "tuning.noise: unknown name 'symetric'; did you mean 'symmetric'?"),
        ("tuning.methods.cee", {"grid": {}}, "tuning.methods: unknown name 'cee'; did you mean 'ce'?"),
        ("tuning.methods.ce.grid", {"beta": 1}, f"tuning.methods.ce.grid.beta: 1 does not fit; {LIST}"),
        (
            "datasets.emoji.grid",
            {"methods": {"mcca": ["defalt"]}},
            "datasets.emoji.grid.methods: unknown name 'defalt'",
        ),
        ("datasets.emoji.grid", {"methods": {"mcaa": ["default"]}}, "unknown name 'mcaa'; did you mean 'mcca'?"),
        ("datasets.emoji.gird", {}, "datasets.emoji: unknown name 'gird'; did you mean 'grid'?"),
        ("datasets.emoji.profile", "papr", "datasets.emoji.profile: unknown name 'papr'; choose one of default."),
        ("methods.ce.variants", ..., "methods.ce: the setting 'variants' is missing; add it."),
        ("noises", ..., "params.yaml: the block 'noises' is missing; add it, or restore it from git."),
        ("gird", {}, "params.yaml: unknown name 'gird'; did you mean 'grid'?"),
    ],
)
def test_a_mistake_is_one_sentence(tmp_path: Path, keys: str, value: Any, sentence: str) -> None:
    found = told(tmp_path, changed(keys, value))
    assert sentence in found
    assert found.startswith("params.yaml")


def test_a_misspelt_block_is_blamed_and_not_the_right_name(tmp_path: Path) -> None:
    params = changed("grid", ...) | {"gird": WHOLE["grid"]}
    sentence = "params.yaml: the block 'grid' is missing, and the name 'gird' is unknown; write 'grid'."
    assert told(tmp_path, params) == sentence


def test_of_several_mistakes_the_first_is_told(tmp_path: Path) -> None:
    params = changed("grid", {**WHOLE["grid"], "rates": 0.2, "seeds": ["a"]}) | {"viewer": {}}
    assert told(tmp_path, params) == f"params.yaml, grid.rates: 0.2 does not fit; {LIST}"


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        ("further", None),
        ("further", ...),
        ("small", ...),
        ("viewer", ...),
        ("tuning", ...),
        ("grid", ...),
        ("report.ablations", {"ce": ["default"]}),
        ("datasets.emoji.grid", {"methods": {"ce": ["default"]}}),
        ("grid.rates", [0, 1]),
    ],
)
def test_what_may_be_left_out_or_written_otherwise_is_read(tmp_path: Path, keys: str, value: Any) -> None:
    params = changed(keys, value)
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    assert load(tmp_path / "params.yaml") == params


def test_a_block_that_a_command_reads_is_named_where_it_is_missing() -> None:
    with pytest.raises(BadParams, match=r"params\.yaml: the block 'tuning' is missing; add it"):
        block(tiny.params(), "tuning", "dataset")


def test_the_settings_of_the_project_are_read() -> None:
    assert load(ROOT / "params.yaml")["grid"]["methods"]
