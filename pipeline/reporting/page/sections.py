"""The sections of a dataset's chapter: one function each, in the order of the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from matplotlib.figure import Figure

from pipeline.core.criteria import CRITERIA
from pipeline.records.reader import Records
from pipeline.reporting.figures import figures, style
from pipeline.reporting.figures.ranks import rank_caption, rank_figure
from pipeline.reporting.figures.targets import TARGETS_CAPTION, targets_figure
from pipeline.reporting.page.section import Drawing, Section
from pipeline.reporting.published.publications import Protocol, Publication
from pipeline.reporting.results.report_scope import Scope, noise_words
from pipeline.reporting.results.results import Results
from pipeline.reporting.tables import ablations as ablation_tables
from pipeline.reporting.tables import readout as readout_tables
from pipeline.reporting.tables import suspicion as suspicion_tables
from pipeline.reporting.tables.claims import CLAIMS_INTRODUCTION, claim_tables
from pipeline.reporting.tables.comparison import by_query_view, comparison, robustness
from pipeline.reporting.tables.costs import Costs, cost_table
from pipeline.reporting.tables.metrics import metrics
from pipeline.reporting.tables.networks import networks
from pipeline.reporting.tables.probes import probes as probe_table
from pipeline.reporting.tables.published_beside import side_by_side
from pipeline.reporting.tables.rivals import rival_tables
from pipeline.reporting.tables.sign_bits import sign_bits
from pipeline.reporting.tables.significance_marks import Standings, differences, marked, standings
from pipeline.reporting.tables.table import Table


@dataclass(frozen=True)
class Study:
    """One experiment on one dataset: its records and all that its sections need beside them.

    noises: the kinds to show; costs, machine: what training cost, and on which machine.
    """

    records: Records
    scope: Scope
    noises: Sequence[str]
    publications: Sequence[Publication] = ()
    protocols: Mapping[str, Protocol] = field(default_factory=dict)
    costs: Costs = field(default_factory=dict)
    machine: str | None = None

    @cached_property
    def results(self) -> Results:
        return Results(self.records, self.scope)

    @cached_property
    def standings(self) -> dict[str, Standings]:
        """Noise -> what of its headline table is more than chance."""
        return {noise: standings(self.records, self.results, noise) for noise in self.noises}

    def headline(self, noise: str) -> Table:
        """The comparison under the headline criterion."""
        return comparison(self.results, noise, self.results.headline)

    def section(
        self,
        name: str,
        heading: str,
        tables: Sequence[Table] = (),
        figures: Sequence[Drawing] = (),
        introduction: str = "",
        note: str = "",
    ) -> Section:
        """A section of this dataset."""
        return Section(f"{self.scope.dataset.name}-{name}", heading, tables, figures, introduction, note)

    def drawing(self, noise: str, kind: str, figure: Figure | None, caption: str) -> list[Drawing]:
        """The figure, named after its dataset, noise and kind; none where nothing was drawn."""
        if figure is None:
            return []
        return [Drawing(f"{self.scope.dataset.name}_{noise}_{kind}", style.svg(figure), caption)]


def retrieval(study: Study) -> Section:
    """MAP of all methods under each criterion, what noise takes from it, other metrics and curves."""
    results, tables, drawings = study.results, [], []
    for noise in study.noises:
        tables += _retrieval_tables(study, noise)
        if len(results.scope.rates) > 1:
            figure = figures.map_against_noise(results, noise)
            drawings += study.drawing(noise, "map", figure, figures.map_caption(results))
        curves = figures.precision_recall(study.records, results, noise)
        drawings += study.drawing(noise, "precision_recall", curves, figures.curve_caption(results, noise))
    return study.section("retrieval", "Retrieval", tables, drawings)


def _retrieval_tables(study: Study, noise: str) -> list[Table]:
    results = study.results
    tables = [readout_tables.by_readout(study.records, results, noise)]
    tables += _existing(sign_bits(study.records, results, noise))
    tables += [by_query_view(results, noise, results.headline)] if results.many_directions else []
    tables.append(marked(study.headline(noise), results, noise, study.standings[noise]))
    tables += [comparison(results, noise, criterion) for criterion in results.criteria[1:]]
    if len(results.scope.rates) > 1:
        tables.append(robustness(results, noise))
    others = [criterion for criterion in CRITERIA if criterion not in results.criteria and results.entries(criterion)]
    tables += [comparison(results, noise, criterion) for criterion in others]
    if not results.scope.further:
        tables.append(metrics(results, noise))
    return tables


def published(study: Study) -> Section:
    """Ours and a paper's numbers in one table."""
    table = side_by_side(study.results, study.publications, study.protocols) if study.noises else None
    return study.section("published", "Beside the published numbers", _existing(table))


