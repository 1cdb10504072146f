"""What every method offers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Self

from pipeline.core.errors import BadInput
from pipeline.core.papers import Paper
from pipeline.core.runs import LabelNoise, Need, Run
from pipeline.core.splits import Array, Embeddings, Split, Views
from pipeline.retrieval.ranking import mean_average_precision

Row = dict[str, float]
"""History of one epoch: column -> value."""


class Method(ABC):
    """A cross-modal retrieval method.

    display: its name in tables; needs: what it cannot do without (a method that does not need labels
    is never shown any); random: whether a seed changes the result. After fit, history_ holds a row per
    epoch (none for closed forms) and criteria_ the selection criteria for which a state was kept.
    """

    display: ClassVar[str]
    paper: ClassVar[Paper]
    needs: ClassVar[frozenset[Need]]
    random: ClassVar[bool] = True

    history_: list[Row]
    criteria_: tuple[str, ...]

    @abstractmethod
    def fit(self, train: Split, valid: Split | None, run: Run) -> Self:
        """Learn from noisy training labels; clean validation labels choose among states, nothing else."""

    @abstractmethod
    def select(self, criterion: str) -> Self:
        """Make the state that a selection criterion chose the one that transform uses."""

    @abstractmethod
    def transform(self, views: Views) -> Embeddings:
        """Embed any subset of the views, also one alone: n x d each -> n x m each."""

    def class_scores(self, views: Views) -> dict[str, Array] | None:
        """n x d each -> n x K each, logits of the classes (and of spare prototypes after them); None where the method
        has none."""
        return None

    def suspicion(self, train: Split) -> dict[str, Array] | None:
        """Per view n scores, higher where the label looks wrong; None where the method cannot tell."""
        return None

    def label_noise(self) -> LabelNoise | None:
        """How many of the labels that it was fitted on are wrong; None where the method estimates no such thing."""
        return None


def check_views(views: Views, dims: Mapping[str, int]) -> None:
    """Refuse views that the method was not fitted on."""
    for view, x in views.items():
        if view not in dims:
            raise BadInput(f"unknown view '{view}'", "transform", f"choose among {', '.join(dims)}")
        if x.ndim != 2 or x.shape[1] != dims[view]:
            raise BadInput(
                f"view '{view}' has shape {x.shape}, the method was fitted on n x {dims[view]}",
                "transform",
                "extract the features with the same extractor",
            )


def validation_scores(embeddings: Embeddings, valid: Split) -> Row:
    """MAP of every direction on the validation split and their mean, as history columns."""
    scores = mean_average_precision(embeddings, valid.labels)
    row = {f"valid/{direction}": score for direction, score in scores.items()}
    return row | {"valid/mean": sum(scores.values()) / len(scores)}
