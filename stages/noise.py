"""Corrupt the training labels of a dataset, once for all methods."""

from __future__ import annotations

from itertools import product

import click

from pipeline.config.project import Project
from pipeline.core import plugins as discovery
from pipeline.features.base import store as featurestore
from pipeline.noise.base import Noise, make
from pipeline.noise.base import store as noise_store
from pipeline.records.receipts import RECEIPTS
from stages.command import stage
from stages.paths import FEATURES, NOISE, RECORDS


@stage
@click.argument("dataset")
def main(project: Project, dataset: str) -> None:
    """Draw the noisy labels of DATASET for every kind, rate and seed of the grid.

    Example: python -m stages.noise emoji
    """
    train = featurestore.read(FEATURES / dataset, ["train"]).splits["train"]
    grids = project.grids(dataset)
    wanted = dict.fromkeys(draw for grid in grids for draw in product(grid.noises, grid.rates, grid.seeds))
    settings = {kind: project.noise_settings(kind, dataset) for kind, _, _ in wanted}
    noises = {kind: discovery.build("pipeline.noise", kind, Noise, given) for kind, given in settings.items()}
    draws = [
        make(noises[kind], kind, dataset, train.labels, train.classes, rate, seed, train.views)
        for kind, rate, seed in wanted
    ]
    (NOISE / dataset).mkdir(parents=True, exist_ok=True)
    for corruption, receipt in draws:
        name = noise_store.file_name(receipt.kind, receipt.rate, receipt.seed)
        noise_store.write(corruption, receipt, NOISE / dataset / name)
    RECEIPTS.write(RECORDS, dataset, [receipt.as_dict() for _, receipt in draws])


if __name__ == "__main__":
    main()
