"""Randomness: every generator is derived from (seed, purpose), so that no draw depends on another one."""

from __future__ import annotations

import hashlib
import json

import numpy as np


def generator(seed: int, *purpose: str) -> np.random.Generator:
    """A generator of its own for these words, such as 0 and "noise", "emoji", "0.4", "image"."""
    return np.random.default_rng(_sequence(seed, purpose))


def torch_seed(seed: int, *purpose: str) -> int:
    """A number in [0, 2**63) for torch.manual_seed or torch.Generator.manual_seed."""
    return int(_sequence(seed, purpose).generate_state(1, np.uint64)[0] >> np.uint64(1))


def _sequence(seed: int, purpose: tuple[str, ...]) -> np.random.SeedSequence:
    digest = hashlib.sha256(json.dumps([int(seed), *purpose]).encode()).digest()
    return np.random.SeedSequence(int.from_bytes(digest, "little"))
