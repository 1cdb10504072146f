"""How the evaluated state of a trained method is chosen."""

from __future__ import annotations

BEST_VALIDATION = "best_validation"
NOISY_VALIDATION = "noisy_validation"
FIXED_CHECKPOINT = "fixed_checkpoint"
LAST_EPOCH = "last_epoch"
CRITERIA = (BEST_VALIDATION, NOISY_VALIDATION, FIXED_CHECKPOINT, LAST_EPOCH)
"""How the evaluated state is chosen: by clean validation labels (most papers; an oracle), by validation labels as noisy
as those of training, at an epoch that was fixed beforehand (RONO's code), or where training ends."""
