"""Many pictures with captions through fetch, examine and features: time and peak memory of every stage.

    OMP_NUM_THREADS=1 python -m benchmarks.many_pictures --count 5000 --count 20000 --extractor pixels --side 32

Writes that many JPEG files (few drawings, every file with bytes of its own) and a table into a temporary folder, runs
the stages there as `dvc repro` does, then reads the raw samples and draws 300 of them, as the viewer and the sheet of
suspects do. Memory is what all processes of a stage hold together, pages of files such as libraries, which they share,
counted once (Linux alone). From two counts a line gives what 100,000 pairs take.
"""

from __future__ import annotations

import csv
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import numpy as np
import yaml
from PIL import Image

ROOT = Path(__file__).parents[1]
CLASSES, DRAWINGS, WORDS = 10, 40, 2000
ASKED = 100_000
PAUSE = 0.5
RESIDENT = ("RssAnon", "RssFile", "RssShmem")
DRAW = """
from pathlib import Path
from pipeline.data.base import store
from pipeline.samples.base import thumbnail
view = store.read(Path("data/raw/many")).views["image"]
for row in range(0, len(view.samples), -(-len(view.samples) // 300)):
    thumbnail(view, row)
"""


def drawings(rng: np.random.Generator, width: int, folder: Path) -> list[bytes]:
    """JPEG files of smooth noise."""
    contents = []
    for number in range(DRAWINGS):
        coarse = Image.fromarray(rng.integers(0, 256, (width * 3 // 32, width // 8, 3), dtype=np.uint8))
        file = folder / f"{number}.jpg"
        coarse.resize((width, width * 3 // 4), Image.Resampling.BICUBIC).save(file, quality=85)
        contents.append(file.read_bytes())
    return contents


def bring(folder: Path, count: int, width: int) -> None:
    """A comment behind the first marker makes the bytes of every file its own."""
    rng = np.random.default_rng(0)
    with TemporaryDirectory() as scratch:
        contents = drawings(rng, width, Path(scratch))
    folder.mkdir(parents=True)
    with (folder / "captions.csv").open("w", encoding="utf-8", newline="") as opened:
        table = csv.writer(opened)
        table.writerow(["file", "text", "label"])
        for row in range(count):
            content, comment = contents[row % DRAWINGS], f"{row:010d}".encode()
            marker = b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment
            (folder / f"{row:06d}.jpg").write_bytes(content[:2] + marker + content[2:])
            words = " ".join(f"word{number}" for number in rng.integers(0, WORDS, 10))
            table.writerow([f"{row:06d}.jpg", words, f"class{row % CLASSES}"])


def settle(project: Path, extractor: str, side: int) -> None:
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    views = {"image": {"kind": "image", "side": side}, "text": {"kind": "text"}}
    load = {"folder": "files/many", "table": "captions.csv", "views": views}
    texts = {"doc2vec": {"dimension": 100, "epochs": 2}}
    params["datasets"]["many"] = {"source": "folder", "load": load, "views": {"image": extractor, "text": texts}}
    experiment = {"name": "many", "datasets": ["many"], "methods": ["mcca"]}
    params["experiments"] = [experiment | {"noises": ["symmetric"], "rates": [0.2], "seeds": [0]}]
    params["report"] = {}
    (project / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")


def family(pid: int) -> Iterator[int]:
    """A process and those below it."""
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            yield from family(int(child))


def memory(pid: int) -> float:
    """MB of a process and those below it; 0 where they have just ended."""
    total = largest = 0
    try:
        for member in family(pid):
            status = Path(f"/proc/{member}/status").read_text()
            anonymous, of_files, shared = (int(re.findall(rf"{name}:\s+(\d+)", status)[0]) for name in RESIDENT)
            total, largest = total + anonymous + shared, max(largest, of_files)
    except (OSError, IndexError):
        return 0
    return (total + largest) * 1024 / 1e6


def measure(project: Path, *command: str) -> tuple[float, float, float]:
    """Seconds, those of all cores together and peak memory in MB of a Python command in the project's folder."""
    started, busy, peak = time.perf_counter(), cpu_seconds(), 0.0
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, *command], cwd=project, env=environment) as process:
        while process.poll() is None:
            peak = max(peak, memory(process.pid))
            time.sleep(PAUSE)
    if process.returncode:
        raise SystemExit(f"{' '.join(command[:3])} ended with {process.returncode}")
    return time.perf_counter() - started, cpu_seconds() - busy, peak


def cpu_seconds() -> float:
    """What all children that have ended, and theirs, have computed."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@click.command()
@click.option("--count", "counts", type=int, multiple=True, default=(5000, 20_000), help="Pairs; repeat.")
@click.option("--extractor", default="pixels", show_default=True, help="Of the pictures, as params.yaml names it.")
@click.option("--side", default=32, show_default=True, help="Of the squares that pictures become.")
@click.option("--width", default=640, show_default=True, help="Of the JPEG files, in pixels; they are 4 : 3.")
def main(counts: tuple[int, ...], extractor: str, side: int, width: int) -> None:
    stages = {name: ("-m", f"stages.{name}", "many") for name in ("fetch", "examine", "features")} | {
        "draw": ("-c", DRAW)
    }
    measured: dict[str, list[tuple[float, float, float]]] = {name: [] for name in stages}
    for count in counts:
        with TemporaryDirectory() as folder:
            project = Path(folder)
            bring(project / "files/many", count, width)
            settle(project, extractor, side)
            for name, command in stages.items():
                measured[name].append(measure(project, *command))
                report(count, name, *measured[name][-1])
    if len(counts) > 1:
        for name, values in measured.items():
            report(
                ASKED, name, *(np.polyval(np.polyfit(counts, column, 1), ASKED) for column in zip(*values, strict=True))
            )


def report(count: int, stage: str, seconds: float, busy: float, peak: float) -> None:
    """A line; beyond the counts that were asked for it is worked out."""
    click.echo(
        f"{count:7d} pairs, {stage:8s}: {seconds:7.1f} s, {busy:7.1f} s of CPU, "
        f"{count / busy:6.0f} pairs per second of CPU, {peak:5.0f} MB"
    )


if __name__ == "__main__":
    main()
