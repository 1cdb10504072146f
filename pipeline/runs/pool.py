"""Trains cells on all cores: a pool of processes with one thread each, or one process on a GPU."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from joblib import cpu_count

from pipeline.core.cells import SKIPPED
from pipeline.core.corruption import Corruption
from pipeline.features.base.store import Features
from pipeline.runs.cell import Outcome, run_cell
from pipeline.runs.costs import forget_peak, peak_memory
from pipeline.runs.extras import posterior_readout, suspicion
from pipeline.runs.finished_cell import MODEL, READOUT, SUSPICION, FinishedCell, write_cost, write_result
from pipeline.runs.models import parameters, write_model
from pipeline.runs.plan import Cell, Draws
from pipeline.runs.store import CellStore

T = TypeVar("T")


def train_cells(cells: Sequence[Cell], features: Features, draws: Draws, store: CellStore) -> Iterator[Cell]:
    """Each cell once it is in the store: first the finished ones, then the others as they land.

    On the CPU training starts with the call, before the first cell is asked for.
    """
    finished = [cell for cell in cells if cell.fingerprint in store]
    missing = [cell for cell in cells if cell.fingerprint not in store]
    jobs = [(train_cell, (cell, features, draws(cell.key)[0] if cell.key.noise else None, store)) for cell in missing]
    return chain(finished, on_pool(jobs))


def on_pool(jobs: Sequence[tuple[Callable[..., T], tuple[Any, ...]]]) -> Iterator[T]:
    """function(*arguments, device) of each job as it is done."""
    on_gpu = torch.cuda.is_available()
    workers = 1 if on_gpu else max(1, min(len(jobs), cpu_count()))
    device = torch.device("cuda" if on_gpu else "cpu")
    if workers == 1:
        return (_alone(function, arguments, device) for function, arguments in jobs)
    torch.use_deterministic_algorithms(True)  # takes a second; a forked process need not do it again
    pool = ProcessPoolExecutor(workers)
    return _landing(pool, [pool.submit(_alone, function, arguments, device) for function, arguments in jobs])


def _landing(pool: ProcessPoolExecutor, jobs: list[Future[T]]) -> Iterator[T]:
    finished = False
    try:
        for job in as_completed(jobs):
            yield job.result()
        finished = True
    finally:
        pool.shutdown(wait=finished, cancel_futures=True)  # idle workers end at once; left to exit, they may complain


def _alone(function: Callable[..., T], arguments: tuple[Any, ...], device: torch.device) -> T:
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.set_flush_denormal(True)  # weight decay makes Adam's moments denormal, at a third of the speed
    return function(*arguments, device)


def train_cell(
    cell: Cell, features: Features, noise: Corruption | None, store: CellStore, device: torch.device
) -> Cell:
    """Train one cell and put it into the store, whole or not at all."""
    train, valid, test = features.splits["train"], features.splits.get("valid"), features.splits["test"]
    seed = cell.key.seed or 0
    forget_peak(device)
    started = time.perf_counter()
    with store.running(cell.fingerprint):
        if cell.skip:
            outcome = Outcome(SKIPPED, cell.skip)
        else:
            outcome = run_cell(cell.method, train, valid, test, noise, seed, device, cell.watched)
        seconds = time.perf_counter() - started
        cost = {"seconds": seconds, "device": str(device), "peak_memory": peak_memory(device)}

        def write(folder: Path) -> None:
            fitted = outcome.fitted
            write_result(
                FinishedCell(
                    folder,
                    cell.key,
                    outcome.status,
                    outcome.reason,
                    cell.code,
                    cell.fingerprint,
                    cell.features,
                    cell.labels,
                    list(outcome.history),
                    None if fitted is None else fitted.label_noise(),
                )
            )
            for criterion, views in outcome.embeddings.items():
                np.savez(folder / f"{criterion}.npz", allow_pickle=False, **views)
            if fitted is not None:
                given = train if noise is None else noise.applied(train)
                if (arrays := suspicion(fitted, given)) is not None:
                    np.savez(folder / SUSPICION, allow_pickle=False, **arrays)
                if (arrays := posterior_readout(fitted, test)) is not None:
                    np.savez(folder / READOUT, allow_pickle=False, **arrays)
                headline = fitted.at(fitted.states[0])
                cost["parameters"] = parameters(headline)
                if cell.watched:
                    write_model(folder / MODEL, headline, cell.key, cell.settings)
            write_cost(folder, cost)

        store.add(cell.fingerprint, write)
    return cell
