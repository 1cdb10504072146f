"""The project's modules and what they import, as text: nothing is run.

Run with python -m tests.support.import_graph [CHECKOUT] to count rooms, floors, arrows and upward arrows.
"""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from functools import cache
from itertools import permutations
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


@dataclass(frozen=True)
class Counts:
    """How a checkout is built.

    floors: rooms on the longest way of imports; arrows: pairs of rooms of which one imports from the other; upward:
    those that point to a room above.
    """

    rooms: int
    floors: int
    arrows: int
    upward: int

    def __str__(self) -> str:
        return f"rooms {self.rooms}, floors {self.floors}, arrows {self.arrows}, upward {self.upward}"


def arrows(root: Path = ROOT) -> set[tuple[str, str]]:
    """Pairs of rooms of pipeline/: one that imports, and another that it imports from."""
    pairs = {
        (room(module), room(imported))
        for module in modules(root)
        for _, imported in imports(module, root)
        if module.startswith("pipeline.") and imported.startswith("pipeline.")
    }
    return {(importer, imported) for importer, imported in pairs if importer != imported}


def count(root: Path = ROOT) -> Counts:
    """Count rooms, floors and arrows; rooms that are not ours are put into the order with the fewest upward arrows."""
    pairs = arrows(root)
    rooms = {room(module) for module in modules(root) if module.startswith("pipeline.")}
    order = ROOMS if rooms <= set(ROOMS) else _order(rooms, pairs)
    upward = {(importer, imported) for importer, imported in pairs if order.index(imported) > order.index(importer)}
    floor: dict[str, int] = {}
    for name in order:
        below = [floor[imported] for importer, imported in pairs - upward if importer == name]
        floor[name] = 1 + max(below, default=0)
    return Counts(len(rooms), max(floor.values()), len(pairs), len(upward))


def _order(rooms: set[str], pairs: set[tuple[str, str]]) -> tuple[str, ...]:
    """Rooms from the lowest floor up; those that import one another in their best order."""
    below = {name: _reached(name, pairs) for name in rooms}
    order: list[str] = []
    while left := sorted(rooms - set(order)):
        first = min(left, key=lambda name: len(below[name] - set(order)))
        ring = [name for name in left if first in below[name] and name in below[first]]
        inside = [pair for pair in pairs if set(pair) <= set(ring)]
        order += min(permutations(ring), key=lambda names: sum(names.index(a) < names.index(b) for a, b in inside))
    return tuple(order)


def _reached(name: str, pairs: set[tuple[str, str]]) -> set[str]:
    reached = waiting = {name}
    while waiting:
        step = {imported for importer, imported in pairs if importer in waiting}
        waiting = step - reached
        reached = reached | step
    return reached


if __name__ == "__main__":
    print(count(Path(sys.argv[1]).resolve() if sys.argv[1:] else ROOT))
