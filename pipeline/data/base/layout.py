"""What the folders of a sample's file say: its class, its split, or both, in one of the usual orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.core.errors import BadInput
from pipeline.data.base.splits import UNSURE, split_of


@dataclass(frozen=True)
class Layout:
    """Which folder of an id, counted from 0, names its class and which its split; None where none names a split."""

    label: int
    split: int | None


def layout(ids: Sequence[str], place: str) -> Layout:
    """train/cats/001, cats/train/001 or cats/001; a folder in another one's place is never passed over.

    ids: as pairing makes them, with '/' between folders. Where every id lies in a folder of a split, that folder gives
    the split. Raises BadInput where some of them do, so that nobody can tell a class from a split.
    """
    folders = [name.split("/")[:-1] for name in ids]
    shallow, deep = min(map(len, folders)), max(map(len, folders))
    for level in range(min(shallow, 2)):
        if all(split_of(path[level]) for path in folders):
            return Layout(label=1 - level, split=level)
    for level in range(min(deep, 2)):
        named = dict.fromkeys(path[level] for path in folders if len(path) > level)
        splits = [name for name in named if split_of(name) or name.casefold() in UNSURE]
        if len(splits) > 1 or (splits and deep > 1):
            other = next((f"'{name}'" for name in named if not split_of(name)), "what lies beside it")
            problem = f"the folder '{splits[0]}' is named like a split, {other} is none"
            remedy = "put every file below train, valid or test, or give a table with the columns label and split"
            raise BadInput(problem, place, remedy)
    return Layout(label=0, split=None)
