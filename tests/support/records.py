"""Records for tests: rows per cell, criterion and direction, or as text, method by method."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.core.cells import DONE
from pipeline.core.criteria import CRITERIA
from pipeline.core.readouts import COSINE
from pipeline.core.seeds import generator
from pipeline.core.splits import Array
from pipeline.evaluation import precisions
from pipeline.evaluation.precisions import Precisions
from pipeline.evaluation.statistics import Family, statistics
from pipeline.records.cells import CELLS, match_column, score_column
from pipeline.records.claims import CLAIMS
from pipeline.records.endpoints import ENDPOINTS
from pipeline.records.statistics import STATISTICS
from pipeline.records.table_record import TableRecord

Lines = list[dict[str, str]]
CELL = ("method", "variant", "noise", "rate", "seed")
LONG = (*CELL, "criterion", "direction", "map", "status", "reason", "code", "fingerprint")
"""What a test gives of a cell in one direction; of one that is not done without criterion, direction and map."""


def lines(record: TableRecord, folder: Path, dataset: str) -> Lines:
    """The rows of a file as text, none where there is no file."""
    file = record.file(folder, dataset)
    if not file.exists():
        return []
    with file.open(newline="", encoding="utf-8") as content:
        return list(csv.DictReader(content))


def write_method(
    record: TableRecord, folder: Path, dataset: str, method: str, rows: Iterable[Mapping[str, Any]]
) -> None:
    """Put the rows of a method behind those of others, in place of earlier ones of its own."""
    others = [line for line in lines(record, folder, dataset) if line["method"] != method]
    record.write(folder, dataset, [*others, *({"method": method, **row} for row in rows)])


def drop_method(record: TableRecord, folder: Path, dataset: str, method: str) -> None:
    write_method(record, folder, dataset, method, [])


def keep(record: TableRecord, folder: Path, dataset: str, wanted: Callable[[dict[str, str]], bool]) -> None:
    """Leave the rows that are wanted."""
    record.write(folder, dataset, [line for line in lines(record, folder, dataset) if wanted(line)])


def write_cells(folder: Path, dataset: str, method: str, rows: Sequence[Sequence[Any]]) -> None:
    """Put the cells of a method into the record. rows: values of LONG but for the method."""
    cells: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        values = dict(zip(LONG, (method, *row), strict=True))
        criterion, direction, value = (values.pop(name) for name in ("criterion", "direction", "map"))
        cell = cells.setdefault(tuple(values[name] for name in CELL), values)
        if values["status"] == DONE:
            cell[score_column(criterion, "map", direction)] = value
    write_method(CELLS, folder, dataset, method, cells.values())


def write_match(folder: Path, dataset: str, method: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Give cells of a method their MAP by match probability, which a cell that the record lacks has by cosine, too.

    rows: a row per cell and direction.
    """
    read: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in rows:
        values = {"method": method, "noise": "", "rate": "", "seed": "", **row}
        chosen = read.setdefault(tuple(str(values[name]) for name in CELL), {})
        chosen |= {"temperature": values["temperature"], match_column(values["direction"]): values["map"]}
    kept: list[dict[str, Any]] = [dict(line) for line in lines(CELLS, folder, dataset)]
    for line in kept:
        line |= read.pop(tuple(line[name] for name in CELL), {})
    for cell, chosen in read.items():
        facts = {"status": DONE, "reason": "", "code": "c0de", "fingerprint": "f1"}
        maps = {name.removeprefix("match "): value for name, value in chosen.items() if name != "temperature"}
        cosine = {score_column(CRITERIA[0], "map", direction): value for direction, value in maps.items()}
        kept.append(dict(zip(CELL, cell, strict=True)) | facts | cosine | chosen)
    CELLS.write(folder, dataset, kept)


