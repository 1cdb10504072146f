"""Records from another folder."""

from __future__ import annotations

import shutil
from pathlib import Path

from pipeline.config.project import Experiment, Project
from pipeline.records import descriptions
from pipeline.records.cells import CELLS
from pipeline.records.curves import CURVES
from pipeline.records.reader import Records
from pipeline.records.receipts import RECEIPTS
from pipeline.records.sign_bits import SIGN_BITS
from pipeline.records.statistics import STATISTICS
from pipeline.records.suspicion import CONFIDENT_LEARNING, SUSPICION

OF_NOISE = (CURVES, SIGN_BITS, SUSPICION, STATISTICS, CONFIDENT_LEARNING, RECEIPTS)
"""What the page shows of a kind of noise beside the cells."""


def bring_results(source: Path, target: Path, project: Project, experiment: Experiment) -> None:
    """Copy the records of the datasets for which the report shows an experiment; of one on demand what it adds."""
    for dataset in project.reported(experiment):
        if experiment.on_demand:
            drawn = project.shown_grids(dataset)[0].noises
            bring_part(source, target, dataset, experiment.name, not set(experiment.noises) <= set(drawn))
        else:
            bring(source, target, dataset)


def bring(source: Path, target: Path, dataset: str) -> None:
    """Copy one dataset's records, <kind>/<dataset>.* and <kind>/<dataset>/, in the place of all earlier ones.

    Those of experiments on demand stay where they were made of the same data.
    """
    changed = _changed(source, target, dataset)
    for record in list(target.glob(f"*/{dataset}*")):
        if record.is_dir() and record.name == dataset:
            shutil.rmtree(record)
        elif record.stem == dataset or (changed and record.name.startswith(f"{dataset}.")):
            record.unlink()
    for record in source.glob(f"*/{dataset}*"):
        place = target / record.relative_to(source)
        if record.is_dir() and record.name == dataset:
            shutil.copytree(record, place, dirs_exist_ok=True)
        elif record.stem == dataset:
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(record, place)


def bring_part(source: Path, target: Path, dataset: str, experiment: str, drawn: bool) -> None:
    """Copy what an experiment adds to one dataset's records, as <kind>/<dataset>.<experiment>.*.

    drawn: whether its noisy labels are its own; else its cells are further variants in tables of the page's own noise.
    """
    for record in (CELLS, *(OF_NOISE if drawn else ())):
        place = record.file(target, f"{dataset}.{experiment}")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(record.file(source, dataset), place)


def _changed(source: Path, target: Path, dataset: str) -> bool:
    """Whether a dataset's records were made of other data than the earlier ones.

    Its description differs, or a cell does that the same code has made.
    """
    if descriptions.read(source, dataset) != descriptions.read(target, dataset):
        return True
    earlier = {(cell.key, cell.code): cell.fingerprint for cell in Records(target).recorded_cells(dataset)}
    cells = Records(source).recorded_cells(dataset)
    return any(earlier.get((cell.key, cell.code), cell.fingerprint) != cell.fingerprint for cell in cells)
