"""The table of other rivals against the robust methods of the papers, from records written by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from pipeline.core.readouts import COSINE, MATCH
from pipeline.records.claims import CLAIMS
from pipeline.records.endpoints import ENDPOINTS
from pipeline.records.reader import Records
from pipeline.reporting.tables.rivals import rival_tables
from pipeline.reporting.tables.table import Number
from tests.reporting.conftest import scoped
from tests.support.records import write_claims

SEEDS = 5


def write_endpoints(folder: Path, maps: dict[tuple[str, str], np.ndarray], readout: str = MATCH) -> None:
    rows = [
        {"noise": "symmetric", "readout": readout, "method": method, "variant": variant, "seed": seed, "map": value}
        for (method, variant), values in maps.items()
        for seed, value in enumerate(values.tolist())
    ]
    ENDPOINTS.write(folder, "emoji", rows)
    CLAIMS.write(folder, "emoji", [])


def test_a_cell_is_the_row_minus_the_column_with_the_t_interval_over_seeds(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    entries = [("ce", "default"), ("sdml", "default"), ("mrl", "default"), ("mrl", "authors_code")]
    maps = {entry: np.round(0.5 + 0.1 * n + rng.normal(0, 0.02, SEEDS), 6) for n, entry in enumerate(entries)}
    write_endpoints(tmp_path, maps)
    (table,) = rival_tables(Records(tmp_path), scoped(tmp_path))
    assert table.name == "emoji_symmetric_rivals"
    assert [row.label for row in table.rows] == ["SDML", "CE"], "the highest first"
    heads = [column.heads[0] for column in table.columns]
    assert sorted(heads) == ["MRL", "MRL (authors_code)"]
    cell = table.rows[0].cells[heads.index("MRL")]
    assert isinstance(cell, Number)
    difference = maps["sdml", "default"] - maps["mrl", "default"]
    interval = ttest_1samp(difference, 0).confidence_interval()
    assert cell.mean == pytest.approx(difference.mean())
    assert cell.interval == pytest.approx((interval.low, interval.high))


def test_what_the_claim_is_about_and_another_readout_have_no_row(tmp_path: Path) -> None:
    write_claims(tmp_path, {("symmetric", COSINE): {("ce", "default"): (0.1, 0.05, 0.15, 0.01)}})
    assert rival_tables(Records(tmp_path), scoped(tmp_path)) == []
    write_claims(tmp_path, {("symmetric", MATCH): {("ce", "default"): (0.1, 0.05, 0.15, 0.01)}})
    assert rival_tables(Records(tmp_path), scoped(tmp_path)) == [], "MRL is what is claimed, so nothing is left to beat"
