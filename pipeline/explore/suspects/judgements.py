"""Judgements as files, so that the same question is computed once."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from pipeline.core.files import atomic_write, sha256
from pipeline.core.progress import Progress
from pipeline.core.runs import LabelNoise
from pipeline.core.splits import Split
from pipeline.explore.suspects import cross_fit
from pipeline.explore.suspects.cross_fit import Judgement, judge
from pipeline.methods.base import Method
from pipeline.runs.fingerprint import code_fingerprint

ABOUT, SUGGESTED = "about", "suggested"
"""Names of what stands in a file beside one array of suspicions per view."""


def fingerprint(method: Method, samples: Split, seed: int) -> str:
    """64 hex digits of all that makes a judgement: features, labels, settings, code and seed."""
    digest = hashlib.sha256(json.dumps([code_fingerprint(method), samples.classes, seed]).encode())
    digest.update(sha256(Path(cross_fit.__file__)).encode())
    for view in samples.views:
        for array in (samples.views[view], samples.labels[view]):
            digest.update(f"{view} {array.shape} {array.dtype}".encode())
            digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def judged(file: Path, method: Method, samples: Split, seed: int, progress: Progress) -> Judgement:
    """The judgement that a file holds; where it holds another one or none, it is computed and written. Raises as judge.

    samples: those of every split, pooled.
    """
    wanted = fingerprint(method, samples, seed)
    if (stored := _read(file, wanted)) is not None:
        return stored
    judgement = judge(method, samples, seed, progress)
    noise = judgement.label_noise
    about = json.dumps({"fingerprint": wanted, "label_noise": None if noise is None else asdict(noise)})
    suspicion = {f"suspicion/{view}": array for view, array in judgement.suspicion.items()}
    with atomic_write(file) as content:
        np.savez(content, allow_pickle=False, **{ABOUT: np.array(about), SUGGESTED: judgement.suggested, **suspicion})
    return judgement


def _read(file: Path, wanted: str) -> Judgement | None:
    """What is stored; None for another judgement, a damaged file and none."""
    try:
        with np.load(file, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        about = json.loads(str(arrays.pop(ABOUT)))
        suggested, noise = arrays.pop(SUGGESTED), about["label_noise"]
        if about["fingerprint"] != wanted:
            return None
    except (OSError, EOFError, ValueError, KeyError, TypeError, BadZipFile):
        return None
    suspicion = {name.removeprefix("suspicion/"): array for name, array in arrays.items()}
    return Judgement(suspicion, suggested, None if noise is None else LabelNoise(**noise))
