"""How much a linear classifier reads from the features of a dataset."""

from __future__ import annotations

import click
import numpy as np
import torch

from pipeline.config.project import Project
from pipeline.core import plugins as discovery
from pipeline.core.errors import UnknownName
from pipeline.core.progress import counting
from pipeline.data.base import store as rawstore
from pipeline.evaluation.probe import linear_probe
from pipeline.features.base import EXTRACTION_SEED, Extractor, extract
from pipeline.features.base import store as featurestore
from pipeline.records.probes import PROBES
from stages.command import stage
from stages.paths import FEATURES, RAW, RECORDS


@stage
@click.argument("dataset")
def main(project: Project, dataset: str) -> None:
    """Probe the features that the methods get on DATASET, and those of the further extractors under `probes`.

    Example: python -m stages.probe emoji
    """
    used, further = project.extractors_of(dataset), project.dataset(dataset).probes
    for view in further:
        if view not in used:
            raise UnknownName(view, used, f"params.yaml, datasets.{dataset}.probes")
    raw = rawstore.read(RAW / dataset)
    splits = featurestore.read(FEATURES / dataset).splits
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    order = np.concatenate([np.flatnonzero(raw.split == name) for name in splits])
    rows = []
    for view, extracted in used.items():
        others = [
            (other, project.extractor_settings(other, changes), False)
            for other, changes in further.get(view, {}).items()
        ]
        for extractor_name, chosen, is_used in [(extracted.name, extracted.settings, True), *others]:
            extractor = discovery.build("pipeline.features", extractor_name, Extractor, chosen)
            if is_used:
                features = np.concatenate([split.views[view] for split in splits.values()])
            else:
                with counting(f"{dataset}: {view} -> {extractor.display}") as progress:
                    features = extract(
                        extractor, raw.views[view], raw.split == "train", EXTRACTION_SEED, device, progress
                    )[order]
            accuracy = linear_probe(features, raw.labels[order], raw.split[order])
            rows.append(
                {"view": view, "extractor": extractor.display, "dimension": features.shape[1]}
                | {"accuracy": round(accuracy, 4), "used": is_used}
            )
    PROBES.write(RECORDS, dataset, rows)


if __name__ == "__main__":
    main()
