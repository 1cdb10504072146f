import numpy as np

from pipeline.data.base.drawn_splits import draw_splits

SIZES = {"test": 20, "valid": 10, "train": 50}


def test_sizes_are_met_class_by_class_and_the_rest_is_left_over():
    labels = np.repeat([0, 1], [75, 25])
    split = draw_splits(labels, [str(row) for row in range(100)], SIZES, seed=0)
    for name, size in SIZES.items():
        assert (split == name).sum() == size
        assert abs((labels[split == name] == 1).mean() - 0.25) <= 0.05
    assert (split == "").sum() == 20


def test_a_concept_stays_together_and_sizes_are_never_exceeded():
    generator = np.random.default_rng(0)
    labels = np.zeros(200, dtype=np.int64)
    concepts = [str(key) for key in generator.integers(0, 30, 200)]
    split = draw_splits(labels, concepts, SIZES, seed=3)
    for concept in set(concepts):
        assert len({part for part, key in zip(split, concepts, strict=True) if key == concept}) == 1
    assert all((split == name).sum() <= size for name, size in SIZES.items())


def test_seed_decides():
    labels, concepts = np.zeros(90, dtype=np.int64), [str(row) for row in range(90)]
    first = draw_splits(labels, concepts, SIZES, seed=0)
    assert np.array_equal(first, draw_splits(labels, concepts, SIZES, seed=0))
    assert not np.array_equal(first, draw_splits(labels, concepts, SIZES, seed=1))
