"""How the settings of every method were chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.config.project import DEFAULT, Project, Tuned
from pipeline.records.reader import Records
from pipeline.reporting.results.report_scope import MethodInfo
from pipeline.reporting.tables.table import Absent, Cell, Column, Number, Row, Table
from pipeline.runs.tuning import BUDGET, at_an_end, best, tuning_of, value

_UNPUBLISHED = Absent("none", "neither paper nor code gives these settings")
_UNTRIED = Absent("not run", "no record of its tuning")
_FAILED = Absent("failed", "training with these settings does not end well")


def tuning(records: Records, project: Project, methods: Sequence[MethodInfo]) -> Table | None:
    """A row per tuned variant: how many configurations were tried; what the published and the chosen one reach.

    None where nothing was tuned.
    """
    if not any(records.tuning(method.name) for method in methods):
        return None
    setup = tuning_of(project)
    rows = [
        row
        for method in methods
        for variant, tuned in setup.methods.get(method.name, {}).items()
        for row in [_row(method, variant, tuned, records.tuning(method.name))]
    ]
    return Table(
        name="tuning",
        title="Equal tuning",
        caption=f"Every variant was tried in at most {BUDGET} configurations on {setup.dataset} under {setup.noise} "
        f"noise at rate {setup.rate}, seed {setup.seed}, which is no seed of the grid: from a start, one step up and "
        "down each list of values at a time, on to the best, until no step was better. Validation MAP is the mean of "
        "the directions with clean labels, at the best epoch, by the better of the two readouts. The highest one was "
        "chosen once and stands in every cell of the default grid; no test sample took part. Logistic regression "
        "chooses its penalty in each cell.",
        stub="method and what was chosen",
        levels=("measure",),
        columns=[
            Column(("configurations",), ranked=False, decimals=0),
            *(Column((f"MAP, {name}",), ranked=False) for name in ("published settings", "chosen")),
        ],
        rows=rows,
    )


def _row(method: MethodInfo, variant: str, tuned: Tuned, recorded: Sequence[Mapping[str, Any]]) -> Row:
    trials = [trial for trial in recorded if trial["variant"] == variant]
    label = method.display if variant == DEFAULT else f"{method.display} ({variant})"
    if not trials:
        return Row(label, [_UNTRIED] * 3, method=method.name)
    published = next((_cell(trial) for trial in trials if trial["published"]), _UNPUBLISHED)
    chosen = best(trials)
    ends = at_an_end(tuned, chosen["settings"])
    note = f"; at an end of what was offered: {', '.join(ends)}" if ends else ""
    cells = [Number(len(trials)), published, _cell(chosen)]
    return Row(f"{label}: {_listed(chosen['settings'])}{note}", cells, _tried(trials), method.name)


def _cell(trial: Mapping[str, Any]) -> Cell:
    return Number(value(trial)) if trial["maps"] else _FAILED


def _tried(trials: Sequence[Mapping[str, Any]]) -> str:
    """Every setting with the values that it took in any trial."""
    values = {name: sorted({str(trial["settings"][name]) for trial in trials}) for name in trials[0]["settings"]}
    parts = [f"{name} {', '.join(sorted(taken, key=_by_size))}" for name, taken in values.items()]
    return f"tried: {'; '.join(parts)}"


def _by_size(text: str) -> tuple[float, str]:
    try:
        return float(text), text
    except ValueError:
        return 0.0, text


def _listed(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in settings.items())
