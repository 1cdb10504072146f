import re

import numpy as np
import pytest

from pipeline.core.errors import BadInput
from pipeline.data.base.class_words import PURITY, SHARE, class_words, without
from pipeline.data.base.emoji_families import FAMILIES, family
from pipeline.data.emoji import LARGEST, _concept, _drawing, _merge_same_drawings, _text
from tests.support.samples import dataset, load


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
    assert _concept("red_apple") != _concept("green_apple")


@pytest.mark.parametrize(
    ("joined", "names"),
    [
        ("clock face", ["one_o’clock", "twelve_o’clock", "one-thirty", "twelve-thirty"]),
        ("keycap", ["keycap_#", "keycap_*", "keycap_1", "keycap_10"]),
        ("arrow", ["up_arrow", "right_arrow_curving_left", "BACK_arrow", "clockwise_vertical_arrows", "repeat_button"]),
        ("arrow", ["play_button", "play_or_pause_button", "stop_button", "upwards_button", "red_triangle_pointed_up"]),
        ("shape", ["red_circle", "white_medium-small_square", "large_blue_diamond", "black_square_button"]),
        ("letter button", ["A_button_(blood_type)", "AB_button_(blood_type)", "COOL_button", "UP!_button"]),
        ("moon", ["new_moon", "waning_gibbous_moon", "full_moon_face"]),
        ("heart", ["red_heart", "light_blue_heart"]),
        ("wheelchair", ["man_in_manual_wheelchair", "woman_in_motorized_wheelchair_facing_right"]),
    ],
)
def test_family_of_like_drawings_is_one_concept(joined, names):
    assert {family(_concept(name)) for name in names} == {joined}


def test_emoji_beside_a_family_keep_their_concept():
    for name in ("bow_and_arrow", "heart_with_arrow", "mantelpiece_clock", "moon_viewing_ceremony", "radio_button"):
        assert family(_concept(name)) not in FAMILIES, name


def test_a_family_is_of_one_class_and_shares_its_name_with_no_other_concept():
    raw = dataset("emoji")
    concepts = np.array(raw.concept)
    for name in FAMILIES:
        assert (concepts == name).sum() >= 2, name
        assert len(set(raw.labels[concepts == name])) == 1, name


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_no_concept_straddles_a_split_and_large_ones_train(seed):
    raw = load("emoji", seed=seed)
    concepts, counts = np.unique(raw.concept, return_counts=True)
    for concept, count in zip(concepts, counts, strict=True):
        parts = set(raw.split[np.array(raw.concept) == concept])
        assert len(parts) == 1, concept
        assert parts == {"train"} or count <= LARGEST, concept
    for name, size in (("train", 1338), ("valid", 200), ("test", 360)):
        assert (raw.split == name).sum() == size
        assert set(raw.labels[raw.split == name]) == set(range(9))


def test_no_class_word_is_left_and_no_text_is_empty():
    raw = dataset("emoji")
    texts = raw.views["text"].samples
    assert class_words(texts, raw.labels) == {}
    assert min(len(text.split()) for text in texts) == 1
    words = {word for text in texts for word in text.split()}
    assert not words & {"banner", "country", "nation", "square", "button", "arrow", "weather", "vehicle", "game", "man"}
    assert words >= {"brazil", "blue", "island", "bread", "train", "insect", "poker", "guitar", "heart", "photo"}


def test_class_words_by_hand():
    texts = ["a b"] * 9 + ["b c"] + ["a c d"] + ["c"] * 9
    labels = np.repeat([0, 1], 10)
    assert class_words(texts, labels) == {
        "a": (0, 0.9, 0.9),
        "b": (0, 1.0, 1.0),
        "c": (1, 10 / 11, 1.0),
        "d": (1, 1.0, 0.1),
    }
    assert set(class_words(texts, labels, purity=0.95)) == {"b", "d"}
    assert set(class_words(texts, labels, share=0.2)) == {"a", "b", "c"}
    assert (PURITY, SHARE) == (0.9, 0.1)


def test_a_text_of_class_words_alone_is_named():
    assert without(["a b c", "b"], ["a", "c"]) == ["b", "b"]
    with pytest.raises(BadInput, match="it holds class words alone"):
        without(["a b", "a"], ["a"])


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
