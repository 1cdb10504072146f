"""What a trained method leaves besides its test embeddings."""

import numpy as np

from pipeline.retrieval.match_probability import READOUT, SUGGESTED, SUSPICION, TEMPERATURE, TEMPERATURES
from pipeline.runs.extras import keep
from tests.support.paired import CLASSES, DIMS, make, run, split

TRAIN, VALID, TEST = split(90, 0), split(30, 1), split(30, 2)


def kept(tmp_path, name, valid=VALID):
    method = make(name).fit(TRAIN, valid, run(0))
    keep(tmp_path, method, TRAIN, valid, TEST)
    return {file.name: dict(np.load(file, allow_pickle=False)) for file in tmp_path.iterdir()}


def test_suspicion_and_suggestions_are_of_the_training_samples(tmp_path):
    found = kept(tmp_path, "ce")[SUSPICION]
    assert set(found) == {*DIMS, SUGGESTED}
    for view in DIMS:
        assert found[view].shape == (len(TRAIN),)
        assert ((found[view] >= 0) & (found[view] <= 1)).all()
    assert set(found[SUGGESTED]) <= set(range(CLASSES))


def test_spare_prototypes_are_no_class(tmp_path):
    method = make("mrl", spare_prototypes=1).fit(TRAIN, VALID, run(0))
    keep(tmp_path, method, TRAIN, VALID, TEST)
    with np.load(tmp_path / READOUT, allow_pickle=False) as found:
        assert found["image"].shape == (len(TEST), CLASSES + len(DIMS))


def test_the_readout_ranks_the_test_split_at_a_listed_temperature(tmp_path):
    found = kept(tmp_path, "ce")[READOUT]
    assert float(found[TEMPERATURE]) in TEMPERATURES
    for view in DIMS:
        np.testing.assert_allclose((found[view] ** 2).sum(axis=1), 1, rtol=1e-5)


def test_without_validation_no_temperature_is_chosen(tmp_path):
    assert set(kept(tmp_path, "ce", valid=None)) == {SUSPICION}


def test_a_method_without_class_scores_leaves_nothing(tmp_path):
    assert not kept(tmp_path, "gma")
