"""A finished cell as files: its result, its test embeddings, what it says of the labels, its model, its cost."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.core.cells import CellKey
from pipeline.core.criteria import CRITERIA
from pipeline.core.errors import BadInput
from pipeline.core.runs import LabelNoise, Row
from pipeline.core.splits import Array, Embeddings

RESULT, COST, MODEL = "result.json", "cost.json", "model.safetensors"
FACTS = ("status", "reason", "code", "fingerprint", "features", "labels", "history")
"""What a result holds beside the key and the estimate of the noise."""
SUSPICION, READOUT = "suspicion.npz", "posterior_readout.npz"
"""The arrays that runs/extras.py returns."""


@dataclass(frozen=True)
class FinishedCell:
    """What training wrote about one cell, in a folder of its own.

    status: done, failed or skipped; reason: why it is not done; code, fingerprint: of runs/fingerprint.py; features,
    labels: hashes of the features and noisy labels that it was trained on; history: a row per epoch; label_noise: the
    method's estimate, None without one.
    """

    folder: Path
    key: CellKey
    status: str
    reason: str
    code: str
    fingerprint: str
    features: str
    labels: str | None
    history: Sequence[Row]
    label_noise: LabelNoise | None

    @classmethod
    def read(cls, folder: Path) -> FinishedCell:
        """Read a folder that `write_result` filled. Raises BadInput where it is none."""
        try:
            stored = json.loads((folder / RESULT).read_text(encoding="utf-8"))
            noise = stored["label_noise"]
            return cls(
                folder,
                CellKey(**stored["key"]),
                **{name: stored[name] for name in FACTS},
                label_noise=None if noise is None else LabelNoise(**noise),
            )
        except (OSError, ValueError, KeyError, TypeError):
            remedy = "name one below data/runs, or run `dvc repro` to train it"
            raise BadInput("this is no folder of a finished cell", str(folder), remedy) from None

    @cached_property
    def states(self) -> tuple[str, ...]:
        """The selection criteria whose test embeddings are there, the headline one first."""
        return tuple(criterion for criterion in CRITERIA if (self.folder / f"{criterion}.npz").is_file())

    def embeddings(self, criterion: str) -> Embeddings:
        """View -> test embeddings (n x m) in the state of a criterion."""
        return _arrays(self.folder / f"{criterion}.npz")

    def suspicion(self) -> dict[str, Array] | None:
        """The arrays of SUSPICION; None where the method has no opinion."""
        file = self.folder / SUSPICION
        return _arrays(file) if file.is_file() else None

    def readout(self) -> dict[str, Array] | None:
        """The arrays of READOUT; None for a method without class scores, or without validation split."""
        file = self.folder / READOUT
        return _arrays(file) if file.is_file() else None

    def cost(self) -> dict[str, Any]:
        """Seconds, device, peak memory and, of a cell that is done, the number of learned parameters."""
        cost: dict[str, Any] = json.loads((self.folder / COST).read_text(encoding="utf-8"))
        return cost

    @property
    def model(self) -> Path | None:
        """The file of the headline state; None where the cell keeps none."""
        file = self.folder / MODEL
        return file if file.is_file() else None


def finished_cells(runs: Path) -> list[FinishedCell]:
    """Every finished cell below a folder of runs, in order of name. Raises BadInput where there is none."""
    cells = [FinishedCell.read(file.parent) for file in sorted(runs.glob(f"*/{RESULT}"))]
    if not cells:
        raise BadInput("there are no finished cells", str(runs), "run `dvc repro` to train them")
    return cells


def write_result(cell: FinishedCell) -> None:
    """Write what FinishedCell.read reads, into the cell's folder."""
    result = {"key": asdict(cell.key)} | {name: getattr(cell, name) for name in FACTS}
    result["label_noise"] = None if cell.label_noise is None else asdict(cell.label_noise)
    (cell.folder / RESULT).write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def write_cost(folder: Path, cost: Mapping[str, Any]) -> None:
    """Write what FinishedCell.cost reads."""
    (folder / COST).write_text(json.dumps(dict(cost)) + "\n", encoding="utf-8")


def _arrays(file: Path) -> dict[str, Array]:
    with np.load(file, allow_pickle=False) as stored:
        return {name: stored[name] for name in stored}
