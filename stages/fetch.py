"""Bring the raw samples of a dataset into data/raw."""

from __future__ import annotations

import click

from pipeline import rawstore
from pipeline.data.base import configured
from pipeline.params import Params
from pipeline.training.progress import counting
from stages.command import stage
from stages.paths import RAW


@stage
@click.argument("dataset")
def main(params: Params, dataset: str) -> None:
    """Load DATASET, split it by concept and store its raw samples."""
    source = configured(params, dataset)
    with counting(f"fetch {dataset}") as progress:
        raw = source.load(progress)
    rawstore.write(raw, RAW / dataset)


if __name__ == "__main__":
    main()
