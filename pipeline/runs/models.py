"""Trained methods as files: settings and widths as text, learned numbers as arrays, nothing that runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from pipeline.core import plugins as discovery
from pipeline.core.cells import CellKey
from pipeline.core.errors import BadInput
from pipeline.methods.base import Method
from pipeline.methods.base.closed_form import ClosedForm
from pipeline.methods.base.deep import Deep

MODEL = "model.safetensors"


def learned_numbers(method: Method) -> int:
    """How many numbers a fitted method has learned; buffers such as running means count."""
    return sum(tensor.numel() for tensor in _learned(method).values())


def write_model(file: Path, method: Method, key: CellKey, settings: Mapping[str, Any], classes: int) -> None:
    """The state that is selected now."""
    about = {"key": asdict(key), "settings": dict(settings), "dims": _dims(method), "classes": classes}
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in _learned(method).items()}
    save_file(tensors, file, {"about": json.dumps(about)})


def read_model(file: Path, device: torch.device) -> tuple[Method, CellKey]:
    """The fitted method, ready for transform, and the cell it was trained in."""
    try:
        with safe_open(file, "pt") as stored:
            about = json.loads(stored.metadata()["about"])
            tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118 (no mapping)
        key = CellKey(**about["key"])
        method = discovery.build("pipeline.methods", key.method, Method, about["settings"])
        _restore(method, about["dims"], about["classes"], tensors, device)
    except Exception as error:  # what is damaged makes safetensors, pydantic and torch raise almost anything
        what = f"it holds no trained method ({type(error).__name__})"
        raise BadInput(what, str(file), "name a model.safetensors that `dvc repro` or the export wrote") from error
    return method, key


def _restore(
    method: Method, dims: dict[str, int], classes: int, tensors: Mapping[str, Tensor], device: torch.device
) -> None:
    if isinstance(method, ClosedForm):
        method.means_ = {view: tensors[f"means.{view}"].numpy() for view in dims}
        method.projections_ = {view: tensors[f"projections.{view}"].numpy() for view in dims}
        method.transform({view: mean[None] for view, mean in method.means_.items()})  # refuses what does not fit
    elif isinstance(method, Deep):
        method.dims_ = dims
        method.model_ = method.build(dims, classes).to(device)
        method.model_.load_state_dict(tensors)
        method.model_.eval()


def _dims(method: Method) -> dict[str, int]:
    if isinstance(method, ClosedForm):
        return {view: len(mean) for view, mean in method.means_.items()}
    assert isinstance(method, Deep)
    return method.dims_


def _learned(method: Method) -> dict[str, Tensor]:
    if isinstance(method, ClosedForm):
        parts = (("means", method.means_), ("projections", method.projections_))
        return {f"{part}.{view}": torch.from_numpy(array.copy()) for part, of in parts for view, array in of.items()}
    assert isinstance(method, Deep)
    return dict(method.model_.state_dict())
