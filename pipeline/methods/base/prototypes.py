"""Methods that pull samples towards prototypes on the unit sphere: MRL, its ablations, and what builds on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import NonNegativeInt, PositiveInt

from pipeline.learning.loop import Batch, Step
from pipeline.learning.networks import PrototypeNetwork
from pipeline.methods.base.deep import Deep


@dataclass(kw_only=True, eq=False)
class PrototypeMethod(Deep[PrototypeNetwork]):
    """MRL's networks: an MLP per view onto the unit sphere and one trained unit prototype per class.

    embedding: width of the common space; spare_prototypes: prototypes that belong to no class. The authors'
    code has one, for the label K that its noise draws beside 0..K-1; it takes part in every softmax and attracts
    nothing here.
    """

    embedding: PositiveInt
    spare_prototypes: NonNegativeInt = 0

    def build(self, dims: Mapping[str, int], classes: int) -> PrototypeNetwork:
        return PrototypeNetwork(dims, classes + self.spare_prototypes, self.hidden, self.embedding)

    def before_step(self, model: PrototypeNetwork, position: Step) -> None:
        model.normalise_prototypes()

    def finish(self, model: PrototypeNetwork, data: Batch) -> None:
        if self.averaged is not None:  # the mean of unit vectors is shorter than one
            model.normalise_prototypes()
