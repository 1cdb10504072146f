"""Corrupt the training labels of a dataset, once for all methods."""

from __future__ import annotations

import click

from pipeline.config.project import Project
from pipeline.features.base import store as feature_store
from pipeline.noise.base import draws, make
from pipeline.noise.base import store as noise_store
from pipeline.records.receipts import RECEIPTS
from stages.command import stage
from stages.paths import DRAWS, FEATURES, NOISE, RAW, RECORDS


@stage
@click.argument("dataset")
def main(project: Project, dataset: str) -> None:
    """Draw the noisy labels of DATASET for every kind, rate and seed of its plan.

    Example: python -m stages.noise emoji
    """
    splits = feature_store.read(FEATURES / dataset, ["train", "valid"]).splits
    train, valid = splits["train"], splits.get("valid")
    made = []
    for draw in draws.read(DRAWS / f"{dataset}.json"):
        noise = draws.noise_of(draw, dataset, RAW / dataset)
        labels, classes, seed = train.labels, train.classes, draw.seed
        made.append(make(noise, draw.kind, dataset, labels, classes, draw.rate, seed, train.views, valid))
    (NOISE / dataset).mkdir(parents=True, exist_ok=True)
    for corruption, receipt in made:
        name = noise_store.file_name(receipt.kind, receipt.rate, receipt.seed)
        noise_store.write(corruption, receipt, NOISE / dataset / name)
    RECEIPTS.write(RECORDS, dataset, [receipt.as_dict() for _, receipt in made])


if __name__ == "__main__":
    main()
