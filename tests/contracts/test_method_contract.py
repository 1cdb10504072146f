"""What every method in the folder promises, at its default settings cut down to seconds."""

from __future__ import annotations

import copy
import inspect
import io
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pipeline.config.project import DEFAULT
from pipeline.core import plugins
from pipeline.core.corruption import Corruption
from pipeline.core.criteria import BEST_VALIDATION, CRITERIA, FIXED_CHECKPOINT, LAST_EPOCH, NOISY_VALIDATION
from pipeline.core.errors import BadInput
from pipeline.core.papers import Paper
from pipeline.core.runs import Need
from pipeline.core.splits import Array, Split
from pipeline.methods.base import Embedder, Fitted, Method, validation_scores
from pipeline.methods.base.targets import ORACLES
from pipeline.retrieval.ranking import mean_average_precision
from pipeline.runs.plan import prepare, resolve
from tests.support.paired import CLASSES, CPU, DIMS, THREE, make, relabelled, run, split
from tests.support.samples import project

METHODS = plugins.names("pipeline.methods")
TRAIN, VALID, TEST = split(60, 0), split(30, 1), split(30, 2)
TESTS = Path(__file__).parents[1]
SQUARE = {"image": 64, "text": 8}
"""Widths of views of which one can be a picture, for methods that read pictures."""
over_methods = pytest.mark.parametrize("name", METHODS)


def fitted(name: str, train: Split = TRAIN, valid: Split | None = VALID, seed: int = 0, **changes: Any) -> Fitted:
    return make(name, **changes).fit(train, valid, run(seed))


@cache
def once(name: str) -> Fitted:
    """What fitted(name) gives, for tests that read it and compare nothing with another fit."""
    return fitted(name)


@cache
def variant_fitted(name: str, variant: str, dataset: str) -> Fitted:
    train = split(40, 0, SQUARE)
    return make(name, variant, dataset).fit(train, split(20, 1, SQUARE), run(true=train.labels))


def last(fit: Fitted) -> Embedder:
    return fit.at(LAST_EPOCH)


def kind(name: str) -> type[Method]:
    return plugins.find("pipeline.methods", name, Method)


def configured() -> Iterator[tuple[str, str, str]]:
    """Method, variant and dataset of all settings that params.yaml resolves to, each once."""
    seen = []
    for name in METHODS:
        config = project().method(name)
        for dataset in project().datasets:
            for variant in config.variant_names if project().profile(dataset) in config.profiles else ():
                resolved = (name, variant, project().settings(name, variant, dataset))
                if resolved not in seen:
                    seen.append(resolved)
                    yield name, variant, dataset


over_variants = pytest.mark.parametrize(("name", "variant", "dataset"), list(configured()))


def assert_same(one: Mapping[str, Array], other: Mapping[str, Array]) -> None:
    assert one.keys() == other.keys()
    for view in one:
        assert one[view].dtype == other[view].dtype
        np.testing.assert_array_equal(one[view], other[view])


def assert_same_fit(one: Fitted, other: Fitted) -> None:
    assert one.history == other.history
    assert one.states == other.states
    for criterion in one.states:
        assert_same(one.at(criterion).state(), other.at(criterion).state())
        assert_same(one.at(criterion).transform(TEST.views), other.at(criterion).transform(TEST.views))


def test_files_and_blocks_match() -> None:
    assert sorted(project().methods) == METHODS


@over_methods
def test_shapes_and_states(name: str) -> None:
    fit = once(name)
    assert fit.states == (BEST_VALIDATION, LAST_EPOCH)
    for criterion in fit.states:
        embedder = fit.at(criterion)
        assert dict(embedder.dims) == DIMS
        assert embedder.classes == CLASSES
        embeddings = embedder.transform(TEST.views)
        assert list(embeddings) == list(DIMS)
        assert len({z.shape for z in embeddings.values()}) == 1
        for z in embeddings.values():
            assert len(z) == len(TEST)
            assert z.ndim == 2
            assert np.isfinite(z).all()
    for row in fit.history:
        assert all(np.isfinite(value) for value in row.values())


