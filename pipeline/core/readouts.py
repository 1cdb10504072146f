"""How two embeddings are compared."""

from __future__ import annotations

COSINE, MATCH = "cosine", "match probability"
READOUTS = (COSINE, MATCH)
"""By the cosine of what a method embeds, and by the probability that both are of one class (retrieval)."""
