"""What every noise file owes to the pipeline, with the settings that params.yaml gives it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from pipeline import discovery, noise_store
from pipeline.contract import Labels, Views
from pipeline.errors import BadInput, BadParams, UnknownName
from pipeline.noise.base import Corruption, Noise, NoiseReceipt, RngFor, make

BLOCKS: dict[str, dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parents[2] / "params.yaml").read_text(encoding="utf-8")
)["noises"]
KINDS = discovery.names("pipeline.noise")
ONE_DRAW = {"recorded"}
"""Kinds whose labels are the same for every seed and dataset."""
N, K = 500, 5


@pytest.fixture
def clean() -> Labels:
    return dict.fromkeys(("image", "text"), np.random.default_rng(0).integers(0, K, N))


@pytest.fixture
def features() -> Views:
    rng = np.random.default_rng(1)
    return {view: rng.standard_normal((N, 6)).astype(np.float32) for view in ("image", "text")}


@pytest.fixture(autouse=True)
def label_files(clean: Labels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Label files such as authors ship them, for the rates that the tests draw."""
    folder = tmp_path / "files"
    folder.mkdir()
    true = clean["image"]
    np.save(folder / "train_ori_label.npy", true.astype(np.float64))
    for percent in (0, 40, 60, 100):
        wrong = np.arange(N) < N * percent // 100
        np.save(folder / f"train_label_{percent}.npy", np.where(wrong, (true + 1) % K, true).astype(np.float64))
    monkeypatch.setitem(BLOCKS, "recorded", {**BLOCKS["recorded"], "folder": folder})


def draw(
    kind: str, labels: Labels, features: Views, rate: float = 0.4, seed: int = 0, dataset: str = "digits"
) -> tuple[Corruption, NoiseReceipt]:
    noise = discovery.build("pipeline.noise", kind, Noise, BLOCKS[kind])
    return make(noise, kind, dataset, labels, K, rate, seed, features)


def test_files_and_blocks_match() -> None:
    assert sorted(BLOCKS) == KINDS


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rate", [0.0, 0.4, 1.0])
def test_labels_and_receipt(kind: str, rate: float, clean: Labels, features: Views) -> None:
    before = clean["image"].copy()
    corruption, receipt = draw(kind, clean, features, rate)
    np.testing.assert_array_equal(clean["image"], before)
    assert list(corruption.labels) == list(clean)
    for view, noisy in corruption.labels.items():
        assert noisy.dtype == np.int64
        assert noisy.shape == (N,)
        counts = np.array(receipt.transition[view])
        true = clean[view][corruption.rows.get(view, slice(None))]
        np.testing.assert_array_equal(counts.sum(axis=1), np.bincount(true, minlength=K))
        np.testing.assert_array_equal(counts.sum(axis=0), np.bincount(noisy, minlength=K))
        assert receipt.realised[view] == pytest.approx(1 - np.trace(counts) / N)
        assert receipt.realised[view] <= rate
    assert json.loads(json.dumps(receipt.as_dict())) == receipt.as_dict()


@pytest.mark.parametrize("kind", KINDS)
def test_same_draw_same_bits_and_other_draws_differ(kind: str, clean: Labels, features: Views) -> None:
    receipt = draw(kind, clean, features)[1]
    assert draw(kind, clean, features)[1] == receipt
    assert draw(kind, clean, features, rate=0.6)[1].hash != receipt.hash
    for other in (draw(kind, clean, features, seed=1), draw(kind, clean, features, dataset="other")):
        assert (other[1].hash == receipt.hash) == (kind in ONE_DRAW)


@pytest.mark.parametrize("kind", KINDS)
def test_store_gives_back_what_it_got(kind: str, clean: Labels, features: Views, tmp_path: Path) -> None:
    corruption, receipt = draw(kind, clean, features)
    files = [tmp_path / name for name in ("one.npz", "two.npz")]
    for file in files:
        noise_store.write(corruption, receipt, file)
    assert files[0].read_bytes() == files[1].read_bytes()
    labels, stored = noise_store.read(files[0])
    assert stored == receipt
    for view in clean:
        np.testing.assert_array_equal(labels.labels[view], corruption.labels[view])


def test_store_refuses_missing_broken_and_altered_files(clean: Labels, features: Views, tmp_path: Path) -> None:
    file = tmp_path / noise_store.file_name("symmetric", 0.4, 0)
    with pytest.raises(BadInput, match="there are no noisy labels"):
        noise_store.read(file)
    corruption, receipt = draw("symmetric", clean, features)
    noise_store.write(corruption, receipt, file)
    whole = file.read_bytes()
    for broken in (b"", b"no archive", whole[: len(whole) // 2]):
        file.write_bytes(broken)
        with pytest.raises(BadInput, match="cannot be read"):
            noise_store.read(file)
    altered = {view: (noisy + 1) % K for view, noisy in corruption.labels.items()}
    noise_store.write(Corruption(altered), receipt, file)
    with pytest.raises(BadInput, match="do not match their receipt"):
        noise_store.read(file)


@pytest.mark.parametrize("rate", [-0.1, 1.2, float("nan")])
def test_a_rate_is_a_share(rate: float, clean: Labels, features: Views) -> None:
    with pytest.raises(BadParams, match=r"params.yaml, grid.rates: the noise rate is .*"):
        draw("symmetric", clean, features, rate)


def test_unusable_labels_are_named(clean: Labels, features: Views) -> None:
    wrong = clean["image"].copy()
    wrong[7] = K
    with pytest.raises(BadInput, match=r"label 5 of sample 7 in view 'text' is outside 0..4"):
        draw("symmetric", {**clean, "text": wrong}, features)
    with pytest.raises(BadInput, match="differ in their number"):
        draw("symmetric", {**clean, "text": wrong[:9]}, features)


def test_a_misspelt_setting_is_named() -> None:
    with pytest.raises(UnknownName, match=r"noise.symmetric: unknown name 'per_pairs'; did you mean 'per_pair'\?"):
        discovery.build("pipeline.noise", "symmetric", Noise, {"per_pairs": True})


class Mismatched(Noise):
    """The first share of the texts moves on by one place; the pair keeps the label of its image."""

    display = "mismatched pairs"
    per_pair = True

    def corrupt(self, labels: Labels, classes: int, rate: float, features: Views | None, rng_for: RngFor) -> Corruption:
        rows = np.arange(N)
        rows[: int(rate * N)] = np.roll(rows[: int(rate * N)], 1)
        return Corruption(labels, {"text": rows})


def test_a_kind_that_pairs_samples_wrongly_fits(clean: Labels, features: Views, tmp_path: Path) -> None:
    corruption, receipt = make(Mismatched(), "mismatched", "digits", clean, K, 0.5, 0, features)
    assert receipt.realised["image"] == 0
    moved = clean["text"][corruption.rows["text"]]
    assert receipt.realised["text"] == np.mean(moved != clean["text"]) > 0.3
    noise_store.write(corruption, receipt, tmp_path / "pairs.npz")
    stored, _ = noise_store.read(tmp_path / "pairs.npz")
    np.testing.assert_array_equal(stored.rows["text"], corruption.rows["text"])
    assert make(Mismatched(), "mismatched", "digits", clean, K, 0.4, 0)[1].hash != receipt.hash
