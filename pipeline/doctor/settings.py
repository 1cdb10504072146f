"""What the stages after `fetch` would refuse of a dataset's settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.config.project import Project
from pipeline.core.cells import CellKey
from pipeline.core.datasets import RawDataset
from pipeline.core.errors import BadParams, PipelineError
from pipeline.data.base.store import Manifest
from pipeline.doctor.finding import Finding, Severity
from pipeline.features.base.extraction import build_extractor, check_views
from pipeline.noise.base import draws
from pipeline.noise.given import Given
from pipeline.runs import plan


def check_settings(project: Project, dataset: str, raw: RawDataset | None, fetched: Path) -> list[Finding]:
    """One error for each of them. raw: None where it cannot be loaded; fetched: the folder of raw samples, if any."""
    problems: dict[str, PipelineError] = {}
    for check in (*_extractors(project, dataset, raw), *_experiments(project, dataset, raw, fetched)):
        try:
            check()
        except PipelineError as problem:
            problems[str(problem)] = problem
    return [Finding(Severity.ERROR, problem) for problem in problems.values()]


def _extractors(project: Project, dataset: str, raw: RawDataset | None) -> Iterator[Callable[[], object]]:
    block, place = project.dataset(dataset), f"params.yaml, datasets.{dataset}"
    yield partial(project.extractors_of, dataset)
    yield partial(check_views, block.probes, block.views, f"{place}.probes")
    if raw is not None:
        yield partial(check_views, block.views, raw.views, f"{place}.views")
    for view, given in block.views.items():
        kind = raw.views[view].kind if raw is not None and view in raw.views else None
        chosen = [(given, None)] if isinstance(given, str) else list(given.items())
        for name, changes in (*chosen, *block.probes.get(view, {}).items()):
            yield partial(_check_extractor, project, name, changes, kind, f"{place}.views.{view}")


def _check_extractor(
    project: Project, name: str, changes: Mapping[str, Any] | None, kind: str | None, place: str
) -> None:
    """Raise BadParams for an extractor that does not take its settings, or does not read samples of this kind."""
    extractor = build_extractor(name, project.extractor_settings(name, changes))
    if kind is not None and kind not in extractor.accepts:
        problem = f"'{name}' reads views of kind {', '.join(sorted(extractor.accepts))}, this one is of kind '{kind}'"
        raise BadParams(problem, place, "choose another extractor")


def _experiments(
    project: Project, dataset: str, raw: RawDataset | None, fetched: Path
) -> Iterator[Callable[[], object]]:
    if not any(dataset in experiment.datasets for experiment in project.experiments):
        return
    for method in dict.fromkeys(method for grid in project.grids(dataset) for method in grid.methods):
        yield partial(_check_method, project, dataset, method)
    for draw in draws.resolve(project, dataset):
        yield partial(_check_noise, draw, dataset, raw, fetched)


def _check_method(project: Project, dataset: str, method: str) -> None:
    """Raise BadParams for settings that a method does not take, and for a noise that it cannot be trained under."""
    for variant in dict.fromkeys(key.variant for key in plan.keys(project, dataset, method)):
        plan.build(project, CellKey(dataset, method, variant, None, None, None))


def _check_noise(draw: draws.Draw, dataset: str, raw: RawDataset | None, fetched: Path) -> None:
    """Raise a PipelineError for settings that a noise does not take, and for given labels that cannot be meant."""
    noise = draws.noise_of(draw, dataset, fetched)
    if isinstance(noise, Given) and raw is not None:
        kinds = {name: view.kind for name, view in raw.views.items()}
        manifest = Manifest(
            raw.ids, np.asarray(raw.labels), raw.split, raw.concept, raw.class_names, kinds, {}, raw.annotations
        )
        noise.check_rate(draw.rate)
        noise.read(manifest, list(raw.views))
