"""A kind of sample that is one file goes from a user's folder to the pages, and so does its extractor."""

from __future__ import annotations

import importlib
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from click.testing import CliRunner
from PIL import Image

from pipeline.data.base import store
from tests.support import tiny, toy_kind

CLASSES = ("high", "low", "noisy")
EACH, LENGTH = 20, 48
RUN = "data/runs/mine/ce/default-symmetric-0.2-0"


def wave(name: str, number: int) -> np.ndarray:
    """A signal whose class is its pitch, or noise."""
    rng = np.random.default_rng([CLASSES.index(name), number])
    time = np.arange(LENGTH + 5)
    clean = {"high": np.sin(time + number), "low": np.sin(time / 6 + number), "noisy": rng.standard_normal(len(time))}
    return clean[name] + 0.1 * rng.standard_normal(len(time))


def params() -> dict[str, object]:
    given = tiny.experiment(datasets=["mine"])
    views = {"image": {"kind": "image", "side": 8}, "sound": {"kind": "signal", "length": LENGTH}}
    load = {"folder": "files/mine", "views": views}
    extractors = {"image": "pixels", "sound": "spectrum"}
    given["datasets"] = {"mine": {"source": "folder", "load": load, "views": extractors}}
    given["extractors"] = {"pixels": {}, "spectrum": {}}
    given["viewer"] = {"queries": 4, "top": 3, "a": "ce", "b": "mcca"}
    return given


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project with pictures and signals, as far as its trained cells."""
    threads, deterministic = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    folder = tmp_path_factory.mktemp("project")
    with pytest.MonkeyPatch.context() as patch, toy_kind.signals(tmp_path_factory.mktemp("plugins")):
        patch.chdir(folder)
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder}/mlflow.db")
        patch.setattr("pipeline.runs.pool.cpu_count", lambda: 1)
        patch.setattr(torch.cuda, "is_available", lambda: False)
        Path("params.yaml").write_text(yaml.safe_dump(params()), encoding="utf-8")
        for name in CLASSES:
            for number in range(EACH):
                file = Path("files/mine") / name / f"{number:02d}.sig"
                file.parent.mkdir(parents=True, exist_ok=True)
                np.savetxt(file, wave(name, number))
                pixels = np.full((9, 9, 3), 80 * CLASSES.index(name) + number + 1, dtype=np.uint8)
                pixels[0, number % 9] = 0
                Image.fromarray(pixels).save(file.with_suffix(".png"))
        for command in ("plan", "fetch", "examine", "features", "noise"):
            call(command, "mine")
        for method in ("mcca", "ce"):
            call("train", "mine", method)
        yield folder
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(deterministic)


@pytest.fixture(autouse=True)
def inside(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)


def call(command: str, *arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(importlib.import_module(f"stages.{command}").main, list(arguments))
    assert result.exit_code == code, result.output
    return result.stdout


def test_the_store_keeps_signals(root: Path) -> None:
    view = store.read(Path("data/raw/mine")).views["sound"]
    assert (view.kind, view.samples.shape, str(view.samples[0].dtype)) == ("signal", (3 * EACH, LENGTH), "float32")
    np.testing.assert_allclose(view.samples[EACH], wave("low", 0)[:LENGTH], rtol=1e-6)


def test_the_doctor_knows_what_is_wrong_with_one(root: Path) -> None:
    assert "sound" not in call("tools.doctor", "mine", code=0)
    file = root / "files/mine/high/07.sig"
    recorded = file.read_bytes()
    np.savetxt(file, np.full(LENGTH, 1.5))
    changed = "error: mine, view 'sound': it has changed since the dataset was fetched: 1 of 60 samples, the first is"
    assert changed in call("tools.doctor", "mine", code=2)
    call("fetch", "mine")
    sentence = "warning: mine, view 'sound': the signal is constant: 1 of 60 samples, the first is 'high/07'; record it"
    assert sentence in call("tools.doctor", "mine", code=1)
    file.write_bytes(recorded)
    call("fetch", "mine")


def test_the_viewer_draws_signals(root: Path) -> None:
    call("viewer", "mine")
    page = (root / "reports/viewer/mine.html").read_text(encoding="utf-8")
    assert "image → sound" in page


def test_a_signal_finds_pictures_with_the_run_and_with_its_bundle(root: Path) -> None:
    query = "files/mine/high/03.sig"
    hits = call("tools.search", "--run", RUN, "--query", query, "-k", "5", "--html", "sheet.html")
    assert len(hits.splitlines()) == 6
    sheet = Path("sheet.html").read_text(encoding="utf-8")
    assert sheet.count('<svg class="signal"') == 1
    assert sheet.count("<img src=") == 5
    searched = ("--query", "files/mine/high/03.png", "--gallery", "files/mine", "--into", "sound", "-k", "4")
    by_run = call("tools.search", "--run", RUN, *searched, "--html", "signals.html")
    assert Path("signals.html").read_text(encoding="utf-8").count('<svg class="signal"') == 4
    call("tools.export", "--run", RUN, "--out", "bundle")
    assert call("tools.search", "--bundle", "bundle", *searched) == by_run
    shutil.rmtree("bundle")


def test_a_suspected_label_stands_beside_its_signal(root: Path) -> None:
    call("tools.suspects", "--dataset", "mine", "--method", "ce")
    [sheet] = Path("build/suspects").glob("*.html")
    assert '<svg class="signal"' in sheet.read_text(encoding="utf-8")


def test_the_results_page_names_it(root: Path) -> None:
    for command in (["evaluate", "mine"], ["probe", "mine"], ["report"]):
        call(*command)
    page = Path("reports/index.html").read_text(encoding="utf-8")
    assert re.search(r"image-signal", page)
    assert "Spectrum" in page
