"""The code behind a method's numbers, as a hash.

Every module that the method's file and runs/cell.py import, and those that these import, is hashed without what makes
no number: docstrings, comments, import statements, annotations, error messages, display names and papers. An import
that only such parts use is not followed, and modules are hashed in the order of their digests. So a renamed or moved
module, a new metric or tracker, another caption or paper leave every finished cell valid; a changed loss does not.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import json
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any, TypeGuard, cast

from pipeline.core.cells import CellKey
from pipeline.methods.base import Method

ROOTS = ("pipeline.runs.cell", "pipeline.runs.extras")
"""What runs every method and writes what it has learned of the labels."""
SILENT = "pipeline.core.errors"
"""Imported everywhere, but no number depends on it."""
DESCRIPTIVE = {"display", "paper"}
"""Attributes of a method that only its readers see."""
LAYOUT = 4
"""Counted up when the files of a finished cell change their form."""


def code_fingerprint(method: Method) -> str:
    """16 hex digits of the method's settings, defaults included, and of the code that trains it and embeds."""
    settings = {field.name: getattr(method, field.name) for field in fields(cast(Any, method))}
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for module in sorted(_digest(module) for module in code_behind(type(method).__module__)):
        digest.update(module)
    return digest.hexdigest()[:16]


def cell_fingerprint(key: CellKey, code: str, features: str, labels: str | None, watched: bool) -> str:
    """16 hex digits of all that makes a cell: its key, its code, the hashes of its features and of its noisy labels.

    watched: whether the cell keeps its model and what it memorises epoch by epoch.
    """
    identity = [key.dataset, key.method, key.variant, key.noise, key.rate, key.seed]
    parts = json.dumps([identity, code, features, labels, watched, LAYOUT])
    return hashlib.sha256(parts.encode()).hexdigest()[:16]


def code_behind(method: str) -> list[str]:
    """Names of the modules that make a method's numbers. method: the module that defines it."""
    reached: set[str] = set()
    waiting = {*ROOTS, method}
    while waiting:
        module = waiting.pop()
        reached.add(module)
        waiting |= _imported(module) - reached - {SILENT}
    return sorted(reached)


@cache
def _digest(module: str) -> bytes:
    return hashlib.sha256(_plain(_essence(module)).encode()).digest()


@cache
def _imported(module: str) -> frozenset[str]:
    """Modules of this project that a module's essence uses a name of; a package stands for its own file alone."""
    used = {node.id for node in ast.walk(_essence(module)) if isinstance(node, ast.Name)}
    return frozenset(source for name, source in _bindings(module) if name in used and source.startswith("pipeline."))


def _bindings(module: str) -> Iterator[tuple[str, str]]:
    """Every name that the import statements of a module bind, with the module that it comes from."""
    waiting: list[ast.AST] = [_parse(module)]
    while waiting:
        node = waiting.pop()
        if _is_for_type_checkers(node):
            waiting += node.orelse
            continue
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            for alias in node.names:
                inside = f"{node.module}.{alias.name}"
                yield alias.asname or alias.name, inside if _is_module(inside) else node.module
        elif isinstance(node, ast.Import):
            yield from ((alias.asname or alias.name.split(".")[0], alias.name) for alias in node.names)
        waiting += ast.iter_child_nodes(node)


@cache
def _essence(module: str) -> ast.Module:
    """The syntax tree of a module without what makes no number; annotations stay, _plain leaves them out."""
    return _Essence().visit(_parse(module))  # type: ignore[no-any-return]


class _Essence(ast.NodeTransformer):
    """Drops docstrings, imports, error messages and the attributes that describe a method."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        is_text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return None if is_text else self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        return None

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        return None

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
        visited = self.generic_visit(node)
        return node.orelse if _is_for_type_checkers(node) else visited

    def visit_Raise(self, node: ast.Raise) -> ast.Raise:
        return ast.Raise()

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        described = isinstance(node.target, ast.Name) and node.target.id in DESCRIPTIVE
        return None if described else self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> ast.AST | None:
        described = all(isinstance(target, ast.Name) and target.id in DESCRIPTIVE for target in node.targets)
        return None if described else self.generic_visit(node)


def _is_for_type_checkers(node: ast.AST) -> TypeGuard[ast.If]:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _plain(node: object) -> str:
    """A tree as text that is the same in every supported Python; annotations and empty fields are left out."""
    if isinstance(node, ast.AST):
        parts = [
            f"{name}={_plain(value)}"
            for name, value in ast.iter_fields(node)
            if value not in (None, []) and name not in ("annotation", "returns", "type_comment")
        ]
        return f"{type(node).__name__}({', '.join(parts)})"
    if isinstance(node, list):
        return "[" + ", ".join(map(_plain, node)) + "]"
    return repr(node)


def _parse(module: str) -> ast.Module:
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(module)
    return ast.parse(Path(spec.origin).read_text(encoding="utf-8"))


@cache
def _is_module(name: str) -> bool:
    """Whether a dotted name of this project is a module, not something inside one."""
    parent = name.rpartition(".")[0]
    if not parent.startswith("pipeline"):
        return False
    package = importlib.util.find_spec(parent)
    return (
        package is not None and package.submodule_search_locations is not None and bool(importlib.util.find_spec(name))
    )
