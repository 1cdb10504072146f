"""Finished blocks of features, so that an extraction that was stopped goes on where it was."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch

from pipeline.core.splits import Array
from pipeline.features.base.state import State
from pipeline.samples.base import Samples
from pipeline.samples.base.sample_files import SampleFiles

ROOMS = ("core", "data", "features", "samples")
"""The code that features come from, as dvc.yaml has it."""
LIBRARIES = ("numpy", "pillow", "torch")


class Parts:
    """A folder of blocks, each whole or not there; its file's name tells all that made it.

    Several processes may write and clear the folder at once. reused: how many samples' features it had so far.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.reused = 0

    def read(self, key: str) -> Array | None:
        """A block, n x d float32; None where there is none, or one that a power cut has damaged."""
        try:
            rows: Array = np.load(self.folder / f"{key}.npy", allow_pickle=False)
        except (FileNotFoundError, EOFError, ValueError):
            return None
        return rows

    def add(self, key: str, rows: Array) -> None:
        """Store a block, under a name of its own first, for another process may write the same one."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):  # another process has cleared the folder: the block is not needed again
            handle, name = tempfile.mkstemp(dir=self.folder, suffix=".part")
            with os.fdopen(handle, "wb") as content:
                np.save(content, rows, allow_pickle=False)
            os.replace(name, self.folder / f"{key}.npy")

    def clear(self) -> None:
        """Forget all blocks."""
        shutil.rmtree(self.folder, ignore_errors=True)


def made_by(extractor: str, settings: dict[str, Any], state: State, device: torch.device) -> str:
    """What features depend on beside their samples, as hexadecimal digits.

    extractor: the module that defines it; settings: its attributes; state: what it has learned.
    """
    weights = None if state.weights is None else [state.weights.shipped_by, state.weights.sha256]
    parts = [extractor, settings, list(state.words), dict(state.numbers), weights, device.type, _code()]
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode())
    for name, array in sorted(state.arrays.items()):
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def key(maker: str, samples: Samples) -> str:
    """The name of the block that a maker, as made_by gives it, makes of these samples."""
    digest = hashlib.sha256(maker.encode())
    for piece in _content(samples):
        digest.update(piece)
    return digest.hexdigest()[:32]


def _content(samples: Samples) -> Iterable[Any]:
    if isinstance(samples, SampleFiles):
        about = [samples.kind.name, samples.kind.settings, list(samples.hashes), list(samples.ids)]
        yield json.dumps(about, default=str).encode()
    elif isinstance(samples, np.ndarray):
        yield f"{samples.dtype} {samples.shape}".encode()
        yield np.ascontiguousarray(samples).data
    else:
        yield json.dumps(list(samples)).encode()


@cache
def _code() -> str:
    """All files of ROOMS and the versions of LIBRARIES, as hexadecimal digits."""
    root = Path(__file__).parents[2]
    digest = hashlib.sha256(json.dumps([version(name) for name in LIBRARIES]).encode())
    for file in sorted(file for room in ROOMS for file in (root / room).rglob("*.py")):
        digest.update(file.relative_to(root).as_posix().encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()
