"""The published settings, dataset by dataset, and a paper's whole table from its files to verdicts, at one epoch."""

from __future__ import annotations

import csv
import importlib
import math
import re
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch
import yaml
from click.testing import CliRunner

from pipeline.config.load import parse
from pipeline.config.project import Project
from pipeline.core import plugins
from pipeline.core.criteria import BEST_VALIDATION
from pipeline.data import inria_websearch, nus_wide, wikipedia, xmedia, xmedianet
from pipeline.methods.base import Method
from pipeline.methods.base.deep import Deep
from pipeline.noise.base import Noise
from pipeline.noise.base.uniform import Uniform
from pipeline.reporting.published.publications import read
from pipeline.reporting.published.verdict import TOLERANCE
from tests.support.samples import PARAMS, project

PAPERS = ("mnist3d_rono", "wikipedia", "inria_websearch", "inria_websearch_raw", "nus_wide", "xmedianet")
PAPERS += ("xmedia", "xmedianet_elrcmr", "pascal_sentence", "modelnet10", "modelnet40")
TABLES = {
    "wikipedia": (wikipedia.SIZES, 10, 50, 0.7),
    "inria_websearch": (inria_websearch.SIZES, inria_websearch.CLASSES, 200, 0.9),
    "nus_wide": (nus_wide.SIZES, nus_wide.CLASSES, 500, 0.9),
    "xmedianet": (xmedianet.SIZES, xmedianet.CLASSES, 500, 0.9),
}
"""MRL's datasets: pairs per split, classes, batch, and a beta within what the paper calls stable."""
MOST_CLASSES = {name: table[1] for name, table in TABLES.items()}
MOST_CLASSES |= {"xmedia": xmedia.CLASSES, "inria_websearch_raw": 100, "xmedianet_elrcmr": 200, "pascal_sentence": 20}
MOST_CLASSES |= {"modelnet10": 10, "modelnet40": 40, "mnist3d_rono": 10}
WIDTHS = {"image": 4096, "text": 300}
OTHER_WIDTHS = {"mnist3d_rono": {"image": 784, "cloud": 512}}
OTHER_WIDTHS["xmedia"] = {"image": 4096, "text": 3000}
OTHER_WIDTHS |= {name: {"image": 1280, "cloud": 512} for name in ("modelnet10", "modelnet40")}
OURS = ("MCCA", "MRL")


def with_all_papers() -> Project:
    """The project with an experiment for each of the papers' datasets, as a person adds one."""
    params = yaml.safe_load(PARAMS.read_text(encoding="utf-8"))
    some = {"methods": ["mcca"], "noises": ["symmetric"], "rates": [0.2], "seeds": [0], "profile": "paper"}
    trained = {dataset for experiment in params["experiments"] for dataset in experiment["datasets"]}
    params["experiments"] += [some | {"name": name, "datasets": [name]} for name in PAPERS if name not in trained]
    return parse(params)


PROJECT = with_all_papers()


def settings(method: str, dataset: str) -> dict[str, Any]:
    return PROJECT.settings(method, "default", dataset)


def built(method: str, dataset: str) -> Method:
    return plugins.build("pipeline.methods", method, Method, settings(method, dataset))


@pytest.mark.parametrize("dataset", PAPERS)
@pytest.mark.parametrize("method", sorted(PROJECT.methods))
def test_every_method_fits_every_paper_dataset(method: str, dataset: str) -> None:
    """Networks are made at full width without memory, for as many classes and features as the authors' files hold."""
    actual = built(method, dataset)
    if not isinstance(actual, Deep):
        return
    widths, classes = OTHER_WIDTHS.get(dataset, WIDTHS), MOST_CLASSES[dataset]
    with torch.device("meta"):
        network = actual.build(widths, classes)
        embeddings = network({view: torch.empty(4, width) for view, width in widths.items()})
    assert len({z.shape for z in embeddings.values()}) == 1
    reads_pictures = method in ("rono", "witness") and dataset == "mnist3d_rono"
    assert getattr(actual, "convolutional", []) == (["image"] if reads_pictures else [])


