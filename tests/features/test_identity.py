import numpy as np
import pytest
import torch

from pipeline.core.datasets import RawView
from pipeline.core.errors import BadInput, BadParams
from pipeline.features.base import extract
from pipeline.features.identity import Identity
from pipeline.features.pixels import Pixels

CPU = torch.device("cpu")
ROWS = np.random.default_rng(0).standard_normal((4, 3)).astype(np.float32)
TRAIN = np.array([True, True, False, False])


def extracted(view):
    return extract(Identity(), view, TRAIN, 0, CPU, lambda done, total: None)


def test_features_pass_through_bit_for_bit():
    rows = extracted(RawView("features", ROWS))
    assert rows.dtype == np.float32
    assert np.array_equal(rows, ROWS)
    assert not np.shares_memory(rows, ROWS)


@pytest.mark.parametrize("samples", [ROWS[0], ROWS[None], np.array([["a", "b"]])])
def test_anything_but_a_table_of_numbers_is_refused(samples):
    with pytest.raises(BadInput, match=r"extractor 'Given': .* is no table of features; give one row of numbers"):
        Identity().transform(samples, CPU, lambda done, total: None)


def test_missing_numbers_are_named():
    holed = ROWS.copy()
    holed[2, 1] = np.nan
    with pytest.raises(BadInput, match=r"1 samples have NaN or infinite features, the first is 2"):
        extracted(RawView("features", holed))


def test_other_extractors_point_to_it():
    sentence = (
        r"extractor 'Pixels': it reads views of kind image, this one is of kind 'features'; choose identity under"
    )
    with pytest.raises(BadParams, match=sentence):
        extract(Pixels(), RawView("features", ROWS), TRAIN, 0, CPU, lambda done, total: None)


def test_it_points_to_those_that_read_clouds():
    clouds = np.zeros((4, 5, 3), dtype=np.float32)
    with pytest.raises(BadParams, match=r"it reads views of kind features, .* choose .*voxel_grid"):
        extracted(RawView("cloud", clouds))
