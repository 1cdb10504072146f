"""Score the test split: the only place where test labels are read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import click

from pipeline.config.project import Project
from pipeline.core.cells import CellKey
from pipeline.core.splits import Array
from pipeline.data.base import configured
from pipeline.evaluation.evaluate import evaluate
from pipeline.evaluation.scoring import Detail
from pipeline.evaluation.statistics import families
from pipeline.features.base import store as featurestore
from pipeline.noise.base import store as noise_store
from stages.command import stage
from stages.paths import AP, FEATURES, NOISE, RECORDS, RUNS


@stage
@click.argument("dataset")
def main(project: Project, dataset: str) -> None:
    """Rank the test split of DATASET with every cell of the grid, compare the methods and write the records.

    Example: python -m stages.evaluate emoji
    """
    grid = project.grids(dataset)[0]
    splits = featurestore.read(FEATURES / dataset, ["train", "test"]).splits

    @cache
    def wrong(key: CellKey) -> Mapping[str, Array]:
        file = NOISE / dataset / noise_store.file_name(key.noise, key.rate, key.seed)
        return noise_store.read(file)[0].wrong(splits["train"].labels)

    evaluate(
        dataset,
        list(dict.fromkeys(method for grid in project.grids(dataset) for method in grid.methods)),
        RUNS / dataset,
        splits["test"].labels,
        wrong if configured(project, dataset).clean else None,
        Detail(project.report.apart, grid.seeds[0], grid.noises),
        families(project, dataset),
        RECORDS,
        AP / dataset,
    )


if __name__ == "__main__":
    main()
