"""What every extractor in the folder promises, on a few samples of the view it reads."""

from functools import cache

import numpy as np
import pytest
import torch

from pipeline.discovery import build, find, names
from pipeline.features.base import Extractor
from tests.samples import dataset, params

CPU = torch.device("cpu")
TOTAL, TRAIN = 12, 8
pytestmark = pytest.mark.parametrize("name", names("pipeline.features"))


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def samples_for(name):
    """A few samples of the first configured view that the extractor accepts."""
    accepts = find("pipeline.features", name, Extractor).accepts
    for source, block in params()["datasets"].items():
        for view, extractor in block["views"].items():
            raw = dataset(source).views[view] if extractor == name else None
            if raw is not None and raw.kind in accepts:
                return raw.samples[:TOTAL]
    pytest.skip(f"no dataset in params.yaml uses {name}")


def make(name):
    return build("pipeline.features", name, Extractor, params()["extractors"][name])


@cache
def fitted(name):
    return make(name).fit(samples_for(name)[:TRAIN], seed=0)


@cache
def features(name):
    return transform(fitted(name), samples_for(name))


def transform(extractor, samples):
    return extractor.transform(samples, CPU, lambda done, total: None)


def test_gives_finite_float32_rows(name):
    rows = features(name)
    assert rows.dtype == np.float32
    assert rows.ndim == 2
    assert len(rows) == TOTAL
    assert np.isfinite(rows).all()
    assert (rows.std(axis=0) > 0).any()


def test_same_call_same_bits(name):
    again = make(name).fit(samples_for(name)[:TRAIN], seed=0)
    assert np.array_equal(transform(again, samples_for(name)), features(name))


def test_a_sample_alone_gives_its_row(name):
    alone = transform(fitted(name), samples_for(name)[3:4])
    np.testing.assert_allclose(alone[0], features(name)[3], rtol=1e-4, atol=1e-5)


def test_neighbours_and_order_do_not_matter(name):
    backwards = transform(fitted(name), samples_for(name)[::-1])
    np.testing.assert_allclose(backwards[::-1], features(name), rtol=1e-4, atol=1e-5)


def test_leaves_the_samples_and_the_global_generators_alone(name):
    samples = samples_for(name)
    before = np.array(samples).copy()
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    transform(fitted(name), samples)
    assert np.array_equal(np.array(samples), before)
    assert torch.equal(torch.get_rng_state(), torch_state)
    assert np.array_equal(np.random.get_state()[1], numpy_state)  # noqa: NPY002


def test_reports_progress_up_to_the_end(name):
    seen = []
    fitted(name).transform(samples_for(name), CPU, lambda done, total: seen.append((done, total)))
    assert seen == sorted(seen)
    assert seen[-1] == (TOTAL, TOTAL)
