"""The training loop of every deep method: data resident on the device, losses read from it once per epoch."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import torch
from torch import Tensor

from pipeline.core.criteria import BEST_VALIDATION, FIXED_CHECKPOINT, LAST_EPOCH, NOISY_VALIDATION
from pipeline.core.errors import Diverged
from pipeline.core.runs import Row
from pipeline.core.splits import Split
from pipeline.learning.networks import MultiViewNetwork
from pipeline.learning.shared_network import average

Weights = dict[str, Tensor]
"""A network's state dict."""
Network = TypeVar("Network", bound=MultiViewNetwork, contravariant=True)
Optimisers = Sequence[torch.optim.Optimizer]
SELECTION = {BEST_VALIDATION: "valid/mean", NOISY_VALIDATION: "noisy_valid/mean"}
"""Criterion -> the column of the history whose highest value chooses the epoch."""


@dataclass(frozen=True)
class Batch:
    """Paired samples on the device. views: N x d each; labels: N each; index: N positions in the training split."""

    views: Mapping[str, Tensor]
    labels: Mapping[str, Tensor]
    index: Tensor

    @classmethod
    def of(cls, split: Split, device: torch.device) -> Batch:
        """Copy a whole split to the device."""
        return cls(
            {view: torch.tensor(x, device=device) for view, x in split.views.items()},
            {view: torch.tensor(y, device=device) for view, y in split.labels.items()},
            torch.tensor(split.index, device=device),
        )

    def take(self, rows: Tensor) -> Batch:
        """The samples at these rows (M) as a batch of their own."""
        return Batch(
            {view: x.index_select(0, rows) for view, x in self.views.items()},
            {view: y.index_select(0, rows) for view, y in self.labels.items()},
            self.index.index_select(0, rows),
        )


@dataclass(frozen=True)
class Step:
    """The position of a step in its run; all counts start at 0."""

    epoch: int
    epochs: int
    iteration: int
    iterations: int


class Trainable(Protocol[Network]):
    """What the loop asks of a method; methods/base/deep.py says what each hook is for."""

    epochs: int
    batch_size: int
    checkpoint: float | None

    @property
    def averaged(self) -> float | None: ...
    def optimisers(self, model: Network) -> Optimisers: ...
    def learning_rate_scale(self, epoch: int, group: str) -> float: ...
    def before_step(self, model: Network, position: Step) -> None: ...
    def step(self, batch: Batch, model: Network, optimisers: Optimisers, position: Step) -> dict[str, Tensor]: ...
    def finish(self, model: Network, data: Batch) -> None: ...


def run_epochs(
    method: Trainable[Network],
    model: Network,
    data: Batch,
    shuffle: torch.Generator,
    observe: Callable[[Network, int], Row],
) -> tuple[list[Row], dict[str, Weights]]:
    """Run all epochs; return the history (a row per epoch) and the weights per selection criterion.

    observe: called after every epoch with its number, the scores that it returns join the history; the epochs of
    SELECTION are kept, and the one at method.checkpoint (a share of the run) as fixed_checkpoint. method.averaged:
    decay of the average over the steps that is evaluated and kept in place of the live weights, None for no average.
    Raises Diverged where a loss term is not finite.
    """
    size = len(data.index)
    per_epoch = len(_batches(data.index, method.batch_size))
    fixed = None if method.checkpoint is None else max(1, round(method.checkpoint * method.epochs))
    optimisers = method.optimisers(model)
    groups = [group for optimiser in optimisers for group in optimiser.param_groups]
    rates = [group["lr"] for group in groups]
    history: list[Row] = []
    states: dict[str, Weights] = {}
    best = dict.fromkeys(SELECTION, float("-inf"))
    evaluated = model if method.averaged is None else copy.deepcopy(model).requires_grad_(False)
    for epoch in range(method.epochs):
        for group, rate in zip(groups, rates, strict=True):
            group["lr"] = rate * method.learning_rate_scale(epoch, group.get("name", ""))
        model.train()
        order = torch.randperm(size, generator=shuffle).to(data.index.device)
        sums: Tensor | float = 0.0
        terms: dict[str, Tensor] = {}
        for number, rows in enumerate(_batches(order, method.batch_size)):
            position = Step(epoch, method.epochs, epoch * per_epoch + number, method.epochs * per_epoch)
            method.before_step(model, position)
            terms = method.step(data.take(rows), model, optimisers, position)
            if method.averaged is not None:
                average(evaluated, model, method.averaged, position.iteration)
            sums = sums + torch.stack(list(terms.values())).detach() * len(rows)
        assert isinstance(sums, Tensor)
        row: Row = {"epoch": epoch + 1}
        row |= {f"loss/{term}": value for term, value in zip(terms, (sums / size).tolist(), strict=True)}
        _refuse_divergence(row, epoch + 1)
        evaluated.eval()
        with torch.inference_mode():
            method.finish(evaluated, data)
            row |= observe(evaluated, epoch + 1)
        history.append(row)
        for criterion, column in SELECTION.items():
            if row.get(column, float("-inf")) > best[criterion]:
                best[criterion] = row[column]
                states[criterion] = _copy(evaluated)
        if epoch + 1 == fixed:
            states[FIXED_CHECKPOINT] = _copy(evaluated)
    states[LAST_EPOCH] = _copy(evaluated)
    return history, states


def _batches(order: Tensor, size: int) -> list[Tensor]:
    """Consecutive batches; a last sample left alone joins the batch before it, for batch norm needs two."""
    batches = list(torch.split(order, size))
    if len(batches) > 1 and len(batches[-1]) == 1:
        batches[-2:] = [torch.cat(batches[-2:])]
    return batches


def _refuse_divergence(row: Row, epoch: int) -> None:
    broken = [name.removeprefix("loss/") for name, value in row.items() if not math.isfinite(value)]
    if broken:
        raise Diverged(broken[0], epoch)


def _copy(model: Network) -> Weights:
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}
