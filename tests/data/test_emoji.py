import re

import numpy as np

from pipeline.data.emoji import _concept, _drawing, _merge_same_drawings, _text
from tests.support.samples import dataset


def test_sizes():
    raw = dataset("emoji")
    assert len(raw.ids) == 1898
    assert len(raw.class_names) == 9
    assert [int((raw.split == name).sum()) for name in ("train", "valid", "test")] == [1338, 200, 360]
    assert raw.views["image"].samples.shape == (1898, 72, 72, 3)


def test_classes_are_spread_alike():
    raw = dataset("emoji")
    shares = [np.bincount(raw.labels[raw.split == name]) / (raw.split == name).sum() for name in set(raw.split)]
    assert np.ptp(shares, axis=0).max() < 0.015


def test_no_text_holds_a_word_of_a_group_name():
    raw = dataset("emoji")
    groups = {word for name in raw.class_names for word in re.findall(r"\w+", name.lower())}
    singular = {"smiley", "person", "animal", "drink", "place", "activity", "object", "symbol", "flag"}
    for text in raw.views["text"].samples:
        assert not (groups | singular) & set(text.split())


def test_person_twins_and_families_are_one_concept():
    for names in (
        ["man_running", "woman_running", "person_running", "woman_running_facing_right"],
        ["prince", "princess"],
        ["merman", "mermaid", "merperson"],
        ["Santa_Claus", "Mrs._Claus", "Mx_Claus"],
        ["men’s_room", "women’s_room"],
        ["man:_beard", "woman:_beard", "person:_beard"],
        ["family:_man,_woman,_girl", "family_adult,_child", "family"],
        ["man", "woman", "boy", "girl", "child", "person"],
    ):
        assert len({_concept(name) for name in names}) == 1, names
    assert _concept("red_heart") != _concept("blue_heart")


def test_concepts_drawn_alike_become_one():
    pictures = np.array([0, 1, 1, 2, 2, 3], dtype=np.uint8)
    assert _merge_same_drawings(["e", "d", "c", "c", "b", "a"], pictures) == ["e", "b", "b", "b", "b", "a"]


def test_words_come_once_and_in_order():
    assert _text(["Red_flag", "RED signal", "o’clock ☎"]) == "red signal o clock"


def test_transparent_parts_are_white():
    heart = _drawing("❤️")
    assert heart[0, 0].tolist() == [255, 255, 255]
    red, green, blue = heart[36, 36]
    assert red > 200
    assert max(green, blue) < 80
