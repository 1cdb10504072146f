"""Equal tuning: every method climbs its ladders of settings with the budget of every other; clean validation decides.

A ladder is a list of values of one setting, in order. From the settings in params.yaml, one step up and one step down
every ladder are tried; the best of these is where the next round starts, until no step is better or the budget spent.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import torch
import yaml

from pipeline.config.fields import Settings
from pipeline.config.project import Project, Tuned, Tuning
from pipeline.core import plugins
from pipeline.core.corruption import Corruption
from pipeline.core.criteria import BEST_VALIDATION
from pipeline.core.errors import BadInput, BadParams, UnknownName
from pipeline.core.files import write_text
from pipeline.core.readouts import COSINE, MATCH
from pipeline.features.base.store import Features
from pipeline.methods.base import Method
from pipeline.retrieval.ranking import mean_average_precision
from pipeline.runs.cell import run_cell
from pipeline.runs.extras import TEMPERATURE, posterior_readout
from pipeline.runs.fingerprint import code_fingerprint
from pipeline.runs.pool import on_pool

BUDGET = 30
"""The most configurations that a variant may be tried in, the published one among them."""

Trial = dict[str, Any]
"""settings: what was varied; published: whether these are the paper's; maps: mean validation MAP by readout, empty
where training failed for the reason that is given; code: fingerprint of code and all settings."""
TrialT = TypeVar("TrialT", bound=Mapping[str, Any])
Evaluate = Callable[[Sequence[Settings]], Iterable[Trial]]
"""Settings -> their trials, in any order."""


def tuning_of(project: Project) -> Tuning:
    """The block of tuning.yaml. Raises BadParams without one."""
    if project.tuning is None:
        raise BadParams("the file is missing", "tuning.yaml", "restore it from git")
    return project.tuning


def tuned_variants(project: Project, method: str) -> Mapping[str, Tuned]:
    """Variant -> how it is tuned. Raises UnknownName for a method that is not."""
    tuned = tuning_of(project).methods
    if method not in tuned:
        raise UnknownName(method, tuned, "tuning.yaml, methods")
    return tuned[method]


def start(project: Project, method: str, variant: str) -> Settings:
    """Where a variant's climb begins: what params.yaml gives it on the ladders. Raises BadParams beside a ladder."""
    untuned = project.model_copy(update={"tuned": {}})
    settings = untuned.settings(method, variant, tuning_of(project).dataset)
    built = plugins.build("pipeline.methods", method, Method, settings)
    ladders = tuned_variants(project, method)[variant].ladders
    place = f"tuning.yaml, methods.{method}.{variant}"
    begun = {}
    for name, ladder in ladders.items():
        value = getattr(built, name)
        begun[name] = list(value) if isinstance(value, tuple) else value
        if begun[name] not in ladder:
            raise BadParams(f"'{name}' is {begun[name]} in params.yaml", place, "put this value on the ladder")
    return begun


def climb(tuned: Tuned, begin: Settings, evaluate: Evaluate) -> list[Trial]:
    """Try settings round by round and return the trials: the published one, the first, then the steps in order."""
    trials: dict[str, Trial] = {}

    def attempt(wanted: Iterable[Settings]) -> None:
        new = {_key(settings): settings for settings in wanted if _key(settings) not in trials}
        listed = list(new.values())[: BUDGET - len(trials)]
        made = {_key(trial["settings"]): trial for trial in evaluate(listed)}
        trials.update({_key(settings): made[_key(settings)] for settings in listed})

    attempt([] if tuned.published is None else [tuned.published])
    attempt([begin])
    place = begin
    while len(trials) < BUDGET:
        attempt(_steps(tuned, place))
        reached = max(trials.values(), key=value)
        if value(reached) <= value(trials[_key(place)]) or not _on_ladders(tuned, reached["settings"]):
            break
        place = reached["settings"]
    return list(trials.values())


