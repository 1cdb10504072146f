"""From a folder of pictures with a table to a page, in one process and one command."""

from __future__ import annotations

import importlib
import shutil
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from pipeline.authoring.start import extractors, own_project
from pipeline.features.base.proposal import Proposal
from tests.end_to_end.test_own_data import ROOT, bring

pytestmark = pytest.mark.usefixtures("one_process")


def call(command: str, *arguments: str) -> Result:
    result = CliRunner().invoke(importlib.import_module(f"stages.tools.{command}").main, list(arguments))
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def done(command: str, *arguments: str) -> str:
    result = call(command, *arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def pairs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """60 pictures outside the project, whose root has two quick methods."""
    root = tmp_path / "project"
    root.mkdir()
    monkeypatch.chdir(root)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    params["methods"]["witness"]["default"]["epochs"] = 2
    params["extractors"]["doc2vec"] = {"dimension": 20, "epochs": 5}
    Path("params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    monkeypatch.setattr(own_project, "METHODS", {"witness": ["default"], "mcca": ["default"]})
    monkeypatch.setattr(extractors, "propose", lambda texts: Proposal("doc2vec", "it is quick"))
    bring(tmp_path / "My photos")
    return tmp_path / "My photos"


def written(folder: Path) -> set[Path]:
    return {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}


def test_one_command_leads_to_a_page_and_touches_nothing_else(pairs: Path) -> None:
    before, brought = written(Path()), written(pairs)
    told = done("start", str(pairs))
    assert "60 pairs of image and text (file = file, label = label, text = text)" in told
    assert "features of text, by doc2vec: it is quick" in told
    assert "time: about " in told
    assert written(pairs) == brought
    assert {path for path in written(Path()) - before if path.parts[:2] != ("build", "my_photos")} == set()
    home = Path("build/my_photos")
    assert f"Page: {(home / 'index.html').resolve().as_uri()}" in told
    page = (home / "index.html").read_text(encoding="utf-8")
    assert "Witness" in page
    assert (home / "reports/viewer/my_photos.html").is_file()
    assert list((home / "suspects").glob("*.html"))
    assert not (home / "dvc.lock").exists()

    assert "2 cells: 2 done" in done("status", "my_photos")
    assert done("search", "my_photos", "--query", "a picture of a cat", "-k", "3").count("\n") >= 3
    assert "build/witness-my_photos holds the model" in done("export", "my_photos")
    assert call("doctor", "my_photos").exit_code < 2
    done("suspects", "my_photos", "--out", "elsewhere")
    assert list(Path("elsewhere").glob("*.csv"))


def test_what_is_not_understood_leaves_nothing_behind(pairs: Path) -> None:
    before = written(Path())
    assert "the name 'emoji' is taken" in call("start", str(pairs), "--name", "emoji").stderr
    assert "did you mean 'label'" in call("start", str(pairs), "--column", "text=labl").stderr
    (pairs / "photo_001.png").unlink()
    result = call("start", str(pairs))
    assert result.exit_code == 2
    assert "view 'image' has no file 'photo_001'" in result.stderr
    assert written(Path()) == before
    shutil.rmtree(pairs)
    assert "there is no such folder or table" in call("start", str(pairs)).stderr
