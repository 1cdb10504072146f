"""A method that was stored and read again embeds as before."""

import numpy as np
import pytest

from pipeline.core import plugins as discovery
from pipeline.core.cells import CellKey
from pipeline.core.errors import BadInput
from pipeline.runs.models import learned_numbers, read_model, write_model
from tests.support.paired import CLASSES, CPU, DIMS, make, run, settings, split

TRAIN, VALID, TEST = split(60, 0), split(30, 1), split(30, 2)


@pytest.mark.parametrize("name", discovery.names("pipeline.methods"))
def test_the_stored_method_embeds_as_the_fitted_one(name, tmp_path):
    key = CellKey("tiny", name, "default", "symmetric", 0.2, 0)
    method = make(name).fit(TRAIN, VALID, run(0))
    method.select(method.criteria_[0])
    file = tmp_path / "model.safetensors"
    write_model(file, method, key, settings(name), CLASSES)
    again, read = read_model(file, CPU)
    assert read == key
    assert learned_numbers(again) == learned_numbers(method) > 0
    for view in DIMS:
        alone = {view: TEST.views[view]}
        np.testing.assert_array_equal(again.transform(alone)[view], method.transform(alone)[view])


@pytest.mark.parametrize("content", [b"", b"\x05\x00\x00\x00\x00\x00\x00\x00{}   ", b"PK\x03\x04 a pickle"])
def test_what_is_no_trained_method_is_refused(content, tmp_path):
    file = tmp_path / "model.safetensors"
    file.write_bytes(content)
    with pytest.raises(BadInput, match=r"it holds no trained method .*name a model.safetensors"):
        read_model(file, CPU)
