"""The tuning: the configurations that each method was tried in, with their validation MAP (runs/tuning.py)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.core.readouts import READOUTS
from pipeline.records.broken import broken
from pipeline.records.table_record import VARIANT, Column, Kind, TableRecord

_FACTS = (VARIANT, Column("published", Kind.WHOLE, needed=True), Column("code", Kind.TEXT, needed=True))
_ENDS = (*(Column(readout, share=True) for readout in READOUTS), Column("reason", Kind.TEXT))
_TABLE = TableRecord("tuning", _FACTS + _ENDS, key=("variant", "code"), more=Column("", Kind.TEXT), digits=6)
_TAKEN = {column.name for column in _TABLE.columns}


@dataclass(frozen=True)
class TuningRecord:
    """A file per method, records/tuning/<method>.csv, with a row per trial and a column per setting, as JSON.

    A trial has variant, settings (name -> value), published (whether these are the paper's), maps (readout ->
    validation MAP, empty where training failed), reason and code.
    """

    def write(self, records: Path, method: str, trials: Iterable[Mapping[str, Any]]) -> None:
        """Write a row per trial, in their order."""
        rows = []
        for trial in trials:
            settings = {name: json.dumps(value) for name, value in trial["settings"].items()}
            facts = {name: trial[name] for name in ("variant", "published", "code", "reason")}
            rows.append({**facts, **trial["maps"], **settings})
        _TABLE.write(records, method, rows)

    def read(self, records: Path, method: str) -> list[dict[str, Any]]:
        """Return the trials, none where there is no file. Raises BadInput that names a broken file."""
        rows = _TABLE.read(records, method).to_dict("records")
        return [self._trial(_TABLE.file(records, method), number, row) for number, row in enumerate(rows, start=2)]

    def _trial(self, file: Path, line: int, row: Mapping[Any, Any]) -> dict[str, Any]:
        settings = {}
        for name, text in row.items():
            if name not in _TAKEN and text:
                try:
                    settings[name] = json.loads(text)
                except ValueError:
                    broken(file, line, f"{name} '{text}' is no setting in JSON")
        maps = {readout: row[readout] for readout in READOUTS if row[readout] == row[readout]}
        facts = {name: row[name] for name in ("variant", "code", "reason")}
        return facts | {"published": bool(row["published"]), "settings": settings, "maps": maps}


TUNING = TuningRecord()
