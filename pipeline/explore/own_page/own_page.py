"""The page of a dataset of one's own, as HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from pipeline.config.project import Project
from pipeline.core.errors import BadInput, PipelineError
from pipeline.core.runs import LabelNoise
from pipeline.explore.annotators.heard import least_reliable_first
from pipeline.explore.own_page.standing import probes, reasons, standings, verdict, winners
from pipeline.explore.sheet import render
from pipeline.explore.suspects.suspect_sheet import most_suspicious
from pipeline.explore.suspects.suspects import Suspects
from pipeline.records.reader import Records
from pipeline.reporting.results.report_scope import Subject
from pipeline.reporting.results.results import Results

SHOWN = 30
"""Pairs on the page; the sheet has more of them."""


@dataclass(frozen=True)
class Links:
    """Addresses from the page: the retrieval viewer, and the sheet and the table of suspects where there are such."""

    viewer: str
    sheet: str = ""
    table: str = ""


def page(
    project: Project, dataset: str, records: Records, suspects: Suspects | PipelineError, judge: str, links: Links
) -> str:
    """The HTML. suspects: of the dataset's labels, or why there are none; judge: the display name of what judges them.

    Raises BadInput where the dataset was never described, for then nothing was computed.
    """
    results = Results(records, next(scope for scope in Subject.of(project).scopes() if scope.dataset.name == dataset))
    described = results.description
    if described is None or "chance_limit" not in described:
        problem = "it has no description with what chance reaches"
        raise BadInput(problem, f"dataset '{dataset}'", "compute its features (again), as `stages.tools.start` does")
    ranked = standings(records, results, described["chance_limit"])
    tried = probes(results.probes, described["majority"], described["sizes"]["test"])
    judged = suspects if isinstance(suspects, Suspects) else None
    return render(
        "own_page/own_page.html.j2",
        dataset=dataset,
        display=results.dataset.display,
        described=described,
        pairs=sum(described["sizes"].values()),
        directions=results.directions,
        ranked=ranked,
        verdict=verdict(ranked, described["chance"], described["chance_limit"], described["majority_map"]),
        reasons=[] if winners(ranked, described["majority_map"]) else reasons(tried),
        probes=tried,
        clean=results.clean,
        judge=judge,
        answers=[] if judged is None else answers(judged.label_noise, len(judged.split)),
        annotators=[] if judged is None else least_reliable_first(judged.annotators),
        every_split=judged is not None and judged.every_split,
        unanswered="" if judged is not None else str(suspects),
        suspects=[] if judged is None else list(islice(most_suspicious(judged), SHOWN)),
        one_label=judged is not None and judged.one_label,
        links=links,
    )


def answers(noise: LabelNoise | None, labels: int) -> list[Mapping[str, Any]]:
    """How many labels of each view are wrong: one answer where all views have the same, none without an estimate."""
    if noise is None:
        return []
    shares: Sequence[tuple[str, float]] = list(noise.wrong.items())
    if len({round(share, 6) for _, share in shares}) == 1:
        shares = [("", shares[0][1])]
    return [
        {"view": view, "share": share, "count": round(share * labels), "certain": noise.certain}
        for view, share in shares
    ]
