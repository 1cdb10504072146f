"""Synthetic records of RONO's protocol, a dataset with a grid of its own and without a validation split."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.core.criteria import FIXED_CHECKPOINT, LAST_EPOCH
from pipeline.records.reader import Records
from pipeline.reporting.results.report_scope import Scope
from pipeline.reporting.results.results import Results
from tests.reporting.conftest import DATASETS, RATES, RONO, SEEDS
from tests.support.records import write_cells, write_statistics


def write_protocol(
    folder: Path, point_features: str = "DGCNN (parametric shapes)", rates: Sequence[float] = RATES
) -> Path:
    """RONO's protocol: no validation split, one recorded draw per rate, a fixed checkpoint."""
    name, views = "mnist3d_rono", {"image": ("Pixels", 784), "cloud": (point_features, 512)}
    rows = [
        [
            *("authors_code", "recorded", r, s, c, d, f"{value + 0.004 * s * (1 + r):.6g}"),
            *("done", "", "c0de", "f1"),
        ]
        for r in rates
        for s in SEEDS
        for c, value in ((FIXED_CHECKPOINT, 0.985 - 0.15 * r), (LAST_EPOCH, 0.98 - 0.3 * r))
        for d in ("image->cloud", "cloud->image")
    ]
    write_cells(folder, name, "rono", rows)
    write_statistics(folder, name)
    contents = {
        "datasets": {
            "classes": [str(digit) for digit in range(10)],
            "sizes": {"train": 5000, "valid": 0, "test": 1000},
            "views": {view: {"extractor": e, "dimension": d} for view, (e, d) in views.items()},
        },
        "noise": [
            {
                "kind": "recorded",
                "rate": r,
                "seed": s,
                "per_pair": True,
                "hash": f"draw {r}",
                "realised": dict.fromkeys(views, r * 0.95),
            }
            for r in rates
            for s in SEEDS
        ],
        "probes": [
            {"view": view, "extractor": e, "dimension": d, "accuracy": accuracy, "used": used}
            for view, e, d, accuracy, used in (
                ("image", "Pixels", 784, 0.895, True),
                ("cloud", point_features, 512, 0.93, True),
                ("cloud", "DGCNN (random)", 512, 0.912, False),
                ("cloud", "Voxel grid", 1728, 0.88, False),
            )
        ],
    }
    for kind, content in contents.items():
        (folder / kind).mkdir(parents=True, exist_ok=True)
        (folder / kind / f"{name}.json").write_text(json.dumps(content))
    return folder


def protocol_results(folder: Path, rates: Sequence[float] = RATES) -> Results:
    """Records of RONO's protocol on its own grid."""
    entry = replace(RONO, variants=("authors_code",))
    return Results(Records(folder), Scope(DATASETS[2], [entry], ["recorded"], rates, SEEDS, [RONO.name]))
