"""Labels of every split are judged by fits that did not see them; the same question is computed once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pytest

from pipeline.core import plugins
from pipeline.core.errors import BadInput
from pipeline.core.progress import quiet
from pipeline.core.runs import Need
from pipeline.core.splits import Split
from pipeline.explore.suspects import judgements
from pipeline.explore.suspects.cross_fit import Judgement, judge
from pipeline.explore.suspects.judgements import judged
from pipeline.explore.suspects.twins import twins
from pipeline.methods.base import Embedder, Fitted, Method

pytestmark = pytest.mark.usefixtures("one_process")
CLASSES, COUNT = 3, 90
SETTINGS: dict[str, Any] = {"epochs": 1, "batch_size": 30, "learning_rate": 1e-3, "hidden": [4], "embedding": 4}


def pairs(wrong: int = 12, views: int = 2) -> tuple[Split, np.ndarray]:
    """Well separated classes, of which every label is shared by the views; which labels are wrong."""
    rng = np.random.default_rng(0)
    true = np.arange(COUNT) % CLASSES
    is_wrong = np.isin(np.arange(COUNT), rng.permutation(COUNT)[:wrong])
    given = np.where(is_wrong, (true + 1) % CLASSES, true)
    rows = {
        f"v{n}": (4 * np.eye(CLASSES, 5)[true] + rng.standard_normal((COUNT, 5))).astype("f4") for n in range(views)
    }
    return Split(rows, dict.fromkeys(rows, given), np.arange(COUNT), CLASSES), is_wrong


class Membership(Embedder):
    """Calls a sample that was seen class 1, others class 0; one spare prototype that must not count."""

    def __init__(self, seen: np.ndarray, scale: float | None) -> None:
        self.seen, self.scale, self.classes, self.dims = seen, scale, CLASSES, {}

    def transform(self, views: Any) -> Any:
        return views

    def class_scores(self, views: Any) -> Any:
        if self.scale is None:
            return None
        member = {view: np.isin(x[:, 0], self.seen).astype(int) for view, x in views.items()}
        return {view: np.c_[self.scale * np.eye(CLASSES)[m], np.full(len(m), 9.0)] for view, m in member.items()}

    def state(self) -> dict[str, Any]:
        return {}


class Seen(Fitted):
    states, history, chosen_by = ("last_epoch",), (), None

    def __init__(self, embedder: Embedder) -> None:
        self.embedder = embedder

    def at(self, criterion: str) -> Embedder:
        return self.embedder


@dataclass
class Fake(Method):
    scores: float | None = 1
    oracle: bool = False
    display: ClassVar[str] = "Fake"
    needs: ClassVar[frozenset[Need]] = frozenset({Need.LABELS})

    @property
    def needs_truth(self) -> bool:
        return self.oracle

    def fit(self, train: Split, valid: Split | None, run: Any) -> Fitted:
        assert valid is None
        return Seen(Membership(train.views["v0"][:, 0], self.scores))

    def restore(self, *arguments: Any) -> Any:
        raise NotImplementedError


class LabelFree(Fake):
    needs = frozenset()


class TwoViews(Fake):
    needs = frozenset({Need.LABELS, Need.TWO_VIEWS})


def test_no_label_is_judged_by_a_fit_that_saw_it() -> None:
    split, _ = pairs()
    done = []
    judgement = judge(Fake(), split, 0, lambda count, total: done.append((count, total)))
    assert (judgement.suggested == 0).all()
    p = np.exp(2) / (np.exp(2) + 2)  # two views that both say class 0 by a score of 1
    expected = np.where(split.labels["v0"] == 0, 1 - p, 1 - (1 - p) / 2)
    np.testing.assert_allclose(judgement.suspicion["v1"], expected)
    assert judgement.label_noise is None
    assert done[-1] == (5, 5)


def test_witness_is_fitted_once_and_finds_planted_errors_in_every_split() -> None:
    split, wrong = pairs()
    judgement = judge(plugins.build("pipeline.methods", "witness", Method, SETTINGS), split, 0, quiet)
    suspicion = judgement.suspicion["v0"]
    assert wrong[np.argsort(-suspicion)[: wrong.sum()]].mean() > 0.9
    assert (judgement.suggested == np.arange(COUNT) % CLASSES).mean() > 0.95
    assert judgement.label_noise is not None
    assert abs(judgement.label_noise.wrong["v0"] - wrong.mean()) < 0.08


def test_a_variant_of_witness_without_out_of_fold_opinions_is_cross_fitted() -> None:
    split, wrong = pairs()
    settings = SETTINGS | {"targets": "own", "epochs": 30, "learning_rate": 1e-2}
    judgement = judge(plugins.build("pipeline.methods", "witness", Method, settings), split, 0, quiet)
    assert judgement.label_noise is None
    assert judgement.suspicion["v0"][wrong].mean() > judgement.suspicion["v0"][~wrong].mean() + 0.3


@pytest.mark.parametrize(
    ("method", "sentence"),
    [
        (Fake(scores=None), "Fake: it does not tell which labels look wrong; take witness"),
        (Fake(oracle=True), "it is taught the true labels, which nobody knows here"),
        (LabelFree(), "it does not tell which labels look wrong"),
        (TwoViews(), "it needs exactly two views, there are 3"),
    ],
)
def test_what_cannot_judge_says_why(method: Method, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        judge(method, pairs(views=3)[0], 0, quiet)


def test_features_that_predict_no_label_are_no_ground_for_suspicion() -> None:
    with pytest.raises(BadInput, match="predict the labels no better than chance; look at the probe"):
        judge(Fake(scores=0), pairs()[0], 0, quiet)


def test_the_same_question_is_computed_once(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def counted(method: Method, samples: Split, seed: int, progress: Any, annotations: Any) -> Judgement:
        asked.append(seed)
        return judge(method, samples, seed, progress, annotations)

    monkeypatch.setattr(judgements, "judge", counted)
    monkeypatch.setattr(judgements, "code_fingerprint", lambda method: "code")
    file, (split, _) = tmp_path / "my_photos" / "fake-default-0.npz", pairs()
    first, again = (judged(file, Fake(), split, 0, quiet) for _ in range(2))
    np.testing.assert_array_equal(first.suspicion["v0"], again.suspicion["v0"])
    np.testing.assert_array_equal(first.suggested, again.suggested)
    assert asked == [0]
    relabelled = replace(split, labels=dict.fromkeys(split.views, np.roll(split.labels["v0"], 1)))
    judged(file, Fake(), relabelled, 0, quiet)
    judged(file, Fake(), relabelled, 1, quiet)
    assert asked == [0, 0, 1]
    file.write_bytes(file.read_bytes()[:99])
    judged(file, Fake(), relabelled, 1, quiet)
    assert asked == [0, 0, 1, 1]


def test_near_copies_know_their_twin() -> None:
    rows = np.random.default_rng(0).standard_normal((20, 6))
    rows[7] = rows[2] + 1e-3
    np.testing.assert_array_equal(twins(rows, np.array([7, 0, 2])), [2, -1, 7])
    np.testing.assert_array_equal(twins(np.ones((4, 3)), np.arange(4)), [-1] * 4)