@over_methods
def test_class_scores_are_of_all_classes_or_there_are_none(name: str) -> None:
    scores = last(once(name)).class_scores(TEST.views)
    if scores is None:
        return
    assert list(scores) == list(DIMS)
    for view in scores:
        assert scores[view].shape[0] == len(TEST)
        assert scores[view].shape[1] >= CLASSES
        assert np.isfinite(scores[view]).all()


@over_methods
def test_needs_no_validation(name: str) -> None:
    fit = fitted(name, valid=None)
    assert fit.states == (LAST_EPOCH,)
    for criterion in fit.states:
        assert np.isfinite(fit.at(criterion).transform(TEST.views)["image"]).all()


@over_variants
def test_every_variant_trains(name: str, variant: str, dataset: str) -> None:
    fit = variant_fitted(name, variant, dataset)
    checkpoint = getattr(make(name, variant, dataset), "checkpoint", None)
    kept = {BEST_VALIDATION, LAST_EPOCH} | ({FIXED_CHECKPOINT} if checkpoint else set())
    assert fit.states == tuple(criterion for criterion in CRITERIA if criterion in kept)
    for criterion in fit.states:
        embeddings = fit.at(criterion).transform(split(10, 2, SQUARE).views)
        assert all(len(z) == 10 and np.isfinite(z).all() for z in embeddings.values())


@over_variants
def test_a_method_restored_from_a_state_embeds_to_the_same_bits(name: str, variant: str, dataset: str) -> None:
    """In every kept state, through a file without pickles, by a method that was made anew."""
    fit, test = variant_fitted(name, variant, dataset), split(10, 2, SQUARE)
    for criterion in fit.states:
        kept, file = fit.at(criterion), io.BytesIO()
        np.savez(file, allow_pickle=False, **kept.state())
        file.seek(0)
        with np.load(file, allow_pickle=False) as arrays:
            again = make(name, variant, dataset).restore(kept.dims, kept.classes, dict(arrays), CPU)
        assert (dict(again.dims), again.classes) == (dict(kept.dims), kept.classes)
        assert_same(again.transform(test.views), kept.transform(test.views))
        assert_same(again.class_scores(test.views) or {}, kept.class_scores(test.views) or {})
        assert_same(again.state(), kept.state())


@pytest.mark.parametrize("name", ["dcca", "dccae", "lc_only"])
def test_the_first_state_is_of_the_best_epoch_where_that_is_not_the_last(name: str) -> None:
    """It scores as the history says of the best epoch, and what is restored from it does too."""
    changes: dict[str, Any] = {"epochs": 8, "learning_rate": 0.02}
    for seed in range(20):
        fit = fitted(name, seed=seed, **changes)
        means = [row["valid/mean"] for row in fit.history]
        best = int(np.argmax(means))
        if best < len(means) - 1:
            break
    assert means[best] > means[-1], "no seed has its best epoch before the last"
    for criterion, epoch in ((fit.states[0], best), (LAST_EPOCH, len(means) - 1)):
        state = fit.at(criterion).state()
        again = make(name, **changes).restore(DIMS, CLASSES, state, CPU)
        scores = validation_scores(again.transform(VALID.views), VALID)
        assert scores == {column: fit.history[epoch][column] for column in scores}
    kept, final = fit.at(fit.states[0]).state(), last(fit).state()
    weights = [array for array in kept if array.startswith("encoders.")]
    assert weights
    assert all(not np.array_equal(kept[array], final[array]) for array in weights)


@over_methods
def test_noisy_validation_chooses_a_state_of_its_own_and_changes_no_other(name: str) -> None:
    """Where noise makes something of the validation labels; the clean labels choose as they do without it."""
    noise = Corruption(relabelled(VALID, 7, share=0.8).labels)
    fit, without = make(name).fit(TRAIN, VALID, run(valid_noise=noise)), once(name)
    assert fit.states == (BEST_VALIDATION, NOISY_VALIDATION, LAST_EPOCH)
    for criterion in without.states:
        assert_same(fit.at(criterion).state(), without.at(criterion).state())
    assert np.isfinite(fit.at(NOISY_VALIDATION).transform(TEST.views)["image"]).all()
    without_clean_pairs = make(name).fit(TRAIN, None, run(valid_noise=noise))
    assert without_clean_pairs.states == (LAST_EPOCH,)


