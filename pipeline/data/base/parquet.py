"""Tables in Parquet files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow
from pyarrow.parquet import ParquetFile

from pipeline.core.errors import BadInput


def read(file: Path) -> tuple[list[str], list[list[Any]], list[int]]:
    """Names of the columns, their values, and the number of each row, from 1. Raises BadInput for a damaged file."""
    try:
        with ParquetFile(file) as opened:
            table = opened.read()
    except pyarrow.ArrowException as error:
        reason = str(error).split("\n")[0].strip(" .")
        raise BadInput(f"it is no whole Parquet file ({reason})", str(file), "copy or save it again") from None
    columns = [column.to_pylist() for column in table.columns]
    return list(table.column_names), columns, list(range(1, table.num_rows + 1))
