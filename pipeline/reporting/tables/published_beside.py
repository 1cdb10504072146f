"""Our rows and the published ones in one table, for a dataset that a paper has too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product

from pipeline.reporting.published.publications import MEASURES, Protocol, Publication, printed_cell, sources
from pipeline.reporting.published.verdict import TOLERANCE, agrees, answering, counterpart, difference, mismatch
from pipeline.reporting.results.cell_values import Outcome, cell
from pipeline.reporting.results.report_scope import Entry
from pipeline.reporting.results.results import CRITERION_NAMES, Results
from pipeline.reporting.tables.comparison import spread
from pipeline.reporting.tables.table import Cell, Column, Number, Row, Table

_DISAGREES = f"more than {TOLERANCE} and more than two standard deviations from the published value"


def side_by_side(
    results: Results, publications: Sequence[Publication], protocols: Mapping[str, Protocol]
) -> Table | None:
    """The methods that answer to a published row: ours, as printed, and the difference where it means something."""
    dataset, display = results.dataset, results.dataset.display
    protocol = protocols.get(display)
    pairs = _pairs(results, protocol, publications) if protocol else []
    if protocol is None or not pairs:
        return None
    reason = mismatch(protocol, results)
    printed = {publication.name: publication for _, _, publication in pairs}.values()
    rates = sorted({key[3] for publication in printed for key in publication.values if key[0] == display})
    across = list(product(protocol.directions, rates))
    rows: list[Row] = []
    for entry, method, publication in pairs:
        ours = [counterpart(results, protocol, entry, direction, rate) for direction, rate in across]
        theirs = [printed_cell(publication, display, method, direction, rate) for direction, rate in across]
        own = Row(f"{entry.label}, here", [cell(outcome) for outcome in ours], method=entry.method.name)
        if own not in rows:
            rows.append(own)
        rows.append(Row(f"{method}, published ({publication.place})", theirs))
        if reason is None:
            rows.append(Row("difference", [_judged(*both) for both in zip(ours, theirs, strict=True)]))
    notes = []
    if reason is not None:
        notes.append(f"No difference is shown ({reason}).")
    elif protocol.remark:
        notes.append(protocol.remark)
    return Table(
        name=f"{dataset.name}_beside_published",
        title=f"{display}, ours beside the published",
        caption=f"{MEASURES[protocol.measure]} by direction and noise rate. "
        f"Here: {CRITERION_NAMES[protocol.selection]}. {spread(results, protocol.noise['kind'])} "
        "Published: one printed value per cell, no spread.",
        stub="method",
        levels=("dataset", "direction", "noise rate"),
        columns=[Column((display, protocol.directions[way], str(rate)), ranked=False) for way, rate in across],
        rows=rows,
        notes=notes,
        decimals=max(publication.decimals for publication in printed),
        grouped=True,
    )


def _pairs(
    results: Results, protocol: Protocol, publications: Sequence[Publication]
) -> list[tuple[Entry, str, Publication]]:
    """Our entries with the published rows that they answer to; a cell that two tables print is taken once."""
    by_name = {publication.name: publication for publication in publications}
    cells = sources(publications).items()
    printed = dict.fromkeys(
        (method, publication.name)
        for (dataset, method, _, _), publication in cells
        if dataset == results.dataset.display
    )
    answers = [(answering(results, protocol, method), method, by_name[name]) for method, name in printed]
    pairs = [(entry, method, publication) for entry, method, publication in answers if entry is not None]
    return sorted(pairs, key=lambda pair: results.scope.entries.index(pair[0]))


def _judged(ours: Outcome, printed: Cell) -> Cell:
    if not isinstance(printed, Number):
        return printed
    change = difference(ours, printed.mean)
    if not isinstance(change, Number) or agrees(change):
        return change
    return replace(change, note=f"{_DISAGREES}; {change.note}" if change.note else _DISAGREES)