@over_methods
def test_who_chose_is_the_clean_validation_split(name: str) -> None:
    assert once(name).chosen_by is VALID
    assert fitted(name, valid=None).chosen_by is None


@over_variants
def test_oracles_alone_need_the_true_labels(name: str, variant: str, dataset: str) -> None:
    targets = project().settings(name, variant, dataset).get("targets")
    assert make(name, variant, dataset).needs_truth == (targets in ORACLES)


@over_methods
def test_fit_leaves_the_method_as_it_was(name: str) -> None:
    """The same object fitted again, with other data in between, gives the same result."""
    method = make(name)
    before = copy.deepcopy(vars(method))
    first = method.fit(TRAIN, VALID, run())
    method.fit(relabelled(split(40, 5), 6, share=0.5), None, run(1))
    assert vars(method) == before
    assert_same_fit(method.fit(TRAIN, VALID, run()), first)


@over_methods
def test_what_was_fitted_does_not_change(name: str) -> None:
    """A state that was asked for before another one, and before another fit, stays as it is."""
    method = make(name)
    fit = method.fit(TRAIN, VALID, run())
    best, final = (fit.at(criterion) for criterion in (BEST_VALIDATION, LAST_EPOCH))
    before = [copy.deepcopy(dict(embedder.transform(TEST.views))) for embedder in (best, final)]
    method.fit(split(40, 5), None, run(1))
    for embedder, criterion, embeddings in zip((best, final), fit.states, before, strict=True):
        assert_same(embedder.transform(TEST.views), embeddings)
        assert_same(fit.at(criterion).transform(TEST.views), embeddings)


@over_methods
def test_three_views_are_embedded_or_the_method_is_left_out(name: str) -> None:
    """A method for two views alone says so, and the grid skips it with the reason; every other one takes three."""
    three: Any = SimpleNamespace(extractors=THREE, digest="three")
    drawn: Any = SimpleNamespace(hash="noise")
    alone = project().experiments[0].model_copy(update={"methods": {name: (DEFAULT,)}})
    listed = project().model_copy(update={"experiments": [alone]})
    cells = prepare(resolve(listed, "emoji", name), three, lambda key: (drawn, drawn))
    if Need.TWO_VIEWS in kind(name).needs:
        assert {cell.skip for cell in cells} == {"needs exactly two views, emoji has 3"}
        return
    assert {cell.skip for cell in cells} == {""}
    fit = fitted(name, split(40, 0, THREE), split(20, 1, THREE))
    embeddings = last(fit).transform(split(10, 2, THREE).views)
    assert list(embeddings) == list(THREE)
    assert len({z.shape for z in embeddings.values()}) == 1


@over_methods
def test_same_seed_same_bits_and_other_seeds_differ_if_random(name: str) -> None:
    first, again, other = fitted(name), fitted(name), fitted(name, seed=1)
    assert_same_fit(again, first)
    same = np.array_equal(last(other).transform(TEST.views)["image"], last(first).transform(TEST.views)["image"])
    assert same != kind(name).random


@over_methods
def test_one_view_alone_equals_that_view_in_the_whole(name: str) -> None:
    embedder = last(once(name))
    whole = embedder.transform(TEST.views)
    for view, x in TEST.views.items():
        alone = embedder.transform({view: x})
        assert list(alone) == [view]
        np.testing.assert_array_equal(alone[view], whole[view])
        np.testing.assert_allclose(embedder.transform({view: x[4:5]})[view], whole[view][4:5], rtol=1e-4, atol=1e-5)


@over_methods
def test_foreign_views_are_refused(name: str) -> None:
    embedder = last(once(name))
    with pytest.raises(BadInput, match="unknown view 'sound'; choose among image, text"):
        embedder.transform({"sound": TEST.views["image"]})
    with pytest.raises(BadInput, match=r"view 'text' has shape \(30, 12\), the method was fitted on n x 8"):
        embedder.transform({"text": TEST.views["image"]})


