"""Recall at 1: see pipeline/metrics/base/recall.py."""

from __future__ import annotations

from pipeline.metrics.base.recall import RecallAt


class RecallAt1(RecallAt):
    """Is the first item relevant?"""

    display = "R@1"
    k = 1
