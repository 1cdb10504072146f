"""A suspicion against the labels that are really wrong."""

import numpy as np
import pytest

from pipeline.retrieval.detection import detection


@pytest.mark.parametrize("decimals", [1, 6])
def test_auc_is_the_share_of_pairs_in_the_right_order(decimals):
    rng = np.random.default_rng(decimals)
    wrong = rng.random(80) < 0.3
    suspicion = np.round(rng.random(80) + 0.3 * wrong, decimals).astype(np.float32)
    pairs = [(bad > good) + (bad == good) / 2 for bad in suspicion[wrong] for good in suspicion[~wrong]]
    assert detection(suspicion, wrong)["auc"] == pytest.approx(np.mean(pairs), abs=1e-12)


def test_precision_is_that_of_the_most_suspicious():
    wrong = np.array([True, False, True, False, False])
    assert detection(np.array([0.9, 0.8, 0.1, 0.2, 0.3]), wrong)["precision"] == 0.5


def test_ties_count_as_in_random_order():
    wrong = np.array([True, True, False, False])
    suspicion = np.array([0.9, 0.5, 0.5, 0.5])
    shares = []
    for jitter in np.random.default_rng(0).random((4000, 4)):
        order = np.lexsort((jitter, -suspicion))
        shares.append(wrong[order[:2]].mean())
    assert detection(suspicion, wrong)["precision"] == pytest.approx(np.mean(shares), abs=0.02)


@pytest.mark.parametrize("wrong", [False, True])
def test_there_is_nothing_to_detect_where_all_labels_are_alike(wrong):
    assert detection(np.arange(4.0), np.full(4, wrong)) is None
