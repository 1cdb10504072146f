"""Corrupt the training labels of a dataset, once for all methods."""

from __future__ import annotations

from itertools import product

import click

from pipeline.config.params import Params, block, further_grids
from pipeline.core import plugins as discovery
from pipeline.features.base import store as featurestore
from pipeline.noise.base import Noise, make
from pipeline.noise.base import store as noise_store
from pipeline.records.receipts import RECEIPTS
from stages.command import stage
from stages.paths import FEATURES, NOISE, RECORDS


@stage
@click.argument("dataset")
def main(params: Params, dataset: str) -> None:
    """Draw the noisy labels of DATASET for every kind, rate and seed of the grid.

    Example: python -m stages.noise emoji
    """
    block(params, "datasets", dataset)
    train = featurestore.read(FEATURES / dataset, ["train"]).splits["train"]
    grids = [block(params, "grid"), *further_grids(params, dataset)]
    wanted = dict.fromkeys(pair for grid in grids for pair in product(grid["noises"], grid["rates"]))
    noises = {k: discovery.build("pipeline.noise", k, Noise, block(params, "noises", k)) for k, _ in wanted}
    draws = [
        make(noises[kind], kind, dataset, train.labels, train.classes, rate, seed, train.views)
        for (kind, rate), seed in product(wanted, block(params, "grid", "seeds"))
    ]
    (NOISE / dataset).mkdir(parents=True, exist_ok=True)
    for corruption, receipt in draws:
        name = noise_store.file_name(receipt.kind, receipt.rate, receipt.seed)
        noise_store.write(corruption, receipt, NOISE / dataset / name)
    RECEIPTS.write(RECORDS, dataset, [receipt.as_dict() for _, receipt in draws])


if __name__ == "__main__":
    main()
