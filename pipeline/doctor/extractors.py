"""Can the extractors that are chosen read the raw samples?"""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.config.project import Project
from pipeline.core.datasets import RawDataset
from pipeline.core.errors import PipelineError
from pipeline.doctor.finding import Finding, Severity
from pipeline.features.base.extraction import extractors_of
from pipeline.features.base.known_words import unknown_texts


def check_extractors(project: Project, raw: RawDataset, dataset: str) -> Iterator[Finding]:
    """What they need is installed and in its place, and they know the words of most texts.

    raw: a dataset in which the other checks have found no error.
    """
    for name, extractor in extractors_of(project, dataset).items():
        if name not in raw.views:
            continue
        try:
            extractor.shipped()
            for problem in unknown_texts(extractor, raw.views[name], raw.split == "train", f"{dataset}, view '{name}'"):
                yield Finding(Severity.WARNING, problem)
        except PipelineError as problem:
            yield Finding(Severity.ERROR, problem)
