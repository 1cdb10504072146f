"""The network, schedule and weight average that every deep method can be trained with in place of its own.

So a comparison can tell what a loss is worth from what its network, its optimiser and its regularisation are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

BETAS = (0.9, 0.999)
"""Of AdamW."""
START, WARM_UP = 0.04, 0.3
"""One-cycle: the rate climbs from this share of its maximum during this share of the run."""
MEMORY = 9
"""The average takes a share of MEMORY / (MEMORY + 1 + steps) of new weights, so long as that is more than its decay
leaves: with a decay of .99 for the first 890 steps."""


class Compress(nn.Module):
    """x -> sign(x) log(1 + |x|)."""

    def forward(self, x: Tensor) -> Tensor:
        return x.sign() * x.abs().log1p()


def regularised_mlp(inputs: int, hidden: Sequence[int], outputs: int, dropouts: tuple[float, float]) -> nn.Sequential:
    """Compressed inputs, the first dropout, then linear layers with ReLU and the second dropout between them."""
    first, later = dropouts
    layers: list[nn.Module] = [Compress(), nn.Dropout(first)]
    for before, after in pairwise([inputs, *hidden]):
        layers += [nn.Linear(before, after), nn.ReLU(), nn.Dropout(later)]
    return nn.Sequential(*layers, nn.Linear(hidden[-1] if hidden else inputs, outputs))


def one_cycle(epoch: int, epochs: int) -> float:
    """Share of the highest rate: two half cosines, up and down to zero, read in the middle of the epoch."""
    done = (epoch + 0.5) / epochs
    if done < WARM_UP:
        return START + (1 - START) * 0.5 * (1 - math.cos(math.pi * done / WARM_UP))
    return 0.5 * (1 + math.cos(math.pi * (done - WARM_UP) / (1 - WARM_UP)))


@torch.no_grad()
def average(mean: nn.Module, live: nn.Module, decay: float, steps: int) -> None:
    """Move the averaged weights towards the live ones, by more while few steps were taken; buffers are copied."""
    share = max(1 - decay, MEMORY / (MEMORY + 1 + steps))
    torch._foreach_lerp_(list(mean.parameters()), list(live.parameters()), share)
    for kept, statistic in zip(mean.buffers(), live.buffers(), strict=True):
        kept.copy_(statistic)
