"""Recorded noise: the files' labels as they are, and one sentence for every file that cannot be meant."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.core.corruption import Corruption
from pipeline.core.errors import BadInput, BadParams, MissingFiles
from pipeline.core.splits import Labels
from pipeline.noise.base import NoiseReceipt, make
from pipeline.noise.recorded import Recorded

N, K = 40, 10
PATTERN = "train_label_{percent}.npy"
RONO = Path(__file__).parents[3] / "shared" / "data" / "rono_labels"
TRUE = np.arange(N) % K
NOISY = np.where(np.arange(N) < 8, (TRUE + 3) % K, TRUE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """RONO's layout: whole numbers stored as float64."""
    np.save(tmp_path / "train_label_20.npy", NOISY.astype(np.float64))
    np.save(tmp_path / "train_ori_label.npy", TRUE.astype(np.float64))
    return tmp_path


def draw(
    folder: Path, rate: float = 0.2, seed: int = 0, true: Labels | None = None, pattern: str = PATTERN
) -> tuple[Corruption, NoiseReceipt]:
    labels = true or dict.fromkeys(("image", "cloud"), TRUE)
    return make(Recorded(folder, pattern), "recorded", "digits", labels, K, rate, seed)


def test_both_views_get_the_files_labels(folder: Path) -> None:
    corruption, receipt = draw(folder)
    for view in ("image", "cloud"):
        np.testing.assert_array_equal(corruption.labels[view], NOISY)
        assert corruption.labels[view].dtype == np.int64
        assert receipt.realised[view] == 8 / N
    assert receipt.per_pair
    assert not np.shares_memory(*corruption.labels.values())


def test_every_seed_gets_the_same_draw_with_a_receipt_of_its_own(folder: Path) -> None:
    receipts = [draw(folder, seed=seed)[1] for seed in (0, 1)]
    assert receipts[0].hash == receipts[1].hash
    assert [receipt.seed for receipt in receipts] == [0, 1]


@pytest.mark.parametrize(("rate", "percent"), [(0.57, "57"), (0.125, "12.5"), (1.0, "100")])
def test_a_rate_without_a_file_is_named(folder: Path, rate: float, percent: str) -> None:
    with pytest.raises(MissingFiles, match=rf"train_label_{percent}\.npy: there is no label file for rate {rate:g}; "):
        draw(folder, rate)


def test_names_follow_the_pattern(folder: Path) -> None:
    (folder / "train_label_20.npy").rename(folder / "noise-20%.npy")
    assert draw(folder, pattern="noise-{percent}%.npy")[1].realised["image"] == 8 / N
    with pytest.raises(BadParams, match=r"noises\.recorded\.pattern: the pattern 'noise\.npy' has no \{percent\}"):
        Recorded(folder, "noise.npy")


@pytest.mark.parametrize(
    ("labels", "complaint"),
    [
        (NOISY[:-1], "it holds 39 labels, the split has 40 samples"),
        (NOISY.reshape(4, 10), "it holds 4 x 10 labels, the split has 40 samples"),
        (np.array(3), "it holds no labels"),
        (NOISY + 0.5, "label 3.5 of sample 0 is none of the classes 0..9"),
        (np.where(TRUE == 4, K, NOISY), "label 10 of sample 4 is none of"),
        (np.where(TRUE == 4, -1, NOISY), "label -1 of sample 4 is none of"),
        (np.where(TRUE == 4, np.nan, NOISY), "label nan of sample 4 is none of"),
        (np.where(TRUE == 4, np.inf, NOISY), "label inf of sample 4 is none of"),
        (NOISY.astype(str), "no array of numbers"),
        (NOISY.astype(object), "it holds Python objects, which are never opened"),
    ],
)
def test_unusable_labels_are_explained(folder: Path, labels: np.ndarray, complaint: str) -> None:
    np.save(folder / "train_label_20.npy", labels, allow_pickle=True)
    with pytest.raises(BadInput, match=rf"train_label_20\.npy: .*{complaint}"):
        draw(folder)


def test_a_file_cut_short_is_named(folder: Path) -> None:
    file = folder / "train_label_20.npy"
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(BadInput, match=r"train_label_20\.npy: the file is not a whole array; "):
        draw(folder)


def test_samples_in_another_order_are_noticed(folder: Path) -> None:
    shuffled = {"image": TRUE, "cloud": np.roll(TRUE, 1)}
    with pytest.raises(BadInput, match=r"train_ori_label\.npy: 40 of 40 true labels of view 'cloud' differ"):
        draw(folder, true=shuffled)
    (folder / "train_ori_label.npy").unlink()
    assert draw(folder, true=shuffled)[1].realised["image"] == 8 / N


@pytest.mark.skipif(not RONO.is_dir(), reason="RONO's label files are not in ../shared/data/rono_labels")
@pytest.mark.parametrize(("rate", "share"), [(0.2, 0.2062), (0.4, 0.3764), (0.6, 0.5670), (0.8, 0.7832)])
def test_ronos_own_files(rate: float, share: float) -> None:
    true = np.load(RONO / "train_ori_label.npy", allow_pickle=False).astype(np.int64)
    _, receipt = draw(RONO, rate, true={"image": true, "cloud": true})
    assert receipt.realised == {"image": share, "cloud": share}
