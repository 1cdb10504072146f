"""Recall at 10: see pipeline/metrics/base/recall.py."""

from __future__ import annotations

from pipeline.metrics.base.recall import RecallAt


class RecallAt10(RecallAt):
    """Is a relevant item among the first 10?"""

    display = "R@10"
    k = 10
