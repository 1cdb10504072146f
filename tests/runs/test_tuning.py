"""Equal tuning: what is tried, what chooses, and that params.yaml holds the choice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.config.project import DEFAULT, Project
from pipeline.core import plugins
from pipeline.core.corruption import Corruption
from pipeline.core.criteria import BEST_VALIDATION
from pipeline.core.errors import BadInput, BadParams
from pipeline.core.runs import Run
from pipeline.features.base.store import Features
from pipeline.methods.base import Method
from pipeline.records.reader import Records
from pipeline.retrieval.ranking import mean_average_precision
from pipeline.runs.tuning import BUDGET, best, check, configurations, tune
from tests.support import samples, tiny
from tests.support.paired import CPU

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.usefixtures("one_process")


@pytest.fixture
def features(tmp_path: Path) -> Features:
    return tiny.features(tmp_path / "features")


def project(**method: Any) -> Project:
    """The tiny project, in which ce is tuned like this."""
    tuning = {"dataset": "emoji", "noise": "symmetric", "rate": 0.4, "seed": 100, "methods": {"ce": method}}
    return tiny.project(tiny.params() | {"tuning": tuning})


def noise(features: Features) -> Corruption:
    return Corruption({view: np.roll(y, 1) for view, y in features.splits["train"].labels.items()})


def trial(mean: float | None, **settings: Any) -> dict[str, Any]:
    return {"settings": settings, "maps": {} if mean is None else {"mean": mean}}


def test_the_published_settings_come_first_and_once() -> None:
    given = project(published={"epochs": 3, "hidden": [4]}, grid={"epochs": [2, 3], "hidden": [[4], [8]]})
    assert configurations(given, "ce") == [
        ({"epochs": 3, "hidden": [4]}, True),
        ({"epochs": 2, "hidden": [4]}, False),
        ({"epochs": 2, "hidden": [8]}, False),
        ({"epochs": 3, "hidden": [8]}, False),
    ]


def test_nobody_gets_more_than_the_budget() -> None:
    with pytest.raises(
        BadParams, match=r"tuning.yaml, methods.ce: 21 configurations are more than the 20 of every method; try fewer"
    ):
        configurations(project(grid={"epochs": list(range(BUDGET + 1))}), "ce")


def test_a_trial_is_scored_on_validation_by_training_like_a_cell(features: Features) -> None:
    given, drawn = project(grid={"epochs": [1, 2]}), noise(features)
    trials = list(tune(given, "ce", features, drawn, {}))
    assert [t["settings"] for t in trials] == [{"epochs": 1}, {"epochs": 2}]
    train, valid = features.splits["train"], features.splits["valid"]
    noisy = type(train)(train.views, drawn.labels, train.index, train.classes)
    for result in trials:
        settings = given.settings("ce", DEFAULT, "emoji") | result["settings"]
        fitted = plugins.build("pipeline.methods", "ce", Method, settings).fit(noisy, valid, Run(100, CPU))
        maps = mean_average_precision(fitted.at(BEST_VALIDATION).transform(valid.views), valid.labels)
        for direction, value in maps.items():
            assert result["maps"][direction] == pytest.approx(value, abs=1e-6)
        assert result["maps"]["mean"] == pytest.approx(np.mean(list(maps.values())), abs=1e-6)


def test_finished_trials_are_not_run_again_unless_code_or_settings_change(features: Features) -> None:
    (first,) = tune(project(grid={"epochs": [1]}), "ce", features, noise(features), {})
    earlier = {first["code"]: first | {"maps": {"mean": 0.123}}}
    again, other = tune(project(grid={"epochs": [1, 2]}), "ce", features, noise(features), earlier)
    assert again["maps"] == {"mean": 0.123}
    assert other["maps"]["mean"] != 0.123


def test_one_that_diverges_is_kept_with_its_reason_and_never_chosen(features: Features) -> None:
    trials = list(tune(project(grid={"learning_rate": [1e-3, 1e30]}), "ce", features, noise(features), {}))
    assert trials[1]["maps"] == {}
    assert trials[1]["reason"]
    assert best(trials[::-1]) is trials[0]


def test_the_first_of_equal_ones_is_best() -> None:
    assert best([trial(0.1), trial(0.3, a=1), trial(0.3, a=2), trial(None)])["settings"] == {"a": 1}


def test_the_choice_must_stand_in_params() -> None:
    given = project(grid={"epochs": [2, 3]})
    check(given, "ce", [trial(0.2, epochs=2), trial(0.1, epochs=3)])
    with pytest.raises(BadInput, match="'epochs' is 2, but 3 was chosen"):
        check(given, "ce", [trial(0.1, epochs=2), trial(0.2, epochs=3)])
    with pytest.raises(BadInput, match=r"what was tried is not what tuning.yaml lists"):
        check(given, "ce", [trial(0.1, epochs=2)])


@pytest.mark.parametrize("method", list(samples.project().experiments[0].methods))
def test_every_method_of_the_grid_is_tuned(method: str) -> None:
    check(samples.project(), method, Records(ROOT / "reports" / "records").tuning(method))
