"""The training loop of every deep method: data resident on the device, one host sync per epoch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

import torch
from torch import Tensor

from pipeline.core.criteria import BEST_VALIDATION, FIXED_CHECKPOINT, LAST_EPOCH
from pipeline.core.errors import Diverged
from pipeline.core.splits import Split
from pipeline.learning.networks import MultiViewNetwork

Row = dict[str, float]
State = dict[str, Tensor]
Network = TypeVar("Network", bound=MultiViewNetwork, contravariant=True)


@dataclass(frozen=True)
class Batch:
    """Paired samples on the device. views: N x d each; labels: N each; index: N positions in the training split."""

    views: Mapping[str, Tensor]
    labels: Mapping[str, Tensor]
    index: Tensor

    @classmethod
    def of(cls, split: Split, device: torch.device) -> Batch:
        return cls(
            {view: torch.tensor(x, device=device) for view, x in split.views.items()},
            {view: torch.tensor(y, device=device) for view, y in split.labels.items()},
            torch.tensor(split.index, device=device),
        )

    def take(self, rows: Tensor) -> Batch:
        return Batch(
            {view: x.index_select(0, rows) for view, x in self.views.items()},
            {view: y.index_select(0, rows) for view, y in self.labels.items()},
            self.index.index_select(0, rows),
        )


@dataclass(frozen=True)
class Step:
    """Where in the run a step stands; all counts start at 0."""

    epoch: int
    epochs: int
    iteration: int
    iterations: int


class Trainable(Protocol[Network]):
    """What the loop asks of a method."""

    epochs: int
    batch_size: int
    checkpoint: float | None

    def optimiser(self, model: Network) -> torch.optim.Optimizer: ...
    def learning_rate_scale(self, epoch: int, group: str) -> float: ...
    def before_step(self, model: Network, step: Step) -> None: ...
    def loss(self, batch: Batch, model: Network, step: Step) -> dict[str, Tensor]: ...


def train(
    method: Trainable[Network],
    model: Network,
    data: Batch,
    shuffle: torch.Generator,
    observe: Callable[[Network, int], Row],
) -> tuple[list[Row], dict[str, State]]:
    """Run all epochs; give the history (a row per epoch) and the weights per selection criterion.

    observe: called after every epoch with its number, its scores join the history; the epoch with the highest
    'valid/mean' is kept as best_validation, the one at method.checkpoint (a share of the run) as
    fixed_checkpoint. A loss term that is not finite raises Diverged.
    """
    size = len(data.index)
    per_epoch = len(_batches(data.index, method.batch_size))
    fixed = None if method.checkpoint is None else max(1, round(method.checkpoint * method.epochs))
    optimiser = method.optimiser(model)
    rates = [group["lr"] for group in optimiser.param_groups]
    history: list[Row] = []
    states: dict[str, State] = {}
    best = float("-inf")
    for epoch in range(method.epochs):
        for group, rate in zip(optimiser.param_groups, rates, strict=True):
            group["lr"] = rate * method.learning_rate_scale(epoch, group.get("name", ""))
        model.train()
        order = torch.randperm(size, generator=shuffle).to(data.index.device)
        sums = torch.zeros(1, device=data.index.device)
        terms: dict[str, Tensor] = {}
        for number, rows in enumerate(_batches(order, method.batch_size)):
            step = Step(epoch, method.epochs, epoch * per_epoch + number, method.epochs * per_epoch)
            method.before_step(model, step)
            terms = method.loss(data.take(rows), model, step)
            optimiser.zero_grad()
            torch.autograd.backward(terms["total"])
            optimiser.step()
            sums = sums + torch.stack(list(terms.values())).detach() * len(rows)
        row: Row = {"epoch": epoch + 1}
        for term, value in zip(terms, (sums / size).tolist(), strict=True):
            row[f"loss/{term}"] = value
        _refuse_divergence(row, epoch + 1)
        model.eval()
        with torch.inference_mode():
            row |= observe(model, epoch + 1)
        history.append(row)
        if row.get("valid/mean", float("-inf")) > best:
            best = row["valid/mean"]
            states[BEST_VALIDATION] = _copy(model)
        if epoch + 1 == fixed:
            states[FIXED_CHECKPOINT] = _copy(model)
    states[LAST_EPOCH] = _copy(model)
    return history, states


def _batches(order: Tensor, size: int) -> list[Tensor]:
    """Consecutive batches; a last sample left alone joins the batch before it, for batch norm needs two."""
    batches = list(torch.split(order, size))
    if len(batches) > 1 and len(batches[-1]) == 1:
        batches[-2:] = [torch.cat(batches[-2:])]
    return batches


def _refuse_divergence(row: Row, epoch: int) -> None:
    broken = [name.removeprefix("loss/") for name, value in row.items() if value - value != 0]
    if broken:
        raise Diverged(broken[0], epoch)


def _copy(model: Network) -> State:
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}
