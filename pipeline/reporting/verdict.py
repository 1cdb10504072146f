"""Ours beside the published: which printed cells may be compared, and which of those agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.contract import CRITERIA
from pipeline.reporting.published import Protocol, Publication
from pipeline.reporting.results import Results, cell
from pipeline.reporting.table import Number

TOLERANCE = 0.02


@dataclass(frozen=True)
class Verdict:
    """One printed cell. reason: why it is not compared; agrees and difference are set where it is."""

    dataset: str
    method: str
    reason: str | None
    difference: float | None = None
    agrees: bool = False


def verdicts(
    publications: Sequence[Publication], protocols: Mapping[str, Protocol], results: Sequence[Results]
) -> list[Verdict]:
    """A verdict for every printed cell; a cell that two tables print is judged once."""
    printed: dict[tuple[str, str, str, float], float] = {}
    for publication in publications:
        printed |= dict(publication.values)
    ours = {found.dataset.display: found for found in results}
    reasons = {name: mismatch(protocol, ours.get(name)) for name, protocol in protocols.items()}
    return [
        Verdict(dataset, method, reasons[dataset])
        if reasons[dataset]
        else _compare(ours[dataset], protocols[dataset], dataset, method, direction, rate, value)
        for (dataset, method, direction, rate), value in printed.items()
    ]


def mismatch(protocol: Protocol, results: Results | None) -> str | None:
    """Why a dataset of ours may not stand beside the published one; None when it may."""
    if results is None or results.description is None or not results.has_numbers():
        return f"not run here: needs {protocol.needs}"
    description = results.description
    views = {name: view["extractor"] for name, view in description["views"].items()}
    if dict(description["sizes"]) != dict(protocol.sizes):
        return f"other protocol: the split is {_list(description['sizes'])}, published {_list(protocol.sizes)}"
    if views != dict(protocol.views):
        return f"other protocol: the features are {_list(views)}, published {_list(protocol.views)}"
    kind, per_pair = protocol.noise["kind"], protocol.noise["per_pair"]
    drawn = [receipt for receipt in results.receipts if receipt["kind"] == kind]
    if kind not in results.scope.noises or not drawn or any(receipt["per_pair"] != per_pair for receipt in drawn):
        return f"other protocol: the published noise is {kind}, drawn {'per pair' if per_pair else 'per view'}"
    if protocol.selection not in CRITERIA:
        return f"other protocol: the published model is chosen by {protocol.selection}"
    return None


def _compare(
    results: Results, protocol: Protocol, dataset: str, method: str, direction: str, rate: float, value: float
) -> Verdict:
    for entry in results.scope.entries:
        if entry.method.paper.row == method and entry.variant == "default":
            way = protocol.directions[direction]
            found = cell(results.outcome(entry, protocol.noise["kind"], rate, protocol.selection, way))
            if not isinstance(found, Number):
                return Verdict(dataset, method, f"{found.state}: {found.reason}")
            difference = found.mean - value
            agrees = abs(difference) <= max(TOLERANCE, 2 * (found.std or 0.0))
            return Verdict(dataset, method, None, difference, agrees)
    return Verdict(dataset, method, "not run here: no method of the report answers to this row")


def _list(settings: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in settings.items())
