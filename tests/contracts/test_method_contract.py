"""What every method in the folder promises, at its default settings cut down to seconds."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from pipeline.config.params import method_settings

from pipeline.core import plugins as discovery
from pipeline.core.criteria import BEST_VALIDATION, CRITERIA, FIXED_CHECKPOINT, LAST_EPOCH
from pipeline.core.errors import BadInput
from pipeline.core.papers import Paper
from pipeline.core.runs import Need
from pipeline.methods.base import Method
from pipeline.retrieval.ranking import mean_average_precision
from pipeline.runs.plan import plan
from tests.support.paired import CLASSES, DIMS, THREE, make, relabelled, run, split
from tests.support.samples import params

METHODS = discovery.names("pipeline.methods")
TRAIN, VALID, TEST = split(60, 0), split(30, 1), split(30, 2)
TESTS = Path(__file__).parents[1]
SQUARE = {"image": 64, "text": 8}
"""Widths of views of which one can be a picture, for methods that read pictures."""
over_methods = pytest.mark.parametrize("name", METHODS)


def fitted(name, train=TRAIN, valid=VALID, seed=0, **changes):
    return make(name, **changes).fit(train, valid, run(seed))


def kind(name):
    return discovery.find("pipeline.methods", name, Method)


def configured():
    """Method, variant and dataset of all settings that params.yaml resolves to, each once."""
    seen = []
    for name in METHODS:
        block = params()["methods"][name]
        for dataset, given in params()["datasets"].items():
            for variant in block["variants"] if given["profile"] in block else ():
                resolved = (name, variant, method_settings(params(), name, variant, dataset))
                if resolved not in seen:
                    seen.append(resolved)
                    yield name, variant, dataset


def assert_same(one, other):
    assert one.keys() == other.keys()
    for view in one:
        np.testing.assert_array_equal(one[view], other[view])


def test_files_and_blocks_match():
    assert sorted(params()["methods"]) == METHODS


@over_methods
def test_shapes_and_states(name):
    method = fitted(name)
    assert method.criteria_ == (BEST_VALIDATION, LAST_EPOCH)
    for criterion in method.criteria_:
        embeddings = method.select(criterion).transform(TEST.views)
        assert list(embeddings) == list(DIMS)
        assert len({z.shape for z in embeddings.values()}) == 1
        for z in embeddings.values():
            assert len(z) == len(TEST)
            assert z.ndim == 2
            assert np.isfinite(z).all()
    for row in method.history_:
        assert all(np.isfinite(value) for value in row.values())


@over_methods
def test_needs_no_validation(name):
    method = fitted(name, valid=None)
    assert method.criteria_ == (LAST_EPOCH,)
    for criterion in method.criteria_:
        assert np.isfinite(method.select(criterion).transform(TEST.views)["image"]).all()


@pytest.mark.parametrize(("name", "variant", "dataset"), list(configured()))
def test_every_variant_trains(name, variant, dataset):
    train, valid, test = split(40, 0, SQUARE), split(20, 1, SQUARE), split(10, 2, SQUARE)
    method = make(name, variant, dataset).fit(train, valid, run())
    kept = {BEST_VALIDATION, LAST_EPOCH} | ({FIXED_CHECKPOINT} if getattr(method, "checkpoint", None) else set())
    assert method.criteria_ == tuple(criterion for criterion in CRITERIA if criterion in kept)
    for criterion in method.criteria_:
        embeddings = method.select(criterion).transform(test.views)
        assert all(len(z) == 10 and np.isfinite(z).all() for z in embeddings.values())


@over_methods
def test_three_views_are_embedded_or_the_method_is_left_out(name):
    """A method for two views alone says so, and the grid skips it with the reason; every other one takes three."""
    three = SimpleNamespace(extractors=THREE, digest="three")
    drawn = SimpleNamespace(hash="noise")
    cells = plan(params(), "emoji", name, three, lambda key: (None, drawn))
    if Need.TWO_VIEWS in kind(name).needs:
        assert {cell.skip for cell in cells} == {"needs exactly two views, emoji has 3"}
        return
    assert {cell.skip for cell in cells} == {""}
    embeddings = fitted(name, split(40, 0, THREE), split(20, 1, THREE)).transform(split(10, 2, THREE).views)
    assert list(embeddings) == list(THREE)
    assert len({z.shape for z in embeddings.values()}) == 1


@over_methods
def test_same_seed_same_bits_and_other_seeds_differ_if_random(name):
    first = fitted(name)
    again, other = fitted(name), fitted(name, seed=1)
    assert again.history_ == first.history_
    assert_same(again.transform(TEST.views), first.transform(TEST.views))
    same = np.array_equal(other.transform(TEST.views)["image"], first.transform(TEST.views)["image"])
    assert same != kind(name).random


@over_methods
def test_one_view_alone_equals_that_view_in_the_whole(name):
    method = fitted(name)
    whole = method.transform(TEST.views)
    for view, x in TEST.views.items():
        alone = method.transform({view: x})
        assert list(alone) == [view]
        np.testing.assert_array_equal(alone[view], whole[view])
        np.testing.assert_allclose(method.transform({view: x[4:5]})[view], whole[view][4:5], rtol=1e-4, atol=1e-5)


@over_methods
def test_foreign_views_are_refused(name):
    method = fitted(name)
    with pytest.raises(BadInput, match="unknown view 'sound'; choose among image, text"):
        method.transform({"sound": TEST.views["image"]})
    with pytest.raises(BadInput, match=r"view 'text' has shape \(30, 12\), the method was fitted on n x 8"):
        method.transform({"text": TEST.views["image"]})


@over_methods
def test_fit_leaves_its_data_alone(name):
    train = split(60, 0)
    fitted(name, train)
    assert_same(train.views, TRAIN.views)
    assert_same(train.labels, TRAIN.labels)


def test_nothing_that_a_method_is_given_holds_test_data():
    assert list(inspect.signature(Method.fit).parameters) == ["self", "train", "valid", "run"]
    assert list(inspect.signature(Method.transform).parameters) == ["self", "views"]


@over_methods
def test_validation_only_selects(name):
    """Other validation labels, or none at all, leave every loss and the last state as they are."""
    first = fitted(name)
    for valid in (relabelled(VALID, 7), None):
        other = fitted(name, valid=valid)
        for row, again in zip(first.history_, other.history_, strict=True):
            losses = [column for column in row if column.startswith("loss/")]
            assert losses
            assert [row[column] for column in losses] == [again[column] for column in losses]
        assert_same(other.select(LAST_EPOCH).transform(TEST.views), first.select(LAST_EPOCH).transform(TEST.views))


@over_methods
def test_methods_that_need_no_labels_read_none(name):
    one, other = (fitted(name, relabelled(TRAIN, seed)) for seed in (3, 4))
    assert one.criteria_ == other.criteria_
    for criterion in one.criteria_:
        found, again = (method.select(criterion).transform(TEST.views) for method in (one, other))
        for view in DIMS:
            assert np.array_equal(found[view], again[view]) == (Need.LABELS not in kind(name).needs)


def test_which_methods_need_no_labels():
    assert {name for name in METHODS if Need.LABELS not in kind(name).needs} >= {"lc_only", "mcca", "pls"}


@over_methods
def test_learns(name):
    """Retrieval is better than chance, and with right labels better than with wrong ones where labels are used."""

    train, test = split(200, 0, pull=1.0), split(150, 2, pull=1.0)

    def score(noisy):
        method = fitted(name, noisy, None, epochs=12, batch_size=50, learning_rate=0.01)
        return np.mean(list(mean_average_precision(method.transform(test.views), test.labels).values()))

    clean = score(train)
    assert clean > 1 / CLASSES + 0.1
    if Need.LABELS in kind(name).needs:
        assert clean > score(relabelled(train, 5, share=0.8))


@over_methods
def test_suspicion(name):
    noisy = relabelled(TRAIN, 6, share=0.4)
    suspicion = fitted(name, noisy).suspicion(noisy)
    if suspicion is None:
        return
    assert list(suspicion) == list(DIMS)
    for scores in suspicion.values():
        assert scores.shape == (len(TRAIN),)
        assert scores.min() >= 0
        assert scores.max() <= 1


@over_methods
def test_paper_is_named(name):
    method = kind(name)
    paper = method.paper
    assert isinstance(paper, Paper)
    assert all((paper.title, paper.authors, paper.venue, method.display))
    assert 1900 < paper.year < 2100
    assert paper.url.startswith("https://")
    text = " ".join((inspect.getdoc(method) or "").split())
    assert re.search(rf"{paper.venue}\b[^.]*\b{paper.year}\b", text)
    assert "Deviations from the authors' code" in text
    assert Need.LABELS in method.needs or Need.PAIRS in method.needs


@pytest.mark.parametrize("package", ["methods", "losses", "features", "data", "noise"])
def test_every_file_has_a_test_file(package):
    tested = {file.stem.removeprefix("test_") for file in (TESTS / package).glob("test_*.py")}
    missing = set(discovery.names(f"pipeline.{package}")) - tested
    assert not missing, f"tests/{package} lacks a test file for {', '.join(sorted(missing))}"