def probes(study: Study) -> Section:
    """What the features hold before any method is trained."""
    results = study.results
    tables = [probe_table(results)] if results.probes and results.clean else []
    return study.section("probes", "What the features hold", tables)


def chance(study: Study) -> Section:
    """Which differences are more than chance on these queries, and average ranks."""
    results, tables, drawings = study.results, [], []
    for noise in study.noises:
        compared = study.standings[noise]
        tables += _existing(differences(study.headline(noise), results, noise, compared))
        if not results.scope.further:
            figure = rank_figure(results, noise, compared)
            drawings += study.drawing(noise, "ranks", figure, rank_caption(results, compared))
    return study.section("chance", "What is more than chance", tables, drawings)


def ablations(study: Study) -> Section:
    """Methods with one part left out."""
    tables = [
        table for noise in study.noises for table in ablation_tables.ablations(study.records, study.results, noise)
    ]
    return study.section("ablations", "What each part is worth", tables)


def suspicion(study: Study) -> Section:
    """How well methods find the wrong labels, and estimate how many there are."""
    tables = []
    for noise in study.noises if study.results.clean else ():
        tables += _existing(suspicion_tables.suspicion(study.records, study.results, noise))
        tables += _existing(suspicion_tables.estimates(study.records, study.results, noise))
    return study.section("suspicion", "Which labels are wrong?", tables)


def factorial(study: Study) -> Section:
    """Where the targets come from, what learns them and how it is read: three things that are told apart."""
    tables, drawings = [], []
    for noise in study.noises:
        tables += _existing(networks(study.records, study.results, noise))
        tables += _existing(readout_tables.factorial(study.records, study.results, noise))
        figure = targets_figure(study.records, study.results, noise)
        drawings += study.drawing(noise, "targets", figure, TARGETS_CAPTION)
    return study.section("factorial", "Targets, learner and readout", tables, drawings)


def claims(study: Study) -> Section:
    """What the comparison over seeds with splits of their own says of the claimed method."""
    tables = claim_tables(study.records, study.results) + rival_tables(study.records, study.results)
    return study.section("claims", "What is claimed, and how sure it is", tables, introduction=CLAIMS_INTRODUCTION)


def costs(study: Study) -> Section:
    """Time, memory and parameters of training."""
    if not study.noises:
        return study.section("costs", "What it costs")
    table = cost_table(study.costs, study.results)
    if table is None:
        note = "What the runs cost was not recorded for this dataset."
    else:
        note = f"Measured on: {study.machine}" if study.machine else "The machine was not recorded."
    return study.section("costs", "What it costs", _existing(table), note=note)


def memorisation(study: Study) -> Section:
    """What becomes of right and of wrong training labels, epoch by epoch."""
    drawings = []
    for noise in study.noises if study.results.clean else ():
        figure = figures.memorisation(study.records, study.results, noise)
        drawings += study.drawing(noise, "memorisation", figure, figures.memorisation_caption(study.results))
    introduction = (
        "Wrong labels memorised: the network predicts the given label although it is wrong. Seen through: it predicts "
        "the true class although the given label is another. Right labels learned: given and true label agree, and it "
        "predicts them."
    )
    return study.section("memorisation", "Memorisation", figures=drawings, introduction=introduction)


Maker = Callable[[Study], Section]
SECTIONS: Sequence[Maker] = (
    claims,
    retrieval,
    published,
    probes,
    chance,
    ablations,
    factorial,
    suspicion,
    costs,
    memorisation,
)
"""The sections of a dataset. To add one, write a function and put it into this list."""
FURTHER: Sequence[Maker] = (retrieval, chance, ablations, suspicion)
"""Those of an experiment beside it; they are folded into one section."""


def main_sections(study: Study) -> list[Section]:
    """All sections of a dataset's main experiment that hold something."""
    return [section for make in SECTIONS if not (section := make(study)).empty]


def further_section(study: Study) -> Section:
    """One kind of noise of an experiment beside the main one, to be folded. study: with this noise alone."""
    words = noise_words(study.noises[0])
    parts = [make(study) for make in FURTHER]
    return Section(
        "",
        words[:1].upper() + words[1:],
        [table for part in parts for table in part.tables],
        [figure for part in parts for figure in part.figures],
    )


def _existing(table: Table | None) -> list[Table]:
    return [] if table is None else [table]
