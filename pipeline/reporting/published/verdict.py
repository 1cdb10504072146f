"""Ours and the published: which printed cells may be compared, and which of those agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.reporting.published.publications import MAP, Protocol, Publication, sources
from pipeline.reporting.results.cell_values import Outcome, Values, cell, combine
from pipeline.reporting.results.report_scope import Entry
from pipeline.reporting.results.results import Results
from pipeline.reporting.tables.table import Absent, Cell, Number

TOLERANCE = 0.02
POINTS = "cloud"
"""The view whose published features came from a network that the authors trained elsewhere."""


@dataclass(frozen=True)
class Verdict:
    """One printed cell. reason: why it is not compared; agrees and difference are set where it is.

    place: direction and noise rate, as the paper prints them.
    """

    dataset: str
    method: str
    reason: str | None
    difference: float | None = None
    agrees: bool = False
    place: str = ""


def verdicts(
    publications: Sequence[Publication], protocols: Mapping[str, Protocol], results: Sequence[Results]
) -> list[Verdict]:
    """A verdict for every printed cell; a cell that two tables print is judged once."""
    ours = {name: own for name in protocols if (own := _closest(name, protocols[name], results)) is not None}
    reasons = {name: mismatch(protocol, ours.get(name)) for name, protocol in protocols.items()}
    return [
        Verdict(dataset, method, reasons[dataset])
        if reasons[dataset]
        else _compare(ours[dataset], protocols[dataset], dataset, method, direction, rate, publication)
        for (dataset, method, direction, rate), publication in sources(publications).items()
    ]


def _closest(display: str, protocol: Protocol, results: Sequence[Results]) -> Results | None:
    """The first dataset of this name that may be compared, else the first: users may give the name to their own."""
    named = [own for own in results if own.dataset.display == display]
    return min(named, key=lambda own: mismatch(protocol, own) is not None, default=None)


def mismatch(protocol: Protocol, results: Results | None) -> str | None:
    """All that keeps a dataset of ours from standing beside the published one; None when it may."""
    if results is None or results.description is None or not results.has_numbers():
        return f"not run here: needs {protocol.needs}"
    reasons, sizes = [], dict(results.description["sizes"])
    file = results.dataset.file or results.dataset.name
    if file != protocol.dataset:
        reasons.append(f"the pairs are read by '{file}', the published ones by '{protocol.dataset}'")
    if sizes != dict(protocol.sizes):
        reasons.append(f"the split is {_list(sizes)}, published {_list(protocol.sizes)}")
    views = {name: view["extractor"] for name, view in results.description["views"].items()}
    published = {name: accepted[0] for name, accepted in protocol.views.items()}
    other = [name for name in {**published, **views} if views.get(name) not in protocol.views.get(name, ())]
    if other == [POINTS]:
        reasons.append(f"own point features: {POINTS} {views.get(POINTS)}, published {published.get(POINTS)}")
    elif other:
        reasons.append(f"the features are {_list(views)}, published {_list(published)}")
    widths = {name: view["dimension"] for name, view in results.description["views"].items()}
    if protocol.dimensions and not other and widths != dict(protocol.dimensions):
        reasons.append(f"the features' dimensions are {_list(widths)}, published {_list(protocol.dimensions)}")
    kind, per_pair = protocol.noise["kind"], protocol.noise["per_pair"]
    drawn = [receipt for receipt in results.receipts if receipt["kind"] == kind]
    if not drawn or any(receipt["per_pair"] != per_pair for receipt in drawn):
        reasons.append(f"the published noise is {kind}, drawn {'per pair' if per_pair else 'per view'}")
    return f"other protocol: {'; '.join(reasons)}" if reasons else None


def answering(results: Results, protocol: Protocol, method: str) -> Entry | None:
    """Our entry that a published row is compared with."""
    entries = [entry for entry in results.scope.entries if method in entry.method.paper.rows]
    return next((entry for entry in entries if entry.variant == protocol.variant), None)


def counterpart(results: Results, protocol: Protocol, entry: Entry, direction: str, rate: float) -> Outcome:
    """Our result for a printed direction and rate, chosen and measured as in the paper."""
    measured = results.outcome if protocol.measure == MAP else results.eleven_point
    return measured(entry, protocol.noise["kind"], rate, protocol.selection, protocol.directions[direction])


def difference(ours: Outcome, printed: float) -> Cell:
    """Ours minus the printed value; where ours is absent, why."""
    return ours if isinstance(ours, Absent) else cell(combine([ours, Values({None: printed})], [1, -1]))


def agrees(number: Number) -> bool:
    """Whether a difference counts as none."""
    return abs(number.mean) <= max(TOLERANCE, 2 * (number.std or 0.0))


def _compare(
    results: Results,
    protocol: Protocol,
    dataset: str,
    method: str,
    direction: str,
    rate: float,
    publication: Publication,
) -> Verdict:
    entry = answering(results, protocol, method)
    if entry is None:
        return Verdict(dataset, method, "not run here: no method of the report answers to this row")
    printed = publication.values[dataset, method, direction, rate]
    change = difference(counterpart(results, protocol, entry, direction, rate), printed)
    if not isinstance(change, Number):
        return Verdict(dataset, method, f"{change.state}: {change.reason}")
    return Verdict(dataset, method, None, change.mean, agrees(change), f"{direction} at {rate}")


def _list(settings: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in settings.items())
