"""The store of finished cells, keyed by a fingerprint of all that made them."""

from __future__ import annotations

import ast
import copy
import hashlib
import importlib.util
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from pipeline.core.cells import CellKey

ROOTS = ("pipeline.runs.cell", "pipeline.runs.extras")
"""What runs every method and keeps what it tells; with the method's own file and all that these import they make the
numbers."""
SILENT = ("pipeline.core.errors",)
"""Imported everywhere, but no number depends on it."""
LAYOUT = 2
"""Counted up when the model of a finished cell is kept in another form: the code that writes it makes no number."""


def code_fingerprint(method: str, settings: Mapping[str, Any]) -> str:
    """Hash of the method's resolved settings and of the code that trains it; comments and docstrings do not count."""
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for module in code_behind(f"pipeline.methods.{method}"):
        digest.update(_module_digest(module))
    return digest.hexdigest()[:16]


def code_behind(method: str) -> list[str]:
    """Names of the modules that make a method's numbers: its own, those that run it, and what they import.

    Imports for type checking alone do not count. dvc.yaml lists the union over all methods.
    """
    found: set[str] = set()
    waiting = {*ROOTS, method}
    while waiting:
        module = waiting.pop()
        found.add(module)
        waiting |= _imported(module) - found - set(SILENT)
    return sorted(found)


def cell_fingerprint(key: CellKey, code: str, features: str, noise: str | None) -> str:
    """Hash of the cell's key, its code fingerprint, its features, its noisy labels and the form of its model."""
    parts = json.dumps([asdict(key), code, features, noise, LAYOUT], sort_keys=True)
    return hashlib.sha256(parts.encode()).hexdigest()[:16]


class CellStore:
    """Finished cells under one folder; a cell is there whole or not at all, also after a kill."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, fingerprint: str) -> Path:
        return self.root / fingerprint

    def __contains__(self, fingerprint: str) -> bool:
        return self.path(fingerprint).is_dir()

    def add(self, fingerprint: str, write: Callable[[Path], None]) -> None:
        """Let write fill a folder, then make it the cell in one step."""
        self.root.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix="unfinished-", dir=self.root))
        try:
            write(unfinished)
            try:
                os.rename(unfinished, self.path(fingerprint))
            except OSError:
                if fingerprint not in self:
                    raise
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    @contextmanager
    def running(self, fingerprint: str) -> Iterator[None]:
        """Show that this process is computing a cell; of two that do, the first one shows it."""
        self.root.mkdir(parents=True, exist_ok=True)
        mark = self._mark(fingerprint)
        lock = FileLock(mark)
        with suppress(Timeout):
            lock.acquire(timeout=0)
        try:
            yield
        finally:
            if lock.is_locked:
                mark.unlink(missing_ok=True)
                lock.release()

    def is_running(self, fingerprint: str) -> bool:
        """Whether a process is computing a cell: the system frees the lock of a killed one."""
        mark = self._mark(fingerprint)
        if not mark.exists():
            return False
        try:
            with FileLock(mark, timeout=0):
                return False
        except Timeout:
            return True

    def read(self, fingerprint: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """The result and the cost of a finished cell."""
        folder = self.path(fingerprint)
        result, cost = (
            json.loads((folder / f"{name}.json").read_text(encoding="utf-8")) for name in ("result", "cost")
        )
        return result, cost

    def publish(self, fingerprint: str, folder: Path) -> None:
        """Show a cell's results under a folder of its own, without a second copy on disk; its cost stays behind."""
        folder.mkdir(parents=True, exist_ok=True)
        for file in self.path(fingerprint).iterdir():
            if file.name != "cost.json":
                _link(file, folder / file.name)

    def _mark(self, fingerprint: str) -> Path:
        return self.root / f"running-{fingerprint}"


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


@cache
def _tree(module: str) -> ast.Module:
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(module)
    return ast.parse(Path(spec.origin).read_text(encoding="utf-8"))


@cache
def _imported(module: str) -> frozenset[str]:
    """Modules of this project that a module imports from; a package gives only itself."""
    names: set[str] = set()
    waiting: list[ast.AST] = [_tree(module)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            waiting += node.orelse
            continue
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            names.add(node.module)
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        waiting += ast.iter_child_nodes(node)
    return frozenset(name for name in names if name.startswith("pipeline."))


@cache
def _module_digest(module: str) -> bytes:
    tree = copy.deepcopy(_tree(module))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            node.body = [s for s in node.body if not _is_docstring(s)]
    return hashlib.sha256(_plain(tree).encode()).digest()


def _is_docstring(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _plain(node: object) -> str:
    """A tree as text that is the same in every supported Python: fields that hold nothing are left out."""
    if isinstance(node, ast.AST):
        fields = (f"{name}={_plain(value)}" for name, value in ast.iter_fields(node) if value not in (None, []))
        return f"{type(node).__name__}({', '.join(fields)})"
    if isinstance(node, list):
        return "[" + ", ".join(map(_plain, node)) + "]"
    return repr(node)
