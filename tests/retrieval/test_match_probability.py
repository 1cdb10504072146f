"""Ranking by match probability."""

import numpy as np
import pytest
from scipy.special import softmax

from pipeline.retrieval.match_probability import TEMPERATURES, by_match_probability, calibrated, match_embeddings
from pipeline.retrieval.ranking import mean_average_precision

RNG = np.random.default_rng(0)
P = {view: softmax(3 * RNG.standard_normal((7, 4)), axis=1) for view in ("image", "text", "cloud")}


def test_rows_have_unit_length_and_the_match_probability_between_views():
    z = match_embeddings(P)
    for view, rows in z.items():
        assert rows.shape == (7, 4 + 3)
        np.testing.assert_allclose((rows**2).sum(axis=1), 1)
        for other in set(P) - {view}:
            np.testing.assert_allclose(rows @ z[other].T, P[view] @ P[other].T, atol=1e-12)


def test_a_certain_class_has_nothing_left_over():
    np.testing.assert_array_equal(match_embeddings({"image": np.eye(3)})["image"], np.eye(3, 4))


def test_the_temperature_divides_the_scores():
    scores = {"image": RNG.standard_normal((5, 3)), "text": RNG.standard_normal((5, 3))}
    z = by_match_probability(scores, 0.5)
    np.testing.assert_allclose(z["image"][:, :3], softmax(scores["image"] * 2, axis=1))


def test_validation_chooses_the_temperature():
    labels = dict.fromkeys(("image", "text"), np.repeat(np.arange(4), 30))
    scores = {v: np.eye(4)[y] + RNG.standard_normal((120, 4)) for v, y in labels.items()}
    maps = {
        t: np.mean(list(mean_average_precision(by_match_probability(scores, t), labels).values())) for t in TEMPERATURES
    }
    temperature, best = calibrated(scores, labels)
    assert best == pytest.approx(max(maps.values()))
    assert maps[temperature] == best
    assert max(maps.values()) > min(maps.values()) + 0.01
