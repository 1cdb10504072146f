"""What every noise file owes to the pipeline, with the settings that params.yaml gives it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from pipeline.core import plugins
from pipeline.core.corruption import Corruption
from pipeline.core.errors import BadInput, BadParams, UnknownName
from pipeline.core.splits import Labels, Split, Views
from pipeline.noise.base import Noise, NoiseReceipt, make
from pipeline.noise.base import store as noise_store

BLOCKS: dict[str, dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parents[2] / "params.yaml").read_text(encoding="utf-8")
)["noises"]
KINDS = plugins.names("pipeline.noise")
DRAWN = [kind for kind in KINDS if kind != "given"]
"""Labels that a user brings have no rate to draw at; tests/noise/test_given.py has what they owe."""
ONE_DRAW = {"recorded"}
"""Kinds whose labels are the same for every seed and dataset."""
OF_TRAINING = {"given", "recorded"}
"""Kinds that know labels of training samples alone."""
N, K = 500, 5
VALID = 200


@pytest.fixture
def clean() -> Labels:
    return dict.fromkeys(("image", "text"), np.random.default_rng(0).integers(0, K, N))


@pytest.fixture
def features() -> Views:
    rng = np.random.default_rng(1)
    return {view: rng.standard_normal((N, 6)).astype(np.float32) for view in ("image", "text")}


@pytest.fixture
def valid() -> Split:
    rng = np.random.default_rng(2)
    views = {view: rng.standard_normal((VALID, 6)).astype(np.float32) for view in ("image", "text")}
    return Split(views, dict.fromkeys(views, rng.integers(0, K, VALID)), np.arange(VALID), K)


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
    monkeypatch.setitem(BLOCKS, "recorded", {"folder": folder, "pattern": "train_label_{percent}.npy"})


def draw(
    kind: str,
    labels: Labels,
    features: Views,
    rate: float = 0.4,
    seed: int = 0,
    dataset: str = "digits",
    valid: Split | None = None,
) -> tuple[Corruption, NoiseReceipt]:
    noise = plugins.build("pipeline.noise", kind, Noise, BLOCKS[kind])
    return make(noise, kind, dataset, labels, K, rate, seed, features, valid)


def test_files_and_blocks_match() -> None:
    assert sorted(BLOCKS) == KINDS


@pytest.mark.parametrize("kind", DRAWN)
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
        assert receipt.realised[view] <= rate + 4 * np.sqrt(rate * (1 - rate) / N)
    assert json.loads(json.dumps(receipt.as_dict())) == receipt.as_dict()


@pytest.mark.parametrize("kind", DRAWN)
def test_same_draw_same_bits_and_other_draws_differ(kind: str, clean: Labels, features: Views) -> None:
    receipt = draw(kind, clean, features)[1]
    assert draw(kind, clean, features)[1] == receipt
    assert draw(kind, clean, features, rate=0.6)[1].hash != receipt.hash
    for other in (draw(kind, clean, features, seed=1), draw(kind, clean, features, dataset="other")):
        assert (other[1].hash == receipt.hash) == (kind in ONE_DRAW)


@pytest.mark.parametrize("kind", DRAWN)
def test_a_cell_does_not_depend_on_other_cells(kind: str, clean: Labels, features: Views) -> None:
    alone = draw(kind, clean, features)[1]
    noise = plugins.build("pipeline.noise", kind, Noise, BLOCKS[kind])
    for rate, seed, dataset in ((0.6, 0, "digits"), (0.4, 1, "digits"), (0.4, 0, "other")):
        make(noise, kind, dataset, clean, K, rate, seed, features)
    assert make(noise, kind, "digits", clean, K, 0.4, 0, features)[1] == alone


@pytest.mark.parametrize("kind", DRAWN)
def test_views_share_their_draw_only_per_pair(kind: str, clean: Labels, features: Views) -> None:
    corruption, receipt = draw(kind, clean, features)
    image, text = corruption.labels.values()
    assert np.array_equal(image, text) == receipt.per_pair
    if not receipt.per_pair:
        alone, _ = draw(kind, {"text": clean["text"]}, {"text": features["text"]})
        np.testing.assert_array_equal(alone.labels["text"], text)


@pytest.mark.parametrize("kind", DRAWN)
def test_rows_are_samples_of_the_split(kind: str, clean: Labels, features: Views) -> None:
    for view, rows in draw(kind, clean, features)[0].rows.items():
        assert view in clean
        assert rows.dtype == np.int64
        assert rows.shape == (N,)
        assert rows.min() >= 0
        assert rows.max() < N


def same(one: Corruption, other: Corruption) -> None:
    """Equal labels and rows of the training samples."""
    for views, others in ((one.labels, other.labels), (one.rows, other.rows)):
        assert set(views) == set(others)
        for view, values in views.items():
            np.testing.assert_array_equal(values, others[view])


@pytest.mark.parametrize("kind", DRAWN)
def test_the_draw_of_training_labels_does_not_depend_on_validation(
    kind: str, clean: Labels, features: Views, valid: Split
) -> None:
    """The receipt tells of the training labels; its hash alone covers the others."""
    (alone, receipt), (both, longer) = draw(kind, clean, features), draw(kind, clean, features, valid=valid)
    same(both, alone)
    assert alone.valid is None
    assert (both.valid is None) == (kind in OF_TRAINING)
    assert (longer.hash == receipt.hash) == (kind in OF_TRAINING)
    assert longer.as_dict() | {"hash": ""} == receipt.as_dict() | {"hash": ""}


@pytest.mark.parametrize("kind", [kind for kind in DRAWN if kind not in OF_TRAINING])
@pytest.mark.parametrize("rate", [0.0, 0.4])
def test_validation_gets_a_draw_of_its_own_at_the_same_rate(
    kind: str, rate: float, clean: Labels, features: Views, valid: Split
) -> None:
    before = valid.labels["image"].copy()
    noise = draw(kind, clean, features, rate, valid=valid)[0].valid
    assert noise is not None
    assert noise.valid is None
    np.testing.assert_array_equal(valid.labels["image"], before)
    assert list(noise.labels) == list(valid.labels)
    wrong = noise.wrong(valid.labels)
    for view, noisy in noise.labels.items():
        assert noisy.dtype == np.int64
        assert noisy.shape == (VALID,)
        assert wrong[view].mean() <= rate + 4 * np.sqrt(rate * (1 - rate) / VALID)
    assert any(flags.any() for flags in wrong.values()) == (rate > 0)
    for rows in noise.rows.values():
        np.testing.assert_array_equal(np.sort(rows), np.arange(VALID))


@pytest.mark.parametrize("kind", [kind for kind in DRAWN if kind not in OF_TRAINING])
def test_the_draw_of_validation_labels_depends_on_no_training_sample(
    kind: str, clean: Labels, features: Views, valid: Split
) -> None:
    first, again, other = (
        draw(kind, labels, views, seed=seed, valid=valid)[0].valid
        for labels, views, seed in (
            (clean, features, 0),
            ({view: y[:90] for view, y in clean.items()}, {view: x[:90] for view, x in features.items()}, 0),
            (clean, features, 1),
        )
    )
    assert first is not None
    assert again is not None
    assert other is not None
    same(first, again)
    with pytest.raises(AssertionError):
        same(first, other)


@pytest.mark.parametrize("kind", [kind for kind in DRAWN if kind not in OF_TRAINING])
def test_a_validation_split_like_the_training_split_is_drawn_anew(kind: str, clean: Labels, features: Views) -> None:
    """Noise of the two is not the same noise."""
    twin = Split(features, clean, np.arange(N), K)
    corruption = draw(kind, clean, features, valid=twin)[0]
    assert corruption.valid is not None
    flags = [part.rows.get("text", part.labels["text"]) for part in (corruption, corruption.valid)]
    assert not np.array_equal(*flags)


def test_kinds_that_know_training_labels_alone_say_so() -> None:
    kinds = {kind: plugins.find("pipeline.noise", kind, Noise) for kind in KINDS}
    assert {kind for kind, noise in kinds.items() if noise.of_training} == OF_TRAINING


def test_unusable_validation_labels_are_named(clean: Labels, features: Views, valid: Split) -> None:
    few = Split(valid.views, dict.fromkeys(valid.views, np.full(VALID, K)), valid.index, K + 1)
    with pytest.raises(BadInput, match=r"label 5 of sample 0 in view 'image' is outside 0..4"):
        draw("symmetric", clean, features, valid=few)


@pytest.mark.parametrize("validated", [True, False])
@pytest.mark.parametrize("kind", DRAWN)
def test_store_gives_back_what_it_got(
    kind: str, validated: bool, clean: Labels, features: Views, valid: Split, tmp_path: Path
) -> None:
    corruption, receipt = draw(kind, clean, features, valid=valid if validated else None)
    files = [tmp_path / name for name in ("one.npz", "two.npz")]
    for file in files:
        noise_store.write(corruption, receipt, file)
    assert files[0].read_bytes() == files[1].read_bytes()
    read, stored = noise_store.read(files[0])
    assert stored == receipt
    same(read, corruption)
    assert (read.valid is None) == (corruption.valid is None)
    if read.valid is not None and corruption.valid is not None:
        same(read.valid, corruption.valid)


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
    with_validation = replace(corruption, valid=Corruption(corruption.labels))
    for other in (Corruption(altered), with_validation):
        noise_store.write(other, receipt, file)
        with pytest.raises(BadInput, match="do not match their receipt"):
            noise_store.read(file)


@pytest.mark.parametrize("rate", [-0.1, 1.2, float("nan")])
def test_a_rate_is_a_share(rate: float, clean: Labels, features: Views) -> None:
    with pytest.raises(BadParams, match=r"params.yaml, experiments: the noise rate is .*"):
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
        plugins.build("pipeline.noise", "symmetric", Noise, {"per_pairs": True})
