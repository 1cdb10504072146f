"""Do the samples of a view look like their kind, and is there something to learn from in every one?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pipeline.core.datasets import RawView
from pipeline.doctor.finding import Finding, Severity, finding, marked
from pipeline.samples import base as kinds
from pipeline.samples.base import Fault
from pipeline.samples.base.sample_files import SampleFiles


def check_kind(view: RawView, place: str) -> Iterator[Finding]:
    """The samples have the type and shape that their kind asks for, as its own reading of files gives them."""
    if view.kind not in kinds.names():
        remedy = f"name one of {', '.join(kinds.names())}, or add a file to pipeline/samples"
        yield finding(Severity.ERROR, f"there are no samples of kind '{view.kind}'", place, remedy)
    elif not isinstance(view.samples, SampleFiles) and (problem := kinds.kind(view.kind).misfit(view.samples)):
        yield finding(Severity.ERROR, problem, place, f"store it as pipeline/samples/{view.kind}.py describes")


def check_samples(faults: Iterable[Fault], ids: Sequence[str], place: str) -> Iterator[Finding]:
    """Single samples that are faulty, in a view that check_kind has passed."""
    for fault in faults:
        severity = Severity.ERROR if fault.fatal else Severity.WARNING
        yield from marked(severity, fault.problem, fault.mask, ids, place, fault.remedy)
