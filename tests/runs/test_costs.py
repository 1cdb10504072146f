"""What training costs: measured by the cell, summed up by method and variant, kept per machine."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pipeline.config.project import Experiment
from pipeline.core.cells import CellKey
from pipeline.core.errors import BadInput
from pipeline.runs import costs
from pipeline.runs.costs import COLUMNS, PEAK, forget_peak, machine, peak_memory, read, update
from pipeline.runs.finished_cell import FinishedCell, write_cost, write_result
from pipeline.runs.store import CellStore


class Project:
    """Runs, a store and the two files of a project of its own."""

    def __init__(self, root: Path) -> None:
        self.runs, self.store = root / "runs", CellStore(root / "cells")
        self.table, self.about = root / "reports" / "cost.csv", root / "reports" / "machine.json"

    def train(self, method: str, variant: str, seed: int | None, status: str = "done", **cost: Any) -> None:
        name = f"{method}{variant}{seed}"
        key = CellKey("emoji", method, variant, "symmetric", 0.2, seed)

        def write(folder: Path) -> None:
            write_result(FinishedCell(folder, key, status, "", "code", name, "features", None, [], None))
            write_cost(folder, {"device": "cpu", "peak_memory": 50, "parameters": 3} | cost)

        self.store.add(name, write)
        self.store.publish(name, self.runs / "emoji" / method / key.name)

    def update(self, *methods: str) -> bool:
        """Whether anything changed."""
        before = self.content()
        grid = Experiment.model_construct(datasets=("emoji", "mnist3d"), methods=dict.fromkeys(methods, ()))
        update(grid, self.runs, self.store, self.table, self.about)
        return self.content() != before

    def content(self) -> list[bytes]:
        return [file.read_bytes() for file in (self.table, self.about) if file.is_file()]

    def rows(self) -> list[str]:
        head, *rows = self.table.read_text(encoding="utf-8").splitlines()
        assert head == "dataset,method,variant,cells,seconds,peak_memory,parameters"
        return rows


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_the_peak_grows_with_what_is_held_and_falls_when_it_is_forgotten() -> None:
    before = peak_memory(torch.device("cpu"))
    held = np.ones(60_000_000)
    during = peak_memory(torch.device("cpu"))
    del held
    assert during >= before
    assert during > 400e6
    assert peak_memory(torch.device("cpu")) >= during
    forget_peak(torch.device("cpu"))
    if os.access(PEAK, os.W_OK):
        assert peak_memory(torch.device("cpu")) < during


def test_a_row_is_the_mean_time_the_peak_and_the_first_seeds_parameters(project: Project) -> None:
    project.train("ce", "default", 0, seconds=1.0, peak_memory=100, parameters=7)
    project.train("ce", "default", 1, seconds=2.0, peak_memory=300, parameters=8)
    project.train("ce", "wide", 1, seconds=4.0, peak_memory=200, parameters=9)
    project.train("ce", "default", 2, "failed", seconds=9.0, peak_memory=900)
    project.train("mcca", "default", None, seconds=0.0123456, peak_memory=50, parameters=3)
    assert project.update("mcca", "ce")
    assert project.rows() == [
        "emoji,ce,default,2,1.5,300,7",
        "emoji,ce,wide,1,4,200,9",
        "emoji,mcca,default,1,0.01235,50,3",
    ]


def test_cells_of_another_kind_of_device_are_left_out(project: Project) -> None:
    project.train("ce", "default", 0, seconds=1.0)
    project.train("ce", "default", 1, seconds=9.0, device="cuda")
    project.update("ce")
    assert project.rows() == ["emoji,ce,default,1,1,50,3"]


def test_what_was_not_trained_here_keeps_its_row(project: Project) -> None:
    project.train("ce", "default", 0, seconds=1.0)
    project.train("mrl", "default", 0, seconds=5.0)
    project.update("ce", "mrl")
    for name in ("mrldefault0", "cedefault0"):
        for file in project.store.path(name).iterdir():
            file.unlink()
        project.store.path(name).rmdir()
    project.train("rono", "default", 0, seconds=3.0)
    assert project.update("ce", "mrl", "rono")
    assert project.rows() == ["emoji,ce,default,1,1,50,3", "emoji,mrl,default,1,5,50,3", "emoji,rono,default,1,3,50,3"]


def test_rows_of_another_machine_do_not_stand_beside_new_ones(project: Project) -> None:
    project.train("ce", "default", 0, seconds=1.0)
    project.update("ce")
    elsewhere = json.loads(project.about.read_text()) | {"cpu": "another"}
    project.about.write_text(json.dumps(elsewhere))
    assert not project.update("mrl")
    assert project.rows() == ["emoji,ce,default,1,1,50,3"]
    project.train("mrl", "default", 0, seconds=5.0)
    assert project.update("mrl")
    assert project.rows() == ["emoji,mrl,default,1,5,50,3"]
    assert json.loads(project.about.read_text()) == machine()


def test_the_same_cells_change_nothing(project: Project) -> None:
    project.train("ce", "default", 0, seconds=1 / 3)
    assert project.update("ce")
    assert not project.update("ce")


def test_without_cells_the_files_are_made_empty_and_then_left_alone(project: Project) -> None:
    assert project.update("ce")
    assert project.rows() == []
    assert not project.update("ce")


def test_the_machine_is_described_without_a_path_or_a_name() -> None:
    assert list(machine()) == ["cpu", "cores", "memory_bytes", "python", "torch", "device"]
    assert machine()["cores"] >= 1
    assert machine()["memory_bytes"] > 1e8


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (",".join(COLUMNS) + "\nemoji,ce,default,2,1.0,,\n", "cost.csv, line 2: this is no row of costs"),
        (",".join(COLUMNS) + 2 * "\nemoji,ce,default,2,1,1,1" + "\n", "cost.csv, line 3: the same dataset, method"),
        ("dataset,method\n", "cost.csv: the columns are not dataset,method,variant"),
        (",".join(COLUMNS) + "\nemoji,ce,default,2,fast,,\n", "cost.csv, line 2: this is no row of costs"),
        (",".join(COLUMNS) + "\nemoji,ce,default,2,1.0,,,8\n", "cost.csv, line 2: this is no row of costs"),
        (",".join(COLUMNS) + "\nemoji,ce\n", "cost.csv, line 2: this is no row of costs"),
    ],
)
def test_a_broken_table_is_named(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "cost.csv"
    file.write_text(text)
    with pytest.raises(BadInput, match=message):
        costs.read(file)


def test_no_table_has_no_rows(tmp_path: Path) -> None:
    assert read(tmp_path / "cost.csv") == {}
