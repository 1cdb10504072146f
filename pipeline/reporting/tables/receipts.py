"""What the noise really did to the training labels."""

from __future__ import annotations

from pipeline.reporting.results.results import Results
from pipeline.reporting.tables.table import Absent, Cell, Column, Number, Row, Table


def receipts(results: Results) -> Table:
    """The share of training labels that differ from the truth; a column per seed where the seeds' draws differ."""
    scope = results.scope
    realised = {(r["kind"], float(r["rate"]), r["seed"]): r["realised"] for r in results.receipts}
    views = list(results.receipts[0]["realised"])
    once = all(results.drawn_once(noise) for noise in scope.noises)
    seeds = scope.seeds[:1] if once else scope.seeds
    rows = []
    for noise in scope.noises:
        for rate in scope.rates:
            drawn = [realised.get((noise, rate, seed), {}) for seed in seeds]
            rows.append(Row(f"{noise} {rate}", [_share(receipt, view) for view in views for receipt in drawn]))
    heads = [(view,) if once else (view, f"seed {seed}") for view in views for seed in seeds]
    paired = dict.fromkeys(receipt["kind"] for receipt in results.receipts if receipt["per_pair"])
    per = "pair" if len(paired) == len(scope.noises) else "view"
    per += f", once per pair for {', '.join(paired)}" if paired and per == "view" else ""
    return Table(
        name=f"{results.dataset.name}_{'further_' if scope.further else ''}noise",
        title=f"{results.dataset.display}, {'further kinds of noise' if scope.further else 'realised noise'}",
        caption=f"Share of training labels that really differ from the truth, per view{'' if once else ' and seed'}; "
        f"labels are drawn once per {per}{', one draw per rate for all seeds' if once else ''}.",
        stub="noise and nominal rate",
        levels=("view",) if once else ("view", "seed"),
        columns=[Column(head, ranked=False) for head in heads],
        rows=rows,
    )


def _share(receipt: dict[str, float], view: str) -> Cell:
    return Number(receipt[view]) if view in receipt else Absent("not run", "no noise was drawn for this seed and rate")
