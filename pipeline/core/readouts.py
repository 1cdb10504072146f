"""How two embeddings are compared."""

from __future__ import annotations

COSINE, MATCH = "cosine", "match probability"
READOUTS = (COSINE, MATCH)
"""By the cosine of what a method embeds, and by the probability that both are of one class (retrieval)."""
BITS = (16, 32, 64, 128)
"""Widths of the codes that are compared by Hamming distance, a third readout, of which AP per query is not kept."""
