"""Names and tags by which people find, filter and group runs."""

from dataclasses import replace

import pytest

from pipeline.core.cells import CellKey
from pipeline.tracking.base.naming import CELL, NOTE, cell_name, described, run_name, tags

KEY = CellKey("emoji", "mrl", "authors_code", "symmetric", 0.4, 0)
FREE = CellKey("emoji", "mcca", "default", None, None, None)


def test_a_run_is_called_by_what_tells_it_from_others() -> None:
    assert run_name(KEY) == "mrl (authors_code), symmetric 0.4, seed 0"
    assert run_name(replace(KEY, variant="default", seed=None)) == "mrl, symmetric 0.4"
    assert run_name(FREE) == "mcca"


@pytest.mark.parametrize("part", ["dataset", "method", "variant", "noise", "rate", "seed"])
def test_every_part_of_the_key_counts(part: str) -> None:
    other = replace(KEY, **{part: "9"})
    assert cell_name(other) != cell_name(KEY)
    assert tags(other, CELL)[part] == "9"


def test_a_cell_without_noise_stays_in_a_group() -> None:
    result = tags(FREE, CELL)
    assert (result["noise"], result["rate"], result["seed"]) == ("any", "any", "any")
    assert result["kind"] == "cell"


def test_a_sentence_says_what_it_is() -> None:
    assert described(KEY) == "mrl (authors_code) trained on emoji with symmetric noise at rate 0.4, seed 0."
    assert tags(FREE, CELL)[NOTE] == "mcca trained on emoji with no labels, so it holds at every noise rate."