@pytest.mark.parametrize(("dataset", "table"), TABLES.items())
def test_mrl_and_its_ablations_are_as_published(dataset: str, table: tuple[Any, int, int, float]) -> None:
    for name in ("mrl", "ce", "lr_only", "lc_only"):
        actual = built(name, dataset)
        assert isinstance(actual, Deep)
        assert (actual.epochs, actual.batch_size, actual.hidden) == (100, table[2], [4096, 4096])
        assert (actual.learning_rate, actual.betas, actual.weight_decay) == (1e-4, (0.5, 0.999), 0)
        assert settings(name, dataset)["embedding"] == 512
    assert settings("mrl", dataset)["beta"] == table[3]


@pytest.mark.parametrize(
    ("dataset", "batch", "steps", "lama", "beta"),
    [
        ("wikipedia", 100, 3000, 1.0, 0.75),
        ("inria_websearch", 100, 10000, 1e-3, 1.0),
        ("xmedianet", 500, 50000, 1e-3, 1.0),
    ],
)
def test_elrcmr_balances_over_the_iterations_of_its_code(
    dataset: str, batch: int, steps: int, lama: float, beta: float
) -> None:
    actual = settings("elrcmr", dataset)
    iterations = actual["epochs"] * math.ceil(TABLES[dataset][0]["train"] / actual["batch_size"])
    assert actual["balance_steps"] * iterations == pytest.approx(steps, rel=1e-3)
    assert (actual["batch_size"], actual["lama"], actual["zeta"], actual["beta"]) == (batch, lama, 1e-3, beta)


@pytest.mark.parametrize("dataset", TABLES)
def test_batches_hold_enough_samples_per_output(dataset: str) -> None:
    for name, samples in (("dcca", 10), ("dccae", 10), ("smln", 3)):
        actual = settings(name, dataset)
        assert actual["batch_size"] >= samples * actual["embedding"]
        assert actual["batch_size"] <= TABLES[dataset][0]["train"]


@pytest.mark.parametrize("dataset", TABLES)
def test_one_command_runs_what_the_paper_prints(dataset: str) -> None:
    assert project().grids(dataset) == [project().experiment(dataset)]
    grid = project().experiment(dataset)
    assert grid.methods == dict.fromkeys(project().experiments[0].methods, ("default",))
    publications, protocols = read()
    (name, protocol), *others = [item for item in protocols.items() if item[1].dataset == dataset]
    assert not others
    assert dict(protocol.sizes) == TABLES[dataset][0]
    assert list(grid.noises) == [protocol.noise["kind"]]
    assert project().noise_settings("symmetric", dataset)["per_pair"] == protocol.noise["per_pair"]
    printed = {rate for table in publications for displayed, _, _, rate in table.values if displayed == name}
    assert printed == set(grid.rates)
    assert protocol.selection == BEST_VALIDATION


@pytest.mark.parametrize(
    ("experiment", "exclude_true"), [("nirnl", False), ("rfcmh", True)], ids=["true class drawn", "true class excluded"]
)
def test_pairs_with_one_label_are_drawn_as_their_papers_draw_them(experiment: str, exclude_true: bool) -> None:
    own = project().experiment(experiment)
    [kind] = own.noises
    for dataset in own.datasets:
        noise = plugins.build("pipeline.noise", kind, Noise, project().noise_settings(kind, dataset))
        assert isinstance(noise, Uniform)
        assert (noise.per_pair, noise.exclude_true) == (True, exclude_true)


def features_of_mrl(folder: Path) -> None:
    """The authors' HDF5 file with all their rows and narrow features: what a pair shares, and its class, per view."""
    rng = np.random.default_rng(0)
    mixing = {"imgs_deep": rng.standard_normal((10, 64)), "text": rng.standard_normal((10, 32))}
    folder.mkdir()
    with h5py.File(folder / wikipedia.FEATURES, "w") as content:
        for split, count in (("train", 2173), ("test", 693)):
            labels = rng.integers(0, 10, count)
            shared = np.eye(10)[labels] + 0.5 * rng.standard_normal((count, 10))
            for kind, mix in mixing.items():
                noise = rng.standard_normal((count, mix.shape[1]))
                content[f"{split}_{kind}"] = (shared @ mix + noise).astype(np.float32)
            content[f"{split}_imgs_labels"] = content[f"{split}_texts_labels"] = labels


