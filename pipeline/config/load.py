"""Reading params.yaml and tuning.yaml; a mistake is one sentence."""

from __future__ import annotations

import re
import reprlib
from difflib import get_close_matches
from itertools import product
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from pipeline.config.project import Experiment, Project
from pipeline.core.errors import BadParams, UnknownName

TUNING, TUNED = "tuning.yaml", "tuned.yaml"
"""The blocks `tuning` and `tuned`, in files of their own beside params.yaml."""


def load(path: Path) -> Project:
    """The project that params.yaml and, if they are there, tuning.yaml and tuned.yaml beside it describe.

    Raises BadParams, or UnknownName with the nearest name, for the first mistake.
    """
    params = _read(path)
    beside = {file.removesuffix(".yaml"): path.with_name(file) for file in (TUNING, TUNED)}
    return parse(params | {block: _read(file) for block, file in beside.items() if file.is_file()})


def parse(params: dict[str, Any]) -> Project:
    """The project that nested dictionaries describe. Raises as load."""
    absent = [name for name, field in Project.model_fields.items() if field.is_required() and name not in params]
    for name in params:
        if name not in Project.model_fields:
            if meant := get_close_matches(str(name), absent, n=1):
                problem = f"the block '{meant[0]}' is missing, and the name '{name}' is unknown"
                raise BadParams(problem, "params.yaml", f"write '{meant[0]}'")
            raise UnknownName(name, Project.model_fields, "params.yaml")
    if absent:
        raise BadParams(f"the block '{absent[0]}' is missing", "params.yaml", "add it, or restore it from git")
    try:
        project = Project.model_validate(params, context=params)
    except ValidationError as error:
        raise _mistake(error.errors()[0]) from None
    _check_experiments(project)
    return project


class _Repeated(yaml.MarkedYAMLError):
    """A key that a mapping has twice."""


class _Loader(yaml.SafeLoader):
    """YAML whose mappings have every key once, as written; a merge key (<<) may bring some that are overridden."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node: yaml.MappingNode = super().compose_mapping_node(anchor)
        keys = [key.value for key, _ in node.value]
        for number, (key, _) in enumerate(node.value):
            if key.value in keys[:number]:
                raise _Repeated(None, None, f"'{key.value}' stands twice", key.start_mark)
        return node


def _read(path: Path) -> dict[str, Any]:
    try:
        params = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except FileNotFoundError:
        raise BadParams("the file is missing", str(path), "run the command in the project's root folder") from None
    except yaml.YAMLError as error:
        mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
        place = f"{path}, line {mark.line + 1 if mark else 1}"
        if isinstance(error, _Repeated):
            raise BadParams(str(error.problem), place, "remove or rename one of the two") from None
        raise BadParams("this is not valid YAML", place, "correct the indentation or quoting") from None
    if not isinstance(params, dict):
        raise BadParams("the file holds no settings", str(path), "restore it from git")
    return params


def _check_experiments(project: Project) -> None:
    """Names are different, companions and profiles exist; a dataset has one profile, for its runs share a folder.

    Of experiments that stand on one page, one alone has a dataset, noise and rate: they are a column of its tables. One
    on demand may have them, too, with variants that no other has there.
    """
    names = [experiment.name for experiment in project.experiments]
    profiles: dict[str, str] = {}
    columns: dict[tuple[str, str, str, float], str] = {}
    entries: dict[tuple[Any, ...], str] = {}
    for number, experiment in enumerate(project.experiments):
        place = f"params.yaml, experiments, entry {number + 1}"
        if experiment.name in names[:number]:
            raise BadParams(f"the name '{experiment.name}' is taken", place, "choose another one")
        if experiment.on_demand and experiment.beside is None:
            raise BadParams("'on_demand' stands without 'beside'", place, "name the experiment whose page it is for")
        if experiment.beside is not None:
            _check_companion(experiment, project, f"{place}, beside")
        for method in experiment.methods:
            if experiment.profile not in project.methods[method].profiles:
                known = project.methods[method].profiles
                raise UnknownName(experiment.profile, known, f"params.yaml, methods.{method}")
        for dataset in experiment.datasets:
            if profiles.setdefault(dataset, experiment.profile) != experiment.profile:
                problem = f"'{dataset}' has the profiles {profiles[dataset]} and {experiment.profile}"
                raise BadParams(problem, place, "give the dataset a second name with `source`")
        page = experiment.beside or experiment.name
        for column in product([page], experiment.datasets, experiment.noises, experiment.rates):
            _, dataset, noise, rate = column
            if not experiment.on_demand and (other := columns.setdefault(column, experiment.name)) != experiment.name:
                problem = f"'{other}' has {dataset} with {noise} noise at {rate}, too"
                raise BadParams(problem, place, "leave it out of one of the two")
            for entry in ((method, variant) for method, names in experiment.methods.items() for variant in names):
                if (other := entries.setdefault((*column, *entry), experiment.name)) != experiment.name:
                    problem = f"'{other}' has {'/'.join(entry)} on {dataset} with {noise} noise at {rate}, too"
                    raise BadParams(problem, place, "leave it out of one of the two")


def _check_companion(experiment: Experiment, project: Project, place: str) -> None:
    """The experiment that one is trained with stands on its own and has all of its datasets and methods."""
    main = {other.name: other for other in project.experiments}.get(str(experiment.beside))
    if main is None:
        raise UnknownName(str(experiment.beside), [other.name for other in project.experiments], place)
    if main.beside is not None:
        raise BadParams(f"'{main.name}' is beside '{main.beside}' itself", place, "name one that stands on its own")
    for own, known in ((experiment.datasets, main.datasets), (experiment.methods, main.methods)):
        if absent := [name for name in own if name not in known]:
            raise BadParams(f"'{main.name}' does not have '{absent[0]}'", place, "add it there, or leave it out here")


def _mistake(error: ErrorDetails) -> BadParams:
    path = [part for part in error["loc"] if not (isinstance(part, str) and part.startswith(("function-", "dict[")))]
    if path[-1] == "[key]":
        del path[-2:]
    missing = path.pop() if error["type"] == "missing" else None
    parts = "".join(f", entry {part + 1}," if isinstance(part, int) else f".{part}" for part in path)
    place = "params.yaml, " + parts.strip(".,").replace(",.", ", ")
    if missing:
        return BadParams(f"the setting '{missing}' is missing", place, "add it")
    if error["type"] == "unknown":
        return UnknownName(error["ctx"]["name"], error["ctx"]["known"], place)
    remedy = re.sub(r"^\w+ should", "it should", error["msg"])
    given = list(error["input"]) if isinstance(error["input"], tuple) else error["input"]
    return BadParams(f"{reprlib.repr(given)} does not fit", place, remedy)
