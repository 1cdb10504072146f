"""What a trained method says besides its test embeddings."""

from __future__ import annotations

import numpy as np

from pipeline.core.splits import Array
from pipeline.methods.base import Fitted
from pipeline.methods.base.targets import VALIDATION
from pipeline.retrieval.match_probability import TEMPERATURES, calibrated
from pipeline.runs.extras import SUGGESTED, TEMPERATURE, posterior_readout, suspicion
from tests.support.paired import CLASSES, DIMS, make, run, split

TRAIN, VALID, TEST = split(90, 0), split(30, 1), split(30, 2)


def fitted(name: str, **settings: object) -> Fitted:
    return make(name, **settings).fit(TRAIN, VALID, run(0))


def readout(one: Fitted) -> dict[str, Array]:
    result = posterior_readout(one, TEST)
    assert result is not None
    return result


def test_suspicion_and_suggestions_are_of_the_training_samples() -> None:
    result = suspicion(fitted("ce"), TRAIN)
    assert result is not None
    assert set(result) == {*DIMS, SUGGESTED}
    for view in DIMS:
        assert result[view].shape == (len(TRAIN),)
        assert ((result[view] >= 0) & (result[view] <= 1)).all()
    assert set(result[SUGGESTED]) <= set(range(CLASSES))


def test_spare_prototypes_are_no_class() -> None:
    assert readout(fitted("mrl", spare_prototypes=1))["image"].shape == (len(TEST), CLASSES + len(DIMS))


def test_the_readout_ranks_the_test_split_at_a_listed_temperature() -> None:
    result = readout(fitted("ce"))
    assert float(result[TEMPERATURE]) in TEMPERATURES
    for view in DIMS:
        np.testing.assert_allclose((result[view] ** 2).sum(axis=1), 1, rtol=1e-5)


def test_without_validation_no_temperature_is_chosen() -> None:
    assert posterior_readout(make("ce").fit(TRAIN, None, run(0)), TEST) is None


def test_pairs_that_were_learned_from_choose_no_temperature() -> None:
    one = fitted("ce", targets=VALIDATION)
    chosen_by = one.chosen_by
    assert chosen_by is not None
    assert len(chosen_by) < len(VALID)
    embedder = one.at(one.states[0])
    scores = embedder.class_scores(chosen_by.views)
    assert scores is not None
    temperature, _ = calibrated(scores, chosen_by.labels)
    assert float(readout(one)[TEMPERATURE]) == temperature


def test_a_method_without_class_scores_says_nothing() -> None:
    one = fitted("gma")
    assert suspicion(one, TRAIN) is None
    assert posterior_readout(one, TEST) is None
