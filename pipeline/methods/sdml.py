"""SDML: scalable deep multimodal learning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import torch
from pydantic import Field, PositiveFloat, PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline.core.errors import BadParams
from pipeline.core.papers import Paper
from pipeline.core.runs import Need
from pipeline.learning.loop import Batch, Step
from pipeline.learning.losses.distances import label_distance, mean_distance
from pipeline.learning.networks import SphereNetwork, mlp
from pipeline.methods.base.deep import Deep


class SDMLNetwork(SphereNetwork):
    """An encoder onto the unit sphere and a decoder onto it per view; the common space is fixed beforehand.

    prototypes: m x K, the first columns of a random orthogonal m x m matrix (W), the same for all views and
    never trained.
    """

    prototypes: Tensor

    def __init__(self, dims: Mapping[str, int], classes: int, hidden: list[int], embedding: int) -> None:
        super().__init__(dims, hidden, embedding)
        if classes > embedding:
            raise BadParams(
                f"{classes} classes do not fit into {embedding} orthogonal columns",
                "embedding",
                f"set it to {classes} or more",
            )
        self.decoders = nn.ModuleDict({view: mlp(embedding, hidden[::-1], dim) for view, dim in dims.items()})
        square = nn.init.orthogonal_(torch.empty(embedding, embedding))
        self.register_buffer("prototypes", square[:, :classes].clone())

    def decode(self, view: str, embedding: Tensor) -> Tensor:
        """n x m embeddings -> n x d unit rows."""
        return F.normalize(self.decoders[view](embedding))

    def class_scores(self, embedding: Tensor) -> Tensor:
        return embedding @ self.prototypes


@dataclass(kw_only=True, eq=False)
class SDML(Deep[SDMLNetwork]):
    """An autoencoder per view, trained alone into a common space that is fixed beforehand.

    Hu, Zhen, Peng, Liu: Scalable Deep Multimodal Learning for Cross-Modal Retrieval, SIGIR 2019. Per view alpha mean
    |dec(z_i) - x_i| + (1 - alpha) mean |W^T z_i - e_y|; total is their sum, in which no view meets another. alpha: the
    authors' name; hidden: of the encoder (1024, 1024), reversed in the decoder; embedding: 512; learning_rate: of the
    first view (1e-4); later_views: what the rate of every other view is times that, for the code lists 1e-4, 2e-4,
    2e-4, ... in the order of the views. The rate is constant. Any number of views.

    Deviations from the authors' code: the decoder, whose outputs have norm 1, is compared with x scaled to norm 1; with
    raw_target it is, as in the code, compared with x itself, which for long x hardly tells one output from another.
    One epoch is chosen for all views, by validation MAP as for every method here; the code chooses one for each view,
    by the label term on validation samples. Their last, incomplete batch is dropped, here it is used. W is drawn with
    the run's seed; the code ships one.
    """

    embedding: PositiveInt
    alpha: Annotated[float, Field(ge=0, le=1)] = 0.5
    later_views: PositiveFloat = 2.0
    raw_target: bool = False

    display: ClassVar[str] = "SDML"
    paper: ClassVar[Paper] = Paper(
        title="Scalable Deep Multimodal Learning for Cross-Modal Retrieval",
        authors="Hu, Zhen, Peng, Liu",
        venue="SIGIR",
        year=2019,
        url="https://doi.org/10.1145/3331184.3331213",
        rows=("SDML",),
    )
    needs: ClassVar[frozenset[Need]] = frozenset({Need.LABELS})

    def build(self, dims: Mapping[str, int], classes: int) -> SDMLNetwork:
        return SDMLNetwork(dims, classes, self.hidden, self.embedding)

    def parameter_groups(self, model: SDMLNetwork) -> list[dict[str, Any]]:
        return [
            {
                "name": view,
                "params": [*model.encoders[view].parameters(), *model.decoders[view].parameters()],
                "lr": self.learning_rate * (self.later_views if position else 1),
            }
            for position, view in enumerate(model.encoders)
        ]

    def own_schedule(self, epoch: int, group: str) -> float:
        return 1.0

    def loss(self, batch: Batch, model: SDMLNetwork, position: Step) -> dict[str, Tensor]:
        terms: dict[str, Tensor] = {}
        total = []
        for view, z in model(batch.views).items():
            x = batch.views[view]
            reconstruction = mean_distance(model.decode(view, z), x if self.raw_target else F.normalize(x))
            label = label_distance(model.class_scores(z), batch.labels[view])
            terms |= {f"reconstruction_{view}": reconstruction, f"labels_{view}": label}
            total.append(self.alpha * reconstruction + (1 - self.alpha) * label)
        return terms | {"total": torch.stack(total).sum()}
