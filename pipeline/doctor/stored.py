"""The doctor's whole examination: raw samples and features as they are stored, and what later stages would refuse."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from pipeline.config.project import Project
from pipeline.core.errors import BadInput, PipelineError
from pipeline.core.progress import Progress
from pipeline.data.base import configured
from pipeline.data.base import store as raw_store
from pipeline.doctor import examine, texts_in
from pipeline.doctor.extractors import check_extractors
from pipeline.doctor.files import check_files
from pipeline.doctor.finding import Finding, Severity
from pipeline.doctor.glance import glance
from pipeline.doctor.settings import check_settings
from pipeline.features.base import store as feature_store

T = TypeVar("T")
LIKE = 3
"""Faults that are shown of those which are mended alike."""


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
    named = [part for text in texts_in(project.model_dump()) for part in (text, text.rpartition(":")[0])]
    unused = attempt(lambda: list(check_files(source, named, dataset)))
    sound = loaded is not None and not any(finding.severity == Severity.ERROR for finding in findings or [])
    chosen: list[Finding] | None = []
    if loaded is not None and sound and not refused:
        chosen = attempt(lambda: list(check_extractors(project, loaded, dataset)))
    if loaded is not None and sound:
        for line in attempt(lambda: list(glance(loaded, dataset))) or []:
            tell(line)
    return [*unread, *refused, *(findings or []), *(chosen or []), *(unused or [])]


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
