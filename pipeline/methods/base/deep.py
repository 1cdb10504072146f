"""Methods that train a network per view."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Self, TypeVar

import numpy as np
import torch
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt
from scipy.special import softmax
from torch import Tensor

from pipeline.core.errors import Diverged
from pipeline.core.runs import Run
from pipeline.core.seeds import torch_seed
from pipeline.core.splits import Array, Embeddings, Split, Views
from pipeline.learning.loop import Batch, Step, train
from pipeline.learning.networks import MultiViewNetwork
from pipeline.methods.base import Method, Row, check_views, validation_scores

Network = TypeVar("Network", bound=MultiViewNetwork)
BLOCK = 1000


@dataclass(kw_only=True, eq=False)
class Deep(Method, Generic[Network]):
    """A network per view trained by the shared engine.

    epochs, batch_size, learning_rate, betas, weight_decay: of Adam; hidden: widths of the hidden
    layers; checkpoint: share of the run after which the weights are kept as fixed_checkpoint, None for no
    such state.
    """

    epochs: PositiveInt
    batch_size: PositiveInt
    learning_rate: PositiveFloat
    hidden: list[PositiveInt]
    betas: tuple[float, float] = (0.5, 0.999)
    weight_decay: NonNegativeFloat = 0.0
    checkpoint: Annotated[float, Field(gt=0, le=1)] | None = None

    @abstractmethod
    def build(self, dims: Mapping[str, int], classes: int) -> Network:
        """The untrained network for views of the given widths."""

    @abstractmethod
    def loss(self, batch: Batch, model: Network, step: Step) -> dict[str, Tensor]:
        """Named scalar terms; 'total' is minimised."""

    def before_training(self, model: Network, data: Batch, valid: Batch | None) -> None:
        """Called once with the whole training and validation splits on the device."""

    def before_step(self, model: Network, step: Step) -> None:
        """Called before every forward pass of training."""

    def parameter_groups(self, model: Network) -> list[dict[str, Any]]:
        """What Adam optimises: groups with a name, and an lr or weight_decay where theirs is another."""
        return [{"name": "all", "params": list(model.parameters())}]

    def optimiser(self, model: Network) -> torch.optim.Optimizer:
        return torch.optim.Adam(
            self.parameter_groups(model),
            lr=self.learning_rate,
            betas=self.betas,
            weight_decay=self.weight_decay,
            fused=True,
        )

    def learning_rate_scale(self, epoch: int, group: str) -> float:
        """Cosine to zero with one epoch of lag, as MRL's code steps it: epochs 0 and 1 run at the full rate."""
        return 0.5 * (1 + math.cos(math.pi * max(epoch - 1, 0) / self.epochs))

    def fit(self, train_split: Split, valid: Split | None, run: Run) -> Self:
        self.dims_ = {view: x.shape[1] for view, x in train_split.views.items()}
        data = Batch.of(train_split, run.device)
        validation = None if valid is None else Batch.of(valid, run.device)

        def observe(model: Network, epoch: int) -> Row:
            row: Row = {}
            if valid is not None and validation is not None:
                embeddings = _embed(model, validation.views)
                if not all(np.isfinite(z).all() for z in embeddings.values()):
                    raise Diverged("embeddings", epoch)
                row |= validation_scores(embeddings, valid)
            if run.diagnose is not None:
                scores = _class_scores(model, data.views)
                row |= run.diagnose({view: s.argmax(axis=1) for view, s in scores.items()}) if scores else {}
            return row

        torch.manual_seed(torch_seed(run.seed, "weights"))
        self.model_ = self.build(self.dims_, train_split.classes).to(run.device)
        torch.manual_seed(torch_seed(run.seed, "training"))
        self.before_training(self.model_, data, validation)
        shuffle = torch.Generator().manual_seed(torch_seed(run.seed, "shuffle"))
        self.history_, self.states_ = train(self, self.model_, data, shuffle, observe)
        self.criteria_ = tuple(self.states_)
        self.model_.eval()
        return self

    def select(self, criterion: str) -> Self:
        self.model_.load_state_dict(self.states_[criterion])
        return self

    def transform(self, views: Views) -> Embeddings:
        check_views(views, self.dims_)
        with torch.inference_mode():
            return _embed(self.model_, self._on_device(views))

    def class_scores(self, views: Views) -> dict[str, Array] | None:
        check_views(views, self.dims_)
        with torch.inference_mode():
            return _class_scores(self.model_, self._on_device(views))

    def suspicion(self, train_split: Split) -> dict[str, Array] | None:
        """1 - probability of the given label under the softmax of the class scores."""
        scores = self.class_scores(train_split.views)
        if scores is None:
            return None
        rows = np.arange(len(train_split))
        return {view: 1 - softmax(s, axis=1)[rows, train_split.labels[view]] for view, s in scores.items()}

    def _on_device(self, views: Views) -> dict[str, Tensor]:
        device = next(self.model_.parameters()).device
        return {view: torch.tensor(x, device=device) for view, x in views.items()}


def _class_scores(model: MultiViewNetwork, views: Mapping[str, Tensor]) -> dict[str, Array] | None:
    """View -> n x K class scores, None where the network has none."""
    scores = {view: model.class_scores(z) for view, z in _encode(model, views).items()}
    return {view: s.cpu().numpy() for view, s in scores.items() if s is not None} or None


def _embed(model: MultiViewNetwork, views: Mapping[str, Tensor]) -> Embeddings:
    return {view: z.cpu().numpy() for view, z in _encode(model, views).items()}


def _encode(model: MultiViewNetwork, views: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """In blocks of rows, so that what a network holds between its layers does not grow with the split."""
    return {view: torch.cat([model.encode(view, rows) for rows in torch.split(x, BLOCK)]) for view, x in views.items()}
