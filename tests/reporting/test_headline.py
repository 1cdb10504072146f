"""A method that lacks the criterion of another stands in all tables; AP of one criterion beside no MAP of the other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.core.criteria import BEST_VALIDATION, FIXED_CHECKPOINT, LAST_EPOCH
from pipeline.records.cells import CELLS
from pipeline.records.curves import CURVES, curve_row
from pipeline.records.reader import Records
from pipeline.records.suspicion import SUSPICION
from pipeline.reporting.figures.figures import curve_caption, map_against_noise, precision_recall
from pipeline.reporting.figures.ranks import rank_figure
from pipeline.reporting.page.build import build_report
from pipeline.reporting.published.publications import read
from pipeline.reporting.results.report_scope import Scope, Subject
from pipeline.reporting.results.results import NO_SPREAD, Results
from pipeline.reporting.tables.comparison import comparison, robustness
from pipeline.reporting.tables.published_beside import side_by_side
from pipeline.reporting.tables.readout import by_readout
from pipeline.reporting.tables.significance_marks import differences, marked, standings
from pipeline.reporting.tables.suspicion import suspicion
from pipeline.reporting.tables.table import Number
from tests.reporting.conftest import DATASETS, METHODS, PARAMS, RATES, RONO, SEEDS, project, scoped
from tests.support.protocol_records import write_protocol
from tests.support.records import (
    drop_method,
    keep_criteria,
    keep_match,
    lines,
    write_cells,
    write_match,
    write_method,
    write_statistics,
)

NAME, NOISE = "mnist3d_rono", "recorded"
MRL = replace(METHODS[2], variants=("default",))
DIRECTIONS = ("image->cloud", "cloud->image")
KEYS = [(rate, seed) for rate in RATES for seed in SEEDS]


def write(folder: Path) -> Path:
    """Beside RONO with its fixed checkpoint MRL, which has the last epoch alone and is better."""
    write_protocol(folder)
    rows = [
        [
            *("default", NOISE, r, s, LAST_EPOCH, d, f"{0.99 - 0.1 * r:.6g}"),
            *("done", "", "c", "f"),
        ]
        for r, s in KEYS
        for d in DIRECTIONS
    ]
    write_cells(folder, NAME, "mrl", rows)
    write_statistics(folder, NAME)
    for name, variant in (("mrl", "default"), ("rono", "authors_code")):
        settings = {r: {"variant": variant, "noise": NOISE, "rate": r} for r in RATES}
        curves = [curve_row(settings[r], d, np.full(11, 0.5)) for r in RATES for d in DIRECTIONS]
        write_method(CURVES, folder, NAME, name, curves)
        cells = [settings[r] | {"seed": s} for r, s in KEYS]
        scores = {"auc": 0.9, "precision": 0.8, "wrong": 0.5}
        suspected = [cell | {"view": view} | scores for cell in cells for view in ("image", "cloud")]
        write_method(SUSPICION, folder, NAME, name, suspected)
        better = [cell | {"direction": d, "temperature": 0.1, "map": 0.95} for cell in cells for d in DIRECTIONS]
        write_match(folder, NAME, name, better)
    return folder


def of(folder: Path) -> Results:
    methods = [replace(RONO, variants=("authors_code",)), MRL]
    return Results(Records(folder), Scope(DATASETS[2], methods, [NOISE], RATES, SEEDS, ["rono", "mrl"]))


@pytest.fixture
def results(tmp_path: Path) -> Results:
    return of(write(tmp_path))


def test_the_headline_is_what_every_method_with_numbers_has(results: Results, tmp_path: Path) -> None:
    assert (results.headline, results.criteria) == (LAST_EPOCH, [LAST_EPOCH])
    drop_method(CELLS, tmp_path, NAME, "mrl")
    assert of(tmp_path).headline == FIXED_CHECKPOINT, "who has no number has no say"


def test_without_a_common_criterion_the_first_is_the_headline(results: Results, tmp_path: Path) -> None:
    keep_criteria(tmp_path, NAME, lambda row, criterion: (row["method"], criterion) != ("rono", LAST_EPOCH))
    assert of(tmp_path).headline == FIXED_CHECKPOINT
    assert scoped(tmp_path / "none").headline == BEST_VALIDATION


def test_everybody_stands_in_the_robustness_table_and_the_figure(results: Results) -> None:
    table = robustness(results, NOISE)
    assert all(isinstance(cell, Number) for row in table.rows for cell in row.cells)
    legend = map_against_noise(results, NOISE).legends[0]
    assert [text.get_text() for text in legend.get_texts()] == ["RONO (authors_code)", "MRL"]


def test_ap_of_another_criterion_are_not_tested(results: Results, tmp_path: Path) -> None:
    compared = standings(Records(tmp_path), results, NOISE)
    assert compared == {}
    plain = comparison(results, NOISE, LAST_EPOCH)
    reason = "recorded under another criterion are not tested for chance: RONO (authors_code) (fixed checkpoint)."
    table = marked(plain, results, NOISE, compared)
    assert table == replace(plain, caption=table.caption)
    assert table.caption.endswith(reason)
    assert differences(plain, results, NOISE, compared) is None
    assert rank_figure(results, NOISE, compared) is None


def test_columns_without_such_a_number_are_tested(results: Results, tmp_path: Path) -> None:
    kept = [line for line in lines(CELLS, tmp_path, NAME) if (line["method"], line["rate"]) != ("rono", "0.8")]
    CELLS.write(tmp_path, NAME, kept)
    write_statistics(tmp_path, NAME)
    assert {rate for _, rate in standings(Records(tmp_path), of(tmp_path), NOISE)} == {"0.8"}


def test_curves_of_another_criterion_are_left_out_and_named(results: Results, tmp_path: Path) -> None:
    figure = precision_recall(Records(tmp_path), results, NOISE)
    assert figure is not None
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["MRL"]
    caption = curve_caption(results, NOISE)
    assert caption.endswith("recorded under another criterion: RONO (authors_code) (fixed checkpoint).")
    assert "another criterion" not in curve_caption(scoped(tmp_path / "none"), "symmetric")


def test_precision_at_recall_levels_is_of_the_first_criterion(results: Results) -> None:
    one = Results(results._records, replace(results.scope, seeds=SEEDS[:1]))
    rono, mrl = one.scope.entries
    for entry, criterion, known in (
        (rono, FIXED_CHECKPOINT, True),
        (rono, LAST_EPOCH, False),
        (mrl, LAST_EPOCH, True),
    ):
        result = one.eleven_point(entry, NOISE, RATES[0], criterion, DIRECTIONS[0])
        assert (result != NO_SPREAD) == known


def test_suspicion_and_readout_say_of_which_state_they_are(results: Results, tmp_path: Path) -> None:
    each = "the first criterion that each keeps (fixed checkpoint: RONO (authors_code); last epoch: MRL)"
    suspected, read_out = (make(Records(tmp_path), results, NOISE) for make in (suspicion, by_readout))
    assert suspected is not None
    assert f"Methods as they are under {each}; those" in suspected.caption
    assert read_out is not None
    assert f"mean of the directions, {each}. " in read_out.caption
    fixed = results.mean(results.scope.entries[0], NOISE, RATES[:1], FIXED_CHECKPOINT)
    assert not isinstance(fixed, type(NO_SPREAD))
    cell = read_out.rows[0].cells[0]
    assert isinstance(cell, Number)
    assert cell.mean == pytest.approx(sum(fixed.by_seed.values()) / len(SEEDS))


def test_the_published_rows_are_compared_under_their_own_criterion(results: Results) -> None:
    table = side_by_side(results, *read())
    assert table is not None
    assert "Here: fixed checkpoint." in table.caption


def test_without_match_probabilities_the_page_leads_with_the_best_of_all(tmp_path: Path) -> None:
    protocol = PARAMS["experiments"][1] | {"methods": {"rono": ["authors_code"], "mrl": ["default"]}}
    params = PARAMS | {"experiments": [protocol], "report": {"methods": ["mrl", "rono"]}}
    out = tmp_path / "out"
    records = write(tmp_path / "records")
    keep_match(records, NAME, lambda row: False)
    build_report(records, out, Subject(project(params), DATASETS[2:], [MRL, RONO]))
    text = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert "At recorded noise rate 0.8, MRL has the highest MAP, .910 (last epoch, mean of the directions)." in text
    assert (tmp_path / "out" / "tables" / f"{NAME}_{NOISE}_fixed_checkpoint.md").exists()
