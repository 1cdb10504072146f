"""What noise makes of a training split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pipeline.core.splits import Array, Labels, Split


@dataclass(frozen=True)
class Corruption:
    """What noise makes of a training split.

    labels: view name -> n noisy class indices; rows: view name -> n, the sample whose features stand at each
    place. Only kinds that pair samples wrongly give rows; a view that is absent keeps its order. valid: what the same
    noise makes of the validation split, None where that is not known.
    """

    labels: Labels
    rows: Mapping[str, Array] = field(default_factory=dict)
    valid: Corruption | None = None

    def applied(self, train: Split) -> Split:
        """The training split as a method is given it."""
        return replace(train, views=self.moved(train.views), labels=self.labels)

    def moved(self, views: Mapping[str, Array]) -> dict[str, Array]:
        """View -> n rows, such as features or embeddings, of the samples that stand at each place."""
        return {view: rows[self.rows[view]] if view in self.rows else rows for view, rows in views.items()}

    def wrong(self, clean: Labels) -> dict[str, Array]:
        """View -> n booleans, where the given label is not that of the sample which stands there."""
        true = self.true(clean)
        return {view: labels != true[view] for view, labels in self.labels.items()}

    def true(self, clean: Labels) -> Labels:
        """View -> n class indices, the true labels of the samples that stand at each place."""
        return self.moved(clean)
