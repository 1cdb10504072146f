"""The state of an extractor, written and read as a bundle does it."""

from __future__ import annotations

import json

import numpy as np
from safetensors.numpy import load, save

from pipeline.features.base.state import State


def through_files(stored: State) -> State:
    arrays = load(save({name: np.asarray(array, order="C") for name, array in stored.arrays.items()}))
    words, numbers = json.loads(json.dumps([list(stored.words), dict(stored.numbers)]))
    return State(arrays, words, numbers, stored.weights)
