"""Score the test split: the only place where test labels are read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import click

from pipeline.config.params import Params, block, grid_of
from pipeline.core.cells import CellKey
from pipeline.core.splits import Array
from pipeline.data.base import configured
from pipeline.evaluation.evaluate import evaluate
from pipeline.evaluation.statistics import families
from pipeline.features.base import store as featurestore
from pipeline.noise.base import store as noise_store
from stages.command import stage
from stages.paths import AP, FEATURES, NOISE, RECORDS, RUNS


@stage
@click.argument("dataset")
def main(params: Params, dataset: str) -> None:
    """Rank the test split of DATASET with every cell of the grid, compare the methods and write the records.

    Example: python -m stages.evaluate emoji
    """
    splits = featurestore.read(FEATURES / dataset, ["train", "test"]).splits

    @cache
    def wrong(key: CellKey) -> Mapping[str, Array]:
        file = NOISE / dataset / noise_store.file_name(key.noise, key.rate, key.seed)
        return noise_store.read(file)[0].wrong(splits["train"].labels)

    evaluate(
        dataset,
        block(params, "grid", "methods"),
        RUNS / dataset,
        splits["test"].labels,
        wrong if configured(params, dataset).clean else None,
        grid_of(params, dataset)["seeds"][0],
        families(params, dataset),
        RECORDS,
        AP / dataset,
    )


if __name__ == "__main__":
    main()
