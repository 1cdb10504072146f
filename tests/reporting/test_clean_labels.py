"""A published table with clean labels: one rate, 0, and precision at eleven recall levels instead of MAP."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.config.load import parse
from pipeline.core.criteria import LAST_EPOCH
from pipeline.metrics.base.curve import LEVELS
from pipeline.records.curves import CURVES, curve_row
from pipeline.records.reader import Records
from pipeline.reporting.page.build import build_report
from pipeline.reporting.published.publications import ELEVEN_POINT, MEASURES, read
from pipeline.reporting.published.verdict import mismatch, verdicts
from pipeline.reporting.results.report_scope import DatasetInfo, Scope, Subject
from pipeline.reporting.results.results import NO_SPREAD, Results
from pipeline.reporting.tables.published_beside import side_by_side
from pipeline.reporting.tables.table import Number
from tests.reporting.conftest import DIRECTIONS, done, method
from tests.support.records import write_cells, write_method, write_statistics

NAME, DISPLAY = "wikipedia_shallow", "Wikipedia (SIFT, LDA)"
DATASET = DatasetInfo(NAME, DISPLAY, "image-text", "", "")
METHODS = [method("pls", "PLS", "PLS", label_free=True), method("gma", "GMA", "GMLDA")]
PUBLICATIONS, PROTOCOLS = read()
PRECISION = {"pls": 0.2, "gma": 0.26}
"""At recall .5, the mean of the eleven; MAP is put far from it."""


def write(folder: Path, text: int = 10, seeds: Sequence[int] = (0,)) -> Path:
    for name, middle in PRECISION.items():
        rate: float | str = 0.0 if name == "gma" else ""
        noise = "symmetric" if name == "gma" else ""
        cells = [
            done(rate, seed if name == "gma" else "", LAST_EPOCH, way, "0.5") for seed in seeds for way in DIRECTIONS
        ]
        setting = {"variant": "default", "noise": noise, "rate": rate}
        curves = [curve_row(setting, way, middle + (0.5 - LEVELS) / 10) for way in DIRECTIONS]
        write_cells(folder, NAME, name, cells[: None if name == "gma" else 2])
        write_method(CURVES, folder, NAME, name, curves)
    write_statistics(folder, NAME)
    widths = {"image": 128, "text": text}
    contents = {
        "datasets": {
            "classes": [f"class {k}" for k in range(10)],
            "sizes": {"train": 2173, "valid": 0, "test": 693},
            "views": {view: {"extractor": "Given", "dimension": width} for view, width in widths.items()},
        },
        "noise": [
            {
                "kind": "symmetric",
                "rate": 0.0,
                "seed": s,
                "per_pair": False,
                "hash": "h",
                "realised": dict.fromkeys(widths, 0.0),
            }
            for s in seeds
        ],
    }
    for kind, content in contents.items():
        (folder / kind).mkdir(parents=True, exist_ok=True)
        (folder / kind / f"{NAME}.json").write_text(json.dumps(content))
    return folder


def results(folder: Path, seeds: Sequence[int] = (0,)) -> Results:
    order = [info.name for info in METHODS]
    return Results(Records(folder), Scope(DATASET, METHODS, ["symmetric"], [0.0], seeds, order))


def test_ours_is_measured_as_the_paper_measures(tmp_path: Path) -> None:
    table = side_by_side(results(write(tmp_path)), PUBLICATIONS, PROTOCOLS)
    assert table is not None
    assert table.caption.startswith(MEASURES[ELEVEN_POINT])
    assert [row.label for row in table.rows] == [
        *("PLS, here", "PLS, published (Table 3)", "difference"),
        *("GMA, here", "GMLDA, published (Table 3)", "difference"),
    ]
    displayed = [[round(cell.mean, 3) for cell in row.cells if isinstance(cell, Number)] for row in table.rows]
    assert displayed[:3] == [[0.2, 0.2], [0.207, 0.192], [-0.007, 0.008]]
    assert displayed[3:] == [[0.26, 0.26], [0.272, 0.232], [-0.012, 0.028]]
    assert list(table.notes) == [PROTOCOLS[DISPLAY].remark]
    assert "centred by the training means" in table.notes[0]


def test_cells_with_clean_labels_are_judged(tmp_path: Path) -> None:
    result = [v for v in verdicts(PUBLICATIONS, PROTOCOLS, [results(write(tmp_path))]) if v.dataset == DISPLAY]
    assert [(v.method, v.agrees) for v in result if v.reason is None] == [
        *(("PLS", True), ("PLS", True)),
        *(("GMLDA", True), ("GMLDA", False)),
    ]
    assert {v.reason for v in result if v.method == "SCM"} == {
        "not run here: no method of the report answers to this row"
    }


def test_given_features_of_another_width_are_not_compared(tmp_path: Path) -> None:
    result = mismatch(PROTOCOLS[DISPLAY], results(write(tmp_path, text=1000)))
    assert result == "other protocol: the features' dimensions are image 128, text 1000, published image 128, text 10"


def test_a_mean_over_several_seeds_is_not_taken_for_one_of_them(tmp_path: Path) -> None:
    result = results(write(tmp_path, seeds=(0, 1)), seeds=(0, 1))
    pls, gma = result.scope.entries
    assert result.eleven_point(gma, "symmetric", 0.0, LAST_EPOCH, DIRECTIONS[0]) == NO_SPREAD
    assert result.eleven_point(pls, "symmetric", 0.0, LAST_EPOCH, DIRECTIONS[0]) != NO_SPREAD


@pytest.mark.parametrize("rates", [[0.0], [0.0, 0.4]])
def test_one_rate_has_no_fall_and_no_line(tmp_path: Path, rates: list[float]) -> None:
    names = [info.name for info in METHODS]
    grid = {"name": "default", "datasets": [NAME], "methods": names, "noises": ["symmetric"], "rates": rates}
    params = {
        "experiments": [grid | {"seeds": [0]}],
        "datasets": {NAME: {"views": {}}},
        "methods": {name: {"default": {}} for name in names},
        "noises": {"symmetric": {}},
        "extractors": {},
    }
    out = tmp_path / "out"
    methods = [replace(info, variants=("default",)) for info in METHODS]
    build_report(write(tmp_path / "records"), out, Subject(parse(params), [DATASET], methods))
    several = len(rates) > 1
    assert (out / "tables" / f"{NAME}_symmetric_robustness.md").exists() == several
    assert (out / "figures" / f"{NAME}_symmetric_map.svg").exists() == several
    sentence = "With clean labels, PLS has the highest MAP, .500 (last epoch, mean of the directions)."
    assert (sentence in (out / "index.html").read_text()) != several
