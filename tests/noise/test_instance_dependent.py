"""Instance-dependent noise: as many wrong labels as asked, and features that tell which."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import mutual_info_score

from pipeline.core.corruption import Corruption
from pipeline.core.errors import BadInput, BadParams
from pipeline.core.splits import Array, Labels, Views
from pipeline.noise.base import Noise, NoiseReceipt, make
from pipeline.noise.instance_dependent import InstanceDependent
from pipeline.noise.symmetric import Symmetric

N, K, D = 20_000, 10, 20
SYMMETRIC = Symmetric(exclude_true=True)


def world(classes: int = K, size: int = N) -> tuple[Labels, Views]:
    """The second half of the samples are duplicates of the first; the features know nothing of the class."""
    rng = np.random.default_rng(0)
    half = size // 2
    views = {view: np.tile(rng.standard_normal((half, D)), (2, 1)).astype(np.float32) for view in ("image", "text")}
    return dict.fromkeys(views, np.tile(rng.integers(0, classes, half), 2)), views


def draw(
    rate: float, seed: int = 0, classes: int = K, noise: Noise | None = None, features: Views | None = None
) -> tuple[Corruption, NoiseReceipt]:
    labels, views = world(classes)
    noise = noise or InstanceDependent()
    return make(noise, "instance_dependent", "digits", labels, classes, rate, seed, features or views)


@pytest.mark.parametrize("rate", [0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.95])
@pytest.mark.parametrize("classes", [2, 10])
def test_realised_rate_is_the_nominal_one(rate: float, classes: int) -> None:
    for seed in (0, 1):
        for share in draw(rate, seed, classes)[1].realised.values():
            assert share == pytest.approx(rate, abs=4 * np.sqrt(rate * (1 - rate) / N))


def test_at_nought_and_one_no_label_and_every_label_is_wrong() -> None:
    assert draw(0.0)[1].realised == {"image": 0, "text": 0}
    assert draw(1.0)[1].realised == {"image": 1, "text": 1}


@pytest.mark.parametrize("rate", [0.2, 0.6])
def test_every_class_is_hit_alike(rate: float) -> None:
    counts = np.array(draw(rate)[1].transition["image"], dtype=float)
    size = counts.sum(axis=1)
    assert np.all(np.abs(1 - np.diag(counts) / size - rate) < 4.5 * np.sqrt(rate * (1 - rate) / size))


def agreement(noise: Noise) -> float:
    """How often two duplicates that are both wrong got the same wrong class."""
    clean = world()[0]["image"]
    noisy = draw(0.6, noise=noise)[0].labels["image"]
    one, two = noisy[: N // 2], noisy[N // 2 :]
    both = (one != clean[: N // 2]) & (two != clean[: N // 2])
    assert both.sum() > 3000
    return float(np.mean(one[both] == two[both]))


def test_duplicates_flip_to_the_same_class() -> None:
    assert agreement(SYMMETRIC) == pytest.approx(1 / (K - 1), abs=0.03)
    rng = np.random.default_rng(1)
    lengths = np.linalg.norm(rng.standard_normal((N, D)), axis=1, keepdims=True)
    chances = softmax(lengths * rng.standard_normal((N, K - 1)), axis=1)
    assert agreement(InstanceDependent()) == pytest.approx(np.mean(np.sum(chances**2, axis=1)), abs=0.03)


def predicted(noise: Noise) -> float:
    """Held-out accuracy of a linear classifier that tells the wrong class of class 0 from the features."""
    labels, views = world()
    noisy = draw(0.6, noise=noise)[0].labels["image"]
    chosen = (labels["image"] == 0) & (noisy != 0)
    displayed, asked = (chosen & half for half in (np.arange(N) < N // 2, np.arange(N) >= N // 2))
    x = views["image"]
    return float(LogisticRegression(max_iter=500).fit(x[displayed], noisy[displayed]).score(x[asked], noisy[asked]))


def test_features_tell_the_wrong_class() -> None:
    assert predicted(SYMMETRIC) < 0.25
    assert predicted(InstanceDependent()) > 0.6


def test_whether_a_label_flips_is_chance() -> None:
    clean = world()[0]["image"]
    wrong = draw(0.4)[0].labels["image"] != clean
    assert mutual_info_score(wrong[: N // 2], wrong[N // 2 :]) < 16 / N


def test_wrong_classes_follow_the_softmax_of_the_scores() -> None:
    """One sample many times over: its wrong classes against the probabilities computed from the same matrices."""
    size, x = 50_000, np.array([[1.0, -1.0], [-1.0, 1.0]])
    first = np.arange(size) % 2 == 0
    features = {"image": np.where(first[:, None], x[0], x[1])}
    matrices = Recording()
    noisy = InstanceDependent().corrupt({"image": np.zeros(size, np.int64)}, 4, 1.0, features, matrices).labels["image"]
    for row, chosen in zip(x, (first, ~first), strict=True):
        expected = softmax((row @ matrices.drawn[0])[1:])
        shares = np.bincount(noisy[chosen], minlength=4)[1:] / chosen.sum()
        assert np.abs(shares - expected).max() < 4 * 0.5 / np.sqrt(size / 2)


class Recording:
    """Keeps the matrices that are drawn; serves as rng_for and as the generator."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(3)
        self.drawn: list[Array] = []

    def __call__(self, *words: str) -> Recording:
        return self

    def standard_normal(self, size: tuple[int, int]) -> Array:
        self.drawn.append(self.rng.standard_normal(size))
        return self.drawn[-1]

    def __getattr__(self, name: str) -> object:
        return getattr(self.rng, name)


