"""What noise makes of a training split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pipeline.core.splits import Array, Labels, Split


@dataclass(frozen=True)
class Corruption:
    """What noise makes of a training split.

    labels: view name -> n noisy class indices; rows: view name -> n, the sample whose features stand at each
    place. Only kinds that pair samples wrongly give rows; a view that is absent keeps its order.
    """

    labels: Labels
    rows: Mapping[str, Array] = field(default_factory=dict)

    def applied(self, train: Split) -> Split:
        """The training split as a method is given it."""
        moved = {view: train.views[view][rows] for view, rows in self.rows.items()}
        return replace(train, views={**train.views, **moved}, labels=self.labels)

    def wrong(self, clean: Labels) -> dict[str, Array]:
        """View -> n booleans, where the given label is not that of the sample which stands there."""
        true = self.true(clean)
        return {view: labels != true[view] for view, labels in self.labels.items()}

    def true(self, clean: Labels) -> Labels:
        """View -> n class indices, the true labels of the samples that stand at each place."""
        return {view: labels[self.rows.get(view, slice(None))] for view, labels in clean.items()}
