"""The tuning: the configurations that each method was tried in, with their validation MAP (runs/tuning.py)."""

from __future__ import annotations

from pipeline.records.json_record import JsonRecord

TUNING = JsonRecord("tuning", "trial", ("variant", "settings", "published", "maps", "reason", "code"))
