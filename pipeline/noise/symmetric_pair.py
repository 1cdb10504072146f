"""Symmetric noise of pairs: all views of a sample share one label, right or drawn.

As `symmetric` with per_pair, a kind of its own so that one grid can hold both: where the views are labelled apart,
labels that agree vouch for each other; here nothing does. NIRNL (AAAI 2026) and RSHNL (AAAI 2025) corrupt pairs this
way.
"""

from __future__ import annotations

from typing import ClassVar

from pipeline.noise.base.uniform import Uniform


class SymmetricPair(Uniform):
    """Draws int(rate * n) samples and one uniform label each, the same in every view."""

    display: ClassVar[str] = "symmetric, one label per pair"

    def __init__(self, exclude_true: bool = False) -> None:
        super().__init__(per_pair=True, exclude_true=exclude_true)
