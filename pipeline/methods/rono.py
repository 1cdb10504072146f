"""RONO: robust 2D-3D cross-modal retrieval with noisy labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Annotated, Any, ClassVar

import torch
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline.core.errors import UnknownName
from pipeline.core.papers import Paper
from pipeline.core.runs import Need
from pipeline.learning.loop import Batch, Step
from pipeline.learning.losses.contrastive import contrastive
from pipeline.learning.networks import MultiViewNetwork
from pipeline.methods.base.deep import Deep
from pipeline.methods.base.pictures import picture_side

DECAY, DECAY_AFTER = 0.1, 0.3
"""Rates fall to a tenth after every 600 of 2000 iterations."""
CHANNELS = (96, 64)
CNN_LAYERS = (1024, 512)
SMALLEST = 2 ** len(CHANNELS)
"""Side of the smallest picture that ImageEncoder reads, in pixels."""
CONVOLUTIONAL = "params.yaml, methods.rono.convolutional"


class ImageEncoder(nn.Module):
    """The authors' CNN: n x side^2 grey pixels -> n x embedding."""

    def __init__(self, side: int, embedding: int) -> None:
        super().__init__()
        first, second = CHANNELS
        self.side = side
        self.features = nn.Sequential(
            *(nn.Conv2d(1, first, 3, padding=1), nn.MaxPool2d(2), nn.ReLU()),
            *(nn.Conv2d(first, second, 3, padding=1), nn.MaxPool2d(2), nn.ReLU()),
        ).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        widths = [second * (side // SMALLEST) ** 2, *CNN_LAYERS]
        hidden = [layer for before, after in pairwise(widths) for layer in (nn.Linear(before, after), nn.ReLU())]
        self.layers = nn.Sequential(*hidden, nn.Linear(widths[-1], embedding))

    def forward(self, x: Tensor) -> Tensor:
        maps = self.features(x.view(-1, 1, self.side, self.side).contiguous(memory_format=torch.channels_last))
        embedding: Tensor = self.layers(maps.flatten(1))
        return embedding


def vector_encoder(inputs: int, hidden: list[int], embedding: int, dropout: float) -> nn.Sequential:
    """The authors' network for point features: batch norm and ReLU after every layer, so embeddings are >= 0."""
    layers: list[nn.Module] = []
    for before, after in pairwise([inputs, *hidden]):
        layers += [nn.Linear(before, after, bias=False), nn.BatchNorm1d(after), nn.ReLU(), nn.Dropout(dropout)]
    return nn.Sequential(*layers, nn.Linear(hidden[-1], embedding), nn.BatchNorm1d(embedding), nn.ReLU())


class RONONetwork(MultiViewNetwork):
    """An encoder per view, a classification head that they share, and a centre per class."""

    def __init__(self, encoders: Mapping[str, nn.Module], classes: int, embedding: int) -> None:
        super().__init__(encoders)
        self.head = nn.Sequential(nn.Linear(embedding, embedding // 2), nn.ReLU(), nn.Linear(embedding // 2, classes))
        self.centres = nn.Parameter(torch.randn(classes, embedding))

    def class_scores(self, embedding: Tensor) -> Tensor:
        scores: Tensor = self.head(embedding)
        return scores


def robust_classification(scores: Tensor, labels: Tensor, scale: float) -> Tensor:
    """scale * mean(1 - p_y), p = softmax(scores): the mean absolute error, bounded (L_crc).

    scores: N x K; labels: N.
    """
    return scale * (1 - F.softmax(scores, dim=1).gather(1, labels[:, None])).mean()


def discriminative_centres(
    embeddings: Tensor, labels: Tensor, centres: Tensor, distrust: float, margin: float, scale: float
) -> Tensor:
    """Pull samples to the centre of their label, later push those away that fit it badly (L_rdc).

    embeddings: N x m with unit rows; labels: N; centres: K x m, normalised here. distrust: from 0, where every label
    is believed, to 1, where a sample is pulled only if exp<c_y, z> exceeds exp<mean centre, z> by margin.
    """
    unit = F.normalize(centres)
    classes = len(unit)
    own = (embeddings @ unit.T).gather(1, labels[:, None]).squeeze(1)
    centre = (embeddings @ unit.mean(dim=0)).exp()
    believing = (centre - ((classes + 1) / classes * own).exp()).mean()
    sceptical = -(centre - own.exp() + margin).abs().mean()
    return ((1 - distrust) * believing + distrust * sceptical) / scale


@dataclass(kw_only=True, eq=False)
class RONO(Deep[RONONetwork]):
    """Robust classification, centres that learn to distrust labels, and cross-modal contrast.

    Feng, Zhu, Peng, Peng, Hu: RONO: Robust Discriminative Learning with Noisy Labels for 2D-3D Cross-Modal
    Retrieval, CVPR 2023. L = L_crc + L_rdc + L_mg, all from the unit vectors z but the classification, which
    reads the raw embeddings. mae_scale: of L_crc; rdc_scale: a; margin: alpha; warm_up: T_w as a share of the
    run; temperature: t of L_mg; convolutional: views of square grey pictures, flattened, that get the authors'
    CNN with its own learning rate; the others get their network for point features. Any number of views.

    Deviations from the authors' code: the rates of all networks fall to a tenth after every 30 % of the run, as
    the code means to do; it writes them where Adam does not look, so that only the rate of the centres
    falls (network_rates_decay = false). With views labelled apart, every term takes the label of the view it acts on.
    The checkpoint that the authors call 1600 has seen 1599 updates, here 1600. On vectors other than point
    features the use of the point network is ours. Pooling stands before ReLU, which gives the same values.
    """

    embedding: PositiveInt
    betas: tuple[float, float] = (0.9, 0.999)
    weight_decay: NonNegativeFloat = 1e-5
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.4
    mae_scale: PositiveFloat = 5.0
    rdc_scale: PositiveFloat = 0.05
    margin: NonNegativeFloat = 0.3
    warm_up: Annotated[float, Field(ge=0, le=1)] = 0.5
    temperature: PositiveFloat = 0.22
    network_rates_decay: bool = True
    convolutional: list[str] = field(default_factory=list)
    convolutional_learning_rate: PositiveFloat = 5e-5

    display: ClassVar[str] = "RONO"
    paper: ClassVar[Paper] = Paper(
        title="RONO: Robust Discriminative Learning with Noisy Labels for 2D-3D Cross-Modal Retrieval",
        authors="Feng, Zhu, Peng, Peng, Hu",
        venue="CVPR",
        year=2023,
        url="https://openaccess.thecvf.com/content/CVPR2023/html/Feng_RONO_Robust_Discriminative_Learning_With_Noisy_Labels_for_2D-3D_Cross-Modal_CVPR_2023_paper.html",
        rows=("RONO",),
    )
    needs: ClassVar[frozenset[Need]] = frozenset({Need.LABELS, Need.PAIRS})

    def build(self, dims: Mapping[str, int], classes: int) -> RONONetwork:
        for view in self.convolutional:
            if view not in dims:
                raise UnknownName(view, dims, CONVOLUTIONAL)
        encoders = {view: self._encoder(view, dim) for view, dim in dims.items()}
        return RONONetwork(encoders, classes, self.embedding)

    def _encoder(self, view: str, dim: int) -> nn.Module:
        if view not in self.convolutional:
            return vector_encoder(dim, self.hidden, self.embedding, self.dropout)
        return ImageEncoder(picture_side(view, dim, SMALLEST, CONVOLUTIONAL), self.embedding)

    def parameter_groups(self, model: RONONetwork) -> list[dict[str, Any]]:
        networks = [
            {
                "name": "networks",
                "params": list(encoder.parameters()),
                "lr": self.convolutional_learning_rate if view in self.convolutional else self.learning_rate,
            }
            for view, encoder in model.encoders.items()
        ]
        return [
            *networks,
            {"name": "networks", "params": list(model.head.parameters())},
            {"name": "centres", "params": [model.centres], "weight_decay": 0.0},
        ]

    def own_schedule(self, epoch: int, group: str) -> float:
        falls = group == "centres" or self.network_rates_decay
        return DECAY ** int(epoch / (DECAY_AFTER * self.epochs) + 1e-9) if falls else 1.0

    def loss(self, batch: Batch, model: RONONetwork, position: Step) -> dict[str, Tensor]:
        embeddings = model(batch.views)
        unit = {view: F.normalize(f) for view, f in embeddings.items()}
        classification = torch.stack(
            [robust_classification(model.head(f), batch.labels[view], self.mae_scale) for view, f in embeddings.items()]
        ).sum()
        centres = discriminative_centres(
            torch.cat(list(unit.values())),
            torch.cat([batch.labels[view] for view in unit]),
            model.centres,
            self._distrust(position),
            self.margin,
            self.rdc_scale,
        )
        contrast = contrastive(list(unit.values()), self.temperature)
        return {
            "classification": classification,
            "centres": centres,
            "contrastive": contrast,
            "total": classification + centres + contrast,
        }

    def _distrust(self, position: Step) -> float:
        """From 0 to 1 over the warm-up: min(epoch / (T_w - 1), 1)."""
        last = round(self.warm_up * position.epochs) - 1
        return min(position.epoch / last, 1.0) if last > 0 else 1.0
