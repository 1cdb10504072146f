"""Which folder a dataset was computed in: the project's root, or a project of its own under build/."""

from __future__ import annotations

from pathlib import Path

from pipeline.core.errors import BadInput

PARAMS = "params.yaml"


def dataset_home(dataset: str, raw: Path, build: Path) -> Path:
    """The folder that has data and runs of a dataset, relative to the root; the root where none has.

    raw: where a project keeps the raw samples of its datasets, relative to its folder; build: the folder of projects
    that `start` and `make reproduce EXPERIMENT=...` made. build/<dataset> goes before others. Raises BadInput where
    several others have the dataset, for nothing tells which one is meant.
    """
    own = build / dataset
    if (raw / dataset).is_dir() or not build.is_dir():
        return Path()
    if (own / PARAMS).is_file():
        return own
    others = [folder for folder in sorted(build.iterdir()) if (folder / raw / dataset).is_dir()]
    if len(others) > 1:
        listed = ", ".join(map(str, others))
        raise BadInput(f"several projects have it: {listed}", f"dataset '{dataset}'", "remove those that are not meant")
    return others[0] if others else Path()


def own_projects(build: Path) -> list[str]:
    """Names of the projects under build/, each of which may be the name of a dataset."""
    return sorted(file.parent.name for file in build.glob(f"*/{PARAMS}"))