@over_methods
def test_fit_leaves_its_data_alone(name: str) -> None:
    train, valid = split(60, 0), split(30, 1)
    fitted(name, train, valid)
    for given, before in ((train, TRAIN), (valid, VALID)):
        assert_same(given.views, before.views)
        assert_same(given.labels, before.labels)


def test_nothing_that_a_method_is_given_holds_test_data() -> None:
    assert list(inspect.signature(Method.fit).parameters) == ["self", "train", "valid", "run"]
    assert list(inspect.signature(Embedder.transform).parameters) == ["self", "views"]


@over_methods
def test_hooks_have_the_same_parameter_names_in_every_method(name: str) -> None:
    """So that whoever names the arguments may exchange one method for another."""
    fit = make(name).fit(train=TRAIN, valid=VALID, run=run())
    embedder = fit.at(criterion=LAST_EPOCH)
    for made, contract in ((make(name), Method), (fit, Fitted), (embedder, Embedder)):
        for hook in [hook for hook, value in vars(contract).items() if inspect.isfunction(value)]:
            named, promised = (list(inspect.signature(getattr(one, hook)).parameters) for one in (type(made), contract))
            assert named == promised, f"{type(made).__name__}.{hook}"


@over_methods
def test_validation_only_selects(name: str) -> None:
    """Other validation labels, or none at all, leave every loss and the last state as they are."""
    first = once(name)
    for valid in (relabelled(VALID, 7), None):
        other = fitted(name, valid=valid)
        for row, again in zip(first.history, other.history, strict=True):
            losses = [column for column in row if column.startswith("loss/")]
            assert losses
            assert [row[column] for column in losses] == [again[column] for column in losses]
        assert_same(last(other).transform(TEST.views), last(first).transform(TEST.views))


@over_methods
def test_methods_that_need_no_labels_read_none(name: str) -> None:
    one, other = (fitted(name, relabelled(TRAIN, seed)) for seed in (3, 4))
    assert one.states == other.states
    for criterion in one.states:
        result, again = (fit.at(criterion).transform(TEST.views) for fit in (one, other))
        for view in DIMS:
            assert np.array_equal(result[view], again[view]) == (Need.LABELS not in kind(name).needs)


def test_which_methods_need_no_labels() -> None:
    assert {name for name in METHODS if Need.LABELS not in kind(name).needs} >= {"lc_only", "mcca", "pls"}


SLOWER = {"dac": {"epochs": 24, "learning_rate": 0.003}}
"""Methods whose labels need more steps to count: those of DAC work against a contrast that weighs ten times as much."""


@over_methods
def test_learns(name: str) -> None:
    """Retrieval is better than chance, and with right labels better than with wrong ones where labels are used."""

    train, test = split(200, 0, pull=1.0), split(150, 2, pull=1.0)

    def score(noisy: Split) -> float:
        short = {"epochs": 12, "batch_size": 50, "learning_rate": 0.01, "hidden": [64]} | SLOWER.get(name, {})
        fit = fitted(name, noisy, None, **short)
        return float(np.mean(list(mean_average_precision(last(fit).transform(test.views), test.labels).values())))

    clean = score(train)
    assert clean > 1 / CLASSES + 0.1
    if Need.LABELS in kind(name).needs:
        assert clean > score(relabelled(train, 5, share=0.8))


@over_methods
def test_suspicion(name: str) -> None:
    suspicion = fitted(name, relabelled(TRAIN, 6, share=0.4)).suspicion()
    if suspicion is None:
        return
    assert list(suspicion) == list(DIMS)
    for scores in suspicion.values():
        assert scores.shape == (len(TRAIN),)
        assert scores.min() >= 0
        assert scores.max() <= 1


@over_methods
def test_paper_is_named(name: str) -> None:
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


@pytest.mark.parametrize("package", ["methods", "learning.losses", "features", "data", "noise"])
def test_every_file_has_a_test_file(package: str) -> None:
    folder = TESTS.joinpath(*package.split("."))
    tested = {file.stem.removeprefix("test_") for file in folder.glob("test_*.py")}
    missing = set(plugins.names(f"pipeline.{package}")) - tested
    assert not missing, f"{folder.relative_to(TESTS.parent)} lacks a test file for {', '.join(sorted(missing))}"
