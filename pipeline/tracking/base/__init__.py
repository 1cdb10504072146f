"""What a tracker file must offer, and a guard that keeps a broken tracker from stopping a run."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from pipeline.core import plugins
from pipeline.core.cells import CellKey
from pipeline.core.runs import Row
from pipeline.runs.finished_cell import FinishedCell

Warn = Callable[[str], None]


@dataclass(frozen=True)
class TrackedCell:
    """A cell as a tracker is given it.

    settings: of its method; status, reason, fingerprint, history: as in its result; cost: seconds, peak memory and
    parameters, empty where it was not measured here; receipt: of its noisy labels, None without any; scores: test
    scores and realised noise, empty before evaluation.
    """

    key: CellKey
    settings: Mapping[str, Any]
    status: str
    reason: str
    fingerprint: str
    history: Sequence[Row]
    cost: Mapping[str, Any] = field(default_factory=dict)
    receipt: Mapping[str, Any] | None = None
    scores: Mapping[str, float] = field(default_factory=dict)


def tracked(cell: FinishedCell, settings: Mapping[str, Any], receipt: Mapping[str, Any] | None) -> TrackedCell:
    """A cell as it leaves training."""
    return TrackedCell(
        cell.key, settings, cell.status, cell.reason, cell.fingerprint, cell.history, cell.cost(), receipt
    )


class Tracker(ABC):
    """The runs of one dataset; logging a cell again replaces its run, never doubles it.

    remedy: what a person can do if the tracker does not work.
    """

    remedy: ClassVar[str]

    @abstractmethod
    def __init__(self, dataset: str) -> None:
        """Open the store; where it is comes from the tracker's own environment variables."""

    @abstractmethod
    def log_cell(self, cell: TrackedCell) -> None:
        """Log parameters, history per epoch, cost and scores of one cell."""

    @abstractmethod
    def log_summary(self, key: CellKey, scores: Mapping[str, float]) -> None:
        """Log mean, standard deviation and count over the seeds of one setting. key: without its seed."""

    @abstractmethod
    def log_report(self, files: Sequence[Path]) -> None:
        """Keep the tables and figures of the report."""

    @abstractmethod
    def prune(self) -> None:
        """Delete the runs of all that was not logged since this tracker was opened."""


class Guarded(Tracker):
    """A tracker that warns in one sentence when it fails and logs nothing from then on."""

    def __init__(self, name: str, dataset: str, warn: Warn) -> None:
        self._name, self._warn = name, warn
        self._tracker: Tracker | None = None
        self._remedy = "install what it needs"

        def open_it() -> None:
            kind = plugins.find("pipeline.tracking", name, Tracker)
            self._remedy = kind.remedy
            self._tracker = kind(dataset)

        self._attempt(open_it)

    def log_cell(self, cell: TrackedCell) -> None:
        self._attempt(lambda: self._tracker and self._tracker.log_cell(cell))

    def log_summary(self, key: CellKey, scores: Mapping[str, float]) -> None:
        self._attempt(lambda: self._tracker and self._tracker.log_summary(key, scores))

    def log_report(self, files: Sequence[Path]) -> None:
        self._attempt(lambda: self._tracker and self._tracker.log_report(files))

    def prune(self) -> None:
        self._attempt(lambda: self._tracker and self._tracker.prune())

    def _attempt(self, action: Callable[[], object]) -> None:
        """Whatever a tracker raises, the run goes on: its numbers do not pass through the tracker."""
        try:
            action()
        except Exception as error:
            self._tracker = None
            cause = " ".join(str(error).split())[:160] or type(error).__name__
            self._warn(f"Warning: {self._name} logs nothing from here on, the run goes on ({cause}); {self._remedy}.")


TRACKER = "mlflow"
"""The file of this room that the stages log to."""


def open_tracker(dataset: str, warn: Warn) -> Tracker:
    """The tracker of a dataset's runs; warn is called with one sentence if it fails."""
    return Guarded(TRACKER, dataset, warn)
