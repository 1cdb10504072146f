"""Are the committed records those of the code and the settings as they stand?"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from pipeline.config.project import Project
from pipeline.core.cells import CellKey
from pipeline.core.errors import BadInput
from pipeline.records.reader import Records
from pipeline.runs.fingerprint import code_fingerprint
from pipeline.runs.plan import build


def check_cells(project: Project, records: Records, datasets: Iterable[str]) -> int:
    """Compare every recorded cell's fingerprint of code and settings with today's; return how many there are.

    Raises BadInput for the first cell that other code or settings made.
    """
    checked = 0

    @cache
    def code(dataset: str, method: str, variant: str) -> str:
        return code_fingerprint(build(project, CellKey(dataset, method, variant, None, None, None)))

    for dataset in datasets:
        for cell in records.recorded_cells(dataset):
            key = cell.key
            if cell.code != code(dataset, key.method, key.variant):
                place = f"{dataset}, {key.method}"
                remedy = f"run `make reproduce EXPERIMENT={_experiment(project, key)}` and commit"
                raise BadInput(f"cell '{key.name}' is older than the code", place, remedy)
            checked += 1
    return checked


def _experiment(project: Project, key: CellKey) -> str:
    """The experiment that trains a cell; that of the dataset's page where none has it any more."""
    grids = project.shown_grids(key.dataset)
    having = [
        grid for grid in grids if key.variant in grid.methods.get(key.method, ()) and key.noise in (None, *grid.noises)
    ]
    return (having or grids)[0].name
