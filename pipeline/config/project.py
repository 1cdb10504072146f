"""params.yaml as typed, frozen objects: parsed once, passed on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BeforeValidator, ConfigDict, NonNegativeInt, PositiveInt, ValidationInfo

from pipeline.config.fields import (
    Block,
    DatasetName,
    Distinct,
    DistinctOrNone,
    ExtractorName,
    Listed,
    MethodName,
    Name,
    NoiseName,
    Rate,
    Settings,
    ViewName,
    Views,
    differ,
    distinct,
    one_of,
)
from pipeline.core.errors import BadParams, UnknownName

T = TypeVar("T")
DEFAULT = "default"
"""Name of the profile and of the variant that need not be written."""


class MethodConfig(Block):
    """Settings of a method: a block per profile, overrides per dataset, changes per variant."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True)

    datasets: dict[DatasetName, Settings] = {}
    variants: dict[Name, Settings] = {}

    @property
    def profiles(self) -> Mapping[str, Settings]:
        """Profile -> settings."""
        return {name: settings or {} for name, settings in (self.model_extra or {}).items()}

    def variant(self, name: str) -> Settings:
        """What a variant changes; the default one changes nothing."""
        return {} if name == DEFAULT else self.variants[name]

    @property
    def variant_names(self) -> tuple[str, ...]:
        """The default variant first."""
        return (DEFAULT, *(name for name in self.variants if name != DEFAULT))


def _with_variants(given: Any) -> Any:
    """A list of methods stands for the default variant of each."""
    return {name: [DEFAULT] for name in distinct(tuple(given))} if isinstance(given, list | tuple) else given


def _known_variants(chosen: dict[str, tuple[str, ...]], info: ValidationInfo) -> dict[str, tuple[str, ...]]:
    """Each method's variants are its own."""
    assert info.context is not None
    for method, variants in chosen.items():
        own = (info.context["methods"][method] or {}).get("variants") or {}
        for variant in variants:
            one_of({DEFAULT, *own}, variant)
    return chosen


Variants = Annotated[dict[MethodName, Distinct[str]], AfterValidator(_known_variants)]
"""Method -> some of its variants."""
Further = Annotated[dict[MethodName, DistinctOrNone[str]], AfterValidator(_known_variants)]
"""Method -> variants beside those that are compared everywhere, perhaps none."""


class Experiment(Block):
    """What is trained: every variant of every method on every dataset under every noise, rate and seed.

    profile: under which methods have their settings; beside: the experiment that it is trained and shown with;
    on_demand: whether it is trained under its own name alone, and its records stand in files of their own; claim: the
    method that is compared with the best of the others, for which every seed draws its own split (runs/redraw.py).
    """

    name: Name
    datasets: Distinct[DatasetName]
    methods: Annotated[Variants, BeforeValidator(_with_variants)]
    noises: Distinct[NoiseName]
    rates: Distinct[Rate]
    seeds: Distinct[NonNegativeInt]
    profile: str = DEFAULT
    beside: str | None = None
    on_demand: bool = False
    claim: MethodName | None = None


class DatasetConfig(Block):
    """A dataset: the file of pipeline/data that reads it, its constructor arguments, an extractor per view.

    source: the file, the dataset's own name if empty; display: its name in tables, the file's own if empty; views:
    an extractor's name, or {name: {setting: value}} where settings differ from those under `extractors`; probes:
    further extractors of a view, for comparison; noises: settings that differ from those under `noises`; seeds: its
    own in the place of those of its experiments.
    """

    source: str = ""
    display: str = ""
    load: Settings | None = None
    views: Views[ExtractorName | dict[ExtractorName, Settings | None]]
    probes: dict[ViewName, dict[ExtractorName, Settings | None]] = {}
    noises: dict[NoiseName, Settings | None] = {}
    seeds: Distinct[NonNegativeInt] = ()


class ExtractorConfig(Block):
    """The extractor of a view with all of its settings."""

    name: str
    settings: Settings


class Report(Block):
    """What the page shows.

    datasets, methods: those of the experiments if empty; metrics: those that stand side by side, all if empty;
    ablations, factorial: variants in tables of their own, where those of every table stand beside them.
    """

    datasets: Distinct[DatasetName] = ()
    methods: Distinct[MethodName] = ()
    metrics: Distinct[str] = ()
    ablations: Variants = {}
    factorial: Further = {}

    @property
    def apart(self) -> Mapping[str, tuple[str, ...]]:
        """Method -> variants that the comparisons leave out, for tables of their own have them."""
        return {
            name: (*self.ablations.get(name, ()), *self.factorial.get(name, ()))
            for name in (*self.ablations, *self.factorial)
        }


class Viewer(Block):
    """The retrieval viewer: test queries, results of each, and the methods it opens with side by side."""

    queries: PositiveInt
    top: PositiveInt
    a: MethodName
    b: MethodName


class Tuned(Block):
    """How a variant of a method is tuned.

    published: settings of the paper or its code; ladders: setting -> values in order.
    """

    published: Settings | None = None
    ladders: dict[str, Listed[Any]]


class Tuning(Block):
    """Equal tuning: on one dataset, noise, rate and seed."""

    dataset: DatasetName
    noise: NoiseName
    rate: Rate
    seed: NonNegativeInt
    methods: dict[MethodName, dict[Name, Tuned]]


