"""Classes that are one class in two spellings, and such as stand for no label."""

import pytest

from pipeline.doctor.spelling import check_spelling


@pytest.mark.parametrize(
    ("names", "pairs"),
    [
        (["Cats", "cats"], "'Cats' and 'cats'"),
        (["tea pot", "tea  pot", "tea_pot", "tea-pot"], "'tea pot' and 'tea  pot' and 'tea_pot' and 'tea-pot'"),
        (["café", "cafe\u0301"], "'café' and 'cafe\u0301'"),
        (["1", "01", "1.0", "2"], "'1' and '01' and '1.0'"),
        (["ＡＢ", "ab"], "'ＡＢ' and 'ab'"),
        (["Straße", "STRASSE"], "'Straße' and 'STRASSE'"),
    ],
)
def test_spellings_of_one_class_are_named(names, pairs):
    (found,) = map(str, check_spelling([*names, "other"], "mine"))
    assert found.startswith(
        f"warning: mine: classes differ in their spelling alone: {pairs}; write one label in one way"
    )


@pytest.mark.parametrize("name", ["nan", "NaN", "None", "null", "N/A", "<NA>"])
def test_labels_that_are_missing_are_named(name):
    (found,) = map(str, check_spelling(["cats", name], "mine"))
    assert found.startswith(f"warning: mine: the class '{name}' looks like a label that is missing; give these samples")


@pytest.mark.parametrize(
    "names", [["cats", "dogs"], ["1", "10", "-1"], ["1.5", "1"], ["c", "c++"], ["nancy", "banana"]]
)
def test_different_classes_are_not(names):
    assert not list(check_spelling(names, "mine"))


def test_many_are_counted():
    (found,) = map(str, check_spelling([x for n in range(8) for x in (f"a{n}", f"A{n}")], "mine"))
    assert "'a4' and 'A4' and 3 more; " in str(found)
