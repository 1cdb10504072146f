"""An extraction that was killed goes on where it was, and never with the parts of another one."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from pipeline.core.datasets import RawView
from pipeline.core.plugins import build
from pipeline.features import base
from pipeline.features.base import BLOCK, Extractor, extract
from pipeline.features.base.parts import Parts, key, made_by
from pipeline.features.base.state import State
from pipeline.features.pixels import Pixels
from pipeline.samples.base import PACKAGE, Kind
from pipeline.samples.base.sample_files import SampleFiles

CPU = torch.device("cpu")
COUNT = 3 * BLOCK + 5
ROWS = np.random.default_rng(0).random((COUNT, 2)).astype(np.float32)
SHIFT = {"settings": {"a": 1}, "state": State({"x": np.ones(2)}, ["w"], {"n": 1})}


class Doubling(Extractor):
    """Twice the samples; the process ends at a block of which it is told, as if it were killed."""

    display = "doubling"
    accepts = frozenset({"features", "image"})
    batch_size = 1
    blocks = 0
    last = 9

    def transform(self, samples, device, progress):
        type(self).blocks += 1
        if type(self).blocks > type(self).last:
            os.kill(os.getpid(), signal.SIGKILL)
        return 2 * np.asarray(samples).reshape(len(samples), -1).astype(np.float32)


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "cpu_count", lambda: 1)
    monkeypatch.setattr(Doubling, "blocks", 0)


def run(parts: Parts, samples=ROWS, extractor: Extractor | None = None):
    train = np.ones(len(samples), dtype=bool)
    view = RawView("features" if isinstance(samples, np.ndarray) else "image", samples)
    return extract(extractor or Doubling(), view, train, 0, CPU, lambda done, total: None, parts)


def test_a_kill_loses_no_finished_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = Parts(tmp_path / "parts")
    child = os.fork()
    if not child:
        Doubling.last = 2
        run(parts)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert len(list(parts.folder.iterdir())) == 2
    np.testing.assert_array_equal(run(parts), 2 * ROWS)
    assert Doubling.blocks == 2
    assert parts.reused == 2 * BLOCK
    np.testing.assert_array_equal(run(parts), 2 * ROWS)
    assert Doubling.blocks == 2
    parts.clear()
    parts.clear()
    assert not parts.folder.exists()
    np.testing.assert_array_equal(run(parts), 2 * ROWS)
    assert Doubling.blocks == 6


def test_another_run_may_clear_the_parts_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Parts, "add", lambda parts, name, rows: parts.clear())
    np.testing.assert_array_equal(run(Parts(tmp_path / "parts")), 2 * ROWS)


def test_other_samples_are_computed_anew(tmp_path: Path) -> None:
    parts = Parts(tmp_path)
    run(parts)
    changed = ROWS.copy()
    changed[BLOCK] += 1
    np.testing.assert_array_equal(run(parts, changed), 2 * changed)
    assert Doubling.blocks == 5


@pytest.mark.parametrize(
    "change",
    [
        {"settings": {"a": 2}},
        {"state": replace(SHIFT["state"], arrays={"x": np.zeros(2)})},
        {"state": replace(SHIFT["state"], arrays={"y": np.ones(2)})},
        {"state": replace(SHIFT["state"], words=["v"])},
        {"state": replace(SHIFT["state"], numbers={"n": 2})},
        {"device": torch.device("cuda")},
        {"extractor": "other"},
    ],
)
def test_the_name_of_a_part_tells_all_that_made_it(change) -> None:
    same = {"extractor": "module", "device": CPU, **SHIFT}
    assert made_by(**same) == made_by(**same)
    assert made_by(**same | change) != made_by(**same)


def test_texts_and_files_name_their_parts(tmp_path: Path) -> None:
    assert key("a", ["x", "y"]) == key("a", ["x", "y"]) != key("a", ["xy"])
    assert key("b", ["x", "y"]) != key("a", ["x", "y"])
    for name in "ab":
        Image.new("RGB", (4, 4), "red").save(tmp_path / f"{name}.png")
    small, large = (build(PACKAGE, "image", Kind, {"side": side}) for side in (2, 3))
    first, other = [tmp_path / "a.png"], [tmp_path / "b.png"]
    of_files = [listed(small, first, "a"), listed(large, first, "a"), listed(small, first, "b")]
    Image.new("RGB", (4, 4), "blue").save(tmp_path / "b.png")
    of_files.append(listed(small, other, "a"))
    assert len({key("a", files) for files in of_files}) == len(of_files)
    assert key("a", listed(small, first, "a")) == key("a", of_files[0])


def listed(kind: Kind, paths: list[Path], *ids: str) -> SampleFiles:
    return SampleFiles.of(kind, paths[0].parent, paths, ids, lambda done, total: None)


def test_an_unfinished_file_is_no_part_and_two_writers_do_not_meet(tmp_path: Path) -> None:
    parts = Parts(tmp_path)
    (tmp_path / "k.part").write_bytes(b"half")
    (tmp_path / "cut.npy").write_bytes(b"")
    assert parts.read("k") is parts.read("cut") is None
    parts.add("k", ROWS)
    parts.add("k", ROWS)
    np.testing.assert_array_equal(parts.read("k"), ROWS)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["cut.npy", "k.npy", "k.part"]


def test_files_give_the_bits_of_their_array(tmp_path: Path) -> None:
    paths = [tmp_path / f"{row:03d}.png" for row in range(2 * BLOCK + 3)]
    for row, path in enumerate(paths):
        Image.new("RGB", (3, 3), (row % 256, row // 2, 9)).save(path)
    kind = build(PACKAGE, "image", Kind, {"side": 3})
    files = listed(kind, paths, *(path.stem for path in paths))
    np.testing.assert_array_equal(
        run(Parts(tmp_path), files, Pixels()), Pixels().transform(np.asarray(files), CPU, print)
    )
