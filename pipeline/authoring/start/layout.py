"""How a folder or a table of one's own is laid out: its views, where their files are, what its columns mean."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

from pipeline.authoring.start.columns import file_column, other_columns
from pipeline.core.errors import BadInput, MissingFiles
from pipeline.data.base import visible
from pipeline.data.base.pairing import Columns, of_kind
from pipeline.data.base.tables import READERS, Table, read_table
from pipeline.samples import base as kinds

HALF = 0.5
"""A column names the files, and folders hold pairs, where more than this share of them fits."""


@dataclass(frozen=True)
class Layout:
    """What dataset `folder` needs to know of files that lie anywhere.

    folder: absolute; table: the table's file, None where folders give the labels; columns: what they are named;
    views: view -> where its files stand below the folder, None for texts of the table; left: suffix -> how many files
    of other kinds are passed over.
    """

    folder: Path
    table: Path | None
    columns: Columns
    views: Mapping[str, str | None]
    left: Mapping[str, int] = field(default_factory=dict)

    def load(self) -> dict[str, Any]:
        """The settings of dataset `folder`, as params.yaml has them."""
        views = {view: {"kind": view} | ({"folder": place} if place else {}) for view, place in self.views.items()}
        settings: dict[str, Any] = {"folder": str(self.folder), "views": views}
        if self.table is not None:
            settings |= {"table": str(self.table.relative_to(self.folder)), "columns": dict(self.columns)}
        return settings


def look(path: Path, given: Columns | None = None) -> Layout:
    """The layout of a folder, or of a table and the files that it names. given: columns that a person named.

    Raises BadInput for what can be meant in no way or in several.
    """
    path = path.expanduser().resolve()
    if not path.exists():
        raise MissingFiles("there is no such folder or table", str(path), "correct the path")
    folder, table = (path, _only_table(path)) if path.is_dir() else (path.parent, path)
    files = _files(folder)
    if table is not None:
        return _of_table(folder, read_table(table), given or {}, files)
    if given:
        raise BadInput("there is no table whose columns could be named", str(folder), "leave --column out")
    return _of_folders(folder, files)


def _only_table(folder: Path) -> Path | None:
    tables = [file for file in visible(folder) if file.parent == folder and file.suffix.lower() in READERS]
    if len(tables) > 1:
        listed = ", ".join(file.name for file in tables)
        raise BadInput(f"there are several tables: {listed}", str(folder), "name the one that is meant")
    return tables[0] if tables else None


def _files(folder: Path) -> dict[str, list[Path]]:
    """Kind -> its files below the folder, kinds without files left out; rows of features need settings of their own."""
    named = {name: kinds.kind(name) for name in kinds.names()}
    found = {name: of_kind(folder, kind) for name, kind in named.items() if not kind.ready}
    return {name: files for name, files in found.items() if files}


def _of_table(folder: Path, table: Table, given: Columns, files: Mapping[str, list[Path]]) -> Layout:
    filed = {view: paths for view, paths in files.items() if not kinds.kind(view).typed}
    views: dict[str, str | None] = {}
    column, missed = "", "no file of a known kind lies here"
    for view, paths in filed.items():
        choices = {
            place: file_column(table, given, _ids(folder / place, paths)) for place in ("", _common(folder, paths))
        }
        place = max(choices, key=lambda where: choices[where][1])
        found, share = choices[place]
        if share > HALF:
            views[view], column = place, found
        else:
            missed = f"no column names the files: '{found}' does for {share:.0%} of the rows"
    if not views:
        remedy = "give a column with the files' paths from the table's folder on, or name it by --column file=..."
        raise BadInput(missed, str(table.file), remedy)
    columns = other_columns(table, given, column, texts=True)
    if "text" in columns:
        views["text"] = None
    if len(views) < 2:
        remedy = "add a column of texts, or name it by --column text=..."
        raise BadInput(f"there is one view alone, {next(iter(views))}", str(table.file), remedy)
    if not {"label", "labels"} & set(columns) and not any("/" in cell for cell in table.columns[column]):
        remedy = "add a column 'label', or name it by --column label=..."
        raise BadInput("no column gives the labels", str(table.file), remedy)
    left = {view: len(paths) for view, paths in files.items() if view not in views}
    return Layout(folder, table.file, {"file": column, **columns}, views, left)


def _of_folders(folder: Path, files: Mapping[str, list[Path]]) -> Layout:
    """Pairs by stem: below one folder, or below a folder per view. A kind of few files, as a README.txt, is no view."""
    most = max(map(len, files.values()), default=0)
    views = {view: paths for view, paths in files.items() if len(paths) > HALF * most}
    if len(views) < 2:
        there = ", ".join(f"{len(paths)} of kind {view}" for view, paths in files.items()) or "none of a known kind"
        remedy = "give every sample a file per view with one stem, or a table beside the files"
        raise BadInput(f"two views are needed, and the files here are {there}", str(folder), remedy)
    apart = {view: _common(folder, paths) for view, paths in views.items()}
    together = dict.fromkeys(views, "")
    places = max((together, apart), key=lambda places: _paired(folder, views, places))
    left = {view: len(paths) for view, paths in files.items() if view not in views}
    return Layout(folder, None, {}, places, left)


def _paired(folder: Path, views: Mapping[str, list[Path]], places: Mapping[str, str]) -> int:
    """How many stems two views share, summed over pairs of views."""
    ids = [_ids(folder / places[view], paths) for view, paths in views.items()]
    return sum(len(one & other) for one, other in combinations(ids, 2))


def _ids(root: Path, paths: list[Path]) -> set[str]:
    return {path.relative_to(root).with_suffix("").as_posix() for path in paths if path.is_relative_to(root)}


def _common(folder: Path, paths: list[Path]) -> str:
    """The deepest folder that all files share, from the given one on; '' for that one."""
    common = Path(os.path.commonpath([path.parent for path in paths]))
    return "" if common == folder else common.relative_to(folder).as_posix()
