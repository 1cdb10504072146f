"""Folders of classes and splits: understood in any usual order and spelling, or refused."""

from itertools import product

import pytest

from pipeline.core.errors import BadInput
from pipeline.data.base.layout import Layout, layout
from pipeline.data.base.splits import split_of

SPLIT_FIRST, CLASS_FIRST, NO_SPLIT = Layout(1, 0), Layout(0, 1), Layout(0, None)


def ids(form, splits, classes=("cats", "dogs")):
    return [f"{form.format(s=split, c=label)}/{number}" for split, label, number in product(splits, classes, "12")]


@pytest.mark.parametrize(
    "splits",
    [
        ("train", "valid", "test"),
        ("Train", "Val", "Test"),
        ("TRAINING", "testing"),
        ("train", "dev", "test"),
        ("train", "validation", "test"),
        ("train",),
    ],
)
def test_splits_are_found_before_and_behind_classes(splits):
    assert layout(ids("{s}/{c}", splits), "") == SPLIT_FIRST
    assert layout(ids("{c}/{s}", splits), "") == CLASS_FIRST
    assert layout(ids("{s}/{c}/more", splits), "") == SPLIT_FIRST


def test_classes_may_be_called_like_a_split_where_nothing_else_is():
    """As 'train' among vehicles, or 'test' among the classes of a split."""
    assert layout(ids("{c}", [""], ("train", "car", "bus")), "") == NO_SPLIT
    assert layout(ids("{s}/{c}", ("train", "test"), ("test", "exam")), "") == SPLIT_FIRST
    assert layout(ids("{c}/{s}", ("train", "test"), ("train", "car")), "") == CLASS_FIRST
    assert layout(["1", "2"], "") == NO_SPLIT
    assert layout(ids("{s}/{c}", ("indoors", "outdoors")), "") == NO_SPLIT


@pytest.mark.parametrize(
    ("names", "complaint"),
    [
        (
            ids("{s}/{c}", ("train", "test", "extra")),
            "files: the folder 'train' is named like a split, 'extra' is none;",
        ),
        (ids("{s}/{c}", ("train", "eval")), "the folder 'train' is named like a split, 'eval' is none"),
        (ids("{s}/{c}", ("eval", "other")), "the folder 'eval' is named like a split, 'eval' is none"),
        (ids("{c}/{s}", ("train", "holdout")), "the folder 'train' is named like a split, 'holdout' is none"),
        ([*ids("{c}/{s}", ("train", "test")), "birds/1"], "'train' is named like a split, what lies beside it is none"),
        (ids("{s}", ("train", "test", "more")), "the folder 'train' is named like a split, 'more' is none"),
    ],
)
def test_what_could_be_class_or_split_is_refused(names, complaint):
    with pytest.raises(BadInput, match=complaint):
        layout(names, "files")


@pytest.mark.parametrize(("name", "split"), [(" Dev ", "valid"), ("Train", "train"), ("eval", ""), ("", "")])
def test_names_of_splits(name, split):
    assert split_of(name) == split
