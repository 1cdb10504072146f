"""Score the test split: the only place where test labels are read."""

from __future__ import annotations

import click

from pipeline import featurestore
from pipeline.evaluation import scoring
from pipeline.params import Params, block
from pipeline.reporting.records import Records
from pipeline.training.tracking import Tracker
from stages.command import stage, tracking_uri
from stages.paths import FEATURES, RECORDS, RUNS, TRACKING_LOCK


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
    tracker = Tracker(tracking_uri(), dataset, TRACKING_LOCK)
    for key, _, scores in scoring.by_cell(Records(RECORDS).cells(dataset, method)):
        tracker.log_scores(key, scores)


if __name__ == "__main__":
    main()
