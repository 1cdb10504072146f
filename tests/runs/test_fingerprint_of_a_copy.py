"""Fingerprints of a copied source tree in which files are really added, renamed and changed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.copied import copy_project, run

SCRIPT = """
import json
from pathlib import Path
from pipeline.config.load import load
from pipeline.core import plugins
from pipeline.core.cells import CellKey
from pipeline.runs.fingerprint import code_fingerprint
from pipeline.runs.plan import build
project = load(Path("params.yaml"))
methods = plugins.names("pipeline.methods")
keys = {name: CellKey("emoji", name, "default", None, None, None) for name in methods}
print(json.dumps({name: code_fingerprint(build(project, key)) for name, key in keys.items()}))
"""
Change = Callable[[Path], None]
pytestmark = pytest.mark.slow


def fingerprints(project: Path) -> dict[str, str]:
    """Method -> fingerprint of its code in that copy, by a process of its own."""
    (project / "fingerprints.py").write_text(SCRIPT, encoding="utf-8")
    printed: dict[str, str] = json.loads(run(project, "fingerprints"))
    return printed


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return fingerprints(copy_project(tmp_path_factory.mktemp("untouched")))


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, file.name
    file.write_text(text.replace(old, new), encoding="utf-8")


def add_a_metric(pipeline: Path) -> None:
    shutil.copyfile(pipeline / "metrics/map.py", pipeline / "metrics/another.py")


def add_a_tracker(pipeline: Path) -> None:
    shutil.copyfile(pipeline / "tracking/mlflow.py", pipeline / "tracking/another.py")


def change_a_papers_title(pipeline: Path) -> None:
    edit(pipeline / "methods/base/mrl_paper.py", 'title="Learning', 'title="On Learning')
    edit(pipeline / "methods/dcca.py", 'title="Deep', 'title="On Deep')


def rename_the_training_loop(pipeline: Path) -> None:
    (pipeline / "learning/loop.py").rename(pipeline / "learning/another.py")
    for file in pipeline.rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace("pipeline.learning.loop", "pipeline.learning.another"), encoding="utf-8")


def rename_a_loss(pipeline: Path) -> None:
    (pipeline / "learning/losses/contrastive.py").rename(pipeline / "learning/losses/another.py")
    for file in pipeline.rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace("losses.contrastive import", "losses.another import"), encoding="utf-8")


@pytest.mark.parametrize(
    "change", [add_a_metric, add_a_tracker, change_a_papers_title, rename_the_training_loop, rename_a_loss]
)
def test_what_makes_no_number_leaves_every_method_as_it_was(
    change: Change, tmp_path: Path, untouched: dict[str, str]
) -> None:
    project = copy_project(tmp_path)
    change(project / "pipeline")
    assert fingerprints(project) == untouched


def flip_a_sign_of_mrl(pipeline: Path) -> None:
    edit(pipeline / "methods/mrl.py", "+ (1 - self.beta) * contrast", "- (1 - self.beta) * contrast")


def flip_a_sign_of_a_shared_loss(pipeline: Path) -> None:
    file = pipeline / "learning/losses/robust_clustering.py"
    edit(file, "others.logsumexp(1) - logits", "others.logsumexp(1) + logits")


@pytest.mark.parametrize(
    ("change", "changed"),
    [(flip_a_sign_of_mrl, {"mrl"}), (flip_a_sign_of_a_shared_loss, {"mrl", "lr_only", "elrcmr"})],
)
def test_a_flipped_sign_changes_the_methods_that_minimise_it(
    change: Change, changed: set[str], tmp_path: Path, untouched: dict[str, str]
) -> None:
    project = copy_project(tmp_path)
    change(project / "pipeline")
    after = fingerprints(project)
    assert after.keys() == untouched.keys()
    assert {name for name, fingerprint in after.items() if fingerprint != untouched[name]} == changed
