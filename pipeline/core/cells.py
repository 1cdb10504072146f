"""What names one trained model of the grid, and how its training may end."""

from __future__ import annotations

from dataclasses import dataclass

STATUSES = DONE, FAILED, SKIPPED = "done", "failed", "skipped"


@dataclass(frozen=True)
class CellKey:
    """One trained model of the grid. Label-free methods have no noise, rate None; deterministic ones seed None."""

    dataset: str
    method: str
    variant: str
    noise: str | None
    rate: float | None
    seed: int | None

    @property
    def name(self) -> str:
        """Name of the cell's folder, e.g. 'default-symmetric-0.4-0'."""
        noise = "any" if self.noise is None else f"{self.noise}-{self.rate}"
        return f"{self.variant}-{noise}-{'any' if self.seed is None else self.seed}"
