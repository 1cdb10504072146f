"""Our rows and the published ones in one table, for a dataset that a paper has too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product

from pipeline.reporting.published.publications import MEASURES, Protocol, Publication, printed_cell
from pipeline.reporting.published.verdict import TOLERANCE, agrees, answering, counterpart, difference, mismatch
from pipeline.reporting.results.cell_values import Outcome, cell
from pipeline.reporting.results.report_scope import Entry
from pipeline.reporting.results.results import CRITERION_NAMES, Results
from pipeline.reporting.tables.comparison import spread
from pipeline.reporting.tables.table import Cell, Column, Number, Row, Table

_APART = f"more than {TOLERANCE} and more than two standard deviations from the published value"


def beside(results: Results, publications: Sequence[Publication], protocols: Mapping[str, Protocol]) -> Table | None:
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
        here = Row(f"{entry.label}, here", [cell(outcome) for outcome in ours], method=entry.method.name)
        rows += [here] if here not in rows else []
        rows.append(Row(f"{method}, published ({publication.place})", theirs))
        if reason is None:
            rows.append(Row("difference", [_judged(*both) for both in zip(ours, theirs, strict=True)]))
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
        notes=[f"No difference is shown ({reason})."] if reason else [protocol.remark] * bool(protocol.remark),
        decimals=max(publication.decimals for publication in printed),
        grouped=True,
    )


def _pairs(
    results: Results, protocol: Protocol, publications: Sequence[Publication]
) -> list[tuple[Entry, str, Publication]]:
    """Our entries with the published rows that they answer to; a row that two tables print is taken once."""
    first: dict[str, Publication] = {}
    for publication in publications:
        for dataset, method, _, _ in publication.values:
            if dataset == results.dataset.display:
                first.setdefault(method, publication)
    answers = [(answering(results, protocol, method), method, publication) for method, publication in first.items()]
    pairs = [(entry, method, publication) for entry, method, publication in answers if entry is not None]
    return sorted(pairs, key=lambda pair: results.scope.entries.index(pair[0]))


def _judged(ours: Outcome, printed: Cell) -> Cell:
    if not isinstance(printed, Number):
        return printed
    found = difference(ours, printed.mean)
    if not isinstance(found, Number) or agrees(found):
        return found
    return replace(found, note=f"{_APART}; {found.note}" if found.note else _APART)
