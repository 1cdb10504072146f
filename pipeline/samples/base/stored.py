"""The files that store the samples of a view."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.core.errors import BadInput
from pipeline.core.splits import Array

AGAIN = "fetch the dataset again"


def write_json(file: Path, content: Any) -> None:
    """Write content as indented JSON in UTF-8."""
    file.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def read_json(file: Path) -> Any:
    """The content of a JSON file. Raises BadInput for a missing or damaged file."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadInput("the file is missing", str(file), AGAIN) from None
    except ValueError:
        raise BadInput("the file is not valid JSON", str(file), AGAIN) from None


def read_npy(file: Path) -> Array:
    """The array of a .npy file. Raises BadInput for a missing or damaged file and for pickled objects."""
    try:
        array: Array = np.load(file, allow_pickle=False)
    except FileNotFoundError:
        raise BadInput("the file is missing", str(file), AGAIN) from None
    except (ValueError, EOFError, OSError):
        raise BadInput("the file is not a whole array", str(file), AGAIN) from None
    return array
