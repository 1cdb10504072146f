"""Before anything is fetched the doctor tells all that any stage would refuse, not the first of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from PIL import Image

from stages.tools.doctor import main as doctor
from tests.support import tiny

ROWS = [[f"p{row}.png", f"number {row}", ("cats", "dogs")[row % 2]] for row in range(40)]


@pytest.fixture
def params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """40 pictures with a table that has nothing wrong."""
    monkeypatch.chdir(tmp_path)
    Path("files").mkdir()
    for row in range(len(ROWS)):
        Image.effect_noise((9, 9), row + 1).convert("RGB").save(f"files/p{row}.png")
    changed = tiny.experiment(datasets=["mine"], methods=["ce"])
    load = {
        "folder": "files",
        "table": "t.csv",
        "views": {"image": {"kind": "image", "side": 8}, "text": {"kind": "text"}},
    }
    views = {"image": "pixels", "text": "doc2vec"}
    changed["datasets"] = {"mine": {"source": "folder", "load": load, "views": views}}
    changed["noises"]["given"] = {}
    return changed


def call(params: dict[str, Any], rows: list[list[str]]) -> Result:
    lines = [",".join(row) for row in [["file", "text", "label"], *rows]]
    Path("files/t.csv").write_text("\n".join(lines), encoding="utf-8")
    Path("params.yaml").write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")
    return CliRunner().invoke(doctor, ["mine"])


def test_nothing_wrong_and_the_dataset_at_a_glance(params: dict[str, Any]) -> None:
    result = call(params, ROWS)
    assert (result.exit_code, result.stdout) == (0, "mine: nothing found.\n")
    lines = [line for line in result.stderr.splitlines() if "examine" not in line]
    assert lines[0].startswith("mine: 40 samples (train ")
    assert lines[0].endswith("), 2 classes")
    assert lines[1] == "  classes: cats 20, dogs 20"
    assert lines[2].startswith("  text: 8 to 9 characters, half of them up to 9; 2 to 2 words between blanks")


def test_faults_of_files_and_rows_are_all_told(params: dict[str, Any]) -> None:
    Path("files/p5.png").write_bytes(b"no picture")
    Path("files/p6.png").unlink()
    Path("files/extra.png").write_bytes(Path("files/p7.png").read_bytes())
    result = call(params, [*ROWS, ROWS[3], ["gone.png", "words", "cats"]])
    assert result.exit_code == 2
    for sentence in (
        "t.csv, line 42: 'p3' is also in files/t.csv, line 5; keep one row per sample",
        "t.csv, line 8: view 'image' has no file 'p6'",
        "t.csv, line 43: view 'image' has no file 'gone'",
        "files/extra.png: the table has no row for it",
        "files/p5.png: this is no whole picture",
    ):
        assert result.stdout.count(sentence) == 1, sentence
    assert all(line.startswith("error: ") for line in result.stdout.splitlines())


def test_of_many_faults_of_one_kind_three_are_told(params: dict[str, Any]) -> None:
    for row in range(10):
        Path(f"files/p{row}.png").unlink()
    lines = call(params, ROWS).stdout.splitlines()
    assert len(lines) == 4
    assert (
        lines[3] == "error: files/t.csv, line 5: 7 further samples have the faults above; add it or remove the sample."
    )


def test_every_class_without_test_samples_is_told(params: dict[str, Any]) -> None:
    rows = [[*row[:2], ("bird", "fish")[number] if number < 2 else row[2]] for number, row in enumerate(ROWS)]
    found = call(params, rows).stdout
    assert "class 'bird' has 1 samples" in found
    assert "class 'fish' has 1 samples" in found


def test_settings_that_later_stages_refuse_are_all_told(params: dict[str, Any]) -> None:
    block = params["datasets"]["mine"]
    block["views"] = {"image": "doc2vec", "text": {"doc2vec": {"dimensions": 3}}, "third": "pixels"}
    block["noises"] = {"given": {"labels": "files/t.csv:noisy"}}
    params["experiments"][0] |= {"noises": ["given", "symmetric"], "rates": [0.0]}
    params["methods"]["ce"]["default"]["epoch"] = 3
    result = call(params, ROWS)
    assert result.exit_code == 2
    for sentence in (
        "datasets.mine.views: unknown name 'third'",
        "datasets.mine.views.image: 'doc2vec' reads views of kind text, this one is of kind 'image'",
        "features.doc2vec: unknown name 'dimensions'; did you mean 'dimension'?",
        "methods.ce: unknown name 'epoch'; did you mean 'epochs'?",
        "files/t.csv, columns: unknown name 'noisy'",
    ):
        assert result.stdout.count(sentence) == 1, (sentence, result.stdout)
