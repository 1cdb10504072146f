"""The doctor: problems of a dataset, before anything is trained on it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from pipeline.config.project import Project
from pipeline.core.datasets import RawDataset
from pipeline.core.errors import BadInput, PipelineError
from pipeline.core.progress import Progress, quiet
from pipeline.data.base import Dataset, configured
from pipeline.data.base import store as raw_store
from pipeline.doctor import copies, samples, structure, tables
from pipeline.doctor.files import check_files
from pipeline.doctor.finding import Finding, Severity
from pipeline.doctor.glance import glance
from pipeline.doctor.settings import check_settings
from pipeline.doctor.spelling import check_spelling
from pipeline.features.base import store as feature_store
from pipeline.features.base.store import Features
from pipeline.reporting.published import publications
from pipeline.samples.base import kind
from pipeline.samples.base.examination import examine as examine_samples

T = TypeVar("T")
LIKE = 3
"""Faults that are shown of those which are mended alike."""


def within_reach(project: Project, fetched: Path) -> list[str]:
    """The grid's datasets, and those that are fetched or of which a path in the block `load` exists."""
    grid = project.experiments[0].datasets
    others = [name for name in project.datasets if name not in grid]
    return [*grid, *(name for name in others if (fetched / name).is_dir() or _brought(project, name))]


def examine_stored(
    project: Project,
    dataset: str,
    raw: Path,
    features: Path,
    progress: Progress,
    tell: Callable[[str], None] = lambda line: None,
) -> list[Finding]:
    """All findings about stored raw samples and features, those that cannot be read and what later stages refuse.

    Raw samples that are not fetched are loaded; features may be absent. tell: takes the dataset's lines at a glance.
    """
    unread: list[Finding] = []

    def attempt(read: Callable[[], T]) -> T | None:
        try:
            return read()
        except PipelineError as problem:
            unread.append(Finding(Severity.ERROR, problem))
        except Exception as problem:  # damaged files make readers raise almost anything
            reason = f"it cannot be read ({type(problem).__name__})"
            unread.append(Finding(Severity.ERROR, BadInput(reason, dataset, "fetch and extract it again")))
        return None

    source = attempt(lambda: configured(project, dataset))
    if source is None:
        return unread
    loaded = attempt(lambda: raw_store.read(raw) if raw.is_dir() else source.load(progress))
    if loaded is None and not raw.is_dir():
        unread = _first(attempt(lambda: list(source.faults())) or [], unread)
    extracted = attempt(lambda: feature_store.read(features)) if features.is_dir() else None
    findings = None if loaded is None else attempt(lambda: examine(loaded, dataset, source, extracted, progress))
    refused = attempt(lambda: check_settings(project, dataset, loaded, raw)) or []
    named = [part for text in _texts(project.model_dump()) for part in (text, text.rpartition(":")[0])]
    unused = attempt(lambda: list(check_files(source, named, dataset)))
    if loaded is not None and not any(finding.severity == Severity.ERROR for finding in findings or []):
        for line in attempt(lambda: list(glance(loaded, dataset))) or []:
            tell(line)
    return [*unread, *refused, *(findings or []), *(unused or [])]


def _first(faults: Sequence[PipelineError], raised: list[Finding]) -> list[Finding]:
    """An error for each fault, but three of those that are mended alike; and what loading raised, if it is another."""
    alike: dict[str, list[PipelineError]] = defaultdict(list)
    for fault in faults:
        alike[fault.remedy].append(fault)
    kept = [fault for group in alike.values() for fault in group[:LIKE]]
    shown = [Finding(Severity.ERROR, fault) for fault in kept]
    for remedy, group in alike.items():
        if len(group) > LIKE:
            problem = f"{len(group) - LIKE} further samples have the faults above"
            shown.append(Finding(Severity.ERROR, BadInput(problem, group[LIKE].place, remedy)))
    known = {str(fault) for fault in faults}
    return [finding for finding in raised if str(finding.problem) not in known] + shown


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
    places = _texts(project.dataset(dataset).load)
    return any(Path(place.split(":")[0]).exists() for place in places)


def _texts(value: Any) -> Iterator[str]:
    """Every text, but empty ones, in nested mappings and lists."""
    if isinstance(value, str) and value:
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(part)
