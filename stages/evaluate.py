"""Score the test split: the only place where test labels are read."""

from __future__ import annotations

import click

from pipeline import featurestore
from pipeline.evaluation import scoring
from pipeline.params import Params, block
from stages.command import stage
from stages.paths import FEATURES, RECORDS, RUNS


@stage
@click.argument("dataset")
@click.argument("method")
def main(params: Params, dataset: str, method: str) -> None:
    """Rank the test split of DATASET with every cell of METHOD and write the records."""
    block(params, "datasets", dataset)
    block(params, "methods", method)
    labels = featurestore.read(FEATURES / dataset, ["test"]).splits["test"].labels
    records = scoring.score(RUNS / dataset / method, labels)
    files = {name: RECORDS / name / dataset / f"{method}.csv" for name in ("cells", "epochs", "curves")}
    scoring.write(records, files | {"ap": RECORDS / "ap" / dataset / f"{method}.npz"})


if __name__ == "__main__":
    main()
