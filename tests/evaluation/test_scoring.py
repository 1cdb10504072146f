"""Finished cells -> the rows of the records."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.core.cells import CellKey
from pipeline.core.criteria import BEST_VALIDATION, LAST_EPOCH, NOISY_VALIDATION
from pipeline.core.errors import BadInput
from pipeline.core.readouts import BITS, COSINE, MATCH
from pipeline.core.runs import LabelNoise
from pipeline.core.splits import Array
from pipeline.evaluation.scoring import Detail, MethodRows, score
from pipeline.metrics.base import registered
from pipeline.retrieval.ranking import average_precision
from pipeline.retrieval.sign_bits import mean_hamming_precision
from pipeline.runs.extras import TEMPERATURE
from pipeline.runs.finished_cell import READOUT, RESULT, SUSPICION
from tests.support.finished import VIEWS, embeddings, write_cell

LABELS = dict.fromkeys(VIEWS, np.arange(6) % 3)
KEYS = [CellKey("emoji", "ce", "default", "symmetric", 0.2, seed) for seed in (0, 1)]
FAILED = CellKey("emoji", "ce", "default", "symmetric", 0.4, 0)
FREE = CellKey("emoji", "mcca", "default", None, None, None)
HISTORY = [{"epoch": 1, "loss/total": 2.0, "accuracy/clean": 0.5}, {"epoch": 2, "accuracy/clean": 0.75}]
SETTING = {"method": "ce", "variant": "default", "noise": "symmetric", "rate": 0.2}


def wrong(key: CellKey) -> dict[str, Array]:
    return {"image": np.array([True, False, True, False]), "text": np.array([False, False, True, False])}


def scored(runs: Path, known: bool = True, first_seed: int = 0, apart: Any = None) -> MethodRows:
    detail = Detail(apart or {}, first_seed, ["symmetric"])
    return score(runs, LABELS, wrong if known else None, registered(), detail)


def write(runs: Path, label_noise: LabelNoise | None = None) -> list[Path]:
    return [
        write_cell(
            *(runs, key, {BEST_VALIDATION: embeddings(seed), LAST_EPOCH: embeddings(seed + 10)}),
            history=HISTORY,
            label_noise=label_noise,
            fingerprint=f"f{seed}",
        )
        for seed, key in enumerate(KEYS)
    ]


@pytest.fixture
def rows(tmp_path: Path) -> MethodRows:
    write(tmp_path)
    write_cell(tmp_path, FAILED, {}, "failed", "epoch 1: loss")
    return scored(tmp_path)


def expected(seed: int) -> Array:
    views = embeddings(seed)
    return average_precision(views["image"], views["text"], LABELS["image"], LABELS["text"])


def test_a_row_per_cell_with_every_metric_in_every_direction_by_criterion(rows: MethodRows) -> None:
    done = {row["seed"]: row for row in rows.cells if row["status"] == "done"}
    assert len(done) == 2
    for seed in (0, 1):
        assert done[seed]["best_validation map image->text"] == expected(seed).mean()
        assert done[seed]["last_epoch map image->text"] == expected(seed + 10).mean()
    scores = [name for name in done[0] if "->" in name]
    ways = [f"{metric} {way}" for metric in registered() for way in ("image->text", "text->image")]
    assert scores == [f"{criterion} {name}" for criterion in (BEST_VALIDATION, LAST_EPOCH) for name in ways]


def test_of_what_noisy_validation_chose_map_alone_is_recorded(tmp_path: Path) -> None:
    write_cell(tmp_path, FREE, {NOISY_VALIDATION: embeddings(0)})
    (row,) = scored(tmp_path).cells
    assert [name for name in row if "->" in name] == [
        "noisy_validation map image->text",
        "noisy_validation map text->image",
    ]


def test_a_failed_cell_has_one_row_without_scores(rows: MethodRows) -> None:
    (row,) = (row for row in rows.cells if row["status"] == "failed")
    assert (row["rate"], row["reason"]) == (0.4, "epoch 1: loss")
    assert not [name for name in row if "->" in name]


def test_epochs_are_of_the_first_seed_of_the_grid(rows: MethodRows, tmp_path: Path) -> None:
    assert rows.epochs == [SETTING | {"measure": "accuracy/clean", "values": "0.5 0.75"}]
    assert len(scored(tmp_path, first_seed=1).epochs) == 1
    assert not scored(tmp_path, first_seed=2).epochs


def test_of_variants_apart_scores_alone_are_recorded(rows: MethodRows, tmp_path: Path) -> None:
    apart = scored(tmp_path, apart={"ce": ["default"]})
    assert (apart.epochs, apart.curves, apart.sign_bits, apart.suspicion) == ([], [], [], [])
    assert apart.cells == rows.cells


def test_curves_are_means_over_seeds_and_ap_stays_seed_by_seed(rows: MethodRows) -> None:
    ap = {(one.seed, one.direction): one for one in rows.precisions}
    assert set(ap) == {(seed, way) for seed in (0, 1) for way in ("image->text", "text->image")}
    assert {one.criterion for one in ap.values()} == {BEST_VALIDATION}
    np.testing.assert_array_equal(ap[1, "image->text"].ap, expected(1))
    assert [row["direction"] for row in rows.curves] == ["image->text", "text->image"]
    precision = [rows.curves[0][f"recall {level / 10:.1f}"] for level in range(11)]
    assert precision == sorted(precision, reverse=True)
    assert precision[-1] > 0


def test_sign_bits_are_those_of_the_first_state_mean_over_seeds(rows: MethodRows) -> None:
    (row,) = rows.sign_bits
    assert {name: row[name] for name in (*SETTING, "seeds")} == SETTING | {"seeds": 2}
    for bits in BITS:
        maps = [mean_hamming_precision(embeddings(seed), LABELS, bits) for seed in (0, 1)]
        for way in ("image->text", "text->image"):
            assert row[f"sign{bits} {way}"] == pytest.approx(np.mean([one[way] for one in maps]))


def test_sign_bits_are_recorded_of_the_main_kinds_of_noise(tmp_path: Path) -> None:
    write_cell(tmp_path, FREE, {LAST_EPOCH: embeddings(0)})
    write_cell(tmp_path, replace(KEYS[0], noise="pairflip"), {LAST_EPOCH: embeddings(0)})
    (row,) = scored(tmp_path).sign_bits
    assert (row["method"], row["noise"], row["seeds"]) == ("mcca", None, None)


def test_a_cell_without_noise_and_seed(tmp_path: Path) -> None:
    write_cell(tmp_path, FREE, {LAST_EPOCH: embeddings(0)})
    rows = scored(tmp_path)
    assert {(row["noise"], row["rate"], row["seed"]) for row in rows.cells} == {(None, None, None)}
    assert {(one.noise, one.rate, one.seed) for one in rows.precisions} == {("", None, None)}


def test_suspicion_and_readout_are_scored_where_a_cell_has_them(tmp_path: Path) -> None:
    folder = write(tmp_path)[1]
    suspicion = dict.fromkeys(VIEWS, np.array([0.9, 0.1, 0.8, 0.2]))
    np.savez(folder / SUSPICION, allow_pickle=False, **suspicion)
    np.savez(folder / READOUT, allow_pickle=False, **{TEMPERATURE: np.array(0.5)}, **embeddings(7))
    cell = SETTING | {"seed": 1}
    rows = scored(tmp_path)
    assert rows.suspicion == [
        cell | {"view": "image", "auc": 1.0, "precision": 1.0, "wrong": 0.5},
        cell | {"view": "text", "auc": pytest.approx(2 / 3), "precision": 0.0, "wrong": 0.25},
    ]
    (row,) = (row for row in rows.cells if row["seed"] == 1 and row["status"] == "done")
    assert (row["temperature"], row["match image->text"]) == (0.5, expected(7).mean())
    assert "match text->image" in row
    matched = [one for one in rows.precisions if one.readout == MATCH]
    assert [(one.seed, one.criterion, one.direction) for one in matched] == [
        *((1, BEST_VALIDATION, "image->text"), (1, BEST_VALIDATION, "text->image")),
    ]
    np.testing.assert_array_equal(matched[0].ap, expected(7))
    assert sum(one.readout == COSINE for one in rows.precisions) == 4
    assert not scored(tmp_path, known=False).suspicion


def test_an_estimate_of_the_noise_stands_beside_the_suspicion(tmp_path: Path) -> None:
    folder = write(tmp_path, LabelNoise({"image": 0.4, "text": 0.3}, certain=True))[0]
    np.savez(folder / SUSPICION, allow_pickle=False, **dict.fromkeys(VIEWS, np.arange(4.0)))
    result = scored(tmp_path).suspicion
    assert [(row["view"], row["estimate"], row["certain"]) for row in result] == [("image", 0.4, 1), ("text", 0.3, 1)]


def test_every_result_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path)
    opened, read_text = [], Path.read_text

    def counted(file: Path, *arguments: Any, **options: Any) -> str:
        opened.append(file.relative_to(tmp_path))
        return read_text(file, *arguments, **options)

    monkeypatch.setattr(Path, "read_text", counted)
    scored(tmp_path)
    assert sorted(opened) == sorted(Path(key.name, RESULT) for key in KEYS)


def test_no_cells_are_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there are no finished cells; run `dvc repro`"):
        scored(tmp_path)
