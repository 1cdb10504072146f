"""The results page: one HTML file that needs no network and follows light and dark."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pipeline.core.criteria import FIXED_CHECKPOINT
from pipeline.reporting.figures import style
from pipeline.reporting.published.publications import Publication
from pipeline.reporting.published.verdict import Verdict
from pipeline.reporting.results.report_scope import Entry, MethodInfo, noise_words
from pipeline.reporting.results.results import CRITERION_NAMES, Results
from pipeline.reporting.tables.formats import anchor, html
from pipeline.reporting.tables.table import Absent, Number, Table, decimal

_INKS = {style.INK: "var(--ink)", style.SOFT: "var(--soft)", style.GRID: "var(--grid)", style.PAPER: "var(--paper)"} | {
    colour: f"var(--series-{number})" for number, colour in enumerate(style.COLOURS)
}


@dataclass(frozen=True)
class Drawing:
    """A figure of the page: its file name, SVG text and what it shows in words."""

    name: str
    svg: str
    caption: str

    def inline(self) -> Markup:
        """Ids made unique on the page, size left to the page, inks taken from it."""
        svg = re.sub(r'\b(id="|href="#|url\(#)', rf"\g<1>{self.name}-", self.svg)
        svg = re.sub(r'<svg (.*?)width="[^"]*"', r"<svg \1", svg, count=1, flags=re.DOTALL)
        svg = re.sub(r'(<svg [^>]*?)height="[^"]*"', r'\1role="img" aria-labelledby="figcaption-NAME"', svg, count=1)
        svg = svg.replace("figcaption-NAME", f"figcaption-{self.name}")
        for ink, variable in _INKS.items():
            svg = svg.replace(ink, variable)
        return Markup(svg)


@dataclass(frozen=True)
class Part:
    """What the page shows of one kind of noise on a dataset."""

    noise: str
    findings: Sequence[str] = ()
    main: Sequence[Table] = ()
    drawings: Sequence[Drawing] = ()
    compared: Sequence[Table] = ()
    ranks: Sequence[Drawing] = ()
    ablated: Sequence[Table] = ()
    suspected: Sequence[Table] = ()
    read_out: Sequence[Table] = ()
    memorised: Sequence[Drawing] = ()

    @property
    def words(self) -> str:
        words = noise_words(self.noise)
        return words[:1].upper() + words[1:]


@dataclass(frozen=True)
class Chapter:
    """All that the page shows of one dataset. further: what was trained beside its grid, kind of noise by kind; viewer:
    whether the dataset has a page of rankings to look at.
    """

    results: Results
    further: Sequence[Results]
    parts: Sequence[Part]
    further_parts: Sequence[Part]
    published: Sequence[Table]
    probes: Sequence[Table]
    receipts: Sequence[Table]
    costs: Sequence[Table]
    viewer: bool

    @property
    def sections(self) -> dict[str, str]:
        """Anchor -> heading of what there is to show."""
        name, parts = self.results.dataset.name, self.parts
        shown = {
            "retrieval": ("Retrieval", any(part.main for part in parts)),
            "chance": ("What is more than chance", any(part.compared or part.ranks for part in parts)),
            "ablations": ("What each part is worth", any(part.ablated for part in parts)),
            "suspicion": ("Which labels are wrong?", any(part.suspected for part in parts)),
            "readout": ("Posterior readout", any(part.read_out for part in parts)),
            "costs": ("What it costs", bool(self.costs)),
            "memorisation": ("Memorisation", any(part.memorised for part in parts)),
            "further": ("Further kinds of noise", bool(self.further_parts)),
        }
        return {f"{name}-{part}": heading for part, (heading, there) in shown.items() if there}

    @property
    def absences(self) -> list[tuple[Entry, Absent, int]]:
        return [gap for found in (self.results, *self.further) for gap in found.absences()]

    @property
    def findings(self) -> list[str]:
        return [sentence for part in self.parts for sentence in part.findings]

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


def finding(results: Results, noise: str, robustness: Table) -> str | None:
    """One sentence for the reader in a hurry, read off the robustness table (headline criterion)."""
    low, high = min(results.scope.rates), max(results.scope.rates)
    after, lost = _largest(robustness, 1), _largest(robustness, 2)
    how = f"({CRITERION_NAMES[results.headline]}, mean of the directions)"
    if after is not None and low == high:
        as_given = "With the labels as given" if noise == "given" or not results.clean else "With clean labels"
        at = f"At {noise} noise rate {high}" if high else as_given
        return f"{at}, {after[0]} has the highest MAP, {decimal(after[1], 3)} {how}."
    if after is None or lost is None:
        return None
    if len(robustness.rows) == 1:
        return (
            f"At {noise} noise rate {high}, {after[0]} has a MAP of {decimal(after[1], 3)} {how}, "
            f"{decimal(lost[1], 3)} less than at rate {low}."
        )
    return (
        f"At {noise} noise rate {high}, {after[0]} has the highest MAP, {decimal(after[1], 3)} {how}. "
        f"From rate {low} to {high}, {lost[0]} falls most, by {decimal(lost[1], 3)}."
    )


def render(
    methods: Sequence[MethodInfo],
    chapters: Sequence[Chapter],
    tuned: Sequence[Table],
    tuned_on: str | None,
    publications: Sequence[Publication],
    printed: Sequence[Table],
    judged: Sequence[Verdict],
    machine: str | None,
) -> str:
    """machine: what the costs were measured on; None where they were not."""
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
    compared = [verdict for verdict in judged if verdict.reason is None]
    return environment.get_template("page.html.j2").render(
        methods=methods,
        chapters=chapters,
        tuned=tuned,
        tuned_on=tuned_on,
        checkpointed=any(chapter.results.entries(FIXED_CHECKPOINT) for chapter in chapters),
        matching=_matching(methods, chapters),
        published=list(zip(publications, printed, strict=True)),
        total=len(judged),
        compared=len(compared),
        reproduced=sum(verdict.agrees for verdict in compared),
        unpublished=_reasons(judged),
        machine=machine,
    )


def _matching(methods: Sequence[MethodInfo], chapters: Sequence[Chapter]) -> list[str]:
    """Who ranks by match probability in all tables, where others are shown with the same readout."""
    read_out = any(part.read_out for chapter in chapters for part in (*chapter.parts, *chapter.further_parts))
    return [method.display for method in methods if method.matches and read_out]


def _listed(values: Sequence[float]) -> str:
    return ", ".join(map(str, values))


def _largest(table: Table, column: int) -> tuple[str, float] | None:
    numbers = [(row.label, cell.mean) for row in table.rows if isinstance(cell := row.cells[column], Number)]
    return max(numbers, key=lambda labelled: labelled[1], default=None)


def _reasons(judged: Sequence[Verdict]) -> Mapping[tuple[str, str], int]:
    """(dataset, reason) -> how many printed cells it keeps from being compared."""
    return Counter((verdict.dataset, verdict.reason) for verdict in judged if verdict.reason is not None)
