"""How the settings of every method were chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from pipeline.config.project import Project
from pipeline.records.reader import Records
from pipeline.reporting.results.report_scope import MethodInfo
from pipeline.reporting.tables.table import Absent, Cell, Column, Number, Row, Table
from pipeline.runs.tuning import BUDGET, best, tuning_of

_UNPUBLISHED = Absent("none", "neither paper nor code gives these settings")
_UNTRIED = Absent("not run", "no record of its tuning")
_FAILED = Absent("failed", "training with these settings does not end well")


def tuning(records: Records, project: Project, methods: Sequence[MethodInfo]) -> Table | None:
    """A row per method: how many configurations were tried, what the published, the median and the chosen one reach.

    None where nothing was tuned.
    """
    tried = {method: records.tuning(method.name) for method in methods}
    if not any(tried.values()):
        return None
    setup, rows = tuning_of(project), []
    for method, trials in tried.items():
        if not trials:
            rows.append(Row(method.display, [_UNTRIED] * 4, method=method.name))
            continue
        reached = [_reached(trial) for trial in trials]
        published = next((_cell(trial) for trial in trials if trial["published"]), _UNPUBLISHED)
        cells = [Number(len(trials)), published, Number(median(reached)), _cell(best(trials))]
        chosen = f"{method.display}: {_listed(best(trials)['settings'])}"
        rows.append(Row(chosen, cells, _tried(trials), method.name))
    tuned = [(method.display, setup.methods.get(method.name)) for method, trials in tried.items() if trials]
    exceptions = "".join(f" Not so {display}: {how.remark}." for display, how in tuned if how and how.remark)
    return Table(
        name="tuning",
        title="Equal tuning",
        caption=f"Every method was tried in at most {BUDGET} configurations on {setup.dataset} under {setup.noise} "
        f"noise at rate {setup.rate}, seed {setup.seed}, which is no seed of the grid. The configuration of highest "
        "validation MAP (mean of the directions, clean labels, best epoch) was chosen once and stands in every cell of "
        f"the default grid; no test sample took part.{exceptions}",
        stub="method and what was chosen",
        levels=("measure",),
        columns=[
            Column(("configurations",), ranked=False, decimals=0),
            *(Column((f"MAP, {name}",), ranked=False) for name in ("published settings", "median", "chosen")),
        ],
        rows=rows,
    )


def _reached(trial: Mapping[str, Any]) -> float:
    return float(trial["maps"].get("mean", 0.0))


def _cell(trial: Mapping[str, Any]) -> Cell:
    return Number(_reached(trial)) if trial["maps"] else _FAILED


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
