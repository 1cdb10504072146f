"""The project's modules and what they import, as text: nothing is run."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = (
    *("core", "config", "samples", "data", "features", "noise", "retrieval", "metrics", "learning", "methods"),
    *("runs", "records", "evaluation", "reporting", "tracking", "explore", "doctor", "authoring"),
)
"""The rooms of pipeline/, from the lowest floor up; a room imports from itself and from rooms before it."""


def module_of(file: Path, root: Path = ROOT) -> str:
    """Dotted name of a file."""
    parts = file.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def modules(root: Path = ROOT) -> dict[str, Path]:
    """Dotted name -> file of every module of pipeline/ and stages/."""
    files = [file for package in ("pipeline", "stages") for file in (root / package).rglob("*.py")]
    return {module_of(file, root): file for file in sorted(files)}


@cache
def imports(module: str, root: Path = ROOT) -> frozenset[tuple[int, str]]:
    """Line and name of every module of this project that a module imports, wherever in its file."""
    reached = set()
    known = modules(root)
    for node in ast.walk(ast.parse(known[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}, line {node.lineno}: a relative import"
            inside = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name in known else str(node.module) for name in inside]
        else:
            continue
        reached |= {(node.lineno, name) for name in names if name.split(".")[0] in ("pipeline", "stages")}
    return frozenset(reached)


def closure(module: str, root: Path = ROOT) -> set[str]:
    """A module and all that it imports, directly or not."""
    reached: set[str] = set()
    waiting = {module}
    while waiting:
        current = waiting.pop()
        reached.add(current)
        waiting |= {name for _, name in imports(current, root)} - reached
    return reached


def room(module: str) -> str:
    """The room of a module of pipeline/."""
    return module.split(".")[1]
