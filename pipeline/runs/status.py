"""How far the grid is: what is done, running, missing or failed, what it has cost and about how long the rest takes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

import torch
from joblib import cpu_count

from pipeline.config.project import Project
from pipeline.core.cells import DONE, FAILED, SKIPPED, CellKey
from pipeline.core.errors import BadInput
from pipeline.core.progress import duration
from pipeline.features.base import store as featurestore
from pipeline.noise.base import store as noise_store
from pipeline.runs.costs import Costs
from pipeline.runs.fingerprint import cell_fingerprint, code_fingerprint
from pipeline.runs.plan import build, is_watched, keys
from pipeline.runs.store import CellStore

RUNNING, RECORDED, MISSING = "running", "recorded", "missing"
STATES = (DONE, RUNNING, RECORDED, MISSING, FAILED, SKIPPED)
"""Done, failed and skipped cells are in the store. Recorded: not there, but today's code made its committed record."""


@dataclass(frozen=True)
class CellStatus:
    """One cell of the grid. reason: why it failed or was skipped; seconds: what it took, on what kind of device."""

    key: CellKey
    state: str
    reason: str = ""
    seconds: float = 0.0
    device: str = "cpu"


@dataclass(frozen=True)
class MethodStatus:
    """Where one method stands on one dataset."""

    dataset: str
    method: str
    cells: Sequence[CellStatus]

    @property
    def counts(self) -> Counter[str]:
        return Counter(cell.state for cell in self.cells)

    def reasons(self) -> list[str]:
        """What keeps cells from being done, each with how many cells it met."""
        met = Counter((cell.state, cell.reason) for cell in self.cells if cell.reason)
        return [f"{count} {state}: {reason}" for (state, reason), count in met.items()]


@dataclass(frozen=True)
class TimeLeft:
    """Tells how long what is not in the store takes.

    earlier: a table of costs, for methods without a finished cell; workers: how many cells of one dataset are trained
    at once; datasets follow each other.
    """

    earlier: Costs
    workers: int

    def seconds(self, statuses: Iterable[MethodStatus]) -> float | None:
        """None if nothing tells for one of the methods."""
        rest: dict[str, list[float]] = defaultdict(list)
        for one in statuses:
            done = [cell for cell in one.cells if cell.state == DONE]
            left = [cell for cell in one.cells if cell.state not in (DONE, FAILED, SKIPPED)]
            for cell in left:
                alike = [other.seconds for other in done if other.key.variant == cell.key.variant]
                row = self.earlier.get((one.dataset, one.method, cell.key.variant))
                known = alike or ([float(row["seconds"])] if row else [other.seconds for other in done])
                if not known:
                    return None
                rest[one.dataset].append(mean(known))
        return sum(sum(cells) / min(self.workers, len(cells)) for cells in rest.values())

    def text(self, statuses: Iterable[MethodStatus]) -> str:
        seconds = self.seconds(statuses)
        return "not known" if seconds is None else f"about {duration(seconds)}" if seconds else ""


def workers() -> int:
    """How many cells are trained at once on this machine."""
    return 1 if torch.cuda.is_available() else int(cpu_count())


def cost_so_far(statuses: Iterable[MethodStatus]) -> str:
    """CPU-hours, or GPU-hours, of the cells in the store; at least a hundredth."""
    spent = {"CPU": 0.0, "GPU": 0.0}
    for one in statuses:
        for cell in one.cells:
            spent["GPU" if cell.device.startswith("cuda") else "CPU"] += cell.seconds / 3600
    return ", ".join(f"{max(hours, 0.01):.2f} {device}-hours" for device, hours in spent.items() if hours)


def sentence(statuses: Sequence[MethodStatus], rest: TimeLeft) -> str:
    """Counts, cost and time left in one line."""
    counts = sum((one.counts for one in statuses), Counter())
    states = ", ".join(f"{counts[state]} {state}" for state in STATES if counts[state])
    line = f"{counts.total()} cells: {states}"
    for name, part in (("cost so far", cost_so_far(statuses)), ("left", rest.text(statuses))):
        line += f"; {name}: {part}" if part else ""
    return line


def method_status(
    project: Project,
    dataset: str,
    method: str,
    folders: tuple[Path, Path],
    store: CellStore,
    recorded: Iterable[tuple[CellKey, Mapping[str, str]]],
) -> MethodStatus:
    """Where each cell of a method stands.

    folders: features and noise of the dataset, either of which may not be there yet; recorded: cells with the facts of
    their committed records.
    """
    known = dict(recorded)
    cells = []
    for key in keys(project, dataset, method):
        code = code_fingerprint(build(project, key))
        fingerprint = _fingerprint(key, code, is_watched(project, key), *folders)
        if fingerprint is not None and fingerprint in store:
            cell = store.read(fingerprint)
            cost = cell.cost()
            cells.append(CellStatus(key, cell.status, cell.reason, cost["seconds"], cost["device"]))
        elif fingerprint is not None and store.is_running(fingerprint):
            cells.append(CellStatus(key, RUNNING))
        elif key in known and known[key]["code"] == code:
            cells.append(CellStatus(key, RECORDED, known[key]["reason"]))
        else:
            cells.append(CellStatus(key, MISSING))
    return MethodStatus(dataset, method, cells)


def _fingerprint(key: CellKey, code: str, watched: bool, features: Path, noise: Path) -> str | None:
    """None while features or noisy labels are not there."""
    try:
        digest = featurestore.read(features, []).digest
        name = noise_store.file_name(key.noise, key.rate, key.seed)
        draw = noise_store.read(noise / name)[1].hash if key.noise else None
    except BadInput:
        return None
    return cell_fingerprint(key, code, digest, draw, watched)
