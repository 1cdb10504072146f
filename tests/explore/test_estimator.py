"""The estimator in scikit-learn's manners, and docs/library.md, whose code runs as it stands there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from pipeline.core.errors import BadInput, UnknownName
from pipeline.explore.estimator import CrossModalRetriever

pytestmark = pytest.mark.usefixtures("one_process")
LIBRARY = (Path(__file__).parents[2] / "docs" / "library.md").read_text(encoding="utf-8")
COUNT = 60
TRUE = np.arange(COUNT) % 3
QUICK = {"epochs": 2, "hidden": [8], "embedding": 8}


def views() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {name: 4 * np.eye(3, 6)[TRUE] + rng.standard_normal((COUNT, 6)) for name in ("image", "text")}


def test_the_code_of_the_document_does_what_it_says() -> None:
    [code] = re.findall(r"^```python\n(.*?)^```$", LIBRARY, re.MULTILINE | re.DOTALL)
    lines = [line for line in code.splitlines() if line and not line.startswith(("import", "from"))]
    assert len(lines) <= 10
    made: dict[str, Any] = {}
    exec(compile(code, "docs/library.md", "exec"), made)
    wrong = np.arange(600) % 5 == 0
    digits = made["digits"]
    assert wrong[made["doubtful"]].mean() >= 0.9
    assert (made["cleaned"] == digits[:600]).mean() > 0.9
    assert {view: z.shape[0] for view, z in made["embeddings"].items()} == {"upper": 300, "lower": 300}
    np.testing.assert_array_equal(np.sort(made["nearest"], axis=1), np.tile(np.arange(300), (5, 1)))
    later = {"upper": made["pixels"][600:900, :32], "lower": made["pixels"][600:900, 32:]}
    assert made["model"].score(later, digits[600:900]) > 0.4


def test_names_are_kept_and_nothing_but_parameters_is_copied() -> None:
    names = np.array(["cats", "dogs", "emus"])[TRUE]
    wrong = np.arange(COUNT) % 10 == 0
    given = np.where(wrong, "dogs", names)
    model = CrossModalRetriever(settings=QUICK).fit(views(), list(given))
    assert list(model.classes_) == ["cats", "dogs", "emus"]
    assert (model.labels_ == names).mean() > 0.95
    assert model.suspicion_.shape == (COUNT,)
    other = clone(model)
    assert other.get_params() == {"method": "witness", "settings": QUICK, "seed": 0}
    with pytest.raises(NotFittedError):
        other.transform(views())


def test_labels_per_view_are_judged_per_view() -> None:
    image, text = TRUE.copy(), TRUE.copy()
    image[:6] = (image[:6] + 1) % 3
    model = CrossModalRetriever(settings=QUICK).fit(views(), {"image": image, "text": text})
    assert model.suspicion_["image"][:6].min() > 0.5 > model.suspicion_["text"][:6].max()
    np.testing.assert_array_equal(model.labels_["image"], TRUE)


def changed(**arrays: Any) -> dict[str, Any]:
    return views() | arrays


SPOILED = views()["image"].copy()
SPOILED[7, 2] = np.nan


@pytest.mark.parametrize(
    ("given", "labels", "sentence"),
    [
        (views()["image"], TRUE, r"views: views are ndarray; give a mapping, as \{'image': x, 'text': y\}"),
        ({"image": views()["image"]}, TRUE, "fit: there are 1 views; give two or more"),
        (changed(text=np.zeros(COUNT)), TRUE, "view 'text': 60 values of float64; give n x d numbers"),
        (changed(text=np.full((COUNT, 2), "a")), TRUE, "view 'text': 60 x 2 values of <U1; give n x d numbers"),
        (changed(text=np.zeros((9, 2))), TRUE, r"labels of shape 60 for 9 samples; give one per sample"),
        (changed(image=SPOILED), TRUE, "view 'image': 1 features are NaN or infinite, the first in sample 7"),
        (views(), TRUE[:9], "labels of shape 9 for 60 samples"),
        (views(), np.where(TRUE == 2, np.nan, TRUE), "20 labels are missing, the first of sample 2; leave those out"),
        (views(), [None, *TRUE[1:].tolist()], "1 labels are missing, the first of sample 0"),
        (views(), np.zeros(COUNT), "fit: the only class is '0.0'; give samples of two classes or more"),
        (views(), {"image": TRUE}, r"labels are of \['image'\], the views are \['image', 'text'\]"),
    ],
)
def test_what_cannot_be_is_one_sentence(given: Any, labels: Any, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        CrossModalRetriever(settings=QUICK).fit(given, labels)


def test_what_it_was_not_fitted_on_is_refused() -> None:
    model = CrossModalRetriever(method="ce", settings=QUICK).fit(views(), TRUE)
    with pytest.raises(BadInput, match="unknown view 'sound'"):
        model.transform({"sound": np.zeros((2, 6))})
    with pytest.raises(BadInput, match="rank: there are 2 views; give one of queries and one of the gallery"):
        model.rank(views(), {"image": np.zeros((2, 6))})
    with pytest.raises(UnknownName, match="did you mean 'witness'"):
        CrossModalRetriever(method="witnes").fit(views(), TRUE)
