"""Symmetric noise of pairs whose drawn label is always wrong.

As `symmetric_pair` with exclude_true, a kind of its own so that one dataset can hold both: RFCMH (ICML 2026) draws over
the K - 1 wrong classes, NIRNL (AAAI 2026) and RSHNL (AAAI 2025) over all K.
"""

from __future__ import annotations

from typing import ClassVar

from pipeline.noise.base.uniform import Uniform


class SymmetricPairWrong(Uniform):
    """Draws int(rate * n) samples and a wrong label each, the same in every view: the realised rate is nominal."""

    display: ClassVar[str] = "symmetric, one wrong label per pair"

    def __init__(self) -> None:
        super().__init__(per_pair=True, exclude_true=True)
