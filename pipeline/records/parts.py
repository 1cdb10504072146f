"""Which files a record of one dataset consists of."""

from __future__ import annotations

from pathlib import Path


def files_of(path: Path) -> list[Path]:
    """A dataset's own file, be it there or not, and those of experiments that are trained on demand."""
    return [path, *sorted(path.parent.glob(f"{path.stem}.*{path.suffix}"))]
