"""The contract of a method: fit returns a Fitted, whose states embed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from pipeline.core.corruption import Corruption
from pipeline.core.errors import BadInput
from pipeline.core.papers import Paper
from pipeline.core.runs import LabelNoise, Need, Row, Run
from pipeline.core.splits import Array, Embeddings, Split, Views
from pipeline.retrieval.ranking import mean_average_precision

if TYPE_CHECKING:
    import torch


class Embedder(ABC):
    """A trained method in one state, ready to embed; it never changes.

    dims: view -> width of its features; classes: K.
    """

    dims: Mapping[str, int]
    classes: int

    @abstractmethod
    def transform(self, views: Views) -> Embeddings:
        """Embed any subset of the views, also one alone: n x d each -> n x m each.

        Raises BadInput for a view that the method was not fitted on.
        """

    def class_scores(self, views: Views) -> dict[str, Array] | None:
        """n x d each -> n x K each, logits of the classes (and of spare prototypes after them); None without any."""
        return None

    @abstractmethod
    def state(self) -> dict[str, Array]:
        """All that was learned, as named arrays; Method.restore takes it back."""

    def check(self, views: Views) -> None:
        """Raise BadInput for views that the method was not fitted on."""
        for view, x in views.items():
            if view not in self.dims:
                raise BadInput(f"unknown view '{view}'", "transform", f"choose among {', '.join(self.dims)}")
            if x.ndim != 2 or x.shape[1] != self.dims[view]:
                raise BadInput(
                    f"view '{view}' has shape {x.shape}, the method was fitted on n x {self.dims[view]}",
                    "transform",
                    "extract the features with the same extractor",
                )


class Fitted(ABC):
    """The result of a fit; it never changes.

    history: a row per epoch, none for closed forms; states: the selection criteria for which a state was kept, the
    headline one first; chosen_by: the clean validation pairs that chose, none of which was learned from.
    """

    history: Sequence[Row]
    states: tuple[str, ...]
    chosen_by: Split | None

    @abstractmethod
    def at(self, criterion: str) -> Embedder:
        """The state that a selection criterion chose."""

    def suspicion(self) -> dict[str, Array] | None:
        """View -> n scores of the training labels, higher where the label looks wrong; None without an opinion.

        They are those of the headline state.
        """
        return None

    def label_noise(self) -> LabelNoise | None:
        """How many of the training labels are wrong; None where the method estimates no such thing."""
        return None


class Method(ABC):
    """A cross-modal retrieval method with its settings; fitting never changes it.

    display: its name in tables; needs: what it cannot do without (a method that does not need labels is never shown
    any); random: whether a seed changes the result.
    """

    display: ClassVar[str]
    paper: ClassVar[Paper]
    needs: ClassVar[frozenset[Need]]
    random: ClassVar[bool] = True

    @property
    def needs_truth(self) -> bool:
        """Whether it is an oracle that is given the true training labels."""
        return False

    @abstractmethod
    def fit(self, train: Split, valid: Split | None, run: Run) -> Fitted:
        """Learn from noisy training labels; clean validation labels choose among states, nothing else.

        Raises Diverged where the loss or the embeddings become NaN or infinite.
        """

    @abstractmethod
    def restore(
        self, dims: Mapping[str, int], classes: int, arrays: Mapping[str, Array], device: torch.device
    ) -> Embedder:
        """The embedder whose state() gave these arrays, for a method with the same settings."""


def validation_scores(embeddings: Embeddings, valid: Split, noise: Corruption | None = None) -> Row:
    """MAP of every direction on the validation split and their mean, as history columns.

    noise: what the noise of the training split makes of the validation split, where that is known; then the mean MAP
    with the labels and pairs that it gives stands beside the clean one.
    """
    scores = mean_average_precision(embeddings, valid.labels)
    row = {f"valid/{direction}": score for direction, score in scores.items()}
    row["valid/mean"] = sum(scores.values()) / len(scores)
    if noise is not None:
        scores = mean_average_precision(noise.moved(embeddings), noise.labels)
        row["noisy_valid/mean"] = sum(scores.values()) / len(scores)
    return row
