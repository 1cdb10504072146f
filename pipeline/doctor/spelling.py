"""Names of classes that are likely one class, or none."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from unicodedata import normalize

from pipeline.doctor.finding import Finding, Severity, finding

ABSENT = {"nan", "none", "null", "n/a", "na", "nat", "<na>", "#n/a", "unknown", "undefined", "-", "?"}
"""What programs and people write where there is no label."""
NUMBER = re.compile(r"[+-]?\d+(\.0*)?")
SHOWN = 5


def check_spelling(class_names: Sequence[str], place: str) -> Iterator[Finding]:
    """Classes whose names differ in case, form, blanks or zeros alone, and such as say that a label is missing."""
    alike: dict[str, list[str]] = defaultdict(list)
    for name in class_names:
        alike[_heard(name)].append(f"'{name}'")
    groups = [" and ".join(names) for names in alike.values() if len(names) > 1]
    if groups:
        more = f" and {len(groups) - SHOWN} more" if len(groups) > SHOWN else ""
        problem = f"classes differ in their spelling alone: {', '.join(groups[:SHOWN])}{more}"
        remedy = "write one label in one way, for their pairs count as irrelevant to each other"
        yield finding(Severity.WARNING, problem, place, remedy)
    absent = [f"'{name}'" for name in class_names if name.strip().casefold() in ABSENT]
    if absent:
        problem = f"the class {' and '.join(absent)} looks like a label that is missing"
        yield finding(Severity.WARNING, problem, place, "give these samples a label or leave them out")


def _heard(name: str) -> str:
    """A name without what is not heard when it is read aloud: case, form, width, blanks and strokes, leading zeros."""
    plain = normalize("NFKC", name).casefold().strip()
    return str(int(float(plain))) if NUMBER.fullmatch(plain) else re.sub(r"[\s_-]+", " ", plain)
