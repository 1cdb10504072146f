import re

import pytest

from pipeline.features.base.words import words
from tests.support.samples import dataset


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It's 2 Foo_bar!", ["it", "s", "2", "foo", "bar"]),
        ("黑猫。在AI上", ["黑", "猫", "黑猫", "在", "ai", "上"]),
        ("東京ラーメン・々", ["東", "京", "ラ", "ー", "メ", "ン", "東京", "京ラ", "ラー", "ーメ", "メン", "々"]),
        ("ที่นี่", ["ที่", "นี่", "ที่นี่"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("한국어 문장", ["한국어", "문장"]),
        ("مُدَرِّس", ["مُدَرِّس"]),
        ("cafe\u0301 ＡＢＣ ﾗｰﾒﾝ", ["café", "abc", "ラ", "ー", "メ", "ン", "ラー", "ーメ", "メン"]),
        ("❤️ 1️⃣ ...", ["1"]),
        ("", []),
    ],
    ids=lambda value: str(value)[:12],
)
def test_words_in_several_scripts(text, expected):
    assert words(text) == expected


def test_english_words_are_runs_of_letters_and_digits():
    texts = dataset("emoji").views["text"].samples
    assert all(words(text) == re.findall(r"[^\W_]+", text.lower()) for text in texts)
