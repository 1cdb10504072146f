"""Finished cells -> records, and records -> cells again."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.core.cells import CellKey
from pipeline.core.criteria import BEST_VALIDATION, LAST_EPOCH
from pipeline.core.errors import BadInput
from pipeline.core.splits import Array
from pipeline.evaluation.scoring import Records, by_cell, score, write
from pipeline.retrieval.match_probability import READOUT, SUSPICION, TEMPERATURE
from pipeline.retrieval.ranking import average_precision

LABELS = dict.fromkeys(("image", "text"), np.arange(6) % 3)
KEYS = [CellKey("emoji", "ce", "default", "symmetric", 0.2, seed) for seed in (0, 1)]
FAILED = CellKey("emoji", "ce", "default", "symmetric", 0.4, 0)
FREE = CellKey("emoji", "mcca", "default", None, None, None)
HISTORY = [{"epoch": 1, "loss/total": 2.0}, {"epoch": 2, "loss/total": 1.5}]


def embeddings(seed: int) -> dict[str, Array]:
    rng = np.random.default_rng(seed)
    return {view: rng.standard_normal((6, 4)).astype(np.float32) for view in ("image", "text")}


def cell(runs: Path, key: CellKey, status: str = "done", reason: str = "", seed: int = 0) -> None:
    folder = runs / key.name
    folder.mkdir(parents=True)
    result = {"key": asdict(key), "code": "cc", "fingerprint": f"f{seed}", "status": status, "reason": reason}
    done = status == "done"
    (folder / "result.json").write_text(json.dumps(result | {"history": HISTORY if done else []}))
    for offset, criterion in enumerate((BEST_VALIDATION, LAST_EPOCH) if done else ()):
        np.savez(folder / f"{criterion}.npz", allow_pickle=False, **embeddings(seed + 10 * offset))


def told(runs: Path, key: CellKey) -> None:
    """What a method that has class scores leaves in its cell besides."""
    folder = runs / key.name
    np.savez(folder / SUSPICION, allow_pickle=False, **{view: np.array([0.9, 0.1, 0.8, 0.2]) for view in LABELS})
    np.savez(folder / READOUT, allow_pickle=False, **{TEMPERATURE: np.array(0.5)}, **embeddings(7))


def wrong(key: CellKey) -> dict[str, Array]:
    return {"image": np.array([True, False, True, False]), "text": np.array([False, False, True, False])}


def files(root: Path) -> dict[str, Path]:
    kinds = ("cells", "epochs", "curves", "suspicion", "readout")
    return {name: root / "records" / f"{name}.csv" for name in kinds} | {"ap": root / "records" / "ap.npz"}


@pytest.fixture
def records(tmp_path: Path) -> Records:
    for seed, key in enumerate(KEYS):
        cell(tmp_path / "runs", key, seed=seed)
    cell(tmp_path / "runs", FAILED, "failed", "epoch 1: loss", seed=2)
    return score(tmp_path / "runs", LABELS, wrong)


def expected(seed: int) -> Array:
    views = embeddings(seed)
    return average_precision(views["image"], views["text"], LABELS["image"], LABELS["text"])


def test_a_row_per_cell_criterion_and_direction(records: Records) -> None:
    done = [row for row in records.cells if row["status"] == "done"]
    found = {(row["seed"], row["criterion"], row["direction"]): row["map"] for row in done}
    assert len(found) == len(done) == 8
    for seed in (0, 1):
        assert found[seed, BEST_VALIDATION, "image->text"] == pytest.approx(expected(seed).mean())
        assert found[seed, LAST_EPOCH, "image->text"] == pytest.approx(expected(seed + 10).mean())


def test_a_failed_cell_has_one_row_without_scores(records: Records) -> None:
    (row,) = (row for row in records.cells if row["status"] == "failed")
    assert (row["rate"], row["reason"]) == (0.4, "epoch 1: loss")
    assert "map" not in row


def test_epochs_are_of_the_first_seed(records: Records) -> None:
    setting = {"variant": "default", "noise": "symmetric", "rate": 0.2}
    assert records.epochs == [setting | row for row in HISTORY]


def test_precisions_and_curves_are_means_over_seeds(records: Records) -> None:
    name = "default|symmetric|0.2|image->text"
    assert set(records.ap) == {name, "default|symmetric|0.2|text->image"}
    np.testing.assert_allclose(records.ap[name], (expected(0) + expected(1)) / 2, rtol=1e-6)
    assert len(records.curves) == 2 * 11
    one = [row for row in records.curves if row["direction"] == "image->text"]
    assert [row["recall"] for row in one] == pytest.approx(np.linspace(0, 1, 11))
    precision = [row["precision"] for row in one]
    assert precision == sorted(precision, reverse=True)


def test_cells_come_back_from_their_table(records: Records, tmp_path: Path) -> None:
    write(records, files(tmp_path))
    found = {key: (facts, scores) for key, facts, scores in by_cell(pd.read_csv(files(tmp_path)["cells"]))}
    assert set(found) == {*KEYS, FAILED}
    assert {key.name for key in found} == {key.name for key in (*KEYS, FAILED)}
    facts, scores = found[FAILED]
    assert {"status": "failed", "reason": "epoch 1: loss", "fingerprint": "f2"}.items() <= facts.items()
    assert not scores
    facts, scores = found[KEYS[0]]
    assert {"status": "done", "reason": "", "fingerprint": "f0"}.items() <= facts.items()
    assert len(scores) == 6
    assert scores["test/best_validation/image->text"] == pytest.approx(expected(0).mean(), rel=1e-5)
    directions = [scores[f"test/last_epoch/{name}"] for name in ("image->text", "text->image")]
    assert scores["test/last_epoch/mean"] == pytest.approx(np.mean(directions))


def test_an_empty_rate_and_seed_come_back_as_none(tmp_path: Path) -> None:
    cell(tmp_path / "runs", FREE)
    records = score(tmp_path / "runs", LABELS, wrong)
    assert set(records.ap) == {"default|||image->text", "default|||text->image"}
    write(records, files(tmp_path))
    ((key, _, scores),) = by_cell(pd.read_csv(files(tmp_path)["cells"]))
    assert key == FREE
    assert key.name == FREE.name
    assert len(scores) == 6


def test_writing_twice_gives_the_same_bytes(records: Records, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write(records, files(tmp_path / name))
    for one, two in zip(files(tmp_path / "one").values(), files(tmp_path / "two").values(), strict=True):
        assert one.read_bytes() == two.read_bytes()


def test_suspicion_and_readout_are_scored_where_a_cell_has_them(tmp_path: Path) -> None:
    for seed, key in enumerate(KEYS):
        cell(tmp_path / "runs", key, seed=seed)
    told(tmp_path / "runs", KEYS[1])
    setting = {"variant": "default", "noise": "symmetric", "rate": 0.2, "seed": 1}
    records = score(tmp_path / "runs", LABELS, wrong)
    assert records.suspicion == [
        setting | {"view": "image", "auc": 1.0, "precision": 1.0, "wrong": 0.5},
        setting | {"view": "text", "auc": pytest.approx(2 / 3), "precision": 0.0, "wrong": 0.25},
    ]
    result = json.loads((tmp_path / "runs" / KEYS[1].name / "result.json").read_text())
    estimate = {"label_noise": {"wrong": {"image": 0.4, "text": 0.3}, "certain": True}}
    (tmp_path / "runs" / KEYS[1].name / "result.json").write_text(json.dumps(result | estimate))
    found = score(tmp_path / "runs", LABELS, wrong).suspicion
    assert [(row["view"], row["estimate"], row["certain"]) for row in found] == [("image", 0.4, 1), ("text", 0.3, 1)]
    views = embeddings(7)
    first, second = records.readout
    assert first == setting | {"direction": "image->text", "temperature": 0.5, "map": first["map"]}
    ap = average_precision(views["image"], views["text"], LABELS["image"], LABELS["text"])
    assert first["map"] == pytest.approx(ap.mean())
    assert second["direction"] == "text->image"
    assert not score(tmp_path / "runs", LABELS, None).suspicion


def test_only_failed_cells_can_be_written(tmp_path: Path) -> None:
    cell(tmp_path / "runs", FAILED, "failed", "epoch 1: loss")
    write(score(tmp_path / "runs", LABELS, wrong), files(tmp_path))
    ((key, facts, scores),) = by_cell(pd.read_csv(files(tmp_path)["cells"]))
    assert (key, facts["status"], scores) == (FAILED, "failed", {})


def test_no_cells_are_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there are no finished cells; run `dvc repro`"):
        score(tmp_path / "runs", LABELS, wrong)
