"""Datasets and settings that several tests share; each dataset is loaded once per session."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from pipeline.config.load import load as parsed
from pipeline.config.project import Project
from pipeline.core.datasets import RawDataset
from pipeline.core.errors import MissingFiles
from pipeline.core.plugins import build
from pipeline.data.base import Dataset

PARAMS = Path(__file__).parents[2] / "params.yaml"


@cache
def project() -> Project:
    """The project as it is committed."""
    return parsed(PARAMS)


def load(name: str, **changes: Any) -> RawDataset:
    """The dataset as params.yaml configures it; without the files that only a user can provide the test skips."""
    settings = {**(project().dataset(name).load or {}), **changes}
    try:
        return build("pipeline.data", name, Dataset, settings).load(lambda done, total: None)
    except MissingFiles as error:
        pytest.skip(str(error))


@cache
def dataset(name: str) -> RawDataset:
    return load(name)
