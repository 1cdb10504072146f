"""Every line can be told from every other."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

from pipeline.reporting.figures.figures import map_against_noise
from pipeline.reporting.figures.style import Look, svg
from pipeline.reporting.results.report_scope import Entry, Scope
from tests.reporting.conftest import DATASETS, METHODS, RATES, SEEDS, scoped

MANY = [f"method_{n}" for n in range(30)]
SCOPE = Scope(DATASETS[0], [], ["symmetric"], RATES, SEEDS, MANY)


def looks() -> list[Look]:
    methods = [replace(METHODS[0], name=name, label_free=n % 3 == 0) for n, name in enumerate(MANY)]
    return [Look.of(Entry(*pair), SCOPE) for pair in product(methods, ["default", "authors_code"])]


def test_thirty_methods_and_their_variants_look_different() -> None:
    assert len({(look.colour, look.marker, look.dashes, look.hollow) for look in looks()}) == 60


def test_they_do_without_marks_too() -> None:
    assert len({(look.colour, look.width, look.dashes) for look in looks()}) == 60


def test_both_variants_of_a_label_free_method_differ() -> None:
    default, further, *_ = looks()
    assert default.dashes != further.dashes
    assert (default.hollow, further.hollow) == (False, True)


def test_every_line_and_name_of_the_map_figure_knows_its_method(records: Path) -> None:
    results = scoped(records)
    drawing = svg(map_against_noise(results, "symmetric"))
    panels: Any = len(results.directions) * len(results.criteria)
    for method in ("mcca", "ce", "mrl", "sdml"):
        assert drawing.count(f'data-method="{method}"') >= panels + 2, "a line per panel, mark and name in the legend"
