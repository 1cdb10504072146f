"""Equal tuning: what is tried, what chooses, and that params.yaml holds the choice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from pipeline.config.project import DEFAULT, Project, Tuned
from pipeline.core import plugins
from pipeline.core.corruption import Corruption
from pipeline.core.criteria import BEST_VALIDATION
from pipeline.core.errors import BadInput, BadParams
from pipeline.core.readouts import COSINE, MATCH
from pipeline.core.runs import Run
from pipeline.features.base.store import Features
from pipeline.methods.base import Method
from pipeline.records.reader import Records
from pipeline.retrieval.match_probability import calibrated
from pipeline.retrieval.ranking import mean_average_precision
from pipeline.runs.tuning import BUDGET, best, check, climb, start, tune, tuning_of, write_choice
from tests.support import samples, tiny
from tests.support.paired import CPU

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.usefixtures("one_process")


@pytest.fixture
def features(tmp_path: Path) -> Features:
    return tiny.features(tmp_path / "features")


def project(tuned: dict[str, Any] | None = None, **default: Any) -> Project:
    """The tiny project, in which ce is tuned like this. tuned: what was chosen."""
    methods = {"ce": {"default": default}}
    tuning = {"dataset": "emoji", "noise": "symmetric", "rate": 0.4, "seed": 100, "methods": methods}
    return tiny.project(tiny.params() | {"tuning": tuning, "tuned": {"ce": {"default": tuned}} if tuned else {}})


def noise(features: Features) -> Corruption:
    return Corruption({view: np.roll(y, 1) for view, y in features.splits["train"].labels.items()})


def trial(value: float | None, **settings: Any) -> dict[str, Any]:
    return {"settings": settings, "published": False, "maps": {} if value is None else {"cosine": value}}


def climbed(
    ladders: dict[str, list[Any]], height: Callable[..., float], published: Any = None, **begin: Any
) -> list[Any]:
    """The settings that a climb tries where each is worth its height."""
    tuned = Tuned.model_construct(published=published, ladders=ladders)
    return [one["settings"] for one in climb(tuned, begin, lambda wanted: [trial(height(**s), **s) for s in wanted])]


def test_a_climb_tries_the_steps_around_the_best_until_none_is_better() -> None:
    tried = climbed({"a": [1, 2, 3, 4, 5]}, lambda a: -abs(a - 4), a=2)
    assert tried == [{"a": 2}, {"a": 3}, {"a": 1}, {"a": 4}, {"a": 5}]


def test_a_step_moves_one_setting_and_nothing_is_tried_twice() -> None:
    tried = climbed({"a": [1, 2, 3], "b": [1, 2, 3]}, lambda a, b: a + b, a=2, b=2)
    assert tried[:5] == [{"a": 2, "b": 2}, {"a": 3, "b": 2}, {"a": 1, "b": 2}, {"a": 2, "b": 3}, {"a": 2, "b": 1}]
    assert {"a": 3, "b": 3} in tried
    assert len(tried) == len({tuple(s.values()) for s in tried})


def test_the_published_settings_come_first_and_the_climb_goes_on_from_them_where_they_are_best() -> None:
    tried = climbed({"a": list(range(9))}, lambda a: -abs(a - 8), {"a": 6}, a=0)
    assert tried[:3] == [{"a": 6}, {"a": 0}, {"a": 1}]
    assert {"a": 8} in tried
    beside_the_ladders = climbed({"a": [0, 1, 2]}, lambda a: a, {"a": 50}, a=0)
    assert beside_the_ladders == [{"a": 50}, {"a": 0}, {"a": 1}]


def test_nobody_gets_more_than_the_budget() -> None:
    assert len(climbed({"a": list(range(1000))}, lambda a: a, a=0)) == BUDGET


def test_a_climb_begins_with_what_params_say_and_defaults_of_the_code() -> None:
    given = project({"epochs": 9}, ladders={"epochs": [1, 2], "hidden": [[4], [8]], "weight_decay": [0.0, 0.1]})
    assert start(given, "ce", "default") == {"epochs": 2, "hidden": [4], "weight_decay": 0.0}
    with pytest.raises(BadParams, match=r"methods\.ce\.default: 'epochs' is 2 in params\.yaml; put this value on"):
        start(project(ladders={"epochs": [1, 3]}), "ce", "default")


def test_a_trial_is_scored_on_validation_by_training_like_a_cell(features: Features) -> None:
    given, drawn = project(ladders={"epochs": [1, 2]}), noise(features)
    trials = tune(given, "ce", "default", features, drawn, {})
    assert [t["settings"] for t in trials] == [{"epochs": 2}, {"epochs": 1}]
    train, valid = features.splits["train"], features.splits["valid"]
    noisy = type(train)(train.views, drawn.labels, train.index, train.classes)
    for result in trials:
        settings = given.settings("ce", DEFAULT, "emoji") | result["settings"]
        fitted = plugins.build("pipeline.methods", "ce", Method, settings).fit(noisy, valid, Run(100, CPU))
        embedder = fitted.at(BEST_VALIDATION)
        maps = mean_average_precision(embedder.transform(valid.views), valid.labels)
        assert result["maps"][COSINE] == pytest.approx(np.mean(list(maps.values())), abs=1e-6)
        _, matched = calibrated(embedder.class_scores(valid.views), valid.labels)
        assert result["maps"][MATCH] == pytest.approx(matched, abs=1e-5)


def test_finished_trials_are_not_run_again_unless_code_or_settings_change(features: Features) -> None:
    (first,) = tune(project(ladders={"epochs": [2]}), "ce", "default", features, noise(features), {})
    earlier = {first["code"]: first | {"maps": {COSINE: 0.001}}}
    again, other = tune(project(ladders={"epochs": [1, 2]}), "ce", "default", features, noise(features), earlier)
    assert again["maps"] == {COSINE: 0.001}
    assert other["maps"][COSINE] != 0.001


def test_one_that_diverges_is_kept_with_its_reason_and_never_chosen(features: Features) -> None:
    ladders = {"learning_rate": [1e-3, 1e30]}
    trials = tune(project(ladders=ladders), "ce", "default", features, noise(features), {})
    assert trials[1]["maps"] == {}
    assert trials[1]["reason"]
    assert best(trials[::-1]) is trials[0]


def test_the_better_readout_counts_and_the_first_of_equal_ones_is_best() -> None:
    two = trial(0.1, a=3) | {"maps": {COSINE: 0.1, MATCH: 0.3}}
    assert best([trial(0.1), two, trial(0.3, a=2), trial(None)])["settings"] == {"a": 3}


def test_what_is_trained_must_be_what_was_chosen_and_the_climb_must_lead_there() -> None:
    ladders = {"epochs": [2, 3]}
    check(project({"epochs": 2}, ladders=ladders), "ce", "default", [trial(0.2, epochs=2), trial(0.1, epochs=3)])
    with pytest.raises(BadInput, match=r"tuned\.yaml does not hold what was chosen; run"):
        check(project({"epochs": 2}, ladders=ladders), "ce", "default", [trial(0.1, epochs=2), trial(0.2, epochs=3)])
    with pytest.raises(BadInput, match=r"what was tried is not what tuning\.yaml leads to"):
        check(project({"epochs": 2}, ladders=ladders), "ce", "default", [trial(0.1, epochs=2)])


def test_a_choice_is_written_beside_the_others(tmp_path: Path) -> None:
    file = tmp_path / "tuned.yaml"
    for method, settings in (("ce", {"epochs": 2, "hidden": [4]}), ("mrl", {"beta": 0.9}), ("ce", {"epochs": 3})):
        write_choice(file, method, "default", settings)
    assert yaml.safe_load(file.read_text()) == {"ce": {"default": {"epochs": 3}}, "mrl": {"default": {"beta": 0.9}}}


TUNED = [(method, variant) for method, variants in tuning_of(samples.project()).methods.items() for variant in variants]


@pytest.mark.parametrize(("method", "variant"), TUNED)
def test_every_method_of_the_grid_is_set_as_tuned(method: str, variant: str) -> None:
    trials = Records(ROOT / "reports" / "records").tuning(method)
    check(samples.project(), method, variant, [one for one in trials if one["variant"] == variant])


def test_all_learned_methods_of_the_grid_are_tuned_but_those_that_choose_in_every_cell() -> None:
    assert set(samples.project().experiments[0].methods) - {method for method, _ in TUNED} == {"klr"}
