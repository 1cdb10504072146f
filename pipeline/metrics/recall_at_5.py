"""Recall at 5: see pipeline/metrics/base/recall.py."""

from __future__ import annotations

from pipeline.metrics.base.recall import RecallAt


class RecallAt5(RecallAt):
    """Is a relevant item among the first 5?"""

    display = "R@5"
    k = 5
