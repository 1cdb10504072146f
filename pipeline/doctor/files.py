"""Which of the files that a user brought are left aside?"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from pipeline.data.base import Dataset
from pipeline.doctor.finding import Finding, Severity, finding

OWN = (".lock", ".part", ".part.json")
"""Endings of what downloading and unpacking leave."""
NAMED = 3


def check_files(dataset: Dataset, named: Iterable[str], place: str) -> Iterator[Finding]:
    """A note for each file whose name is near to one that load looks for in vain, and one for all other unread ones.

    named: paths that settings name, whose files something else may read.
    """
    expected = dataset.expected()
    read = {os.path.abspath(file) for file in (*map(str, expected), *named)}
    extra = [x for x in dataset.brought() if not x.name.endswith(OWN) and os.path.abspath(x) not in read]
    there = {file.name for file in expected if file.is_file()}
    missing = {file.name: file for file in reversed(expected) if file.name not in there}
    others = {file.name: file for file in reversed(extra)}
    meant = {name: near for name in others if (near := _nearest(name, missing)) and _nearest(near, others) == name}
    for name, near in sorted(meant.items()):
        remedy = f"name it {missing[near]} if that is what it is, else leave or remove it"
        yield finding(Severity.NOTE, f"nothing is read from {others[name]}", place, remedy)
    misnamed = {others[name] for name in meant}
    rest = [str(file) for file in extra if file not in misnamed]
    if rest:
        more = f" and {len(rest) - NAMED} more" if len(rest) > NAMED else ""
        problem = f"nothing is read from {', '.join(rest[:NAMED])}{more}"
        yield finding(Severity.NOTE, problem, place, "correct the name of what belongs to it, leave or remove the rest")


def _nearest(name: str, names: Iterable[str]) -> str | None:
    return next(iter(get_close_matches(name, names, n=1)), None)
