"""Score the test split: the only place where test labels are read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import click
from joblib import Parallel, delayed

from pipeline.config.params import Params, block
from pipeline.core.cells import CellKey
from pipeline.core.splits import Array
from pipeline.data.base import configured
from pipeline.evaluation import scoring
from pipeline.features.base import store as featurestore
from pipeline.noise.base import store as noise_store
from stages.command import stage
from stages.paths import FEATURES, NOISE, RECORDS, RUNS


@stage
@click.argument("dataset")
def main(params: Params, dataset: str) -> None:
    """Rank the test split of DATASET with every cell of the grid and write the records.

    Example: python -m stages.evaluate emoji
    """
    methods, known = block(params, "grid", "methods"), configured(params, dataset).clean
    splits = featurestore.read(FEATURES / dataset, ["train", "test"]).splits

    @cache
    def wrong(key: CellKey) -> Mapping[str, Array]:
        file = NOISE / dataset / noise_store.file_name(key.noise, key.rate, key.seed)
        return noise_store.read(file)[0].wrong(splits["train"].labels)

    def score(method: str) -> scoring.Records:
        return scoring.score(RUNS / dataset / method, splits["test"].labels, wrong if known else None)

    kinds = ("cells", "epochs", "curves", "suspicion", "readout")
    found = Parallel(n_jobs=-1, prefer="threads")(map(delayed(score), methods))
    for method, records in zip(methods, found, strict=True):
        files = {name: RECORDS / name / dataset / f"{method}.csv" for name in kinds}
        scoring.write(records, files | {"ap": RECORDS / "ap" / dataset / f"{method}.npz"})


if __name__ == "__main__":
    main()