class Project(Block):
    """The whole of params.yaml. The first experiment is what `dvc repro` trains.

    profiles: settings that several methods share, which their blocks take in by YAML's merge key; tuned: method ->
    variant -> what tuning chose for the profile `default`, the content of tuned.yaml.
    """

    methods: dict[Name, MethodConfig]
    noises: dict[Name, Settings | None]
    extractors: dict[Name, Settings | None]
    profiles: dict[Name, Settings] = {}
    datasets: Annotated[dict[Name, DatasetConfig], AfterValidator(differ)]
    experiments: Listed[Experiment]
    report: Report = Report()
    viewer: Viewer | None = None
    tuning: Tuning | None = None
    tuned: dict[MethodName, dict[Name, Settings]] = {}
    pretraining: Settings = {}

    def dataset(self, name: str) -> DatasetConfig:
        """A dataset's block. Raises UnknownName."""
        return _named(self.datasets, name, "datasets")

    def method(self, name: str) -> MethodConfig:
        """A method's block. Raises UnknownName."""
        return _named(self.methods, name, "methods")

    def experiment(self, name: str) -> Experiment:
        """An experiment by its name. Raises UnknownName."""
        return _named({experiment.name: experiment for experiment in self.experiments}, name, "experiments")

    def grids(self, dataset: str) -> list[Experiment]:
        """What is trained on a dataset: the first experiment that has it, then those beside that one.

        Raises BadParams where no experiment has it.
        """
        return [grid for grid in self.shown_grids(dataset) if not grid.on_demand]

    def shown_grids(self, dataset: str) -> list[Experiment]:
        """What is shown of a dataset: its grids, and those beside the main one that are trained on demand."""
        self.dataset(dataset)
        having = [experiment for experiment in self.experiments if dataset in experiment.datasets]
        main = next((experiment for experiment in having if experiment.beside is None), None)
        if main is None:
            place, remedy = "params.yaml, experiments", "add one, as docs/own_data.md shows"
            raise BadParams(f"no experiment trains '{dataset}'", place, remedy)
        grids = [main, *(experiment for experiment in having if experiment.beside == main.name)]
        own = self.dataset(dataset).seeds
        return [grid.model_copy(update={"seeds": own}) for grid in grids] if own else grids

    def settings(self, method: str, variant: str, dataset: str) -> Settings:
        """Constructor arguments of a method: profile, what tuning chose by default, dataset, variant, its own choice.

        The later wins; only the profile `default` is tuned. Raises UnknownName.
        """
        config = self.method(method)
        if variant not in config.variant_names:
            raise UnknownName(variant, config.variant_names, f"params.yaml, methods.{method}.variants")
        profile = self.profile(dataset)
        if profile not in config.profiles:
            raise UnknownName(profile, config.profiles, f"params.yaml, methods.{method}")
        chosen = self.tuned.get(method, {}) if profile == DEFAULT else {}
        settings = config.profiles[profile] | chosen.get(DEFAULT, {}) | config.datasets.get(dataset, {})
        return settings | config.variant(variant) | (chosen.get(variant, {}) if variant != DEFAULT else {})

    def profile(self, dataset: str) -> str:
        """The profile of the experiments that have a dataset; the default one where none has."""
        self.dataset(dataset)
        return next((e.profile for e in self.experiments if dataset in e.datasets), DEFAULT)

    def noise_settings(self, kind: str, dataset: str) -> Settings:
        """Constructor arguments of a noise kind on a dataset. Raises UnknownName."""
        return (_named(self.noises, kind, "noises") or {}) | (self.dataset(dataset).noises.get(kind) or {})

    def extractor_settings(self, name: str, changes: Mapping[str, Any] | None = None) -> Settings:
        """Constructor arguments of an extractor, with those that differ. Raises UnknownName."""
        return (_named(self.extractors, name, "extractors") or {}) | dict(changes or {})

    def extractors_of(self, dataset: str) -> dict[str, ExtractorConfig]:
        """View -> its extractor with all settings. Raises BadParams for a view with none or several."""
        chosen = {}
        for view, given in self.dataset(dataset).views.items():
            named = {given: None} if isinstance(given, str) else given
            if len(named) != 1:
                place = f"params.yaml, datasets.{dataset}.views.{view}"
                raise BadParams("one extractor is needed", place, "write its name, or {name: {setting: value}}")
            [(name, changes)] = named.items()
            chosen[view] = ExtractorConfig(name=name, settings=self.extractor_settings(name, changes))
        return chosen

    @property
    def shown_datasets(self) -> tuple[str, ...]:
        """The datasets of the report, each once."""
        listed = (dataset for experiment in self.experiments for dataset in experiment.datasets)
        return self.report.datasets or tuple(dict.fromkeys(listed))

    def reported(self, experiment: Experiment) -> list[str]:
        """The datasets of an experiment for which the report shows its results."""
        shown = [dataset for dataset in experiment.datasets if dataset in self.shown_datasets]
        return [dataset for dataset in shown if experiment.on_demand or self.grids(dataset)[0] == experiment]

    @property
    def shown_methods(self) -> tuple[str, ...]:
        """The methods of the report; each looks the same on every dataset."""
        return self.report.methods or tuple(self.experiments[0].methods)


def _named(blocks: Mapping[str, T], name: str, block: str) -> T:
    if name not in blocks:
        raise UnknownName(name, blocks, f"params.yaml, {block}")
    return blocks[name]
