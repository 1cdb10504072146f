"""The receipts: what each noise artefact really did to the labels (noise/base, NoiseReceipt)."""

from __future__ import annotations

from pipeline.records.json_record import JsonRecord

RECEIPTS = JsonRecord("noise", "receipt", ("kind", "rate", "seed", "per_pair", "realised", "hash"))
