"""Paired data as the solver of a closed form is given it, and checks that linear methods share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipeline.core.criteria import LAST_EPOCH
from pipeline.core.splits import Array, Split
from pipeline.retrieval.ranking import mean_average_precision
from tests.support.paired import make, relabelled, run, split


def given(size: int = 60, dims: dict[str, int] | None = None, share: float = 0.3) -> tuple[list[Array], list[Array]]:
    """Centred float64 views and per-view labels, a share of which are drawn anew for each view."""
    data = relabelled(split(size, 0, dims), 8, share)
    views = [x.astype(np.float64) - x.mean(axis=0, dtype=np.float64) for x in data.views.values()]
    return views, list(data.labels.values())


def solve(name: str, views: list[Array], labels: list[Array], **settings: object) -> list[Array]:
    """One projection per view."""
    return make(name, **settings).solve(views, labels)


def score(name: str, train: Split, test: Split, **settings: object) -> float:
    """Mean MAP of all directions on other samples."""
    embeddings = make(name, **settings).fit(train, None, run()).at(LAST_EPOCH).transform(test.views)
    return float(np.mean(list(mean_average_precision(embeddings, test.labels).values())))


def same_up_to_sign(result: Array, expected: Array, atol: float = 1e-7) -> None:
    """Columns are equal up to one sign and one positive factor each."""
    result, expected = (z / np.linalg.norm(z, axis=0) for z in (result, expected))
    np.testing.assert_allclose(np.abs((result * expected).sum(axis=0)), 1, atol=atol)


def awkward(size: int = 60) -> dict[str, Split]:
    """Training data that leaves matrices singular or class counts unequal, by what is wrong with it."""
    data = split(size, 0)
    constant, doubled = (dict(data.views) for _ in range(2))
    constant["image"] = data.views["image"].copy()
    constant["image"][:, 3] = 0.1
    doubled["text"] = np.hstack([data.views["text"], 2 * data.views["text"]])
    labels = {view: np.where(y == 1, 2, y) for view, y in data.labels.items()}
    return {
        "constant feature": replace(data, views=constant),
        "doubled features": replace(data, views=doubled),
        "few samples": split(15, 0, {"image": 30, "text": 25}),
        "absent class": replace(data, labels=labels),
        "class absent from one view": replace(data, labels={**data.labels, "text": labels["text"]}),
    }
