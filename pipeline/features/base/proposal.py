"""The extractor that suits a view, by what its samples are and what is installed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

PICTURES = "efficientnet_lite0"


@dataclass(frozen=True)
class Proposal:
    """name: an extractor of pipeline/features; why: half a sentence for a person."""

    name: str
    why: str


def propose(texts: Sequence[str]) -> Proposal:
    """The extractor for texts, of which some hundred are enough."""
    return Proposal("doc2vec", "it needs no download")


def propose_for_pictures() -> Proposal:
    """The extractor for pictures."""
    return Proposal(PICTURES, "its weights come with the project's packages")
