"""What decisions about labels gained: the run before them beside the run after them.

Both are judged by the same queries, on the samples that both held out, and by the labels as they are now: the old test
labels would call right what the old labels taught wrong. What the decisions changed in the test labels moves both
alike; what the first run scored by the old labels stands beside, to tell the two effects apart.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from pipeline.core.cells import DONE, CellKey
from pipeline.core.errors import BadInput, PipelineError
from pipeline.core.files import write_text
from pipeline.core.splits import Array, Embeddings
from pipeline.data.base.store import Manifest, read_manifest
from pipeline.explore.decisions.decisions import Decision
from pipeline.retrieval.ranking import average_precision, directions
from pipeline.runs.finished_cell import RESULT, FinishedCell
from pipeline.runs.store import CellStore

CONFIDENCE = 1.96
"""Standard errors on either side of a mean that hold it with 95 %."""


@dataclass(frozen=True)
class Before:
    """The run before decisions. cells: their folder's name -> fingerprint; test: sample -> its label then.

    decided: sample -> the label that was decided.
    """

    cells: Mapping[str, str]
    test: Mapping[str, str]
    decided: Mapping[str, str]


@dataclass(frozen=True)
class Gain:
    """MAP of a method, mean over directions and runs, before and after; low, high: of the difference, 95 %.

    reported: before, by the labels of then.
    """

    method: str
    variant: str
    reported: float
    before: float
    after: float
    low: float
    high: float


def remember(file: Path, runs: Path, manifest: Manifest, decisions: Mapping[str, Decision]) -> None:
    """Note which finished cells stand below a dataset's runs, and its test labels, for gains to compare with."""
    cells = {_name(cell.key): cell.fingerprint for cell in _done(runs)}
    rows = np.flatnonzero(manifest.split == "test")
    test = {manifest.ids[row]: manifest.class_names[manifest.labels[row]] for row in rows.tolist()}
    decided = {name: one.label or one.given for name, one in decisions.items()}
    write_text(file, json.dumps(asdict(Before(cells, test, decided)), ensure_ascii=False, indent=1) + "\n")


def gains(file: Path, runs: Path, manifest: Manifest, store: CellStore) -> tuple[list[Gain], int, int]:
    """Every method's gain, how many samples both runs held out, and how many of these have another label now.

    file: what remember wrote; runs, manifest: of the run after it; store: which has the cells of both. Raises BadInput
    where nothing was decided, and where the run is not one on the corrected labels or cannot be compared.
    """
    try:
        before = Before(**json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise BadInput("no decisions were applied yet", str(file), "run `stages.tools.decide` first") from None
    except (ValueError, TypeError):
        remedy = "remove it and apply the decisions again, before the next run"
        raise BadInput("it is not what `decide` wrote", str(file), remedy) from None
    labels = dict(zip(manifest.ids, (manifest.class_names[label] for label in manifest.labels), strict=True))
    if any(labels.get(name, label) != label for name, label in before.decided.items()):
        problem = "its labels are not the corrected ones yet"
        raise BadInput(problem, str(runs), "set the table that `decide` printed and run the experiment again")
    now = {manifest.ids[row]: place for place, row in enumerate(np.flatnonzero(manifest.split == "test").tolist())}
    both = sorted(now.keys() & before.test.keys())
    if len(both) < 2:
        raise BadInput("the two runs held out no samples in common", str(runs), "keep the split of the first run")
    then = {name: row for row, name in enumerate(before.test)}
    rows_then, rows_now = ([by[name] for name in both] for by in (then, now))
    classes = {name: number for number, name in enumerate({*labels.values(), *before.test.values()})}
    true, old = (np.array([classes[by[name]] for name in both]) for by in (labels, before.test))
    compared = defaultdict(list)
    cells = _done(runs)
    if cells and all(before.cells.get(_name(cell.key)) == cell.fingerprint for cell in cells):
        remedy = "run the experiment again; where no label was corrected, nothing changes"
        raise BadInput("all runs are those from before the decisions", str(runs), remedy)
    for cell in cells:
        earlier = before.cells.get(_name(cell.key))
        if earlier is None or earlier == cell.fingerprint or earlier not in store:
            continue
        first, second = _held_out(store.read(earlier), rows_then), _held_out(cell, rows_now)
        compared[cell.key.method, cell.key.variant].append((_ap(first, old), _ap(first, true), _ap(second, true)))
    if not compared:
        remedy = "run the experiment again, with the methods of the first run"
        raise BadInput("no method has a run before the decisions and another one after them", str(runs), remedy)
    return (
        [_gain(method, variant, np.mean(of_runs, axis=0)) for (method, variant), of_runs in compared.items()],
        len(both),
        int(np.sum(true != old)),
    )


def sentences(gained: Sequence[Gain], count: int, changed: int) -> list[str]:
    """What the gains are, for a person to read."""
    lines = [f"MAP on the {count} samples that both runs held out, by their labels of now ({changed} of them new):"]
    for one in sorted(gained, key=lambda gain: -gain.after):
        name = one.method if one.variant == "default" else f"{one.method} ({one.variant})"
        difference = f"{one.after - one.before:+.3f} [{one.low:+.3f}, {one.high:+.3f}]"
        by_old = f"was {one.reported:.3f} by the old labels"
        lines.append(f"  {name}: {one.before:.3f} -> {one.after:.3f}, {difference}; {by_old}")
    return lines


def told(decided: Path, raw: Path, runs: Path, store: CellStore) -> str:
    """What the decisions about any dataset of a project gained, or why that cannot be told; '' without decisions.

    decided: the folder of what remember wrote; raw, runs: with a folder per dataset.
    """
    lines = []
    for file in sorted(decided.glob("*.json")):
        lines += ["", f"What decisions about {file.stem} gained:"]
        try:
            lines += sentences(*gains(file, runs / file.stem, read_manifest(raw / file.stem), store))
        except PipelineError as reason:
            lines.append(f"  not to be told. {reason}")
    return "".join(f"{line}\n" for line in lines)


def _done(runs: Path) -> list[FinishedCell]:
    """The finished cells of all methods of a dataset."""
    cells = [FinishedCell.read(file.parent) for file in sorted(runs.glob(f"*/*/{RESULT}"))]
    return [cell for cell in cells if cell.status == DONE]


def _name(key: CellKey) -> str:
    return f"{key.method}/{key.name}"


def _held_out(cell: FinishedCell, rows: Sequence[int]) -> Embeddings:
    return {view: z[rows] for view, z in cell.embeddings(cell.states[0]).items()}


def _ap(embeddings: Embeddings, labels: Array) -> Array:
    """AP of every sample as a query, mean over directions."""
    pairs = directions(embeddings)
    by_direction = [average_precision(embeddings[a], embeddings[b], labels, labels) for a, b in pairs]
    return np.asarray(np.mean(by_direction, axis=0))


def _gain(method: str, variant: str, ap: Array) -> Gain:
    """ap: 3 x n, of every query: before by old labels, before, after."""
    reported, before, after = (float(mean) for mean in ap.mean(axis=1))
    reach = CONFIDENCE * float((ap[2] - ap[1]).std(ddof=1)) / np.sqrt(ap.shape[1])
    difference = after - before
    return Gain(method, variant, reported, before, after, difference - reach, difference + reach)
