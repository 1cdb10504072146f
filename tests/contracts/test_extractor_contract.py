"""What every extractor in the folder promises, on a few samples of the view it reads."""

from functools import cache

import numpy as np
import pytest
import torch

from pipeline.core.errors import MissingFiles
from pipeline.core.plugins import build, find, names
from pipeline.features.base import Extractor
from tests.support import imagenet_weights, tiny_models
from tests.support.samples import dataset, project
from tests.support.stored_state import through_files

CPU = torch.device("cpu")
TOTAL, TRAIN = 12, 8
pytestmark = pytest.mark.parametrize("name", names("pipeline.features"))


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Name of an extractor -> file of random weights in place of the published ones."""
    folder = tmp_path_factory.mktemp("weights")
    return {name: imagenet_weights.write(name, folder) for name in imagenet_weights.LAYERS}


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """The folder of a model that reads pictures and texts; tests skip where the library is not installed."""
    return tiny_models.write(tmp_path_factory.mktemp("clip"), "clip")


@pytest.fixture(autouse=True)
def random_weights(name, weights, monkeypatch, request):
    settings = project().extractors
    if name in weights:
        monkeypatch.setitem(settings, name, {**settings[name], "weights": weights[name]})
    if name == "transformers":
        monkeypatch.setitem(settings, name, {**settings[name], "folder": request.getfixturevalue("clip")})


def samples_for(name):
    """A few samples of a configured view that the extractor accepts, of one that names it where there is one.

    Given features are rows of random numbers.
    """
    accepts = find("pipeline.features", name, Extractor).accepts
    if accepts == {"features"}:
        return np.random.default_rng(0).standard_normal((TOTAL, 6)).astype(np.float32)
    views = [
        (extractor.name, source, view)
        for source in project().datasets
        for view, extractor in project().extractors_of(source).items()
    ]
    for _, source, view in sorted(views, key=lambda configured: configured[0] != name):
        try:
            raw = dataset(source).views[view]
        except pytest.skip.Exception:
            continue
        if raw.kind in accepts:
            return raw.samples[:TOTAL]
    pytest.skip(f"no dataset in params.yaml has a view that {name} reads")


def make(name):
    """The extractor; without the package of an extra the test skips."""
    extractor = build("pipeline.features", name, Extractor, project().extractor_settings(name))
    try:
        extractor.shipped()
    except MissingFiles as error:
        pytest.skip(str(error))
    return extractor


@cache
def fitted(name):
    return make(name).fit(samples_for(name)[:TRAIN], seed=0)


@cache
def extracted(name):
    """All features and the calls of progress on the way."""
    seen = []
    rows = fitted(name).transform(samples_for(name), CPU, lambda done, total: seen.append((done, total)))
    return rows, seen


def features(name):
    return extracted(name)[0]


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
    samples = samples_for(name)[:2]
    before = np.array(samples).copy()
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    transform(fitted(name), samples)
    assert np.array_equal(np.array(samples), before)
    assert torch.equal(torch.get_rng_state(), torch_state)
    assert np.array_equal(np.random.get_state()[1], numpy_state)  # noqa: NPY002


def test_reports_progress_up_to_the_end(name):
    seen = extracted(name)[1]
    assert seen == sorted(seen)
    assert seen[-1] == (TOTAL, TOTAL)


def test_its_state_rebuilds_it_without_pickles(name):
    """Refuses an extractor that learns and has no state, or one that does not hold all."""
    stored = through_files(fitted(name).state())
    again = make(name).restore(stored)
    assert np.array_equal(transform(again, samples_for(name)), features(name))
    assert again.vocabulary() == fitted(name).vocabulary()


def test_one_that_learns_words_reads_texts_by_them(name):
    known = fitted(name).vocabulary()
    samples = samples_for(name)
    assert fitted(name).learnable(samples[:TRAIN]) == known
    if known is not None:
        assert fitted(name).accepts == {"text"}
        assert known & {word for text in samples for word in fitted(name).words(text)}
