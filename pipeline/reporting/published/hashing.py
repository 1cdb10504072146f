"""Which datasets have published rows of hashing: tables that print MAP by number of bits."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pandas as pd


@cache
def hashed(folder: Path = Path(__file__).parent) -> frozenset[str]:
    """Return the display names of datasets in published tables that have a column `bits`."""
    tables = [pd.read_csv(file) for file in folder.rglob("*.csv")]
    return frozenset(name for table in tables if "bits" in table for name in table["dataset"])
