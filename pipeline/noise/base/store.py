"""Noisy labels on disk: one .npz file with the arrays and the receipt as JSON; equal content, equal bytes."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from pipeline.core.corruption import Corruption
from pipeline.core.errors import BadInput
from pipeline.noise.base import NoiseReceipt, fingerprint, parts


def file_name(kind: str | None, rate: float | None, seed: int | None) -> str:
    """Name of one draw's file in its dataset's folder; takes a receipt's fields or those of a cell's key."""
    return f"{kind}-{rate}-{seed}.npz"


def write(corruption: Corruption, receipt: NoiseReceipt, path: Path) -> None:
    """Write a draw's labels and rows with its receipt as one .npz."""
    arrays = {"receipt": np.array(json.dumps(receipt.as_dict(), sort_keys=True)), **parts(corruption)}
    with path.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def read(path: Path) -> tuple[Corruption, NoiseReceipt]:
    """Read what write wrote. Raises BadInput for another or a damaged file."""
    remedy = "run the noise stage again"
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        receipt = NoiseReceipt(**json.loads(str(arrays.pop("receipt"))))
    except FileNotFoundError:
        raise BadInput("there are no noisy labels", str(path), remedy) from None
    except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, BadZipFile):
        raise BadInput("the file of noisy labels cannot be read", str(path), remedy) from None
    named: dict[str, dict[str, np.ndarray]] = defaultdict(dict)
    for name, values in arrays.items():
        part, view = name.split("/", 1)
        named[part][view] = values
    valid = Corruption(named["valid labels"], named["valid rows"]) if "valid labels" in named else None
    corruption = Corruption(named["labels"], named["rows"], valid)
    if fingerprint(corruption) != receipt.hash:
        raise BadInput("the noisy labels do not match their receipt", str(path), remedy)
    return corruption, receipt
