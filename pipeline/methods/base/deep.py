"""Methods that train a network per view."""

from __future__ import annotations

import copy
import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Literal, TypeVar

import numpy as np
import torch
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt
from scipy.special import softmax
from torch import Tensor, nn

from pipeline.core.errors import BadParams, Diverged
from pipeline.core.runs import Need, Row, Run
from pipeline.core.seeds import torch_seed
from pipeline.core.splits import Array, Embeddings, Split, Views
from pipeline.learning.loop import Batch, Optimisers, Step, Weights, run_epochs
from pipeline.learning.networks import MultiViewNetwork
from pipeline.learning.shared_network import BETAS, one_cycle, regularised_mlp
from pipeline.methods.base import Embedder, Fitted, Method, validation_scores
from pipeline.methods.base.targets import ORACLES, OWN, Lesson, Source, lesson

Network = TypeVar("Network", bound=MultiViewNetwork)
SHARED = "shared"
BLOCK = 1000
"""Rows that a network embeds at a time, so that what it holds between its layers does not grow with the split."""


class NetworkEmbedder(Embedder):
    """A network in evaluation mode."""

    def __init__(self, model: MultiViewNetwork, dims: Mapping[str, int], classes: int) -> None:
        self.model = model.eval().requires_grad_(False)
        self.dims, self.classes = dims, classes

    @torch.inference_mode()
    def transform(self, views: Views) -> Embeddings:
        self.check(views)
        return embed(self.model, self._on_device(views))

    @torch.inference_mode()
    def class_scores(self, views: Views) -> dict[str, Array] | None:
        self.check(views)
        return class_scores(self.model, self._on_device(views))

    def state(self) -> dict[str, Array]:
        return {name: tensor.cpu().numpy() for name, tensor in self.model.state_dict().items()}

    def _on_device(self, views: Views) -> dict[str, Tensor]:
        device = next(self.model.parameters()).device
        return {view: torch.tensor(x, device=device) for view, x in views.items()}


@dataclass(frozen=True)
class Trained(Fitted):
    """A trained network with the weights of every kept state.

    train: the training split as it was given, labels included; lesson: what was made of it.
    """

    model: MultiViewNetwork
    weights: Mapping[str, Weights]
    history: Sequence[Row]
    train: Split
    lesson: Lesson

    @property
    def chosen_by(self) -> Split | None:  # type: ignore[override]
        return self.lesson.valid

    @property
    def states(self) -> tuple[str, ...]:  # type: ignore[override]
        return tuple(self.weights)

    def at(self, criterion: str) -> NetworkEmbedder:
        model = copy.deepcopy(self.model)
        model.load_state_dict(self.weights[criterion])
        dims = {view: x.shape[1] for view, x in self.train.views.items()}
        return NetworkEmbedder(model, dims, self.train.classes)

    def suspicion(self) -> dict[str, Array] | None:
        """1 - probability of the given label under the softmax of the class scores."""
        scores = self.at(self.states[0]).class_scores(self.train.views)
        if scores is None:
            return None
        rows = np.arange(len(self.train))
        return {view: 1 - softmax(s, axis=1)[rows, self.train.labels[view]] for view, s in scores.items()}


