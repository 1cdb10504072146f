"""Score the test split: the only place where test labels are read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import click

from pipeline import featurestore, noise_store
from pipeline.contract import Array, CellKey
from pipeline.data.base import configured
from pipeline.evaluation import scoring
from pipeline.params import Params, block
from stages.command import stage
from stages.paths import FEATURES, NOISE, RECORDS, RUNS


@stage
@click.argument("dataset")
@click.argument("method")
def main(params: Params, dataset: str, method: str) -> None:
    """Rank the test split of DATASET with every cell of METHOD and write the records.

    Example: python -m stages.evaluate emoji mrl
    """
    block(params, "datasets", dataset)
    block(params, "methods", method)
    splits = featurestore.read(FEATURES / dataset, ["train", "test"]).splits

    @cache
    def wrong(key: CellKey) -> Mapping[str, Array]:
        file = NOISE / dataset / noise_store.file_name(key.noise, key.rate, key.seed)
        return noise_store.read(file)[0].wrong(splits["train"].labels)

    known = configured(params, dataset).clean
    records = scoring.score(RUNS / dataset / method, splits["test"].labels, wrong if known else None)
    kinds = ("cells", "epochs", "curves", "suspicion", "readout")
    files = {name: RECORDS / name / dataset / f"{method}.csv" for name in kinds}
    scoring.write(records, files | {"ap": RECORDS / "ap" / dataset / f"{method}.npz"})


if __name__ == "__main__":
    main()
