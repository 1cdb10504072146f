"""How much a linear classifier reads from the features of a dataset."""

from __future__ import annotations

import click

from pipeline.config.project import Project
from pipeline.data.base import store as rawstore
from pipeline.evaluation.probe import probe
from pipeline.features.base import store as featurestore
from pipeline.features.base.extraction import check_views
from pipeline.features.base.parts import Parts
from pipeline.records.probes import PROBES
from stages.command import stage, warn
from stages.paths import FEATURES, PARTS, RAW, RECORDS


@stage
@click.argument("dataset")
def main(project: Project, dataset: str) -> None:
    """Probe the features that the methods get on DATASET, and those of the further extractors under `probes`.

    Example: python -m stages.probe emoji
    """
    views = project.extractors_of(dataset)
    check_views(project.dataset(dataset).probes, views, f"params.yaml, datasets.{dataset}.probes")
    raw = rawstore.read(RAW / dataset)
    splits = featurestore.read(FEATURES / dataset).splits
    parts = Parts(PARTS / f"{dataset}-probes")
    PROBES.write(RECORDS, dataset, probe(project, dataset, raw, splits, parts, warn))
    parts.clear()


if __name__ == "__main__":
    main()