def settle(folder: Path) -> None:
    """params.yaml as `make reproduce EXPERIMENT=wikipedia` has it, for two methods, one seed, one narrow epoch."""
    given = yaml.safe_load(PARAMS.read_text(encoding="utf-8"))
    [own] = [experiment for experiment in given["experiments"] if experiment["name"] == "wikipedia"]
    methods = ["mcca", "mrl"]
    given["experiments"] = [own | {"methods": methods, "seeds": [0]}]
    given["report"] = {}
    given["datasets"]["wikipedia"]["load"]["folder"] = str(folder)
    given["methods"]["mrl"]["datasets"]["wikipedia"] |= {"epochs": 1, "hidden": [32, 32]}
    Path("params.yaml").write_text(yaml.safe_dump(given), encoding="utf-8")


def invoke(stage: str, *arguments: str) -> None:
    result = CliRunner().invoke(importlib.import_module(f"stages.{stage}").main, list(arguments))
    assert result.exit_code == 0, result.output


def tally() -> tuple[int, int]:
    """Of the page: cells reproduced, and cells compared."""
    page = Path("reports/index.html").read_text(encoding="utf-8")
    (reproduced,) = re.findall(r"(\d+) of 534 published cells reproduced", page)
    (compared,) = re.findall(r"(\d+) compared; a cell counts", page)
    return int(reproduced), int(compared)


def table_beside() -> dict[tuple[str, str, float], dict[str, str]]:
    """Method, direction and rate -> what stands here, as published and as difference, from the page's CSV."""
    actual: dict[tuple[str, str, float], dict[str, str]] = {}
    method = ""
    with Path("reports/tables/wikipedia_beside_published.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            label = row["method"]
            method = label.split(",")[0] if label != "difference" else method
            kind = "difference" if label == "difference" else label.split(", ")[1].split(" ")[0]
            actual.setdefault((method, row["direction"], float(row["noise rate"])), {})[kind] = row["mean"]
    return actual


CELLS = Path("reports/records/cells/wikipedia.csv")
CHOSEN = f"{BEST_VALIDATION} map "


def recorded(method: str) -> dict[tuple[str, float | None], float]:
    """Direction and rate -> MAP of a method's cells."""
    with CELLS.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["method"] == method]
    return {
        (name.removeprefix(CHOSEN), float(row["rate"]) if row["rate"] else None): float(value)
        for row in rows
        for name, value in row.items()
        if name.startswith(CHOSEN)
    }


def overwrite(direction: str, rate: float, value: float) -> None:
    """Let a record of MRL hold another MAP, and let the statistics be those of that MAP."""
    with CELLS.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    for row in rows:
        if (row["method"], row["rate"]) == ("mrl", str(rate)):
            row[f"{CHOSEN}{direction}"] = str(value)
    with CELLS.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, reader.fieldnames or (), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    Path("reports/records/statistics/wikipedia.csv").unlink()


@pytest.mark.usefixtures("one_process")
def test_from_the_authors_file_to_verdicts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    features_of_mrl(tmp_path / "brought")
    settle(tmp_path / "brought")
    for stage in ("fetch", "examine", "features", "plan", "noise"):
        invoke(stage, "wikipedia")
    for method in ("mcca", "mrl"):
        invoke("train", "wikipedia", method)
    invoke("evaluate", "wikipedia")
    invoke("report")

    ways = read()[1]["Wikipedia"].directions
    published = read()[0][0].values
    printed = {(m, ways[w], rate): value for (d, m, w, rate), value in published.items() if d == "Wikipedia"}
    ours = {("MRL", direction, rate): value for (direction, rate), value in recorded("mrl").items()}
    rates = sorted({rate for _, _, rate in ours})
    ours |= {("MCCA", direction, rate): value for (direction, _), value in recorded("mcca").items() for rate in rates}
    beside = table_beside()
    assert set(beside) == set(ours) == {key for key in printed if key[0] in OURS}
    for key, cells in beside.items():
        assert float(cells["here"]) == pytest.approx(ours[key], abs=1e-4)
        assert float(cells["published"]) == printed[key]
        assert float(cells["difference"]) == pytest.approx(ours[key] - printed[key], abs=1e-4)
    near = sum(abs(value - printed[key]) <= TOLERANCE for key, value in ours.items())
    assert tally() == (near, 16)

    off = next(key for key, value in ours.items() if key[0] == "MRL" and abs(value - printed[key]) > TOLERANCE)
    overwrite(*off[1:], printed[off])
    invoke("report")
    assert tally() == (near + 1, 16)
