"""The labels of n samples by A annotators as a list, for most annotators have seen few of the samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from pipeline.core.errors import BadInput
from pipeline.core.splits import Array


@dataclass(frozen=True)
class Votes:
    """M labels. sample, annotator, label: M indices each; samples: n; annotators: A; classes: K."""

    sample: Tensor
    annotator: Tensor
    label: Tensor
    samples: int
    annotators: int
    classes: int

    @classmethod
    def of(cls, table: Array, classes: int, device: torch.device) -> Votes:
        """table: n x A labels, -1 where there is none. Raises BadInput for labels outside the classes, and for none."""
        if table.ndim != 2 or not (table >= 0).any():
            raise BadInput("there are no labels", "annotators", "give a table of samples x annotators")
        if table.max() >= classes or table.min() < -1:
            problem = f"labels go from {table.min()} to {table.max()}, there are {classes} classes"
            raise BadInput(problem, "annotators", "number the classes from 0, and write -1 for no label")
        rows, columns = np.nonzero(table >= 0)
        sample, annotator, label = (
            torch.tensor(part, device=device) for part in (rows, columns, table[rows, columns].astype(np.int64))
        )
        return cls(sample, annotator, label, len(table), table.shape[1], classes)

    def shares(self) -> Tensor:
        """n x K, the share of a sample's labels that name each class; 1 / K where it has none."""
        given = torch.zeros(self.samples, self.classes, dtype=torch.float64, device=self.sample.device)
        given.index_put_((self.sample, self.label), given.new_ones(()), accumulate=True)
        labels = given.sum(dim=1, keepdim=True)
        return torch.where(labels > 0, given / labels.clamp_min(1), 1 / self.classes)

    def evidence(self, transitions: Tensor) -> Tensor:
        """A x K x K -> n x K, sum over a sample's labels of log T[annotator, y, label]; 0 where it has none."""
        said = transitions.log().transpose(1, 2)[self.annotator, self.label]
        return said.new_zeros(self.samples, self.classes).index_add_(0, self.sample, said)

    def counts(self, q: Tensor) -> Tensor:
        """n x K probabilities of the class -> A x K x K expected numbers of labels, row = class."""
        cell = self.annotator * self.classes + self.label
        sums = q.new_zeros(self.annotators * self.classes, self.classes).index_add_(0, cell, q[self.sample])
        return sums.view(self.annotators, self.classes, self.classes).transpose(1, 2).contiguous()

    def right(self, q: Tensor) -> Tensor:
        """n x K -> M probabilities that each label is right."""
        return q[self.sample, self.label]

    def per_annotator(self, values: Tensor) -> Tensor:
        """Sums of M values over the labels of each annotator (A)."""
        return values.new_zeros(self.annotators).index_add_(0, self.annotator, values)