def tune(
    project: Project,
    method: str,
    variant: str,
    features: Features,
    noise: Corruption,
    finished: Mapping[str, Trial],
) -> list[Trial]:
    """Climb a variant's ladders. finished: earlier trials by their code, which are not run again."""
    tuning, tuned = tuning_of(project), tuned_variants(project, method)[variant]
    begin = start(project, method, variant)
    common = project.settings(method, variant, tuning.dataset)

    def evaluate(wanted: Sequence[Settings]) -> Iterator[Trial]:
        jobs = []
        for settings in wanted:
            built = plugins.build("pipeline.methods", method, Method, common | settings)
            code = code_fingerprint(built)
            trial = {"settings": settings, "published": settings == tuned.published, "code": code}
            if code in finished:
                yield finished[code] | trial
            else:
                jobs.append((_try, (trial, built, features, noise, tuning.seed)))
        yield from on_pool(jobs)

    return climb(tuned, begin, evaluate)


def value(trial: Mapping[str, Any]) -> float:
    """Validation MAP by the better readout, -1 where training failed."""
    return max(trial["maps"].values(), default=-1.0)


def best(trials: Iterable[TrialT]) -> TrialT:
    """The trial of highest validation MAP, the first of equal ones."""
    return max(trials, key=value)


def at_an_end(tuned: Tuned, settings: Settings) -> list[str]:
    """Names of the settings that stand at an end of their ladder."""
    return [name for name, ladder in tuned.ladders.items() if settings.get(name) in (ladder[0], ladder[-1])]


def check(project: Project, method: str, variant: str, trials: list[Trial]) -> None:
    """Refuse trials that the ladders do not lead to, and a choice that is not what cells are trained with."""
    place = f"the tuning of '{method}', {variant}"
    tuned, recorded = tuned_variants(project, method)[variant], {_key(trial["settings"]): trial for trial in trials}
    try:
        replayed = climb(
            tuned, start(project, method, variant), lambda wanted: [recorded[_key(settings)] for settings in wanted]
        )
    except KeyError:
        replayed = []
    if [trial["settings"] for trial in replayed] != [trial["settings"] for trial in trials] or not trials:
        raise BadInput(
            "what was tried is not what tuning.yaml leads to", place, f"run `python -m stages.tools.tune {method}`"
        )
    if project.tuned.get(method, {}).get(variant) != best(trials)["settings"]:
        remedy = f"run `python -m stages.tools.tune {method}`"
        raise BadInput("tuned.yaml does not hold what was chosen", place, remedy)


def write_choice(file: Path, method: str, variant: str, settings: Settings) -> None:
    """Put what was chosen for a variant into tuned.yaml; the others' choices stay."""
    chosen = yaml.safe_load(file.read_text(encoding="utf-8")) if file.is_file() else {}
    chosen.setdefault(method, {})[variant] = settings
    heading = "# What tuning chose (`python -m stages.tools.tune`); trials: reports/records/tuning.\n"
    write_text(file, heading + yaml.safe_dump(chosen, sort_keys=False, width=120, default_flow_style=None))


def _steps(tuned: Tuned, place: Settings) -> Iterator[Settings]:
    """One step up and one step down every ladder."""
    for name, ladder in tuned.ladders.items():
        rung = ladder.index(place[name])
        for other in (rung + 1, rung - 1):
            if 0 <= other < len(ladder):
                yield {**place, name: ladder[other]}


def _on_ladders(tuned: Tuned, settings: Settings) -> bool:
    return set(settings) == set(tuned.ladders) and all(
        settings[name] in ladder for name, ladder in tuned.ladders.items()
    )


def _key(settings: Settings) -> str:
    return json.dumps(settings, sort_keys=True)


def _try(trial: Trial, method: Method, features: Features, noise: Corruption, seed: int, device: torch.device) -> Trial:
    """Validation takes the place of test: what is tuned never meets a test sample."""
    train, valid = features.splits["train"], features.splits["valid"]
    outcome = run_cell(method, train, valid, valid, noise, seed, device)
    maps: dict[str, float] = {}
    if outcome.fitted is not None:
        by_readout = {COSINE: outcome.embeddings[BEST_VALIDATION]}
        if (arrays := posterior_readout(outcome.fitted, valid)) is not None:
            by_readout[MATCH] = {view: z for view, z in arrays.items() if view != TEMPERATURE}
        for readout, embeddings in by_readout.items():
            scores = mean_average_precision(embeddings, valid.labels)
            maps[readout] = round(sum(scores.values()) / len(scores), 6)
    return trial | {"maps": maps, "reason": outcome.reason}
