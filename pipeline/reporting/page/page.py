"""The results page: one HTML file that needs no network and follows light and dark."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pipeline.core.criteria import FIXED_CHECKPOINT
from pipeline.reporting.page.section import Drawing, Section
from pipeline.reporting.published.notes import PROTOCOL, Note
from pipeline.reporting.published.publications import Publication
from pipeline.reporting.published.verdict import Verdict
from pipeline.reporting.results.report_scope import Entry, MethodInfo
from pipeline.reporting.results.results import CRITERION_NAMES, Results
from pipeline.reporting.tables.comparison import robustness
from pipeline.reporting.tables.formats import anchor, html
from pipeline.reporting.tables.table import Absent, Number, Table, arrows, decimal
from pipeline.retrieval.majority import above_majority


@dataclass(frozen=True)
class Chapter:
    """All that the page shows of one dataset.

    further: results of the experiments beside its main one; sentences: what the first screen says of it; findings: a
    sentence per kind of noise; viewer: whether `make reproduce` writes a page of rankings to look at.
    """

    results: Results
    further: Sequence[Results]
    sentences: Sequence[str]
    findings: Sequence[str]
    sections: Sequence[Section]
    receipts: Sequence[Table]
    viewer: bool

    def tables(self) -> list[Table]:
        """All of this dataset."""
        return [*(table for section in self.sections for table in section.all_tables()), *self.receipts]

    @property
    def absences(self) -> list[tuple[Entry, Absent, int]]:
        return [gap for results in (self.results, *self.further) for gap in results.absences()]

    @property
    def facts(self) -> str:
        """What the dataset and its grid are made of, as far as records tell."""
        scope, made = self.results.scope, self.results.description
        grid = f"Noise: {', '.join(scope.noises)} at rates {_listed(scope.rates)}; seeds {_listed(scope.seeds)}."
        if made is None:
            return grid
        sizes = made["sizes"]
        valid = f", {sizes['valid']} validation" if sizes["valid"] else ""
        grid += "" if self.results.clean else " True labels are not known: what needs them is left out."
        split = f"{len(made['classes'])} classes; {sizes['train']} training{valid} and {sizes['test']} test pairs"
        return f"{split}{'' if valid else '; no validation split: nothing is chosen with clean labels'}. {grid}"


@dataclass(frozen=True)
class Page:
    """All that the page shows."""

    methods: Sequence[MethodInfo]
    picture: Drawing | None
    claims: Table | None
    chapters: Sequence[Chapter]
    tuning: Table | None
    tuned_on: str | None
    published: Sequence[tuple[Publication, Table]]
    to_beat: Table
    notes: Sequence[tuple[Note, Sequence[Table]]]
    verdicts: Sequence[Verdict]

    def tables_by_file(self) -> dict[str, list[Table]]:
        """Name of a LaTeX file -> its tables: one per dataset, one of the claims, the published tables, the tuning."""
        files = {chapter.results.dataset.name: chapter.tables() for chapter in self.chapters}
        files["published"] = [table for _, table in self.published]
        files["published"] += [self.to_beat, *(table for _, tables in self.notes for table in tables)]
        files["claims"] = [] if self.claims is None else [self.claims]
        files["tuning"] = [] if self.tuning is None else [self.tuning]
        return {name: tables for name, tables in files.items() if tables}

    def tables(self) -> list[Table]:
        """Every table of the page."""
        return [table for tables in self.tables_by_file().values() for table in tables]

    def figures(self) -> Iterator[Drawing]:
        """Every figure of the page."""
        if self.picture is not None:
            yield self.picture
        for chapter in self.chapters:
            for section in chapter.sections:
                yield from section.all_figures()


def findings(results: Results, noises: Sequence[str]) -> list[str]:
    """A sentence per kind of noise for the reader in a hurry."""
    sentences = [finding(results, noise, robustness(results, noise)) for noise in noises]
    return [sentence for sentence in sentences if sentence is not None]


def finding(results: Results, noise: str, rates: Table) -> str | None:
    """One sentence, read off the robustness table (headline criterion)."""
    low, high = min(results.scope.rates), max(results.scope.rates)
    after, lost = _largest(rates, 1), _largest(rates, 2)
    how = f"({CRITERION_NAMES[results.headline]}, mean of the directions)"
    if after is not None and not results.differs(after[1]):
        return (
            f"At {noise} noise rate {high}, no method differs from chance {how}: the highest MAP is "
            f"{decimal(after[1], 3)}. {results.chance}.{_why(results)}"
        )
    if after is not None and low == high:
        as_given = "With the labels as given" if noise == "given" or not results.clean else "With clean labels"
        at = f"At {noise} noise rate {high}" if high else as_given
        return f"{at}, {after[0]} has the highest MAP, {decimal(after[1], 3)} {how}."
    if after is None or lost is None:
        return None
    if len(rates.rows) == 1:
        return (
            f"At {noise} noise rate {high}, {after[0]} has a MAP of {decimal(after[1], 3)} {how}, "
            f"{decimal(lost[1], 3)} less than at rate {low}."
        )
    return (
        f"At {noise} noise rate {high}, {after[0]} has the highest MAP, {decimal(after[1], 3)} {how}. "
        f"From rate {low} to {high}, {lost[0]} falls most, by {decimal(lost[1], 3)}."
    )


def _why(results: Results) -> str:
    """Views whose features tell a linear classifier no class, a sentence after others; empty where all do."""
    described = results.description or {}
    if "majority" not in described:
        return ""
    majority, count = described["majority"], described["sizes"]["test"]
    used = {probe["view"]: float(probe["accuracy"]) for probe in results.probes if probe["used"]}
    blind = [
        f"{view} (right for {decimal(accuracy, 3)}, a constant guess for {decimal(majority, 3)})"
        for view, accuracy in used.items()
        if not above_majority(accuracy, majority, count)
    ]
    return f" A linear classifier reads no class from the features of {' and '.join(blind)}." if blind else ""


def render(page: Page) -> str:
    """The page as HTML."""
    environment = Environment(
        loader=PackageLoader("pipeline.reporting.page", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["table"] = lambda table: Markup(html(table))
    environment.filters["anchor"] = anchor
    environment.filters["arrows"] = arrows
    environment.filters["signed"] = lambda difference: decimal(difference, 3)
    compared = [verdict for verdict in page.verdicts if verdict.reason is None]
    return environment.get_template("page.html.j2").render(
        page=page,
        protocol_heads=PROTOCOL,
        checkpointed=any(chapter.results.entries(FIXED_CHECKPOINT) for chapter in page.chapters),
        total=len(page.verdicts),
        compared=compared,
        reproduced=sum(verdict.agrees for verdict in compared),
        unpublished=_reasons(page.verdicts),
    )


def _listed(values: Sequence[float]) -> str:
    return ", ".join(map(str, values))


def _largest(table: Table, column: int) -> tuple[str, float] | None:
    numbers = [(row.label, cell.mean) for row in table.rows if isinstance(cell := row.cells[column], Number)]
    return max(numbers, key=lambda labelled: labelled[1], default=None)


def _reasons(verdicts: Sequence[Verdict]) -> Mapping[tuple[str, str], int]:
    """(dataset, reason) -> how many printed cells it keeps from being compared."""
    return Counter((verdict.dataset, verdict.reason) for verdict in verdicts if verdict.reason is not None)
