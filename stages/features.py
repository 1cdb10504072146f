"""Turn the raw samples of a dataset into features."""

from __future__ import annotations

import click

from pipeline.config.project import Project
from pipeline.data.base import configured
from pipeline.data.base import store as rawstore
from pipeline.features.base import store as featurestore
from pipeline.features.base.extraction import check_views, extract_view, extractors_of
from pipeline.features.base.parts import Parts
from pipeline.records import descriptions
from stages.command import stage, warn
from stages.paths import FEATURES, PARTS, RAW, RECORDS


@stage
@click.argument("dataset")
def main(project: Project, dataset: str) -> None:
    """Extract the features of every view of DATASET.

    Example: python -m stages.features emoji
    """
    extractors = extractors_of(project, dataset)
    source = configured(project, dataset)
    raw = rawstore.read(RAW / dataset)
    check_views(extractors, raw.views, f"params.yaml, datasets.{dataset}.views")
    parts = Parts(PARTS / dataset)
    features = {view: extract_view(dataset, view, chosen, raw, parts, warn) for view, chosen in extractors.items()}
    names = {view: extractor.name for view, extractor in project.extractors_of(dataset).items()}
    featurestore.write(FEATURES / dataset, features, raw.labels, raw.split, raw.class_names, names)
    displays = {view: extractor.display for view, extractor in extractors.items()}
    descriptions.write(RECORDS, dataset, descriptions.describe(source, raw, features, displays))
    parts.clear()


if __name__ == "__main__":
    main()
