"""Reading params.yaml: one block per dataset, extractor, noise kind and method."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import yaml

from pipeline.config import schema
from pipeline.core.errors import BadParams, UnknownName

Params = Mapping[str, Any]


def load(path: Path) -> Params:
    """The whole file as nested dictionaries; a mistake in what is to be trained, tuned or shown is refused."""
    try:
        params = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadParams("the file is missing", str(path), "run the command in the project's root folder") from None
    except yaml.YAMLError as error:
        line = error.problem_mark.line + 1 if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark else 1
        raise BadParams(
            "this is not valid YAML", f"{path}, line {line}", "correct the indentation or quoting"
        ) from None
    if not isinstance(params, dict):
        raise BadParams("the file holds no settings", str(path), "restore it from git")
    schema.check(params, partial(block, params))
    return params


def block(params: Params, *keys: str) -> Any:
    """params[keys[0]][keys[1]]...; an unknown key is named with the nearest known one."""
    value: Any = params
    for depth, key in enumerate(keys):
        if not isinstance(value, Mapping) or key not in value:
            if depth == 0 and key in schema.BLOCKS:
                raise BadParams(f"the block '{key}' is missing", "params.yaml", "add it, or restore it from git")
            known = value if isinstance(value, Mapping) else []
            raise UnknownName(key, known, ".".join(("params.yaml", *keys[:depth])))
        value = value[key]
    return {} if value is None else value


def extractors_of(params: Params, dataset: str) -> dict[str, tuple[str, dict[str, Any]]]:
    """View -> name of its extractor and all of its settings.

    `views` gives a name, or {name: settings that differ from those under `extractors`}.
    """
    chosen = {}
    for view, given in block(params, "datasets", dataset, "views").items():
        named = given if isinstance(given, Mapping) else {given: {}}
        if len(named) != 1:
            where = f"params.yaml, datasets.{dataset}.views.{view}"
            raise BadParams("one extractor is needed", where, "write its name, or {name: {setting: value}}")
        [(name, changes)] = named.items()
        chosen[view] = name, {**block(params, "extractors", name), **changes}
    return chosen


def grid_of(params: Params, dataset: str) -> dict[str, Any]:
    """What is trained on one dataset: noises, rates, seeds, and methods as a mapping from name to variants.

    A dataset's own `grid` block, which a paper's protocol may need, stands before the common grid.
    """
    grid: dict[str, Any] = dict(block(params, "grid"))
    own: dict[str, Any] = block(params, "datasets", dataset).get("grid", {})
    methods = own.get("methods") or {name: list(block(params, "methods", name, "variants")) for name in grid["methods"]}
    return grid | own | {"methods": methods}


def further_grids(params: Params, dataset: str) -> list[dict[str, Any]]:
    """What is trained on a dataset beside its grid, with the same seeds: noises, rates, methods with their variants."""
    return [entry for entry in params.get("further") or [] if entry["dataset"] == dataset]


def noises_of(params: Params, dataset: str, method: str, variant: str) -> list[tuple[str, float]]:
    """Kinds of noise with their rates that a variant of a method meets on a dataset."""
    further = [entry for entry in further_grids(params, dataset) if variant in entry["methods"].get(method, [])]
    return [pair for grid in [block(params, "grid"), *further] for pair in product(grid["noises"], grid["rates"])]


def method_settings(params: Params, method: str, variant: str, dataset: str) -> dict[str, Any]:
    """Constructor arguments of a method: its profile's block, then the dataset's overrides, then the variant's."""
    profile = block(params, "datasets", dataset, "profile")
    settings = dict(block(params, "methods", method, profile))
    overrides = block(params, "methods", method).get("datasets", {}).get(dataset, {})
    settings.update(overrides.get(profile, {}))
    settings.update(block(params, "methods", method, "variants", variant))
    return settings
