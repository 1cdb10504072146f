"""The project of a dataset of one's own: its params.yaml under build/, beside which everything is computed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import yaml

from pipeline.authoring.start.columns import ROLES, Role
from pipeline.authoring.start.layout import Layout
from pipeline.config.load import TUNED, load, parse
from pipeline.config.project import Project
from pipeline.core.errors import BadInput, BadParams, UnknownName
from pipeline.core.files import write_text
from pipeline.data.base.pairing import Columns
from pipeline.features.base.proposal import Proposal
from pipeline.runs.dataset_home import PARAMS

METHODS = {
    "witness": ["default"],
    "elrcmr": ["shared"],
    "mrl": ["shared"],
    "klr": ["default"],
    "mcca": ["default"],
}
"""What is trained. On the benchmark, with one label per pair, Witness finds most wrong labels; ELRCMR and MRL, on the
shared network at a fifth of the time, come next; logistic regression tells what the features give without a network
and without a thought about noise, MCCA what the pairs give without any label."""
PAGE = Path("index.html")
"""The page, from the project's folder."""


def name_of(path: Path) -> str:
    """A name for what lies at a path: that of its folder, as params.yaml can have it."""
    folder = path.parent if path.is_file() else path
    name = re.sub(r"[^A-Za-z0-9_-]+", "_", folder.name).strip("_-")
    if not name:
        raise BadInput("the folder's name has no letter or digit of ASCII", str(folder), "give one by --name")
    return name.lower()


def as_columns(given: Sequence[str]) -> Columns:
    """`label=topic` -> {'label': 'topic'}, `labels=anna,ben` -> {'labels': ['anna', 'ben']}.

    Raises BadParams, or UnknownName for a meaning that no column has.
    """
    columns: dict[Role, str | list[str]] = {}
    for words in given:
        meaning, equals, name = words.partition("=")
        if not equals or not name:
            raise BadParams(f"'{words}' is no pair", "--column", "write meaning=name, as in label=topic")
        if meaning not in ROLES:
            raise UnknownName(meaning, ROLES, "--column")
        columns[cast(Role, meaning)] = name.split(",") if meaning == "labels" else name
    return columns


def own_params(
    file: Path, name: str, layout: Layout, proposals: Mapping[str, Proposal], target: Path
) -> dict[str, Any]:
    """The content of params.yaml: blocks of the root's file, and one dataset and one experiment of this name.

    file: the root's params.yaml; target: the project's folder. Where it has a project already, its experiments stay,
    and what was changed in the dataset's block. Raises BadInput for a name that is taken.
    """
    root = _read(file)
    if name in root["datasets"] or name in {block["name"] for block in root["experiments"]}:
        raise BadInput(f"the name '{name}' is taken", str(file), "give another one by --name")
    views = {view: proposal.name for view, proposal in proposals.items()}
    block: dict[str, Any] = {"source": "folder", "display": name, "load": {"clean": False}, "views": views}
    experiments: list[dict[str, Any]] = [
        {"name": name, "datasets": [name], "methods": METHODS, "noises": ["given"], "rates": [0.0], "seeds": [0]}
    ]
    if (target / PARAMS).is_file():
        load(target / PARAMS)  # raises one sentence for what a person has mistyped there
        former = _read(target / PARAMS)
        known = former["datasets"].get(name)
        if known is None or known["load"].get("folder") != str(layout.folder):
            problem = "it belongs to other files" if known else "another experiment stands there"
            raise BadInput(problem, str(target), "give another name by --name, or remove this folder")
        experiments = former["experiments"]
        block = known | ({} if set(known["views"]) == set(views) else {"views": views})
    laid = layout.load()
    for view, settings in laid["views"].items():
        kept = block["load"].get("views", {}).get(view, {})
        settings |= {name: value for name, value in kept.items() if name not in ("kind", "folder")}
    block["load"] |= laid
    return root | {"report": {}, "experiments": experiments, "datasets": {name: block} | root["datasets"]}


def write_project(params: Mapping[str, Any], root: Path, target: Path) -> None:
    """Write params.yaml and what tuning chose into the project's folder. Raises as config.load.parse."""
    parse(dict(params))
    write_text(target / PARAMS, yaml.safe_dump(dict(params), sort_keys=False, allow_unicode=True))
    if (root / TUNED).is_file():
        write_text(target / TUNED, (root / TUNED).read_text(encoding="utf-8"))


def sentences(project: Project, name: str, proposals: Mapping[str, Proposal]) -> list[str]:
    """A line per view with its extractor, and why it was proposed, and one with what is trained."""
    lines = []
    for view, extractor in project.extractors_of(name).items():
        why = f": {proposals[view].why}" if proposals[view].name == extractor.name else ""
        lines.append(f"features of {view}, by {extractor.name}{why}")
    grid = project.grids(name)[0]
    entries = [
        method if variants == ("default",) else f"{method} ({', '.join(variants)})"
        for method, variants in grid.methods.items()
    ]
    return [*lines, f"methods: {', '.join(entries)}; both to be changed in build/{name}/{PARAMS}"]


def _read(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return content
