"""Files that are openly served: which are asked for, and that the fetch stage brings them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from pipeline.core import plugins
from pipeline.core.errors import MissingFiles
from pipeline.data.base import Dataset, lacking
from pipeline.data.mnist3d_rono import GZIPPED, LABELS, Mnist3dRono
from pipeline.data.wikipedia import Wikipedia
from stages import fetch
from tests.support import tiny
from tests.support.samples import project

DATASETS = [name for name in plugins.names("pipeline.data") if name not in {"arrays", "folder"}]


@pytest.mark.parametrize("name", DATASETS)
def test_what_is_declared_is_well_formed(name: str) -> None:
    dataset = plugins.build("pipeline.data", name, Dataset, project().dataset(name).load or {})
    for file in dataset.served:
        assert file.url.startswith("https://")
        assert file.url.endswith(file.name)
        assert file.sha256 is None or re.fullmatch("[0-9a-f]{64}", file.sha256)
        assert (file.size is None) == (file.sha256 is None)
    assert len({file.name for file in dataset.served}) == len(dataset.served)


def test_only_what_is_not_there_is_asked_for(tmp_path: Path) -> None:
    dataset = Mnist3dRono(tmp_path, 0, 16)
    assert {file.name for file in lacking(dataset)} == {f"{name}.gz" for name in GZIPPED} | set(LABELS)
    (tmp_path / "t10k-images-idx3-ubyte").touch()
    (tmp_path / "train_label_20.npy").touch()
    assert len(lacking(dataset)) == len(GZIPPED) + len(LABELS) - 2
    (tmp_path / "train_img_feat.npy").touch()
    assert {file.name for file in lacking(dataset)} == set(LABELS) - {"train_label_20.npy"}


def test_raw_wikipedia_is_not_served(tmp_path: Path) -> None:
    assert lacking(Wikipedia(tmp_path, "ready"))
    assert not lacking(Wikipedia(tmp_path, "raw"))


def test_the_fetch_stage_downloads_before_it_loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    given = tiny.params()
    given["datasets"]["pascal_sentence"] = {"load": {"folder": "files/pascal"}, "views": {}}
    Path("params.yaml").write_text(yaml.safe_dump(given), encoding="utf-8")
    asked = []

    def download(url: str, file: Path, size: int | None, sha256: str | None, progress: object) -> None:
        asked.append(file.name)
        if len(asked) == 3:
            raise MissingFiles("the download failed", str(file), "get it by hand")

    monkeypatch.setattr(fetch, "download", download)
    result = CliRunner().invoke(fetch.main, ["pascal_sentence"])
    assert result.exit_code == 2
    *_, warning, _, error = result.stderr.splitlines()
    assert warning == "Warning: files/pascal/train_img_lab.mat: the download failed; get it by hand."
    assert error.startswith("Error: files/pascal: train_img.mat is missing; put train_img.mat, ")
    assert asked == ["train_img.mat", "train_txt.mat", "train_img_lab.mat"]
    assert not Path("data").exists()
