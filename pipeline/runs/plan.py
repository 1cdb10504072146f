"""All cells of one dataset and method: which there are, which are finished, and a pool for the rest."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import torch
from joblib import cpu_count

from pipeline.config.params import Params, block, method_settings, noises_of
from pipeline.core import plugins as discovery
from pipeline.core.cells import CellKey
from pipeline.core.errors import BadParams
from pipeline.core.runs import Need
from pipeline.features.base.store import Features
from pipeline.methods.base import Method
from pipeline.noise.base import Corruption, Noise, NoiseReceipt
from pipeline.runs.cell import WATCHED_SEED, run_cell, skipped, write_cell
from pipeline.runs.costs import peak_memory
from pipeline.runs.extras import keep
from pipeline.runs.models import MODEL, learned_numbers, write_model
from pipeline.runs.store import CellStore, cell_fingerprint, code_fingerprint

T = TypeVar("T")
Draws = Callable[[CellKey], tuple[Corruption, NoiseReceipt]]
"""The noise artefact of a cell that has one."""


@dataclass(frozen=True)
class Cell:
    """What has to be trained: the key, the resolved settings and their fingerprints. skip: why it is left out."""

    key: CellKey
    settings: Mapping[str, Any]
    code: str
    fingerprint: str
    skip: str = ""


def keys(params: Params, dataset: str, method: str) -> Iterator[CellKey]:
    """The configured cells; a label-free method has one per seed, a deterministic one no seed of its own."""
    kind = discovery.find("pipeline.methods", method, Method)
    labelled = Need.LABELS in kind.needs
    seeds = block(params, "grid", "seeds") if labelled or kind.random else [None]
    for variant in block(params, "methods", method, "variants"):
        noises = noises_of(params, dataset, method, variant)
        if not labelled:
            _refuse_moved_pairs(method, {kind for kind, _ in noises})
        for noise, rate in noises if labelled else [(None, None)]:
            for seed in seeds:
                yield CellKey(dataset, method, variant, noise, rate, seed)


def _refuse_moved_pairs(method: str, noises: Iterable[str]) -> None:
    """A method without labels is trained once, on the pairs as they are."""
    for kind in noises:
        if discovery.find("pipeline.noise", kind, Noise).moves_pairs:
            what = f"'{method}' uses no labels and is trained once, but noise '{kind}' pairs samples wrongly"
            raise BadParams(what, "params.yaml, grid and further", "leave out one of the two")


def build(params: Params, key: CellKey) -> Method:
    settings = method_settings(params, key.method, key.variant, key.dataset)
    return discovery.build("pipeline.methods", key.method, Method, settings)


def plan(params: Params, dataset: str, method: str, features: Features, draws: Draws) -> list[Cell]:
    """Every configured cell with its fingerprint; the settings of all are checked before anything is trained."""
    cells = []
    for key in keys(params, dataset, method):
        settings = method_settings(params, method, key.variant, dataset)
        needs = build(params, key).needs
        views = len(features.extractors)
        skip = f"needs exactly two views, {dataset} has {views}" if Need.TWO_VIEWS in needs and views != 2 else ""
        code = code_fingerprint(method, settings)
        draw = draws(key)[1].hash if key.noise else None
        cells.append(Cell(key, settings, code, cell_fingerprint(key, code, features.digest, draw), skip))
    return cells


def run_all(params: Params, cells: list[Cell], features: Features, draws: Draws, store: CellStore) -> Iterator[Cell]:
    """Each cell once it is in the store: first the finished ones, then the others as they land. On the CPU training
    starts with the call, before the first cell is asked for."""
    missing = [cell for cell in cells if cell.fingerprint not in store]
    finished = [cell for cell in cells if cell.fingerprint in store]
    jobs = [
        (_train, (build(params, cell.key), cell, features, draws(cell.key)[0] if cell.key.noise else None, store))
        for cell in missing
    ]
    return chain(finished, on_pool(jobs))


def on_pool(jobs: Sequence[tuple[Callable[..., T], tuple[Any, ...]]]) -> Iterator[T]:
    """function(*arguments, device) of each job as it is done: by processes of one thread each on the CPU, one after
    another on a GPU."""
    on_gpu = torch.cuda.is_available()
    workers = 1 if on_gpu else max(1, min(len(jobs), cpu_count()))
    device = torch.device("cuda" if on_gpu else "cpu")
    if workers == 1:
        return (_alone(function, arguments, device) for function, arguments in jobs)
    torch.use_deterministic_algorithms(True)  # takes a second; a forked process need not do it again
    pool = ProcessPoolExecutor(workers)
    return _landing(pool, [pool.submit(_alone, function, arguments, device) for function, arguments in jobs])


def _landing(pool: ProcessPoolExecutor, jobs: list[Future[T]]) -> Iterator[T]:
    try:
        for job in as_completed(jobs):
            yield job.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _alone(function: Callable[..., T], arguments: tuple[Any, ...], device: torch.device) -> T:
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.set_flush_denormal(True)  # weight decay makes Adam's moments denormal, at a third of the speed
    return function(*arguments, device)


def _train(
    method: Method,
    cell: Cell,
    features: Features,
    noise: Corruption | None,
    store: CellStore,
    device: torch.device,
) -> Cell:
    train, valid, test = features.splits["train"], features.splits.get("valid"), features.splits["test"]
    seed = cell.key.seed or 0
    started = time.perf_counter()
    identity = {"key": asdict(cell.key), "code": cell.code, "fingerprint": cell.fingerprint}
    with store.running(cell.fingerprint):
        if cell.skip:
            result, embeddings = skipped(cell.skip)
        else:
            result, embeddings = run_cell(method, train, valid, test, noise, seed, device)
        cost = {"seconds": time.perf_counter() - started, "device": str(device), "peak_memory": peak_memory(device)}

        def write(folder: Path) -> None:
            write_cell(folder, identity | result, embeddings)
            if result["status"] == "done":
                if noise is not None:
                    keep(folder, method, noise.applied(train), valid, test)
                cost["parameters"] = learned_numbers(method)
                if seed == WATCHED_SEED:
                    write_model(folder / MODEL, method, cell.key, cell.settings, train.classes)
            (folder / "cost.json").write_text(json.dumps(cost) + "\n", encoding="utf-8")

        store.add(cell.fingerprint, write)
    return cell