def test_the_scale_of_a_feature_does_not_matter() -> None:
    scale = 2.0 ** np.arange(-10, 10, dtype=np.float32)
    scaled = {view: x * scale for view, x in world()[1].items()}
    assert draw(0.6, features=scaled)[1].hash == draw(0.6)[1].hash


def test_constant_features_and_raw_images_are_taken() -> None:
    views = world()[1]
    with_constant = {view: np.column_stack([x, np.full(N, 7.0)]) for view, x in views.items()}
    assert draw(0.6, features=with_constant)[1].realised["image"] == pytest.approx(0.6, abs=0.02)
    images = {view: x.reshape(N, 4, 5) for view, x in views.items()}
    assert draw(0.6, features=images)[1].hash == draw(0.6)[1].hash


def test_seeds_and_views_are_independent() -> None:
    """Where labels agree, both stayed or both became the same of K - 1 wrong classes."""
    first, second = draw(0.6)[0], draw(0.6, seed=1)[0]
    clean = world()[0]["image"]
    one = first.labels["image"]
    for other in (second.labels["image"], first.labels["text"]):
        wrong = (one != clean) & (other != clean)
        assert np.mean(wrong) == pytest.approx(0.36, abs=4 * np.sqrt(0.36 * 0.64 / N))
        assert np.mean(one[wrong] == other[wrong]) == pytest.approx(1 / (K - 1), abs=0.03)


def test_other_features_give_other_labels() -> None:
    views = world()[1]
    swapped = draw(0.6, features={"image": views["text"], "text": views["image"]})[0]
    same = draw(0.6)[0].labels["image"] == swapped.labels["image"]
    assert 0.4 < np.mean(same) < 0.6


def test_without_features_or_wrong_classes_it_says_so() -> None:
    labels = {"image": np.zeros(9, np.int64)}
    with pytest.raises(BadInput, match="noise 'instance_dependent': there are no features; "):
        make(InstanceDependent(), "instance_dependent", "digits", labels, 2, 0.5, 0)
    with pytest.raises(BadParams, match="there is no wrong class"):
        make(InstanceDependent(), "instance_dependent", "digits", labels, 1, 0.5, 0, {"image": np.zeros((9, 2))})
