"""What the ideas for Witness gave, as the table of docs/witness.md."""

from __future__ import annotations

import pandas as pd


def summary(rows: pd.DataFrame) -> str:
    """Markdown, in .001 of MAP: validation MAP minus that of "reference", mean over directions and seeds, with the
    standard error over seeds; in brackets the mean difference of test MAP.

    rows: the columns COLUMNS.
    """
    maps = rows.groupby(["dataset", "rate", "seed", "idea"], sort=False)[["validation_map", "test_map"]].mean()
    gains = 1000 * (maps - maps.xs("reference", level="idea"))
    cases = gains.groupby(["idea", "dataset", "rate"], sort=False).agg(["mean", "sem"])
    lines: dict[str, list[str]] = {}
    for (idea, *_), gain in cases[cases.index.get_level_values("idea") != "reference"].iterrows():
        on_valid, on_test = gain["validation_map"], gain["test_map"]
        lines.setdefault(idea, []).append(f"{on_valid['mean']:+.1f} ± {on_valid['sem']:.1f} ({on_test['mean']:+.1f})")
    heads = [f"{dataset} {rate}" for dataset, rate in dict.fromkeys(index[1:] for index in cases.index)]
    body = [f"| {idea} | {' | '.join(cells)} |" for idea, cells in lines.items()]
    return "\n".join([f"| idea | {' | '.join(heads)} |", f"|:--|{'--:|' * len(heads)}", *body])
