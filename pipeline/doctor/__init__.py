"""The doctor: problems of a dataset, before anything is trained on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.config.project import Project
from pipeline.core.datasets import RawDataset
from pipeline.core.progress import Progress, quiet
from pipeline.data.base import Dataset
from pipeline.doctor import copies, samples, structure, tables
from pipeline.doctor.finding import Finding, Severity
from pipeline.doctor.spelling import check_spelling
from pipeline.features.base.store import Features
from pipeline.reporting.published import publications
from pipeline.samples.base import kind
from pipeline.samples.base.examination import examine as examine_samples


def within_reach(project: Project, fetched: Path) -> list[str]:
    """The grid's datasets, and those that are fetched or of which a path in the block `load` exists."""
    grid = project.experiments[0].datasets
    others = [name for name in project.datasets if name not in grid]
    return [*grid, *(name for name in others if (fetched / name).is_dir() or _brought(project, name))]


def examine(
    raw: RawDataset, dataset: str, source: Dataset, features: Features | None = None, progress: Progress = quiet
) -> list[Finding]:
    """All findings, the gravest first. progress: called as the samples of a view are looked at."""
    return sorted(_findings(raw, dataset, source, features, progress), key=lambda finding: -finding.severity)


def warnings(findings: Sequence[Finding]) -> list[Finding]:
    """The warnings among findings. Raises the problem of the first error."""
    for finding in findings:
        if finding.severity == Severity.ERROR:
            raise finding.problem
    return [finding for finding in findings if finding.severity == Severity.WARNING]


def _findings(
    raw: RawDataset, dataset: str, source: Dataset, features: Features | None, progress: Progress
) -> Iterator[Finding]:
    protocol = publications.read()[1].get(source.display)
    rows = list(structure.check_rows(raw, dataset))
    if rows:
        yield from rows
        return
    yield from structure.check_ids(raw, dataset)
    yield from structure.check_splits(raw, dataset, protocol.sizes if protocol else None)
    yield from structure.check_labels(raw, dataset)
    yield from check_spelling(raw.class_names, dataset)
    yield from structure.check_votes(raw, dataset)
    views, digests = {}, {}
    for name, view in raw.views.items():
        place = f"{dataset}, view '{name}'"
        misfits = list(samples.check_kind(view, place))
        yield from misfits
        if not misfits:
            views[name] = view
            examination = examine_samples(view, progress)
            digests[name] = examination.digests
            yield from samples.check_samples(examination.faults, raw.ids, place)
    if len(views) == len(raw.views):
        yield from copies.check_copies(digests, raw, dataset)
    train = raw.split == "train"
    ready = {name: view.samples for name, view in views.items() if kind(view.kind).ready}
    trained = {name: np.asarray(rows)[train] for name, rows in ready.items()}
    if features is not None:
        yield from tables.check_features(features, raw, dataset)
        trained |= features.splits["train"].views
    trained = {
        name: table for name, table in trained.items() if table.size and table.ndim == 2 and np.isfinite(table).all()
    }
    yield from tables.check_tables(trained, dataset)
    yield from tables.check_widths(trained, protocol.dimensions if protocol else {}, dataset)


def _brought(project: Project, dataset: str) -> bool:
    """Whether a text in the dataset's block `load` is a path that exists, before ':' where it names an array."""
    places = texts_in(project.dataset(dataset).load)
    return any(Path(place.split(":")[0]).exists() for place in places)


def texts_in(value: Any) -> Iterator[str]:
    """Every text, but empty ones, in nested mappings and lists."""
    if isinstance(value, str) and value:
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from texts_in(part)
