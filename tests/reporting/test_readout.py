"""Both readouts in one table, the factorial of targets and learners, and its picture, against numbers by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.core.readouts import COSINE, MATCH
from pipeline.records.cells import CELLS
from pipeline.records.reader import Records
from pipeline.reporting.figures.targets import TARGETS, targets_figure
from pipeline.reporting.results.report_scope import Subject
from pipeline.reporting.results.results import Results
from pipeline.reporting.tables.readout import by_readout, factorial
from pipeline.reporting.tables.table import Absent, Number, Row, Table
from tests.reporting.conftest import DATASETS, METHODS, PARAMS, RATES, RONO, SEEDS, project, scoped, write_suspicion
from tests.support.records import drop_method, keep_match, lines, write_match

NOISE = "symmetric"


def both(records: Path) -> Table:
    return by_readout(Records(records), scoped(records), NOISE)


def rows(table: Table | None) -> dict[str, Row]:
    assert table is not None
    return {row.label: row for row in table.rows}


def numbers(row: Row) -> list[float]:
    return [cell.mean for cell in row.cells if isinstance(cell, Number)]


def states(row: Row) -> list[str]:
    return [cell.state if isinstance(cell, Absent) else "number" for cell in row.cells]


def copied(records: Path, method: str, variants: Mapping[str, float]) -> None:
    """Give a method further variants whose MAP is that of the default one and something added."""
    own = [line for line in lines(CELLS, records, "emoji") if (line["method"], line["variant"]) == (method, "default")]
    more = [
        line
        | {"variant": variant}
        | {n: f"{float(v) + gain:.6g}" for n, v in line.items() if ("map" in n or n.startswith("match ")) and v}
        for variant, gain in variants.items()
        for line in own
    ]
    CELLS.write(records, "emoji", [*lines(CELLS, records, "emoji"), *more])


def read_out(records: Path, method: str, variants: Mapping[str, Sequence[float]]) -> None:
    """Record MAP by match probability, one number per rate for all seeds and directions."""
    recorded = [
        {"variant": variant, "noise": NOISE, "rate": rate, "seed": seed, "direction": direction, "temperature": 0.1}
        | {"map": value}
        for variant, values in variants.items()
        for rate, value in zip(RATES, values, strict=True)
        for seed in SEEDS
        for direction in ("image->text", "text->image")
    ]
    write_match(records, "emoji", method, recorded)


def test_both_readouts_stand_in_one_row_with_their_means_and_the_gain(records: Path) -> None:
    write_suspicion(records)
    table = both(records)
    assert [column.heads for column in table.columns] == [
        *((COSINE, "0.2"), (COSINE, "0.8"), (COSINE, "mean")),
        *((MATCH, "0.2"), (MATCH, "0.8"), (MATCH, "mean"), ("gain", "mean")),
    ]
    assert [column.ranked for column in table.columns] == [*[True] * 6, False]
    row = rows(table)["CE"]
    assert numbers(row) == pytest.approx([0.456, 0.204, 0.33, 0.556, 0.304, 0.43, 0.1], abs=1e-6)
    spreads = [cell.std for cell in row.cells if isinstance(cell, Number)]
    assert spreads == pytest.approx([0.0072, 0.0108, 0.009, 0.0072, 0.0108, 0.009, 0.0], abs=1e-6)
    assert row.note == "temperatures 0.05 to 0.15"


def test_every_entry_has_a_row_and_one_without_class_scores_says_none(records: Path) -> None:
    write_suspicion(records)
    result = rows(both(records))
    assert list(result) == ["MCCA", "CE", "MRL", "MRL (authors_code)", "SDML", "Later"]
    assert states(result["MCCA"]) == [*["number"] * 3, *["none"] * 4]
    assert numbers(result["MCCA"]) == pytest.approx([0.3085] * 3)
    assert states(result["SDML"]) == ["number", "failed", "incomplete", *["none"] * 4]
    assert result["MCCA"].note is None


def test_what_was_never_run_does_not_lack_class_probabilities(records: Path) -> None:
    write_suspicion(records)
    result = rows(both(records))
    assert states(result["Later"]) == ["not run"] * 7
    assert states(result["MRL (authors_code)"]) == ["skipped"] * 7
    keep_match(records, "emoji", lambda row: row["rate"] == "0.2")
    ce = rows(both(records))["CE"]
    assert states(ce) == [*["number"] * 4, "not kept", "incomplete", "incomplete"]


def test_a_gain_is_taken_over_the_seeds_that_both_readouts_have(records: Path) -> None:
    """Seeds 0 and 1 alone have a mean that is lower by .0036 at rate .2 and by .0045 over both rates."""
    write_suspicion(records)
    keep_match(records, "emoji", lambda row: (row["rate"], row["seed"]) != ("0.2", "2"))
    cells = rows(both(records))["CE"].cells
    assert numbers(rows(both(records))["CE"])[3:] == pytest.approx([0.5524, 0.304, 0.4255, 0.1], abs=1e-6)
    missing = [(cell.n, cell.note) for cell in cells[3:] if isinstance(cell, Number)]
    reason = "n = 2 of 3 seeds: seed 2 not kept"
    assert missing == [(2, reason), (3, None), (2, reason), (2, reason)]


def test_the_caption_tells_how_many_labels_are_wrong_and_what_chance_reaches(records: Path) -> None:
    assert "Really wrong labels: 18 % at 0.2, 71 % at 0.8. " in both(records).caption
    assert "Random rankings" not in both(records).caption
    file = records / "datasets" / "emoji.json"
    described = file.read_text(encoding="utf-8")
    file.write_text(described.replace('{"classes"', '{"chance": 0.12345, "classes"'), encoding="utf-8")
    assert "71 % at 0.8. Random rankings reach .123. " in both(records).caption
    file.write_text(described.replace('{"classes"', '{"clean": false, "classes"'), encoding="utf-8")
    assert "Really wrong" not in both(records).caption


def with_factorial(records: Path, **variants: tuple[str, ...]) -> Results:
    results = scoped(records)
    return Results(Records(records), replace(results.scope, factorial=variants))


def test_the_factorial_shows_the_default_and_its_variants_alone(records: Path) -> None:
    write_suspicion(records)
    copied(records, "ce", {"em": 0.02})
    table = factorial(Records(records), with_factorial(records, ce=("em", "truth")), NOISE)
    result = rows(table)
    assert list(result) == ["CE", "CE (em)", "CE (truth)"]
    assert numbers(result["CE (em)"]) == pytest.approx([0.476, 0.224, 0.35, 0.576, 0.324, 0.45, 0.1], abs=1e-6)
    assert states(result["CE (truth)"]) == ["not run"] * 7
    assert table is not None
    assert table.name == "emoji_symmetric_factorial"
    assert table.caption.startswith("own: every view's own label;")


def test_without_numbers_of_a_variant_there_is_no_factorial(records: Path) -> None:
    write_suspicion(records)
    assert factorial(Records(records), scoped(records), NOISE) is None
    assert factorial(Records(records), with_factorial(records, ce=("em",)), NOISE) is None
    copied(records, "ce", {"em": 0.02})
    assert factorial(Records(records), with_factorial(records, ce=("em",)), NOISE) is not None
    assert factorial(Records(records), with_factorial(records, ce=("em",)), "pairflip") is None


def test_variants_of_the_factorial_stand_in_no_comparison() -> None:
    report = {"factorial": {"mrl": ["authors_code"]}}
    scope = Subject(project(PARAMS | {"report": report}), DATASETS, [*METHODS, RONO]).scopes()[0]
    assert scope.factorial == {"mrl": ("authors_code",)}
    labels = [entry.label for entry in scope.entries]
    assert "MRL" in labels
    assert "MRL (authors_code)" not in labels


def test_the_picture_draws_a_line_per_learner_over_its_targets(records: Path) -> None:
    copied(records, "mrl", {"em": 0.0, "truth": 0.0})
    read_out(records, "mrl", {"default": (0.5, 0.3), "em": (0.6, 0.4), "truth": (0.7, 0.65)})
    figure = targets_figure(Records(records), with_factorial(records, mrl=("em", "truth")), NOISE)
    assert figure is not None
    low, high = figure.axes
    assert [axes.get_title("left") for axes in (low, high)] == ["noise rate 0.2", "noise rate 0.8"]
    assert [label.get_text() for label in high.get_xticklabels()] == list(TARGETS)
    for axes, heights in ((low, [0.5, 0.6, 0.7]), (high, [0.3, 0.4, 0.65])):
        (line,) = [bars.lines[0] for bars in axes.containers]
        assert [TARGETS[int(place)] for place in line.get_xdata()] == ["own", "em", "truth"]
        assert list(line.get_ydata()) == pytest.approx(heights)


def test_a_target_without_a_number_is_left_out_of_the_picture(records: Path) -> None:
    copied(records, "mrl", {"em": 0.0})
    read_out(records, "mrl", {"em": (0.6, 0.4)})
    figure = targets_figure(Records(records), with_factorial(records, mrl=("em", "truth")), NOISE)
    assert figure is not None
    (bars,) = figure.axes[0].containers
    assert list(bars.lines[0].get_xdata()) == [TARGETS.index("em")]


def test_without_a_factorial_that_was_run_there_is_no_picture(records: Path) -> None:
    read_out(records, "mrl", {"default": (0.5, 0.3)})
    assert targets_figure(Records(records), scoped(records), NOISE) is None
    given = with_factorial(records, mrl=("em", "truth"))
    assert targets_figure(Records(records), given, NOISE) is None, "it is configured, but nothing of it was run"
    drop_method(CELLS, records, "emoji", "mrl")
    assert targets_figure(Records(records), with_factorial(records, mrl=("em",)), NOISE) is None
