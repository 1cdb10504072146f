"""Datasets and settings that several tests share; each dataset is loaded once per session."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.contract import RawDataset
from pipeline.data.base import Dataset
from pipeline.discovery import build
from pipeline.errors import MissingFiles


@cache
def params() -> dict[str, Any]:
    return yaml.safe_load((Path(__file__).parents[1] / "params.yaml").read_text(encoding="utf-8"))


def load(name: str, **changes: Any) -> RawDataset:
    """The dataset as params.yaml configures it; without the files that only a user can provide the test skips."""
    settings = {**params()["datasets"][name]["load"], **changes}
    try:
        return build("pipeline.data", name, Dataset, settings).load(lambda done, total: None)
    except MissingFiles as error:
        pytest.skip(str(error))


@cache
def dataset(name: str) -> RawDataset:
    return load(name)
