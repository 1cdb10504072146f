import numpy as np
import pytest

from pipeline.evaluation.probe import linear_probe

SPLIT = np.repeat(["train", "valid", "test"], [120, 30, 50])
LABELS = np.arange(200) % 4


def features(seed=0):
    """200 x 10: noise of very different scales around one centre per class."""
    draw = np.random.default_rng(seed)
    centres = draw.normal(size=(4, 10)) * 6
    return ((centres[LABELS] + draw.normal(size=(200, 10))) * 10.0 ** np.arange(-5, 5)).astype(np.float32)


def test_separable_classes_are_read_whatever_the_scale():
    assert linear_probe(features(), LABELS, SPLIT) == 1
    assert linear_probe(features() * 1000 + 7, LABELS, SPLIT) == 1


def test_noise_is_read_at_chance():
    noise = np.random.default_rng(0).normal(size=(200, 10))
    assert linear_probe(noise, LABELS, SPLIT) == pytest.approx(0.25, abs=0.15)


def test_only_training_rows_are_fitted_and_only_test_rows_scored():
    wrong, labels = features(), LABELS.copy()
    wrong[SPLIT == "valid"] = 1e6
    labels[SPLIT == "valid"] = 0
    assert linear_probe(wrong, labels, SPLIT) == 1
    labels[SPLIT == "test"] = (LABELS[SPLIT == "test"] + 1) % 4
    assert linear_probe(wrong, labels, SPLIT) == 0


def test_twice_the_same():
    noisy = features() + np.random.default_rng(1).normal(size=(200, 10)) * 10.0 ** np.arange(-4, 6)
    assert linear_probe(noisy, LABELS, SPLIT) == linear_probe(noisy, LABELS, SPLIT)