def keep_match(folder: Path, dataset: str, wanted: Callable[[dict[str, str]], bool]) -> None:
    """Leave MAP by match probability to the cells that are wanted."""
    kept = []
    for line in lines(CELLS, folder, dataset):
        read = {} if wanted(line) else dict.fromkeys(("temperature", *(n for n in line if n.startswith("match "))), "")
        kept.append(line | read)
    CELLS.write(folder, dataset, kept)


def keep_criteria(folder: Path, dataset: str, wanted: Callable[[dict[str, str], str], bool]) -> None:
    """Leave the scores of a cell under the criteria that are wanted."""
    kept = []
    for line in lines(CELLS, folder, dataset):
        scores = {name: name.split(" ")[0] for name in line if "->" in name and not name.startswith("match ")}
        kept.append(line | {name: "" for name, criterion in scores.items() if not wanted(line, criterion)})
    CELLS.write(folder, dataset, kept)


def write_statistics(folder: Path, dataset: str, ap: Mapping[str, Array] | None = None, queries: int = 60) -> None:
    """Compare all that is recorded of a dataset. ap: method -> Q for all of its columns; else AP whose means are the
    MAP of the first criterion that a method keeps."""
    files, entries, settings = {}, {}, {}
    for method in dict.fromkeys(line["method"] for line in lines(CELLS, folder, dataset)):
        done = [line for line in lines(CELLS, folder, dataset) if (line["method"], line["status"]) == (method, DONE)]
        scores = {name: name.split(" ") for line in done for name in line if " map " in name and line[name]}
        first = min((criterion for criterion, *_ in scores.values()), key=CRITERIA.index, default="")
        maps: dict[tuple[str, ...], list[float]] = defaultdict(list)
        for line in done:
            for name, value in line.items():
                if name.startswith(f"{first} map ") and value:
                    maps[line["variant"], line["noise"], line["rate"], scores[name][2]].append(float(value))
        made = []
        for (variant, noise, rate, direction), values in maps.items():
            ripples = 0.17 * generator(0, dataset, method, f"{variant}|{noise}|{rate}|{direction}").standard_normal(
                queries
            )
            own = np.mean(values) + ripples - ripples.mean() if ap is None else ap[method]
            made.append(Precisions(variant, noise, float(rate) if rate else None, None, first, COSINE, direction, own))
            entries[method, variant] = None
            settings |= {(noise, float(rate)): None} if rate else {}
        files[method] = folder.parent / "ap" / dataset / f"{method}.npz"
        precisions.write(files[method], made)
    families = [Family([noise], [rate], [], list(entries)) for noise, rate in settings]
    STATISTICS.write(folder, dataset, statistics(dataset, families, files))


def write_claims(
    folder: Path,
    claims: Mapping[tuple[str, str], Mapping[tuple[str, str], Sequence[float]]],
    best: tuple[str, str] | None = None,
    dataset: str = "emoji",
) -> None:
    """Write what is claimed of MRL, whose MAP is .6, and the endpoints of two seeds behind it.

    claims: (noise, readout) -> rival -> difference, low, high and p; best: the rival that stands as the best one, too.
    """
    rows, endpoints = [], []
    for (noise, readout), rivals in claims.items():
        place = {"noise": noise, "readout": readout}
        maps = {("mrl", "default"): 0.6}
        for (method, variant), (difference, low, high, p) in rivals.items():
            maps[method, variant] = 0.6 - difference
            row = place | {"claimed": "mrl", "method": method, "variant": variant, "difference": difference, "low": low}
            row |= {"high": high, "p": p, "nested_low": low - 0.01, "nested_high": high + 0.01, "seeds": 2}
            rows += [row | {"best": flag} for flag in ((0, 1) if (method, variant) == best else (0,))]
        for (method, variant), mean in maps.items():
            entry = place | {"method": method, "variant": variant}
            spread = np.sqrt(0.5) / 10
            endpoints += [entry | {"seed": 10 + n, "map": mean + sign * spread} for n, sign in enumerate((-1, 1))]
    CLAIMS.write(folder, dataset, rows)
    ENDPOINTS.write(folder, dataset, endpoints)
