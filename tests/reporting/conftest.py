"""A small record set with every state that a cell can be in: done, failed, skipped, not run, label-free."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from pipeline.config.load import parse
from pipeline.config.project import Project
from pipeline.core.criteria import BEST_VALIDATION, LAST_EPOCH
from pipeline.core.papers import Paper
from pipeline.core.readouts import BITS
from pipeline.core.splits import Array
from pipeline.metrics.base.curve import LEVELS
from pipeline.records.curves import CURVES, curve_row
from pipeline.records.epochs import EPOCHS, epoch_rows
from pipeline.records.reader import Records
from pipeline.records.sign_bits import SIGN_BITS, sign_row
from pipeline.records.suspicion import CONFIDENT_LEARNING, SUSPICION
from pipeline.reporting.results.report_scope import DatasetInfo, MethodInfo, Scope
from pipeline.reporting.results.results import Results
from pipeline.runs.costs import COLUMNS
from tests.support.records import write_cells, write_match, write_method, write_statistics

RATES, SEEDS = (0.2, 0.8), (0, 1, 2)
PARAMS: dict[str, Any] = {
    "experiments": [
        {
            "name": "default",
            "datasets": ["emoji", "mnist3d"],
            "methods": {
                name: ["default", "authors_code"] if name in ("mrl", "rono") else ["default"]
                for name in ("mcca", "ce", "mrl", "sdml", "later", "rono")
            },
            "noises": ["symmetric"],
            "rates": list(RATES),
            "seeds": list(SEEDS),
        },
        {
            "name": "protocol",
            "datasets": ["mnist3d_rono"],
            "methods": {"rono": ["authors_code"]},
            "noises": ["recorded"],
            "rates": list(RATES),
            "seeds": list(SEEDS),
            "profile": "paper",
        },
    ],
    "datasets": {name: {"views": {}} for name in ("emoji", "mnist3d", "mnist3d_rono")},
    "extractors": {},
    "noises": {"symmetric": {}, "recorded": {}, "pairflip": {}},
    "methods": {name: {"default": {}} for name in ("mcca", "ce", "sdml", "later")}
    | {name: {"default": {}, "paper": {}, "variants": {"authors_code": {}}} for name in ("mrl", "rono")},
}
"""What a params.yaml says of the records of these tests."""


def project(params: dict[str, Any] = PARAMS, beside: dict[str, Any] | None = None, **experiment: Any) -> Project:
    """The project of these parameters, its first experiment changed, with another one beside it."""
    first, *others = params["experiments"]
    more = [] if beside is None else [first | beside | {"beside": first["name"]}]
    return parse(params | {"experiments": [first | experiment, *others, *more]})


DIRECTIONS = ("image->text", "text->image")
START = {"ce": 0.55, "mrl": 0.552, "sdml": 0.48}
SLOPE = {"ce": 0.42, "mrl": 0.14, "sdml": 0.25}


def method(name: str, display: str, *rows: str, label_free: bool = False, variants: tuple[str, ...] = ("default",)):
    paper = Paper(f"The paper of {display} & co", "A. Author", "CVPR", 2021, "https://example.org/paper", rows)
    return MethodInfo(name, display, paper, variants, label_free, f"What {display} does.", f"{display} < the code.")


METHODS = [
    method("mcca", "MCCA", "MCCA", label_free=True),
    method("ce", "CE", "CE", "deep-SM"),
    method("mrl", "MRL", "MRL", variants=("default", "authors_code")),
    method("sdml", "SDML", "SDML"),
    method("later", "Later"),
]
RONO = method("rono", "RONO", "RONO", variants=("default", "authors_code"))
DATASETS = [
    DatasetInfo("emoji", "Emoji", "image-text", "Twemoji graphics", "CC-BY 4.0"),
    DatasetInfo("mnist3d", "3D digits", "image-point cloud", "MNIST digits", "CC BY-SA 3.0"),
    DatasetInfo("mnist3d_rono", "3D-MNIST", "image-point cloud", "MNIST digits", "CC BY-SA 3.0"),
]


def scoped(folder: Path, dataset: DatasetInfo = DATASETS[0], seeds: Sequence[int] = SEEDS) -> Results:
    """Records of a dataset on the common grid."""
    order = [info.name for info in METHODS]
    return Results(Records(folder), Scope(dataset, METHODS, ["symmetric"], RATES, seeds, order))


def number(method: str, rate: float, seed: int, criterion: str, direction: str) -> str:
    steep = 1.0 if criterion == "best_validation" else 1.5
    value = (
        START[method]
        - SLOPE[method] * steep * rate
        + 0.006 * (seed - 1) * (1 + rate)
        - 0.02 * DIRECTIONS.index(direction)
    )
    return f"{value:.6g}"


def done(rate: float | str, seed: int | str, criterion: str, direction: str, value: str) -> list[Any]:
    """A cell of the default variant in one direction, as write_cells takes it."""
    noise = "" if rate == "" else "symmetric"
    return ["default", noise, rate, seed, criterion, direction, value, "done", "", "c0de", "f1"]


def absent(variant: str, rate: float, seed: int, status: str, reason: str) -> list[Any]:
    return [variant, "symmetric", rate, seed, "", "", "", status, reason, "c0de", "f1"]


def write_csv(path: Path, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([columns, *rows])


def write_records(
    folder: Path,
    dataset: str = "emoji",
    rates: Sequence[float] = RATES,
    epochs: int = 6,
    sizes: Sequence[int] = (1338, 200, 360),
    extractors: Sequence[str] = ("EfficientNet-Lite0", "Doc2Vec"),
) -> Path:
    keys = [(c, d) for c in (BEST_VALIDATION, LAST_EPOCH) for d in DIRECTIONS]
    cells: dict[str, list[list[Any]]] = {
        "mcca": [done("", "", c, d, "0.31" if d == DIRECTIONS[0] else "0.307") for c, d in keys],
    }
    for name in START:
        cells[name] = [
            done(rate, seed, c, d, number(name, rate, seed, c, d))
            for rate in rates
            for seed in SEEDS
            for c, d in keys
            if not (name == "mrl" and rate == max(rates) and seed == 2) and not (name == "sdml" and rate == max(rates))
        ]
    diverged = "loss term 'loss/total' is not finite"
    cells["mrl"].append(absent("default", max(rates), 2, "failed", diverged))
    for rate in rates:
        for seed in SEEDS:
            reason = "needs exactly two views & a label_K"
            cells["mrl"].append(absent("authors_code", rate, seed, "skipped", reason))
    for seed in SEEDS:
        cells["sdml"].append(absent("default", max(rates), seed, "failed", diverged))
    for name, rows in cells.items():
        write_cells(folder, dataset, name, rows)
    write_statistics(folder, dataset)
    write_history(folder, dataset, rates, epochs)
    views = zip(("image", "text"), extractors, (1280, 300), strict=True)
    described = {
        "classes": [f"class {k}" for k in range(9)],
        "sizes": dict(zip(("train", "valid", "test"), sizes, strict=True)),
        "views": {view: {"extractor": name, "dimension": d} for view, name, d in views},
    }
    (folder / "datasets").mkdir(parents=True, exist_ok=True)
    (folder / "datasets" / f"{dataset}.json").write_text(json.dumps(described))
    drawn = [
        {
            "kind": "symmetric",
            "rate": r,
            "seed": s,
            "per_pair": False,
            "realised": {"image": r * 0.89, "text": r * 0.88},
            "hash": f"{r} {s}",
        }
        for r in rates
        for s in SEEDS
    ]
    (folder / "noise").mkdir(parents=True, exist_ok=True)
    (folder / "noise" / f"{dataset}.json").write_text(json.dumps(drawn))
    return folder


def write_history(folder: Path, dataset: str, rates: Sequence[float], epochs: int) -> None:
    measures = ("loss/total", "valid/mean", "accuracy/clean", "accuracy/corrupted", "accuracy/recovered")
    for name, eager in (("ce", 0.9), ("mrl", 0.15)):
        histories, curves = [], []
        for rate in rates:
            setting = {"variant": "default", "noise": "symmetric", "rate": rate}
            history = []
            for epoch in range(1, epochs + 1):
                t = epoch / epochs
                learned = (1 - t, 0.5 * t, 1 - 0.8 * (1 - t) ** 3, eager * t**2, (1 - eager) * t * (1 - rate / 2))
                history.append({"epoch": epoch, **dict(zip(measures, learned, strict=True))})
            histories += epoch_rows(setting, history)
            curves += [curve_row(setting, d, 0.1 + (0.85 - eager * rate * 0.5) * (1 - LEVELS)) for d in DIRECTIONS]
        write_method(EPOCHS, folder, dataset, name, histories)
        write_method(CURVES, folder, dataset, name, curves)
    flat: Array = 0.5 - LEVELS / 2.5
    free = {"variant": "default", "noise": None, "rate": None}
    write_method(CURVES, folder, dataset, "mcca", [curve_row(free, d, flat) for d in DIRECTIONS])


def write_suspicion(folder: Path, dataset: str = "emoji") -> Path:
    """MRL and the baseline find wrong labels, the baseline estimates how many there are, and CE's network is also read
    by match probability."""
    cells = [
        {"variant": "default", "noise": "symmetric", "rate": rate, "seed": seed} for rate in RATES for seed in SEEDS
    ]
    for record, method, auc in ((SUSPICION, "mrl", 0.95), (CONFIDENT_LEARNING, "confident_learning", 0.9)):
        rows = [
            cell
            | {"view": view, "auc": auc - 0.2 * cell["rate"] + 0.01 * cell["seed"] - 0.02 * n, "precision": auc - 0.1}
            | {"wrong": 0.9 * cell["rate"] + 0.01 * n, "estimate": None if method == "mrl" else 0.8 * cell["rate"]}
            for cell in cells
            for n, view in enumerate(("image", "text"))
        ]
        write_method(record, folder, dataset, method, rows)
    read_out = [
        cell
        | {"direction": direction, "temperature": 0.05 + 0.05 * cell["seed"]}
        | {"map": float(number("ce", cell["rate"], cell["seed"], BEST_VALIDATION, direction)) + 0.1}
        for cell in cells
        for direction in DIRECTIONS
    ]
    write_match(folder, dataset, "ce", read_out)
    return folder


def write_sign_bits(folder: Path, seeds: Sequence[int] = SEEDS, dataset: str = "emoji") -> Path:
    """CE's network, at both rates, and MCCA are read by sign bits, too: the more bits, the better."""

    def maps(value: float) -> dict[int, dict[str, float]]:
        return {bits: {way: value + bits / 1000 - 0.02 * n for n, way in enumerate(DIRECTIONS)} for bits in BITS}

    labelled = {"method": "ce", "variant": "default", "noise": "symmetric"}
    rows = [
        sign_row({**labelled, "rate": rate}, {seed: maps(0.5 - rate / 4 + 0.01 * seed) for seed in seeds})
        for rate in RATES
    ]
    free = {"method": "mcca", "variant": "default", "noise": None, "rate": None}
    SIGN_BITS.write(folder, dataset, [*rows, sign_row(free, {None: maps(0.2)})])
    return folder


def write_costs(folder: Path) -> Path:
    rows = [
        ["emoji", "ce", "default", 6, 12.345, 512 * 2**20, 1_234_567],
        ["emoji", "mrl", "default", 6, 20.5, 600 * 2**20, 2_000_000],
    ]
    write_csv(folder / "cost.csv", COLUMNS, rows)
    machine = {"cpu": "A CPU", "cores": 2, "memory_bytes": 8 * 2**30, "python": "3.11.2", "torch": "2.13.0"}
    (folder / "machine.json").write_text(json.dumps(machine | {"device": "cpu"}), encoding="utf-8")
    return folder


@pytest.fixture
def records(tmp_path: Path) -> Path:
    return write_records(tmp_path / "records")
