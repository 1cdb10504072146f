"""The splits of MRL that several datasets follow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class MRLSplit(NamedTuple):
    """sizes: split -> pairs; classes: how many there are."""

    sizes: Mapping[str, int]
    classes: int


INRIA_WEBSEARCH = MRLSplit({"train": 9000, "valid": 1332, "test": 4366}, 100)
XMEDIANET = MRLSplit({"train": 32000, "valid": 4000, "test": 4000}, 200)
