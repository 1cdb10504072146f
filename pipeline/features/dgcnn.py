"""Features of point clouds from a network that looks at each point's neighbours."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

import numpy as np
import torch
from pydantic import Field, PositiveInt

from pipeline.core.errors import BadInput
from pipeline.core.progress import Progress, quiet
from pipeline.core.seeds import torch_seed
from pipeline.core.splits import Array
from pipeline.features.base import Extractor
from pipeline.features.base.dgcnn_network import DGCNN, EMBEDDING, NEIGHBOURS, OWN_WEIGHTS, load
from pipeline.features.base.state import State, Weights, damaged
from pipeline.samples.base import Samples

OWN = "parametric_shapes"
SAMPLE = 500
"""About how many training clouds give the mean and deviation of the features."""
SMALLEST = 0.01
"""A feature's deviation counts as at least this share of the average one, so that a dead feature stays small."""


class DGCNNFeatures(Extractor):
    """DGCNN before its classifier, frozen, standardised: n x at least `points` x 3 -> n x 2 embedding, float32.

    weights: 'parametric_shapes' for those that this project pre-trained on generated shapes (embedding 256), or the
    file of a state dict, such as a checkpoint of dgcnn.pytorch (embedding 1024); None draws them from fit's seed.
    points: how many of each cloud's points are used, the first ones; a dataset's points come in random order.
    The network is not trained here and a checkpoint's classifier is left out. fit takes mean and standard deviation
    of every feature from some 500 training clouds, transform removes them: raw maxima are nearly all positive
    and far larger than the means, and on digits a network trained on them for 30 epochs stays 4 points of accuracy
    below one trained on standardised features.
    """

    accepts = frozenset({"cloud"})

    def __init__(
        self, weights: str | None, points: Annotated[int, Field(ge=NEIGHBOURS)], batch_size: PositiveInt
    ) -> None:
        self.weights = weights
        self.points = points
        self.batch_size = batch_size
        display = {None: "DGCNN (random)", OWN: "DGCNN (parametric shapes)"}.get(weights, "DGCNN")
        self.display = display  # type: ignore[misc]

    def fit(self, samples: Samples, seed: int) -> Self:
        if self.weights is None:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(torch_seed(seed, "dgcnn"))
                self.network_ = DGCNN(EMBEDDING).eval()
        else:
            self.network_ = load(OWN_WEIGHTS if self.weights == OWN else Path(self.weights)).eval()
        some = self._raw(samples[:: max(1, len(samples) // SAMPLE)], torch.device("cpu"), quiet)
        deviation = some.std(axis=0)
        self.mean_ = some.mean(axis=0)
        self.scale_ = np.maximum(deviation, SMALLEST * deviation.mean())
        return self

    def transform(self, samples: Samples, device: torch.device, progress: Progress) -> Array:
        features: Array = (self._raw(samples, device, progress) - self.mean_) / self.scale_
        return features

    def state(self) -> State:
        """The project's own weights are referred to, others and random ones stored."""
        scaling = {"mean": self.mean_, "scale": self.scale_}
        if self.weights == OWN:
            return State(scaling, weights=self.shipped())
        network = {f"network.{name}": tensor.cpu().numpy() for name, tensor in self.network_.state_dict().items()}
        return State(scaling | network)

    def restore(self, stored: State) -> Self:
        super().restore(stored)
        self.network_ = (load(OWN_WEIGHTS) if self.weights == OWN else self._stored_network(stored)).eval()
        width = (2 * self.network_.bn5.num_features,)
        self.mean_, self.scale_ = (stored.array(name, width, np.float32, self.title) for name in ("mean", "scale"))
        return self

    def shipped(self) -> Weights | None:
        return Weights.of("this project, pipeline/features/dgcnn.pt", OWN_WEIGHTS) if self.weights == OWN else None

    def _stored_network(self, stored: State) -> DGCNN:
        tensors = {
            name.removeprefix("network."): torch.from_numpy(array)
            for name, array in stored.arrays.items()
            if name.startswith("network.")
        }
        with torch.device("meta"):
            network = DGCNN(len(tensors["conv5.0.weight"]))
        for name, expected in network.state_dict().items():
            if name not in tensors or tensors[name].dtype != expected.dtype:
                raise damaged(f"network.{name}", self.title)
        network.load_state_dict(tensors, assign=True)
        return network

    @torch.inference_mode()
    def _raw(self, samples: Samples, device: torch.device, progress: Progress) -> Array:
        clouds = np.asarray(samples)[:, : self.points]
        if clouds.shape[1] < self.points:
            raise BadInput(
                f"the clouds have {clouds.shape[1]} points, {self.points} are asked for",
                self.title,
                "lower extractors.dgcnn.points in params.yaml or give the dataset more points",
            )
        network = self.network_.to(device)
        features = np.empty((len(clouds), 2 * network.bn5.num_features), dtype=np.float32)
        for start in range(0, len(clouds), self.batch_size):
            stop = min(start + self.batch_size, len(clouds))
            batch = torch.from_numpy(np.ascontiguousarray(clouds[start:stop], dtype=np.float32))
            features[start:stop] = network(batch.to(device)).cpu().numpy()
            progress(stop, len(clouds))
        return features
