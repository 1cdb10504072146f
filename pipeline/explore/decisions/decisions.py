"""Files of decisions, as the sheet of suspects writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.core.errors import BadInput, UnknownName
from pipeline.data.base.tables import read_table

COLUMNS = ("dataset", "sample", "given", "decision", "label", "decided_by")
RIGHT, WRONG, UNCLEAR = "right", "wrong", "unclear"


@dataclass(frozen=True)
class Decision:
    """What was decided about the label of a sample.

    given: the label; verdict: right, wrong or unclear; label: the right one, '' where it is unclear; by: who decided,
    '' where nobody is named; place: file and line, for messages.
    """

    sample: str
    given: str
    verdict: str
    label: str
    by: str
    place: str


def read_decisions(files: Sequence[Path], dataset: str) -> dict[str, Decision]:
    """Sample -> its decision, from one file or several.

    Raises BadInput for a file of something else or of another dataset, for a decision that cannot be meant, and for
    two that contradict each other.
    """
    decided: dict[str, Decision] = {}
    for file in files:
        for decision in _read(file, dataset):
            other = decided.setdefault(decision.sample, decision)
            if other.label != decision.label:
                said, said_there = (one.label or "cannot tell" for one in (decision, other))
                problem = f"'{decision.sample}' is '{said}' here and '{said_there}' in {other.place}"
                raise BadInput(problem, decision.place, "agree on one and remove the other line")
            if decision.by not in other.by.split("; "):
                both = "; ".join(name for name in (other.by, decision.by) if name)
                decided[decision.sample] = replace(other, by=both)
    return decided


def check(decisions: Mapping[str, Decision], given: Mapping[str, str], classes: Sequence[str], place: str) -> None:
    """Compare decisions with a dataset's labels. given: sample -> label; place: names the labels in errors.

    Raises UnknownName for a class that the dataset does not have, BadInput for such a sample and for a label that is
    another one now.
    """
    for decision in decisions.values():
        if decision.sample not in given:
            problem = f"the dataset has no sample '{decision.sample}'"
            raise BadInput(problem, decision.place, "remove the line, or give decisions about this dataset")
        if decision.label and decision.label not in classes:
            raise UnknownName(decision.label, classes, f"{decision.place}, label")
        if given[decision.sample] != decision.given:
            problem = f"it was decided on the label '{decision.given}' of '{decision.sample}', which is "
            problem += f"'{given[decision.sample]}' in {place}"
            raise BadInput(problem, decision.place, "make a new sheet with `suspects` and decide again")


def _read(file: Path, dataset: str) -> list[Decision]:
    table = read_table(file)
    if not set(COLUMNS) <= table.columns.keys():
        remedy = "give what the sheet of `suspects` downloads"
        raise BadInput(f"it holds no decisions, which have the columns {', '.join(COLUMNS)}", str(file), remedy)
    decisions = []
    for row, cells in enumerate(zip(*(table.columns[column] for column in COLUMNS), strict=True)):
        source, sample, given, verdict, label, by = cells
        place = table.place(row)
        if source != dataset:
            raise BadInput(f"it is about the dataset '{source}'", place, f"give decisions about '{dataset}'")
        meant = {RIGHT: label == given, WRONG: label not in ("", given), UNCLEAR: label == ""}
        if verdict not in meant:
            raise UnknownName(verdict, meant, f"{place}, decision")
        if not meant[verdict]:
            problem = f"the decision is '{verdict}', the label '{label}', and '{given}' was given"
            raise BadInput(problem, place, "make the two agree")
        decisions.append(Decision(sample, given, verdict, label, by, place))
    return decisions
