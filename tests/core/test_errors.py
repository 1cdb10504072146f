"""Every error is one sentence: where, what is wrong, what to do; and it survives a process pool."""

from __future__ import annotations

import pickle

import pytest

from pipeline.core.errors import BadInput, BadParams, Diverged, PipelineError, UnknownName

SAMPLES = [
    BadInput("3 features are NaN", "view 'text'", "extract the features again"),
    BadParams("the noise rate is 2", "params.yaml, grid.rates", "give rates from 0 to 1"),
    UnknownName("mlr", ["mcca", "mrl"], "methods"),
    Diverged("total", 3),
]


def test_a_sentence_says_where_what_and_what_to_do() -> None:
    assert str(SAMPLES[0]) == "view 'text': 3 features are NaN; extract the features again."


def test_an_unknown_name_suggests_the_nearest() -> None:
    assert str(SAMPLES[2]) == "methods: unknown name 'mlr'; did you mean 'mrl'?"


def test_an_unknown_name_with_nothing_near_lists_all() -> None:
    assert str(UnknownName("zzz", ["mrl", "ce"], "methods")) == "methods: unknown name 'zzz'; choose one of ce, mrl."


def test_a_loss_that_diverges_is_named() -> None:
    assert str(SAMPLES[3]) == "epoch 3: 'total' is not finite; lower the learning rate."


@pytest.mark.parametrize("error", SAMPLES, ids=lambda error: type(error).__name__)
def test_errors_survive_a_process_pool(error: PipelineError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)
