"""Judgements as files, so that the same question is computed once."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from pipeline.core.datasets import Annotations
from pipeline.core.files import atomic_write, sha256
from pipeline.core.progress import Progress
from pipeline.core.runs import LabelNoise
from pipeline.core.splits import Split
from pipeline.explore import annotators
from pipeline.explore.annotators.heard import Heard
from pipeline.explore.suspects import cross_fit
from pipeline.explore.suspects.cross_fit import Judgement, judge
from pipeline.methods.base import Method
from pipeline.runs.fingerprint import code_fingerprint

ABOUT, SUGGESTED = "about", "suggested"
"""Names of what stands in a file beside one array of suspicions per view."""


def fingerprint(method: Method, samples: Split, seed: int, annotations: Annotations | None = None) -> str:
    """64 hex digits of all that makes a judgement: features, labels, settings, code and seed."""
    digest = hashlib.sha256(json.dumps([code_fingerprint(method), samples.classes, seed]).encode())
    for file in (Path(cross_fit.__file__), *sorted(Path(annotators.__file__).parent.glob("*.py"))):
        digest.update(sha256(file).encode())
    if annotations is not None:
        digest.update(json.dumps([list(annotations.annotators), list(annotations.labels)]).encode())
        digest.update(np.ascontiguousarray(annotations.votes).data)
    for view in samples.views:
        for array in (samples.views[view], samples.labels[view]):
            digest.update(f"{view} {array.shape} {array.dtype}".encode())
            digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def judged(
    file: Path,
    method: Method,
    samples: Split,
    seed: int,
    progress: Progress,
    annotations: Annotations | None = None,
) -> Judgement:
    """The judgement that a file holds; where it holds another one or none, it is computed and written. Raises as judge.

    samples: those of every split, pooled; annotations: all labels of each, where there are several.
    """
    wanted = fingerprint(method, samples, seed, annotations)
    if (stored := _read(file, wanted)) is not None:
        return stored
    judgement = judge(method, samples, seed, progress, annotations)
    noise = judgement.label_noise
    said = {"label_noise": None if noise is None else asdict(noise)}
    about = json.dumps({"fingerprint": wanted, "annotators": list(map(asdict, judgement.annotators)), **said})
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
        if about["fingerprint"] != wanted:
            return None
        suggested, noise = arrays.pop(SUGGESTED), about["label_noise"]
        of_annotators = tuple(Heard(**one) for one in about["annotators"])
    except (OSError, EOFError, ValueError, KeyError, TypeError, BadZipFile):
        return None
    suspicion = {name.removeprefix("suspicion/"): array for name, array in arrays.items()}
    return Judgement(suspicion, suggested, None if noise is None else LabelNoise(**noise), of_annotators)
