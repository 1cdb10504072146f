"""Dawid and Skene's EM against values that crowd-kit gives, round by round, for two and for three annotators."""

import pytest
import torch

from pipeline.methods.dawid_skene import dawid_skene
from tests.support.golden import assert_agrees, load

GOLDEN = load("dawid_skene")


@pytest.mark.parametrize("annotators", [2, 3])
def test_posterior_after_so_many_rounds(annotators):
    labels = GOLDEN["labels"][:, :annotators].numpy()
    for rounds, expected in zip(GOLDEN["rounds"].tolist(), GOLDEN[f"posterior_{annotators}"], strict=True):
        assert_agrees(torch.from_numpy(dawid_skene(labels, expected.shape[1], rounds)), expected)
