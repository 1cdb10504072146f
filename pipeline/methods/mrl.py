"""MRL: multimodal robust learning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from pydantic import Field, PositiveFloat
from torch import Tensor

from pipeline.core.papers import Paper
from pipeline.core.runs import Need
from pipeline.learning.loop import Batch, Step
from pipeline.learning.losses.contrastive import contrastive
from pipeline.learning.losses.robust_clustering import robust_clustering
from pipeline.learning.networks import PrototypeNetwork
from pipeline.methods.base.mrl_paper import mrl_paper
from pipeline.methods.base.prototypes import PrototypeMethod


@dataclass(kw_only=True, eq=False)
class MRL(PrototypeMethod):
    """Robust clustering around shared prototypes plus label-free cross-modal contrast.

    Hu, Peng, Zhu, Zhen, Lin: Learning Cross-Modal Retrieval with Noisy Labels, CVPR 2021. L = beta L_r +
    (1 - beta) L_c (equation 8) with L_r = sum over views of mean log(1 - p_y) (equation 4) and L_c the
    contrast of equations 6-7. beta: the paper's beta (stable .5-.8 on Wikipedia, .85-.95 on INRIA-Websearch);
    temperature: tau_1 = tau_2 = 1. Any number of views.

    Deviations from the authors' code: K prototypes, where the code grows a column for the label K that its
    noise draws (spare_prototypes = 1 brings the column back, the noise stays within the classes); no update-free
    first epoch; validation loss and training-set MAP, which select nothing, are not computed. As in the code
    and unlike equation 6, a sample is no candidate for itself.
    """

    beta: Annotated[float, Field(ge=0, le=1)]
    temperature: PositiveFloat = 1.0

    display: ClassVar[str] = "MRL"
    paper: ClassVar[Paper] = mrl_paper("MRL")
    needs: ClassVar[frozenset[Need]] = frozenset({Need.LABELS, Need.PAIRS})

    def loss(self, batch: Batch, model: PrototypeNetwork, position: Step) -> dict[str, Tensor]:
        embeddings = model(batch.views)
        clustering = torch.stack(
            [
                robust_clustering(model.class_scores(z), batch.labels[view], self.temperature)
                for view, z in embeddings.items()
            ]
        ).sum()
        contrast = contrastive(list(embeddings.values()), self.temperature)
        return {
            "clustering": clustering,
            "contrastive": contrast,
            "total": self.beta * clustering + (1 - self.beta) * contrast,
        }
