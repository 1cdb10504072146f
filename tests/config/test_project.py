"""What params.yaml means: overrides go from the general to the special, names are found or the nearest is suggested."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from pipeline.config.load import parse
from pipeline.config.project import Project
from pipeline.core.errors import BadParams, UnknownName
from tests.support import tiny


def test_an_unknown_name_suggests_the_nearest() -> None:
    project = tiny.project()
    with pytest.raises(UnknownName, match=r"params.yaml, datasets: unknown name 'emojy'; did you mean 'emoji'\?"):
        project.dataset("emojy")
    with pytest.raises(UnknownName, match=r"params.yaml, methods: unknown name 'mca'; did you mean 'mcca'\?"):
        project.method("mca")
    with pytest.raises(UnknownName, match=r"params.yaml, experiments: unknown name 'defult'; did you mean 'default'\?"):
        project.experiment("defult")
    with pytest.raises(UnknownName, match="choose one of ce, mcca"):
        project.method("zzz")


def test_a_project_never_changes() -> None:
    with pytest.raises(ValidationError):
        tiny.project().experiments[0].seeds = (1,)


def test_whole_numbers_become_rates_once() -> None:
    experiment = parse(tiny.experiment(rates=[0, 1])).experiments[0]
    assert [repr(rate) for rate in experiment.rates] == ["0.0", "1.0"]


def test_a_view_may_change_settings_of_its_extractor() -> None:
    params = tiny.params()
    params["datasets"]["emoji"]["views"]["text"] = {"doc2vec": {"epochs": 7}}
    extractors = parse(params).extractors_of("emoji")
    assert (extractors["image"].name, extractors["image"].settings) == ("pixels", {})
    assert (extractors["text"].name, extractors["text"].settings) == ("doc2vec", {"dimension": 4, "epochs": 7})


@pytest.mark.parametrize("given", [{}, {"pixels": {}, "doc2vec": {}}])
def test_a_view_has_one_extractor(given: dict[str, Any]) -> None:
    params = tiny.params()
    params["datasets"]["emoji"]["views"]["text"] = given
    with pytest.raises(BadParams, match=r"datasets\.emoji\.views\.text: one extractor is needed; write its name, or"):
        parse(params).extractors_of("emoji")


def overridden(profile: str = "default") -> Project:
    params = tiny.experiment(methods=["ce"], profile=profile)
    params["methods"]["ce"] = {
        "default": {"a": "profile", "b": "profile", "c": "profile"},
        "fast": {"a": "fast", "b": "fast", "c": "fast"},
        "datasets": {"emoji": {"b": "dataset", "c": "dataset"}},
        "variants": {"special": {"c": "variant"}},
    }
    params["datasets"]["other"] = params["datasets"]["emoji"]
    return parse(params)


def test_a_dataset_overrides_the_profile_and_a_variant_both() -> None:
    project = overridden()
    assert project.settings("ce", "default", "emoji") == {"a": "profile", "b": "dataset", "c": "dataset"}
    assert project.settings("ce", "special", "emoji") == {"a": "profile", "b": "dataset", "c": "variant"}


def test_overrides_belong_to_one_dataset_and_the_experiment_has_the_profile() -> None:
    assert overridden().settings("ce", "default", "other") == dict.fromkeys("abc", "profile")
    assert overridden("fast").settings("ce", "default", "emoji") == {"a": "fast", "b": "dataset", "c": "dataset"}


def test_settings_are_a_copy() -> None:
    project = overridden()
    project.settings("ce", "special", "emoji")["a"] = "changed"
    assert project == overridden()


@pytest.mark.parametrize("names", [("zz", "default", "emoji"), ("ce", "zz", "emoji"), ("ce", "default", "zz")])
def test_an_unknown_part_is_named(names: tuple[str, str, str]) -> None:
    with pytest.raises(UnknownName, match="unknown name 'zz'"):
        overridden().settings(*names)


def test_a_list_of_methods_stands_for_their_default_variants() -> None:
    params = tiny.params()
    params["methods"]["ce"]["variants"] = {"wide": {"hidden": [8]}, "default": {}}
    assert parse(params).experiments[0].methods == {"mcca": ("default",), "ce": ("default",)}


def test_experiments_beside_another_follow_it_on_their_datasets_alone() -> None:
    params = tiny.params()
    params["datasets"]["other"] = params["datasets"]["emoji"]
    first = params["experiments"][0]
    params["experiments"] += [
        first | {"name": "pairs", "beside": "default", "rates": [0.3]},
        first | {"name": "elsewhere", "datasets": ["other"]},
        first | {"name": "small"},
    ]
    project = parse(params)
    assert [grid.name for grid in project.grids("emoji")] == ["default", "pairs"]
    assert [grid.name for grid in project.grids("other")] == ["elsewhere"]
    assert project.shown_datasets == ("emoji", "other")
    assert [project.reported(experiment) for experiment in project.experiments] == [["emoji"], [], ["other"], []]
    alone = parse(params | {"report": {"datasets": ["emoji"]}})
    assert alone.reported(alone.experiment("elsewhere")) == [], "its results stand on a page of their own"


def test_an_experiment_on_demand_is_shown_and_not_trained_with_the_page() -> None:
    params = tiny.params()
    params["methods"]["ce"]["variants"] = {"wide": {"hidden": [8]}}
    demanded = {"name": "wide", "beside": "default", "on_demand": True, "methods": {"ce": ["wide"]}}
    params["experiments"].append(params["experiments"][0] | demanded)
    project = parse(params)
    assert [grid.name for grid in project.grids("emoji")] == ["default"]
    assert [grid.name for grid in project.shown_grids("emoji")] == ["default", "wide"]
    assert parse(params | {"experiments": params["experiments"][::-1]}).grids("emoji") == project.grids("emoji")
    params["experiments"][1]["methods"] = {"ce": ["default"]}
    with pytest.raises(BadParams, match=r"'default' has ce/default on emoji with symmetric noise at 0\.2, too"):
        parse(params)


def test_a_dataset_without_an_experiment_says_so() -> None:
    params = tiny.params()
    params["datasets"]["mine"] = params["datasets"]["emoji"]
    with pytest.raises(BadParams, match=r"no experiment trains 'mine'; add one, as docs/own_data\.md shows"):
        parse(params).grids("mine")


def test_noise_settings_may_belong_to_a_dataset() -> None:
    params = tiny.params()
    params["datasets"]["mine"] = params["datasets"]["emoji"] | {"noises": {"symmetric": {"per_pair": True}}}
    project = parse(params)
    assert project.noise_settings("symmetric", "emoji") == {}
    assert project.noise_settings("symmetric", "mine") == {"per_pair": True}
    with pytest.raises(UnknownName, match="unknown name 'symetric'; did you mean 'symmetric'"):
        project.noise_settings("symetric", "mine")
