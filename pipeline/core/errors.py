"""Errors that tell a person what is wrong, where, and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class PipelineError(Exception):
    """A mistake that the person at the keyboard can mend; stages turn it into one sentence and exit code 2."""

    def __init__(self, problem: str, place: str, remedy: str) -> None:
        super().__init__(problem, place, remedy)
        self.problem, self.place, self.remedy = problem, place, remedy

    def __str__(self) -> str:
        sentence = _printable(f"{self.place}: {self.problem}; {self.remedy}")
        return sentence if sentence.endswith("?") else sentence + "."


def _printable(text: str) -> str:
    """The text, in which what Python keeps of a file name that is none stands as an escape."""
    return text.encode("utf-8", "backslashreplace").decode()


class BadInput(PipelineError):
    """Data that cannot be used as it is."""


class MissingFiles(BadInput):
    """Files that only the user can put in their place; tests of what needs them skip with this sentence."""


class BadParams(PipelineError):
    """A setting in params.yaml that cannot be used as it is."""


class UnknownName(BadParams):
    """A name that nothing answers to."""

    def __init__(self, name: str, known: Iterable[str], place: str) -> None:
        names = sorted(known)
        near = get_close_matches(str(name), names, n=1)
        remedy = f"did you mean '{near[0]}'?" if near else "choose one of " + ", ".join(names)
        super().__init__(f"unknown name '{name}'", place, remedy)


class Diverged(PipelineError):
    """A loss term, or the embeddings, became NaN or infinite; the cell fails, the grid goes on."""

    def __init__(self, term: str, epoch: int) -> None:
        super().__init__(f"'{term}' is not finite", f"epoch {epoch}", "lower the learning rate")
        self.term, self.epoch = term, epoch

    def __reduce__(self) -> tuple[type[Diverged], tuple[str, int]]:
        return (type(self), (self.term, self.epoch))
