"""Trains a point-cloud network to tell parametric shapes apart, so that its features see shape."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline.core.progress import Progress
from pipeline.core.seeds import torch_seed
from pipeline.features.base.dgcnn_network import DGCNN, EMBEDDING
from pipeline.features.base.parametric_shapes import FAMILIES, labelled_clouds


@dataclass(frozen=True)
class Pretrained:
    """state: the network without its classifier; losses: one per step; accuracies over families."""

    state: dict[str, Tensor]
    losses: list[float]
    train_accuracy: float
    held_out_accuracy: float


def pretrain(
    shapes: int,
    held_out: int,
    points: int,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    seed: int,
    progress: Progress,
) -> Pretrained:
    """Adam with a one-cycle schedule on cross-entropy over the families of `shapes` clouds with `points` points each.

    `held_out` further shapes are only scored at the end, and `shapes` again, both with frozen batch-norm. On one
    thread the same arguments give the same bits. progress(done, steps) is called after every step.
    """
    numpy_clouds, numpy_families = labelled_clouds(shapes + held_out, points, seed)
    clouds, families = torch.from_numpy(numpy_clouds), torch.from_numpy(numpy_families)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(torch_seed(seed, "pretraining"))
        network, classifier = DGCNN(EMBEDDING), nn.Linear(2 * EMBEDDING, len(FAMILIES))
        order = torch.cat([torch.randperm(shapes)[: shapes - shapes % batch_size] for _ in range(epochs)])
    batches = torch.split(order, batch_size)
    parameters = [*network.parameters(), *classifier.parameters()]
    optimiser = torch.optim.Adam(parameters, lr=learning_rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, learning_rate, total_steps=len(batches))
    losses = []
    for step, rows in enumerate(batches, start=1):
        loss = F.cross_entropy(classifier(network(clouds[rows])), families[rows])
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        schedule.step()
        losses.append(loss.item())
        progress(step, len(batches))
    accuracies = [
        _accuracy(network, classifier, clouds[part], families[part], batch_size)
        for part in (slice(shapes), slice(shapes, None))
    ]
    state = {name: value.detach().clone() for name, value in network.state_dict().items()}
    return Pretrained(state, losses, *accuracies)


@torch.inference_mode()
def _accuracy(network: DGCNN, classifier: nn.Module, clouds: Tensor, families: Tensor, batch_size: int) -> float:
    network.eval()
    batches = torch.split(clouds, batch_size)
    predicted = torch.cat([classifier(network(batch)).argmax(dim=1) for batch in batches])
    return (predicted == families).double().mean().item()
