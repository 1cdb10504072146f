"""Reader of the committed records: strict about a broken file, calm about a missing one (= not run)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.records import descriptions
from pipeline.records.cells import CELLS, RecordedCell, by_direction, by_match, recorded_cells
from pipeline.records.claims import CLAIMS
from pipeline.records.curves import CURVES, by_recall
from pipeline.records.endpoints import ENDPOINTS
from pipeline.records.epochs import EPOCHS, by_epoch
from pipeline.records.probes import PROBES
from pipeline.records.receipts import RECEIPTS
from pipeline.records.sign_bits import SIGN_BITS, by_bits
from pipeline.records.statistics import STATISTICS
from pipeline.records.suspicion import CONFIDENT_LEARNING, SUSPICION
from pipeline.records.table_record import TableRecord
from pipeline.records.tuning import TUNING

Form = Callable[[pd.DataFrame], pd.DataFrame]
"""The rows of a record -> what is made of them."""


class Records:
    """The files under one records folder; each is read and checked once, when something of it is asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._tables: dict[tuple[str, str, Form | None], pd.DataFrame] = {}

    def __reduce__(self) -> tuple[type[Records], tuple[Path]]:
        """Another process reads the files itself."""
        return type(self), (self.folder,)

    def cells(self, dataset: str, method: str) -> pd.DataFrame:
        """A row per cell, criterion and direction; label-free: noise None, rate NaN; deterministic: seed NA."""
        return self._of(CELLS, dataset, method, by_direction)

    def recorded_cells(self, dataset: str, method: str | None = None) -> Iterator[RecordedCell]:
        """The same cell by cell; of all methods where none is named."""
        rows = self._table(CELLS, dataset, by_direction) if method is None else self.cells(dataset, method)
        return recorded_cells(dataset, rows)

    def epochs(self, dataset: str, method: str) -> pd.DataFrame:
        """History of the first seed: method, variant, noise, rate, epoch and one column per measure."""
        return by_epoch(self._of(EPOCHS, dataset, method))

    def curves(self, dataset: str, method: str) -> pd.DataFrame:
        """Precision at 11 levels of recall, a row per setting, direction and level."""
        return self._of(CURVES, dataset, method, by_recall)

    def suspicion(self, dataset: str, method: str) -> pd.DataFrame:
        """How well a method finds the wrong training labels, by cell and view."""
        return self._of(SUSPICION, dataset, method)

    def confident_learning(self, dataset: str) -> pd.DataFrame:
        """How well the baseline finds them, by draw and view, in the columns of a method's suspicion."""
        return self._table(CONFIDENT_LEARNING, dataset)

    def readout(self, dataset: str, method: str) -> pd.DataFrame:
        """MAP by match probability, by cell and direction."""
        return self._of(CELLS, dataset, method, by_match)

    def sign_bits(self, dataset: str, method: str) -> pd.DataFrame:
        """MAP by Hamming distance, by setting and number of bits."""
        return self._of(SIGN_BITS, dataset, method, by_bits)

    def statistics(self, dataset: str) -> pd.DataFrame:
        """What of each column of the headline table is more than chance on the test queries, entry by entry."""
        return self._table(STATISTICS, dataset)

    def endpoints(self, dataset: str) -> pd.DataFrame:
        """MAP of each entry and seed, where every seed drew a split of its own."""
        return self._table(ENDPOINTS, dataset)

    def claims(self, dataset: str) -> pd.DataFrame:
        """How far the claimed method is above each rival over such seeds."""
        return self._table(CLAIMS, dataset)

    def receipts(self, dataset: str) -> list[dict[str, Any]]:
        """What each noise artefact really did to the labels."""
        return RECEIPTS.read(self.folder, dataset)

    def probes(self, dataset: str) -> list[dict[str, Any]]:
        """Test accuracy of a linear classifier on the features of each extractor that was tried."""
        return PROBES.read(self.folder, dataset)

    def tuning(self, method: str) -> list[dict[str, Any]]:
        """The configurations that a method was tried in."""
        return TUNING.read(self.folder, method)

    def description(self, dataset: str) -> dict[str, Any] | None:
        """Classes, sizes and extractors of a dataset; None where its features were never made."""
        return descriptions.read(self.folder, dataset)

    def _of(
        self,
        record: TableRecord,
        dataset: str,
        method: str,
        form: Form | None = None,
    ) -> pd.DataFrame:
        """The rows of one method, in the given form."""
        rows = self._table(record, dataset, form)
        return rows[rows["method"] == method].reset_index(drop=True)

    def _table(self, record: TableRecord, dataset: str, form: Form | None = None) -> pd.DataFrame:
        place = (record.folder, dataset, form)
        if place not in self._tables:
            self._tables[place] = (
                record.read(self.folder, dataset) if form is None else form(self._table(record, dataset))
            )
        return self._tables[place]
