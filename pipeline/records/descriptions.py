"""The descriptions: classes, sizes and extractors of each dataset, and what its test split gives without knowledge.

chance: the MAP of random rankings; chance_limit: what differs from it (retrieval/chance.py); majority, majority_map:
the accuracy of always guessing the largest class, and the MAP of ranking it first (retrieval/majority.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.core.datasets import RawDataset
from pipeline.core.files import write_text
from pipeline.core.splits import SPLITS, Array
from pipeline.data.base import Dataset
from pipeline.records.broken import broken
from pipeline.records.json_record import json_content
from pipeline.retrieval.chance import chance_limit, chance_map
from pipeline.retrieval.majority import majority_accuracy, majority_map

FOLDER, FIELDS = "datasets", {"classes", "sizes", "views"}


def file(records: Path, dataset: str) -> Path:
    """Where the description of a dataset is recorded."""
    return records / FOLDER / f"{dataset}.json"


def describe(
    source: Dataset, raw: RawDataset, features: Mapping[str, Array], extractors: Mapping[str, str]
) -> dict[str, Any]:
    """What write takes. features: n x d per view; extractors: the display name of each view's."""
    train, test = (raw.labels[raw.split == name] for name in ("train", "test"))
    return {
        **{name: getattr(source, name) for name in ("display", "task", "source", "licence", "clean")},
        "classes": list(raw.class_names),
        "sizes": {name: int((raw.split == name).sum()) for name in SPLITS},
        "chance": round(chance_map(test), 6),
        "chance_limit": round(chance_limit(test), 6),
        "majority": round(majority_accuracy(train, test), 6),
        "majority_map": round(majority_map(train, test), 6),
        "views": {v: {"extractor": extractors[v], "dimension": x.shape[1]} for v, x in features.items()},
    }


def write(records: Path, dataset: str, description: Mapping[str, Any]) -> None:
    """Write the description of a dataset as JSON."""
    write_text(file(records, dataset), json.dumps(dict(description), indent=1) + "\n")


def read(records: Path, dataset: str) -> dict[str, Any] | None:
    """Return None where the features of a dataset were never made. Raises BadInput that names a broken file."""
    path = file(records, dataset)
    description = json_content(path)
    if description is None:
        return None
    if not isinstance(description, dict) or not set(description) >= FIELDS:
        broken(path, 1, "classes, sizes and views are expected")
    if set(description["sizes"]) != set(SPLITS):
        broken(path, 1, f"sizes of {', '.join(SPLITS)} are expected")
    return description
