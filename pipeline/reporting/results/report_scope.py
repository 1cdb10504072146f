"""What the report must know beside the records: names, papers and what a method does with labels."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pipeline.config.project import Project
from pipeline.core import plugins as discovery
from pipeline.core.errors import BadInput
from pipeline.core.papers import Paper
from pipeline.methods.base import Method
from pipeline.noise.base import Noise

_DEVIATIONS = "Deviations from the authors' code: "


@dataclass(frozen=True)
class MethodInfo:
    """A method of `report.methods`. label_free: its records have no noise rate and hold at every rate; summary: what
    it does, in a sentence; deviations: from its authors' code; matches: whether its embeddings are made to rank by the
    probability of a match, unless a variant says otherwise.
    """

    name: str
    display: str
    paper: Paper
    variants: tuple[str, ...]
    label_free: bool
    summary: str = ""
    deviations: str = ""
    matches: bool = False


@dataclass(frozen=True)
class DatasetInfo:
    """A dataset of `report.datasets`. The display name is what published rows are matched with.

    file: the one of pipeline/data that reads it, None where it has the dataset's name.
    """

    name: str
    display: str
    task: str
    source: str
    licence: str
    file: str | None = None


@dataclass(frozen=True)
class Entry:
    """One row of a comparison: a method in one of its variants."""

    method: MethodInfo
    variant: str

    @property
    def label(self) -> str:
        return self.method.display if self.variant == "default" else f"{self.method.display} ({self.variant})"


@dataclass(frozen=True)
class Scope:
    """The configured lists that the report walks for one dataset; what is not in them is not shown.

    order: names of all methods of the report, so that each looks the same on every dataset; further: what is trained
    beside the dataset's own grid; ablations: method -> variants that stand in a table of their own; metrics: those that
    are shown side by side, empty for all.
    """

    dataset: DatasetInfo
    methods: Sequence[MethodInfo]
    noises: Sequence[str]
    rates: Sequence[float]
    seeds: Sequence[int]
    order: Sequence[str]
    further: bool = False
    ablations: Mapping[str, Sequence[str]] = field(default_factory=dict)
    metrics: Sequence[str] = ()

    @property
    def entries(self) -> list[Entry]:
        return [Entry(method, variant) for method in self.methods for variant in method.variants]


def told(method: type[Method]) -> tuple[str, str, bool]:
    """Summary and deviations from the authors' code, as the docstring of a method tells them, and whether it ranks by
    the probability of a match: whether it has a setting `match` that is on by itself."""
    paragraphs = [" ".join(paragraph.split()) for paragraph in inspect.cleandoc(method.__doc__ or "").split("\n\n")]
    found = [text for text in paragraphs if text.startswith(_DEVIATIONS)]
    deviations = found[0].removeprefix(_DEVIATIONS) if found else ""
    return paragraphs[0], deviations[:1].upper() + deviations[1:], getattr(method, "match", False) is True


def noise_words(noise: str) -> str:
    """A kind of noise as captions name it: 'mismatched pairs' where pairs are moved, else 'symmetric label noise'."""
    moved = discovery.find("pipeline.noise", noise, Noise).moves_pairs
    return f"{noise.replace('_', '-')} {'pairs' if moved else 'label noise'}"


def scopes(project: Project, datasets: Sequence[DatasetInfo], methods: Sequence[MethodInfo]) -> list[Scope]:
    """The scope of each dataset of the report, and one for every experiment beside it, which follows.

    datasets, methods: one entry for every name in the report's lists. Raises BadInput where one is missing.
    """
    chosen = _listed(project.shown_methods, {info.name: info for info in methods}, "methods")
    ablations = project.report.ablations
    made = []
    for dataset in _listed(project.shown_datasets, {info.name: info for info in datasets}, "datasets"):
        grids = project.grids(dataset.name)
        hidden = [name for name in grids[0].methods if name not in project.shown_methods]
        if hidden:
            problem = f"the experiment of '{dataset.name}' has '{hidden[0]}', which is not shown"
            raise BadInput(problem, "report.methods", "add it there")
        for number, grid in enumerate(grids):
            made.append(
                Scope(
                    dataset=dataset,
                    methods=[
                        replace(info, variants=_without(grid.methods[info.name], ablations.get(info.name, ())))
                        for info in chosen
                        if info.name in grid.methods
                    ],
                    noises=list(grid.noises),
                    rates=sorted(grid.rates),
                    seeds=list(grid.seeds),
                    order=list(project.shown_methods),
                    further=number > 0,
                    ablations=ablations,
                    metrics=list(project.report.metrics),
                )
            )
    return made


def _without(variants: Sequence[str], others: Sequence[str]) -> tuple[str, ...]:
    return tuple(variant for variant in variants if variant not in others)


def _listed(names: Sequence[str], known: Mapping[str, Any], kind: str) -> list[Any]:
    missing = [name for name in names if name not in known]
    if missing:
        raise BadInput(f"nothing is known of '{missing[0]}'", f"report.{kind}", "describe every name of the list")
    return [known[name] for name in names]
