"""The noisy labels that a dataset needs: which kinds, rates and seeds, with the kinds' settings."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path

from pipeline.config.fields import Settings
from pipeline.config.project import Project
from pipeline.core import plugins
from pipeline.core.errors import BadInput
from pipeline.core.files import write_text
from pipeline.noise.base import Noise


@dataclass(frozen=True)
class Draw:
    """One draw of noisy labels. settings: constructor arguments of the kind."""

    kind: str
    rate: float
    seed: int
    settings: Settings


def resolve(project: Project, dataset: str) -> list[Draw]:
    """The draws that the experiments of a dataset ask for, each once."""
    grids = project.grids(dataset)
    wanted = dict.fromkeys(draw for grid in grids for draw in product(grid.noises, grid.rates, grid.seeds))
    return [Draw(kind, rate, seed, project.noise_settings(kind, dataset)) for kind, rate, seed in wanted]


def noise_of(draw: Draw, dataset: str, raw: Path) -> Noise:
    """The noise of a draw with its settings on a dataset. raw: the folder of the dataset's raw samples."""
    kind = plugins.find("pipeline.noise", draw.kind, Noise)
    settings = draw.settings | ({"fetched": raw} if kind.by_sample else {})
    return plugins.build("pipeline.noise", draw.kind, Noise, settings, f"datasets.{dataset}.noises.{draw.kind}")


def write(file: Path, draws: Sequence[Draw]) -> None:
    """Write what read reads."""
    write_text(file, "[\n" + ",\n".join(json.dumps(asdict(draw)) for draw in draws) + "\n]\n")


def read(file: Path) -> list[Draw]:
    """The draws that the plan stage wrote. Raises BadInput where there are none."""
    try:
        return [Draw(**row) for row in json.loads(file.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError):
        raise BadInput("there is no plan of draws", str(file), "run `dvc repro` to write it") from None
