"""What the report must know beside the records: names, papers and what a method does with labels."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from pipeline.config.project import Experiment, Project
from pipeline.core import plugins
from pipeline.core.errors import BadInput
from pipeline.core.papers import Paper
from pipeline.core.runs import Need
from pipeline.data.base import configured
from pipeline.methods.base import Method
from pipeline.methods.base.targets import ORACLES
from pipeline.noise.base import Noise

T = TypeVar("T")
_DEVIATIONS = "Deviations from the authors' code: "


@dataclass(frozen=True)
class MethodInfo:
    """A method of the report.

    label_free: its records have no noise rate and hold at every rate; summary: what it does, in a sentence;
    deviations: where it departs from its authors' code.
    """

    name: str
    display: str
    paper: Paper
    variants: tuple[str, ...]
    label_free: bool
    summary: str = ""
    deviations: str = ""

    @classmethod
    def of(cls, project: Project, name: str) -> MethodInfo:
        """What the file of a method and its block in params.yaml say."""
        kind = plugins.find("pipeline.methods", name, Method)
        return cls(
            name,
            kind.display,
            kind.paper,
            project.method(name).variant_names,
            Need.LABELS not in kind.needs,
            *documented(kind),
        )


@dataclass(frozen=True)
class DatasetInfo:
    """A dataset of the report. The display name is what published rows are matched with.

    file: the one of pipeline/data that reads it, None where it has the dataset's name.
    """

    name: str
    display: str
    task: str
    source: str
    licence: str
    file: str | None = None

    @classmethod
    def of(cls, project: Project, name: str) -> DatasetInfo:
        """What the file of a dataset and its block in params.yaml say."""
        dataset = configured(project, name)
        file = project.dataset(name).source or None
        return cls(name, dataset.display, dataset.task, dataset.source, dataset.licence, file)


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

    order: names of all methods of the report, so that each looks the same on every dataset; further: whether it is an
    experiment beside the dataset's main one; ablations, factorial: method -> variants in tables of their own; oracles:
    those of the factorial that are told which labels are right; networks: further variants that experiments on demand
    train under the main one's noise; metrics: those that stand side by side, empty for all.
    """

    dataset: DatasetInfo
    methods: Sequence[MethodInfo]
    noises: Sequence[str]
    rates: Sequence[float]
    seeds: Sequence[int]
    order: Sequence[str]
    further: bool = False
    ablations: Mapping[str, Sequence[str]] = field(default_factory=dict)
    factorial: Mapping[str, Sequence[str]] = field(default_factory=dict)
    oracles: Mapping[str, Sequence[str]] = field(default_factory=dict)
    networks: Mapping[str, Sequence[str]] = field(default_factory=dict)
    metrics: Sequence[str] = ()

    @property
    def entries(self) -> list[Entry]:
        return [Entry(method, variant) for method in self.methods for variant in method.variants]

    def with_variants(self, further: Mapping[str, Sequence[str]]) -> Scope:
        """The same with more variants. further: method -> variants, such as those of the factorial."""
        methods = [replace(info, variants=(*info.variants, *further.get(info.name, ()))) for info in self.methods]
        return replace(self, methods=methods)

    @property
    def contenders(self) -> Scope:
        """The same with the other networks and the variants of the factorial, but for the oracles."""
        told = self.oracles
        taught = {name: _without(variants, told.get(name, ())) for name, variants in self.factorial.items()}
        return self.with_variants(self.networks).with_variants(taught)