@dataclass(kw_only=True, eq=False)
class Deep(Method, Generic[Network]):
    """A network per view trained by the shared loop.

    epochs, batch_size, learning_rate, betas, weight_decay: of Adam; hidden: widths of the hidden
    layers; checkpoint: share of the run after which the weights are kept as fixed_checkpoint, None for no
    such state; targets: where the labels come from that are learned (methods/base/targets.py); network: `shared` puts
    the encoders, the optimiser, the schedule and the weight average of learning/shared_network.py in the place of the
    method's own, with the dropouts of its inputs and hidden layers and the decay of its average (averaging). The hooks
    below may keep what they need on self: every fit runs on a copy of the method.
    """

    epochs: PositiveInt
    batch_size: PositiveInt
    learning_rate: PositiveFloat
    hidden: list[PositiveInt]
    betas: tuple[float, float] = (0.5, 0.999)
    weight_decay: NonNegativeFloat = 0.0
    checkpoint: Annotated[float, Field(gt=0, le=1)] | None = None
    targets: Source = OWN
    network: Literal["own", "shared"] = "own"
    dropouts: tuple[Annotated[float, Field(ge=0, lt=1)], Annotated[float, Field(ge=0, lt=1)]] = (0.2, 0.5)
    averaging: Annotated[float, Field(ge=0, lt=1)] = 0.99

    @property
    def needs_truth(self) -> bool:
        return self.targets in ORACLES

    @property
    def averaged(self) -> float | None:
        """Decay of the average of the weights that is evaluated, None where it is the weights themselves."""
        return self.averaging if self.network == SHARED else None

    @abstractmethod
    def build(self, dims: Mapping[str, int], classes: int) -> Network:
        """The untrained network for views of the given widths, with the method's own encoders."""

    def shared_encoder(self, view: str, dim: int, width: int) -> nn.Module:
        """n x dim -> n x width: what replaces the method's own encoder of a view in the shared network."""
        return regularised_mlp(dim, self.hidden, width, self.dropouts)

    def loss(self, batch: Batch, model: Network, position: Step) -> dict[str, Tensor]:
        """Named scalar terms; 'total' is minimised, or their sum where there is none.

        A method that overrides step needs none.
        """
        raise NotImplementedError

    def before_training(self, model: Network, data: Batch, valid: Batch | None) -> None:
        """Called once with the whole training and validation splits on the device."""

    def before_step(self, model: Network, position: Step) -> None:
        """Called before every step."""

    def step(self, batch: Batch, model: Network, optimisers: Optimisers, position: Step) -> dict[str, Tensor]:
        """Update the weights on one batch and return the loss terms; two-player games override it."""
        terms = self.loss(batch, model, position)
        if "total" not in terms:
            terms["total"] = torch.stack(list(terms.values())).sum()
        for optimiser in optimisers:
            optimiser.zero_grad()
        torch.autograd.backward(terms["total"])
        for optimiser in optimisers:
            optimiser.step()
        return terms

    def finish(self, model: Network, data: Batch) -> None:
        """Called after every epoch in evaluation mode, before the epoch is scored or kept. data: the training split."""

    def parameter_groups(self, model: Network) -> list[dict[str, Any]]:
        """What Adam optimises: groups with a name, and an lr or weight_decay where theirs is another."""
        return [{"name": "all", "params": list(model.parameters())}]

    def optimisers(self, model: Network) -> Optimisers:
        """One Adam over all parameter groups; the shared network has AdamW."""
        kind, betas = (torch.optim.AdamW, BETAS) if self.network == SHARED else (torch.optim.Adam, self.betas)
        groups = self.parameter_groups(model)
        return [kind(groups, lr=self.learning_rate, betas=betas, weight_decay=self.weight_decay, fused=True)]

    def learning_rate_scale(self, epoch: int, group: str) -> float:
        """Share of a group's rate in an epoch."""
        return one_cycle(epoch, self.epochs) if self.network == SHARED else self.own_schedule(epoch, group)

    def own_schedule(self, epoch: int, group: str) -> float:
        """The share where the method has its own network: MRL's cosine."""
        return cosine(epoch, self.epochs)

    def fit(self, train: Split, valid: Split | None, run: Run) -> Fitted:
        method = copy.copy(self)
        return method.train(method.lesson(train, valid, run), train, run)

    def lesson(self, train: Split, valid: Split | None, run: Run) -> Lesson:
        """What is learned from training labels as they were given.

        Raises BadParams where a method without labels is told where to take them from.
        """
        if Need.LABELS not in self.needs and self.targets != OWN:
            problem = f"'targets' is {self.targets}, but {self.display} uses no labels"
            raise BadParams(problem, "params.yaml, methods", "leave it out")
        return lesson(self.targets, train, valid, run)

    def train(self, learned: Lesson, given: Split, run: Run) -> Trained:
        """Train a network on what is learned. given: the training split as it came."""
        train, valid = learned.train, learned.valid
        dims = {view: x.shape[1] for view, x in train.views.items()}
        data = Batch.of(train, run.device)
        validation = None if valid is None else Batch.of(valid, run.device)
        watched = data if train.views is given.views else Batch.of(given, run.device)

        def observe(model: Network, epoch: int) -> Row:
            row: Row = {}
            if valid is not None and validation is not None:
                embeddings = embed(model, validation.views)
                if not all(np.isfinite(z).all() for z in embeddings.values()):
                    raise Diverged("embeddings", epoch)
                row |= validation_scores(embeddings, valid, learned.valid_noise)
            if run.diagnose is not None:
                scores = class_scores(model, watched.views)
                row |= run.diagnose({view: s.argmax(axis=1) for view, s in scores.items()}) if scores else {}
            return row

        torch.manual_seed(torch_seed(run.seed, "weights"))
        model = self.whole(dims, train.classes).to(run.device)
        torch.manual_seed(torch_seed(run.seed, "training"))
        self.before_training(model, data, validation)
        shuffle = torch.Generator().manual_seed(torch_seed(run.seed, "shuffle"))
        history, weights = run_epochs(self, model, data, shuffle, observe)
        return Trained(model, weights, history, given, learned)

    def whole(self, dims: Mapping[str, int], classes: int) -> Network:
        """The untrained network, with the shared encoders where they are asked for."""
        model = self.build(dims, classes)
        if self.network == SHARED:
            for view, own in model.encoders.items():
                with torch.no_grad():
                    width = own.eval()(torch.zeros(1, dims[view])).shape[1]
                model.encoders[view] = self.shared_encoder(view, dims[view], width)
        return model

    def restore(
        self, dims: Mapping[str, int], classes: int, arrays: Mapping[str, Array], device: torch.device
    ) -> NetworkEmbedder:
        model = self.whole(dims, classes).to(device)
        model.load_state_dict({name: torch.tensor(array) for name, array in arrays.items()})
        return NetworkEmbedder(model, dims, classes)


def cosine(epoch: int, epochs: int) -> float:
    """Cosine to zero with one epoch of lag, as MRL's code steps it: epochs 0 and 1 run at the full rate."""
    return 0.5 * (1 + math.cos(math.pi * max(epoch - 1, 0) / epochs))


def class_scores(model: MultiViewNetwork, views: Mapping[str, Tensor]) -> dict[str, Array] | None:
    """View -> n x K class scores, None where the network has none."""
    scores = {view: model.class_scores(z) for view, z in _encode(model, views).items()}
    return {view: s.cpu().numpy() for view, s in scores.items() if s is not None} or None


def embed(model: MultiViewNetwork, views: Mapping[str, Tensor]) -> Embeddings:
    """View -> n x m embeddings on the CPU."""
    return {view: z.cpu().numpy() for view, z in _encode(model, views).items()}


def _encode(model: MultiViewNetwork, views: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {view: torch.cat([model.encode(view, rows) for rows in torch.split(x, BLOCK)]) for view, x in views.items()}
