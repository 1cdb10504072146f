"""A method that was stored and read again embeds as before."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.core import plugins
from pipeline.core.cells import CellKey
from pipeline.core.errors import BadInput
from pipeline.runs.models import parameters, read_model, write_model
from tests.support.paired import CPU, make, run, settings, split

TRAIN, VALID, TEST = split(60, 0), split(30, 1), split(30, 2)


@pytest.mark.parametrize("name", plugins.names("pipeline.methods"))
def test_the_stored_method_embeds_as_the_fitted_one(name: str, tmp_path: Path) -> None:
    key = CellKey("tiny", name, "default", "symmetric", 0.2, 0)
    fitted = make(name).fit(TRAIN, VALID, run(0))
    embedder = fitted.at(fitted.states[0])
    file = tmp_path / "model.safetensors"
    write_model(file, embedder, key, settings(name))
    method, again, read = read_model(file, CPU)
    assert vars(method) == vars(make(name))
    assert read == key
    assert (again.dims, again.classes) == (embedder.dims, embedder.classes)
    assert parameters(again) == parameters(embedder) > 0
    for view, samples in TEST.views.items():
        np.testing.assert_array_equal(again.transform({view: samples})[view], embedder.transform({view: samples})[view])


@pytest.mark.parametrize("content", [b"", b"\x05\x00\x00\x00\x00\x00\x00\x00{}   ", b"PK\x03\x04 a pickle"])
def test_what_is_no_trained_method_is_refused(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "model.safetensors"
    file.write_bytes(content)
    with pytest.raises(BadInput, match=r"it holds no trained method .*name a model.safetensors"):
        read_model(file, CPU)
