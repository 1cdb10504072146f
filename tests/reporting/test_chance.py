"""Where nothing differs from chance the page says so and marks no winner."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.criteria import BEST_VALIDATION
from pipeline.records.probes import PROBES
from pipeline.records.reader import Records
from pipeline.reporting.page.overview import Contest, sentences
from pipeline.reporting.page.page import findings
from pipeline.reporting.tables.claims import primary
from pipeline.reporting.tables.comparison import comparison
from pipeline.reporting.tables.probes import probes
from tests.reporting.conftest import scoped, write_suspicion

CHANCE = {"chance": 0.14, "chance_limit": 0.16, "majority": 0.2, "majority_map": 0.15}


def describe(records: Path, **facts: Any) -> None:
    file = records / "datasets/emoji.json"
    file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8")) | CHANCE | facts), encoding="utf-8")


def probe(records: Path, image: float, text: float) -> None:
    rows = [
        {"view": view, "extractor": "A", "dimension": 4, "accuracy": accuracy, "used": True}
        for view, accuracy in (("image", image), ("text", text))
    ]
    PROBES.write(records, "emoji", rows)


def test_above_the_limit_all_is_as_it_was_and_chance_stands_beside(records: Path) -> None:
    before = findings(scoped(records), ["symmetric"])
    describe(records)
    results = scoped(records)
    assert findings(results, ["symmetric"]) == before
    table = comparison(results, "symmetric", BEST_VALIDATION)
    assert "Random rankings reach .140, by luck up to .160. " in table.caption
    assert all(column.ranked for column in table.columns)


def test_below_it_no_winner_is_named_and_none_is_marked(records: Path) -> None:
    describe(records, chance_limit=0.9)
    probe(records, 0.21, 0.5)
    results = scoped(records)
    [told] = findings(results, ["symmetric"])
    assert "no method differs from chance" in told
    assert "Random rankings reach .140, by luck up to .900." in told
    assert told.endswith("from the features of image (right for .210, a constant guess for .200).")
    assert not any(method in told for method in ("MRL", "CE", "SDML", "MCCA"))
    assert not any(column.ranked for column in comparison(results, "symmetric", BEST_VALIDATION).columns)


@pytest.mark.parametrize(("limit", "named"), [(0.16, True), (0.95, False)])
def test_the_first_screen_names_the_best_only_above_it(records: Path, limit: float, named: bool) -> None:
    write_suspicion(records)
    describe(records, chance_limit=limit)
    reader = Records(records)
    told = sentences(reader, Contest.of(reader, scoped(records)), primary(reader, ["emoji"], "match probability"))
    assert any("has the highest mean over the rates" in line for line in told) == named
    assert any("differs from chance" in line for line in told) != named


def test_a_constant_guess_stands_beside_the_probes(records: Path) -> None:
    probe(records, 0.21, 0.5)
    assert "largest class" not in probes(scoped(records)).caption
    describe(records)
    assert "Always guessing the largest class is right for .200 of the test samples." in probes(scoped(records)).caption
