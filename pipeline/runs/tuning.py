"""Equal tuning: every method is tried in as many configurations as every other, and clean validation chooses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import torch

from pipeline.config.project import DEFAULT, Project, Tuning
from pipeline.core import plugins
from pipeline.core.corruption import Corruption
from pipeline.core.criteria import BEST_VALIDATION
from pipeline.core.errors import BadInput, BadParams, UnknownName
from pipeline.features.base.store import Features
from pipeline.methods.base import Method
from pipeline.retrieval.ranking import mean_average_precision
from pipeline.runs.cell import run_cell
from pipeline.runs.fingerprint import code_fingerprint
from pipeline.runs.pool import on_pool

BUDGET = 20
"""The most configurations that a method may be tried in, the published one among them."""

Trial = dict[str, Any]
"""settings: what was varied; published: whether these are the paper's; maps: validation MAP by direction and their
mean, empty where training failed for the reason that is given; code: fingerprint of code and all settings."""


def tuning_of(project: Project) -> Tuning:
    """The block of tuning.yaml. Raises BadParams without one."""
    if project.tuning is None:
        raise BadParams("the file is missing", "tuning.yaml", "restore it from git")
    return project.tuning


def configurations(project: Project, method: str) -> list[tuple[dict[str, Any], bool]]:
    """The published settings where there are any, then all combinations of the lists, each once."""
    tuned = tuning_of(project).methods
    if method not in tuned:
        raise UnknownName(method, tuned, "tuning.yaml, methods")
    grid, published = tuned[method].grid, tuned[method].published
    listed = [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]
    tried = listed if published is None else [published, *(settings for settings in listed if settings != published)]
    if len(tried) > BUDGET:
        place = f"tuning.yaml, methods.{method}"
        raise BadParams(f"{len(tried)} configurations are more than the {BUDGET} of every method", place, "try fewer")
    return [(settings, settings == published) for settings in tried]


def tune(
    project: Project, method: str, features: Features, noise: Corruption, finished: Mapping[str, Trial]
) -> Iterator[Trial]:
    """Yield a trial per configuration as it lands. finished: earlier trials by their code, which are not run again."""
    tuning = tuning_of(project)
    common = project.settings(method, DEFAULT, tuning.dataset)
    jobs = []
    for varied, published in configurations(project, method):
        settings = common | varied
        built = plugins.build("pipeline.methods", method, Method, settings)
        code = code_fingerprint(built)
        trial = {"settings": varied, "published": published, "code": code}
        if code in finished:
            yield finished[code] | trial
        else:
            jobs.append((_try, (trial, built, features, noise, tuning.seed)))
    yield from on_pool(jobs)


def best(trials: list[Trial]) -> Trial:
    """The trial of highest mean validation MAP, the first of equal ones."""
    return max(trials, key=lambda trial: trial["maps"].get("mean", -1.0))


def check(project: Project, method: str, trials: list[Trial]) -> None:
    """Refuse trials that are not those of the configurations in params.yaml, and a choice that does not stand there."""
    place = f"the tuning of '{method}'"
    if [trial["settings"] for trial in trials] != [settings for settings, _ in configurations(project, method)]:
        remedy = f"run `python -m stages.tools.tune {method}`"
        raise BadInput("what was tried is not what tuning.yaml lists", place, remedy)
    settings = project.settings(method, DEFAULT, tuning_of(project).dataset)
    for name, value in best(trials)["settings"].items():
        if settings.get(name) != value:
            problem = f"'{name}' is {settings.get(name)}, but {value} was chosen"
            raise BadInput(problem, place, f"set it in params.yaml, methods.{method}.default")


def _try(trial: Trial, method: Method, features: Features, noise: Corruption, seed: int, device: torch.device) -> Trial:
    """Validation takes the place of test: what is tuned never meets a test sample."""
    train, valid = features.splits["train"], features.splits["valid"]
    outcome = run_cell(method, train, valid, valid, noise, seed, device)
    maps: dict[str, float] = {}
    if outcome.fitted is not None:
        maps = mean_average_precision(outcome.embeddings[BEST_VALIDATION], valid.labels)
        maps = {name: round(value, 6) for name, value in maps.items()}
        maps["mean"] = round(sum(maps.values()) / len(maps), 6)
    return trial | {"maps": maps, "reason": outcome.reason}
