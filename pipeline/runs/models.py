"""Trained methods as files: settings and widths as text, learned numbers as arrays, nothing that runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from safetensors.numpy import save_file

from pipeline.core import plugins
from pipeline.core.cells import CellKey
from pipeline.core.errors import BadInput
from pipeline.methods.base import Embedder, Method


def parameters(embedder: Embedder) -> int:
    """How many numbers a method has learned; buffers such as running means count."""
    return sum(array.size for array in embedder.state().values())


def write_model(file: Path, embedder: Embedder, key: CellKey, settings: Mapping[str, Any]) -> None:
    """Write a state of a fitted method. settings: as in params.yaml, so that read_model can build the method."""
    about = {
        "key": asdict(key),
        "settings": dict(settings),
        "dims": dict(embedder.dims),
        "classes": embedder.classes,
    }
    arrays = {name: np.asarray(array, order="C") for name, array in embedder.state().items()}
    save_file(arrays, file, {"about": json.dumps(about)})


def read_model(file: Path, device: torch.device) -> tuple[Method, Embedder, CellKey]:
    """The method, its state and the cell that it was trained in. Raises BadInput for any other file."""
    try:
        with safe_open(file, "np") as stored:
            about = json.loads(stored.metadata()["about"])
            arrays = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118 (no mapping)
        key = CellKey(**about["key"])
        method = plugins.build("pipeline.methods", key.method, Method, about["settings"])
        embedder = method.restore(about["dims"], about["classes"], arrays, device)
    except Exception as error:  # what is damaged makes safetensors, pydantic and torch raise almost anything
        reason = f"it holds no trained method ({type(error).__name__})"
        raise BadInput(reason, str(file), "name a model.safetensors that `dvc repro` or the export wrote") from error
    return method, embedder, key
