"""What stands under one heading of the page: sentences, tables and figures."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from pipeline.reporting.figures import style
from pipeline.reporting.tables.table import Table

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
class Section:
    """A heading and what stands under it: an introduction, tables, figures, a note, then sections that are folded.

    anchor: where links lead, unique on the page; folded ones need none.
    """

    anchor: str
    heading: str
    tables: Sequence[Table] = ()
    figures: Sequence[Drawing] = ()
    introduction: str = ""
    note: str = ""
    folded: Sequence[Section] = ()

    @property
    def empty(self) -> bool:
        return not (self.tables or self.figures or self.note or self.folded)

    def all_tables(self) -> Iterator[Table]:
        """Its own and those of the folded sections."""
        yield from self.tables
        for section in self.folded:
            yield from section.all_tables()

    def all_figures(self) -> Iterator[Drawing]:
        """Its own and those of the folded sections."""
        yield from self.figures
        for section in self.folded:
            yield from section.all_figures()
