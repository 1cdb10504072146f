"""How the evaluated state of a trained method is chosen."""

from __future__ import annotations

BEST_VALIDATION = "best_validation"
FIXED_CHECKPOINT = "fixed_checkpoint"
LAST_EPOCH = "last_epoch"
CRITERIA = (BEST_VALIDATION, FIXED_CHECKPOINT, LAST_EPOCH)
"""How the evaluated state is chosen: by clean validation labels (most papers; an oracle), at an epoch that was
fixed beforehand (RONO's code), or where training ends."""
