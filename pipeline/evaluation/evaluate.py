"""Everything that the records hold of one dataset's finished cells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from joblib import Parallel, delayed

from pipeline.core.splits import Labels
from pipeline.evaluation import precisions
from pipeline.evaluation.scoring import Detail, Wrong, score
from pipeline.evaluation.statistics import Family, statistics
from pipeline.metrics.base import registered
from pipeline.records.cells import CELLS
from pipeline.records.curves import CURVES
from pipeline.records.epochs import EPOCHS
from pipeline.records.sign_bits import SIGN_BITS
from pipeline.records.statistics import STATISTICS
from pipeline.records.suspicion import SUSPICION
from pipeline.records.table_record import TableRecord

_BY_METHOD: Sequence[TableRecord] = (CELLS, EPOCHS, CURVES, SIGN_BITS, SUSPICION)


def evaluate(
    dataset: str,
    methods: Sequence[str],
    runs: Path,
    labels: Labels,
    wrong: Wrong | None,
    detail: Detail,
    families: Iterable[Family],
    records: Path,
    ap: Path,
) -> None:
    """Score the cells of all methods and compare the methods with each other.

    runs: <method>/<cell>; labels, wrong, detail: see scoring.score; families: the tables whose columns are
    compared; records: where a file of each record is written; ap: folder for <method>.npz, AP of every query and cell.
    """
    metrics = registered()
    jobs = (delayed(score)(runs / method, labels, wrong, metrics, detail) for method in methods)
    scored = Parallel(n_jobs=-1, prefer="threads")(jobs)
    for record in _BY_METHOD:
        record.write(records, dataset, (row for rows in scored for row in getattr(rows, record.folder)))
    files = {method: ap / f"{method}.npz" for method in methods}
    for file, rows in zip(files.values(), scored, strict=True):
        precisions.write(file, rows.precisions)
    STATISTICS.write(records, dataset, statistics(dataset, list(families), files))
