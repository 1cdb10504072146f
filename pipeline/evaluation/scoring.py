"""Test embeddings of finished cells -> the records that the report is made from."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipeline.core.cells import CellKey
from pipeline.core.criteria import CRITERIA
from pipeline.core.errors import BadInput
from pipeline.core.splits import Array, Labels
from pipeline.metrics.retrieval_scores import LEVELS, retrieval_scores
from pipeline.retrieval.detection import detection
from pipeline.retrieval.ranking import directions, mean_average_precision
from pipeline.runs.extras import TEMPERATURE
from pipeline.runs.finished_cell import READOUT, SUSPICION

FLOAT_FORMAT = "%.6g"


@dataclass
class Records:
    """Rows for the record files of one dataset and method.

    cells: a row per cell, criterion and direction; epochs: a row per epoch of the first seed; curves and
    ap (setting and direction -> AP per query): means over seeds under the first criterion that a cell has.
    suspicion: how well the method told wrong training labels, the share of them and its estimate of that share, a row
    per cell and view; readout: MAP by match probability, a row per cell and direction; both under that criterion, where
    the method can tell.
    """

    cells: list[dict[str, Any]] = field(default_factory=list)
    epochs: list[dict[str, Any]] = field(default_factory=list)
    curves: list[dict[str, Any]] = field(default_factory=list)
    suspicion: list[dict[str, Any]] = field(default_factory=list)
    readout: list[dict[str, Any]] = field(default_factory=list)
    ap: dict[str, Array] = field(default_factory=dict)


def results(runs: Path) -> Iterator[tuple[dict[str, Any], Path]]:
    """Every finished cell below a folder of runs: its result and its own folder, in order of name."""
    files = sorted(runs.glob("*/result.json"))
    if not files:
        raise BadInput("there are no finished cells", str(runs), "run `dvc repro` to train them")
    for file in files:
        yield json.loads(file.read_text(encoding="utf-8")), file.parent


def score(runs: Path, labels: Labels, wrong: Callable[[CellKey], Mapping[str, Array]] | None) -> Records:
    """Rank the test split in every direction for every cell below runs.

    labels: clean test labels per view; wrong: view -> n booleans, the training labels of a cell that are wrong; None
    where that is not known.
    """
    records = Records()
    curves: dict[tuple[str, ...], list[Array]] = defaultdict(list)
    precisions: dict[tuple[str, ...], list[Array]] = defaultdict(list)
    first_seed = min((result["key"]["seed"] or 0) for result, _ in results(runs))
    for result, folder in results(runs):
        key = result["key"]
        identity = {**key, "status": result["status"], "reason": result["reason"]}
        identity |= {name: result[name] for name in ("code", "fingerprint")}
        if result["status"] != "done":
            records.cells.append(identity)
        setting = {name: key[name] for name in ("variant", "noise", "rate")}
        records.readout += [setting | {"seed": key["seed"]} | row for row in _readout(folder / READOUT, labels)]
        if wrong is not None and (folder / SUSPICION).is_file():
            found = _detected(folder / SUSPICION, wrong(CellKey(**key)), result.get("label_noise"))
            records.suspicion += [setting | {"seed": key["seed"]} | row for row in found]
        if key["seed"] == first_seed:
            records.epochs += [setting | row for row in result["history"]]
        kept = [criterion for criterion in CRITERIA if (folder / f"{criterion}.npz").is_file()]
        for criterion in kept:
            with np.load(folder / f"{criterion}.npz", allow_pickle=False) as arrays:
                embeddings = {view: arrays[view] for view in arrays}
            for query, gallery in directions(embeddings):
                direction = f"{query}->{gallery}"
                scores = retrieval_scores(embeddings[query], embeddings[gallery], labels[query], labels[gallery])
                row = {"map": scores.ap.mean(), "map_at_50": scores.ap_at_50.mean(), "tied": scores.tied}
                records.cells.append(identity | {"criterion": criterion, "direction": direction} | row)
                if criterion == kept[0]:
                    group = (*("" if value is None else str(value) for value in setting.values()), direction)
                    precisions[group].append(scores.ap)
                    curves[group].append(scores.precision_at_recall)
    for group, means in curves.items():
        names = dict(zip(("variant", "noise", "rate", "direction"), group, strict=True))
        points = zip(LEVELS, np.mean(means, axis=0), strict=True)
        records.curves += [names | {"recall": recall, "precision": precision} for recall, precision in points]
        records.ap["|".join(group)] = np.mean(precisions[group], axis=0).astype(np.float32)
    return records


def _detected(file: Path, wrong: Mapping[str, Array], estimate: Mapping[str, Any] | None) -> Iterator[dict[str, Any]]:
    with np.load(file, allow_pickle=False) as arrays:
        for view, truth in wrong.items():
            if (scores := detection(arrays[view], truth)) is not None:
                row = {"view": view, **scores, "wrong": truth.mean()}
                if estimate is not None:
                    row |= {"estimate": estimate["wrong"][view], "certain": int(estimate["certain"])}
                yield row


def _readout(file: Path, labels: Labels) -> list[dict[str, Any]]:
    if not file.is_file():
        return []
    with np.load(file, allow_pickle=False) as arrays:
        temperature = float(arrays[TEMPERATURE])
        maps = mean_average_precision({view: arrays[view] for view in labels}, labels)
    return [{"direction": name, "temperature": temperature, "map": value} for name, value in maps.items()]


def by_cell(cells: pd.DataFrame) -> Iterator[tuple[CellKey, dict[str, str], dict[str, float]]]:
    """Cell by cell of a cells record: its key, its status and fingerprint, its MAP per criterion and direction."""
    names = [part.name for part in fields(CellKey)]
    for _, rows in cells.groupby(names, dropna=False, sort=False):
        first = {str(name): None if pd.isna(value) else value for name, value in rows.iloc[0].items()}
        seed = None if first["seed"] is None else int(first["seed"])
        values: dict[str, Any] = {name: first[name] for name in names} | {"seed": seed}
        key = CellKey(**values)
        facts = {name: first[name] or "" for name in ("status", "reason", "code", "fingerprint")}
        done = rows.dropna(subset=["map"])
        scores = {f"test/{row['criterion']}/{row['direction']}": float(row["map"]) for row in done.to_dict("records")}
        means = done.groupby("criterion", sort=False)["map"].mean()
        yield key, facts, scores | {f"test/{name}/mean": float(mean) for name, mean in means.items()}


def write(records: Records, files: dict[str, Path]) -> None:
    """files: 'cells', 'epochs', 'curves', 'suspicion', 'readout' -> .csv, 'ap' -> .npz."""
    for file in files.values():
        file.parent.mkdir(parents=True, exist_ok=True)
    columns = {
        "cells": [
            *("dataset", "method", "variant", "noise", "rate", "seed", "criterion", "direction"),
            *("map", "map_at_50", "tied", "status", "reason", "code", "fingerprint"),
        ],
        "epochs": ["variant", "noise", "rate", "epoch"],
        "curves": ["variant", "noise", "rate", "direction", "recall", "precision"],
        "suspicion": [
            *("variant", "noise", "rate", "seed", "view", "auc", "precision", "wrong", "estimate", "certain"),
        ],
        "readout": ["variant", "noise", "rate", "seed", "direction", "temperature", "map"],
    }
    for name, order in columns.items():
        frame = pd.DataFrame(getattr(records, name))
        rest = [column for column in frame.columns if column not in order]
        frame = frame.reindex(columns=order + rest)
        for whole in {"seed", "epoch"} & set(frame.columns):
            frame[whole] = frame[whole].astype("Int64")
        frame.to_csv(files[name], index=False, float_format=FLOAT_FORMAT)
    np.savez_compressed(files["ap"], allow_pickle=False, **records.ap)
