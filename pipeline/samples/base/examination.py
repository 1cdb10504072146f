"""One look at every sample of a view: what is wrong with it, and which samples are equal."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

import numpy as np
from joblib import Parallel, cpu_count, delayed

from pipeline.core.datasets import RawView
from pipeline.core.errors import BadInput
from pipeline.core.progress import Progress
from pipeline.core.splits import Array
from pipeline.samples.base import Fault, Samples, kind
from pipeline.samples.base.sample_files import BLOCK, SampleFiles, blocks

NUMBER = re.compile(r"\d+")


@dataclass(frozen=True)
class Examination:
    """faults: of the n samples of a view; digests: n of 16 bytes, equal where samples are equal byte by byte."""

    faults: list[Fault]
    digests: Array


def examine(view: RawView, progress: Progress) -> Examination:
    """Look at the samples of a view that its kind's `misfit` has passed; files are read in blocks, on all cores.

    A file that cannot be read is a fatal fault.
    """
    samples = view.samples
    if not isinstance(samples, SampleFiles):
        return Examination(list(kind(view.kind).faults(samples)), _digests(samples))
    jobs = (delayed(_read)(block) for block in blocks(samples, BLOCK))
    workers = cpu_count() if len(samples) > BLOCK else 1
    merged: dict[tuple[str, str], Fault] = {}
    digests = np.empty(len(samples), dtype="V16")
    done = 0
    for part in Parallel(n_jobs=workers, return_as="generator")(jobs):
        rows = slice(done, done := done + len(part.digests))
        digests[rows] = part.digests
        for fault in part.faults:
            _add(merged, fault, rows, len(samples))
        progress(done, len(samples))
    return Examination(list(merged.values()), digests)


def _read(files: SampleFiles) -> Examination:
    """The faults of a block; masks cover the block. An unreadable file is equal to copies of itself alone."""
    merged: dict[tuple[str, str], Fault] = {}
    digests = np.frombuffer(b"".join(bytes.fromhex(digest)[:16] for digest in files.hashes), dtype="V16").copy()
    sound: dict[int, Any] = {}
    for row in range(len(files)):
        try:
            sound[row] = files[row]
        except BadInput as error:
            only = np.ones(1, dtype=bool)
            _add(merged, Fault(error.problem, only, error.remedy, fatal=True), slice(row, row + 1), len(files))
    if sound:
        rows = np.array(list(sound))
        samples = files.kind.gather(sound.values(), len(sound))
        digests[rows] = _digests(samples)
        for fault in files.kind.faults(samples):
            _add(merged, fault, rows, len(files))
    return Examination(list(merged.values()), digests)


def _add(merged: dict[tuple[str, str], Fault], fault: Fault, rows: slice | Array, count: int) -> None:
    """Mark the rows of a fault; sentences that differ in their numbers alone tell of one kind of fault."""
    alike = (NUMBER.sub("", fault.problem), fault.remedy)
    known = merged.get(alike) or replace(fault, mask=np.zeros(count, dtype=bool))
    known.mask[rows] |= fault.mask
    merged[alike] = known


def _digests(samples: Samples) -> Array:
    rows: Iterable[Any] = np.ascontiguousarray(samples) if isinstance(samples, np.ndarray) else samples
    hashes = (
        blake2b(x.encode("utf-8", "surrogatepass") if isinstance(x, str) else x, digest_size=16).digest() for x in rows
    )
    return np.frombuffer(b"".join(hashes), dtype="V16")