@dataclass(frozen=True)
class Subject:
    """What a report is about: the project, and one entry for every dataset and method that it shows."""

    project: Project
    datasets: Sequence[DatasetInfo]
    methods: Sequence[MethodInfo]

    @classmethod
    def of(cls, project: Project) -> Subject:
        """All that the project shows."""
        return cls(
            project,
            [DatasetInfo.of(project, name) for name in project.shown_datasets],
            [MethodInfo.of(project, name) for name in project.shown_methods],
        )

    def scopes(self) -> list[Scope]:
        """The scope of each dataset, and one for every experiment beside it with other kinds of noise, which follows.

        Raises BadInput for a name that nobody describes, and for a method of a main experiment that is not shown.
        """
        methods = _listed(self.project.shown_methods, {info.name: info for info in self.methods}, "methods")
        datasets = _listed(self.project.shown_datasets, {info.name: info for info in self.datasets}, "datasets")
        made = []
        for dataset in datasets:
            main, *others = self.project.shown_grids(dataset.name)
            same = [other for other in others if set(other.noises) <= set(main.noises)]
            further = [other for other in others if other not in same]
            hidden = [name for name in main.methods if name not in self.project.shown_methods]
            if hidden:
                problem = f"the experiment of '{dataset.name}' has '{hidden[0]}', which is not shown"
                raise BadInput(problem, "report.methods", "add it there")
            made.append(replace(self._scope(dataset, methods, main, False), networks=self._networks(same)))
            made += [self._scope(dataset, methods, experiment, True) for experiment in further]
        return made

    def _networks(self, experiments: Sequence[Experiment]) -> dict[str, tuple[str, ...]]:
        """Method -> variants that experiments train, but for those in tables of their own."""
        apart, found = self.project.report.apart, dict[str, tuple[str, ...]]()
        for experiment in experiments:
            for name, variants in experiment.methods.items():
                found[name] = (*found.get(name, ()), *_without(variants, apart.get(name, ())))
        return found

    def _targets(self, method: str, variant: str, dataset: DatasetInfo) -> str | None:
        return self.project.settings(method, variant, dataset.name).get("targets")

    def _scope(
        self, dataset: DatasetInfo, methods: Sequence[MethodInfo], experiment: Experiment, further: bool
    ) -> Scope:
        report = self.project.report
        return Scope(
            dataset=dataset,
            methods=[
                replace(info, variants=_without(experiment.methods[info.name], report.apart.get(info.name, ())))
                for info in methods
                if info.name in experiment.methods
            ],
            noises=experiment.noises,
            rates=sorted(experiment.rates),
            seeds=experiment.seeds,
            order=self.project.shown_methods,
            further=further,
            ablations=report.ablations,
            factorial=report.factorial,
            oracles={
                name: [variant for variant in variants if self._targets(name, variant, dataset) in ORACLES]
                for name, variants in report.factorial.items()
            },
            metrics=report.metrics,
        )


def documented(method: type[Method]) -> tuple[str, str]:
    """Summary and deviations from the authors' code, as the docstring of a method states them."""
    paragraphs = [" ".join(paragraph.split()) for paragraph in inspect.cleandoc(method.__doc__ or "").split("\n\n")]
    stated = next((text for text in paragraphs if text.startswith(_DEVIATIONS)), "")
    deviations = stated.removeprefix(_DEVIATIONS)
    return paragraphs[0], deviations[:1].upper() + deviations[1:]


def noise_words(noise: str) -> str:
    """A kind of noise as captions name it, after its display name.

    Examples: 'symmetric label noise, one label per pair'; 'mismatched pairs', where no label is drawn.
    """
    kind = plugins.find("pipeline.noise", noise, Noise)
    if kind.moves_pairs:
        return kind.display
    name, comma, detail = kind.display.partition(",")
    return f"{name} label noise{comma}{detail}"


def _without(variants: Sequence[str], others: Sequence[str]) -> tuple[str, ...]:
    return tuple(variant for variant in variants if variant not in others)


def _listed(names: Sequence[str], known: Mapping[str, T], block: str) -> list[T]:
    missing = [name for name in names if name not in known]
    if missing:
        raise BadInput(f"nothing is known of '{missing[0]}'", f"report.{block}", "describe every name of the list")
    return [known[name] for name in names]
