"""What confident learning suspects, the baseline of what the methods do."""

from __future__ import annotations

import click
from joblib import Parallel, delayed

from pipeline.config.project import Project
from pipeline.core.errors import BadInput
from pipeline.core.progress import counting
from pipeline.data.base import configured
from pipeline.evaluation.confident_learning import components, detected
from pipeline.features.base import store as featurestore
from pipeline.noise.base import store as noise_store
from pipeline.records.suspicion import CONFIDENT_LEARNING
from stages.command import stage
from stages.paths import FEATURES, NOISE, RECORDS


@stage
@click.argument("dataset")
def main(project: Project, dataset: str) -> None:
    """Record how well confident learning tells the wrong training labels of DATASET, for every draw of noise.

    Where the true labels are not known the record has no rows.

    Example: python -m stages.confident_learning emoji
    """
    project.dataset(dataset)
    train = featurestore.read(FEATURES / dataset, ["train"]).splits["train"]
    rows = []
    if configured(project, dataset).clean:
        files = sorted((NOISE / dataset).glob("*.npz"))
        if not files:
            raise BadInput("there are no noisy labels", str(NOISE / dataset), "run `dvc repro` to draw them")
        draws = [noise_store.read(file) for file in files]
        views = {view: components(x) for view, x in train.views.items()}
        jobs = (delayed(detected)(views, train.labels, *draw) for draw in draws)
        with counting(f"{dataset}: confident learning, {len(draws)} draws of noise") as progress:
            for done, draw in enumerate(Parallel(n_jobs=-1, return_as="generator")(jobs), start=1):
                rows += draw
                progress(done, len(draws))
    CONFIDENT_LEARNING.write(RECORDS, dataset, rows)


if __name__ == "__main__":
    main()
