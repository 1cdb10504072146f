"""Turn the raw samples of a dataset into features."""

from __future__ import annotations

import click
import torch

from pipeline.config.project import Project
from pipeline.core import plugins as discovery
from pipeline.core.errors import UnknownName
from pipeline.core.progress import counting
from pipeline.core.splits import SPLITS
from pipeline.data.base import configured
from pipeline.data.base import store as rawstore
from pipeline.features.base import EXTRACTION_SEED, Extractor, extract
from pipeline.features.base import store as featurestore
from pipeline.records import descriptions
from stages.command import stage
from stages.paths import FEATURES, RAW, RECORDS


@stage
@click.argument("dataset")
def main(project: Project, dataset: str) -> None:
    """Extract the features of every view of DATASET.

    Example: python -m stages.features emoji
    """
    chosen = project.extractors_of(dataset)
    extractors = {
        view: discovery.build("pipeline.features", extractor.name, Extractor, extractor.settings)
        for view, extractor in chosen.items()
    }
    source = configured(project, dataset)
    raw = rawstore.read(RAW / dataset)
    for view in extractors:
        if view not in raw.views:
            raise UnknownName(view, raw.views, f"params.yaml, datasets.{dataset}.views")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    features, train = {}, raw.split == "train"
    for view, extractor in extractors.items():
        with counting(f"{dataset}: {view} -> {extractor.display}") as progress:
            features[view] = extract(extractor, raw.views[view], train, EXTRACTION_SEED, device, progress)
    names = {view: extractor.name for view, extractor in chosen.items()}
    featurestore.write(FEATURES / dataset, features, raw.labels, raw.split, raw.class_names, names)
    record = {
        **{name: getattr(source, name) for name in ("display", "task", "source", "licence", "clean")},
        "classes": list(raw.class_names),
        "sizes": {name: int((raw.split == name).sum()) for name in SPLITS},
        "views": {v: {"extractor": e.display, "dimension": features[v].shape[1]} for v, e in extractors.items()},
    }
    descriptions.write(RECORDS, dataset, record)


if __name__ == "__main__":
    main()
