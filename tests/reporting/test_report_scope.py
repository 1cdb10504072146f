"""What the page tells of methods and kinds of noise."""

from __future__ import annotations

import pytest

from pipeline.core import plugins as discovery
from pipeline.methods.base import Method
from pipeline.reporting.results.report_scope import noise_words, told


@pytest.mark.parametrize("name", discovery.names("pipeline.methods"))
def test_every_method_tells_what_it_does_and_where_it_deviates(name: str) -> None:
    summary, deviations, _ = told(discovery.find("pipeline.methods", name, Method))
    assert summary.endswith(".")
    assert len(deviations) > 10
    assert "\n" not in summary + deviations
    assert "Deviations" not in deviations


def test_a_docstring_of_one_paragraph_tells_no_deviations() -> None:
    class Plain(Method):
        """What it does,
        in two lines."""

    assert told(Plain) == ("What it does, in two lines.", "", False)


def test_witness_ranks_by_match_probability() -> None:
    assert [told(discovery.find("pipeline.methods", name, Method))[2] for name in ("witness", "mrl")] == [True, False]


@pytest.mark.parametrize(
    ("noise", "words"),
    [
        ("symmetric", "symmetric label noise"),
        ("instance_dependent", "instance-dependent label noise"),
        ("mismatched", "mismatched pairs"),
    ],
)
def test_pairs_that_are_moved_are_not_called_label_noise(noise: str, words: str) -> None:
    assert noise_words(noise) == words
