"""Records of one dataset from another folder."""

from __future__ import annotations

import shutil
from pathlib import Path


def bring(source: Path, target: Path, dataset: str) -> None:
    """Copy one dataset's records: <kind>/<dataset>.* and <kind>/<dataset>/."""
    for record in source.glob(f"*/{dataset}*"):
        place = target / record.relative_to(source)
        if record.is_dir() and record.name == dataset:
            shutil.copytree(record, place, dirs_exist_ok=True)
        elif record.stem == dataset:
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(record, place)
