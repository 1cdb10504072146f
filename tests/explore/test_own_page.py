"""The page of one's own: how many labels are wrong, what differs from chance, and no winner where nothing does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.core.runs import LabelNoise
from pipeline.explore.annotators.heard import Heard
from pipeline.explore.own_page.own_page import Links, answers
from pipeline.explore.own_page.standing import MethodStanding, Probe, reasons, verdict
from tests.support.own_page import LINKS, NO_SUSPECTS, suspects, write

SURE = LabelNoise({"image": 0.25, "text": 0.25}, certain=True)


def words(html: str) -> str:
    return " ".join(html.split())


def test_random_features_name_no_winner_and_say_why(tmp_path: Path) -> None:
    text = words(write(tmp_path, 0.0, NO_SUSPECTS, Links("viewer.html")))
    assert "Nothing here differs from chance. Random rankings reach .3" in text
    assert "no method is better than another" in text
    assert "has the highest MAP" not in text
    assert (
        "The features of image tell no class: a linear classifier on the features of image (Pixels) is right for 35%"
        in text
    )
    assert text.count("<td>no</td>") == 4, "two methods and two probes"
    assert "no label is more suspicious than another; try other extractors" in text
    assert "stages.tools.decide" not in text, "there is no sheet"


def test_where_something_is_found_the_best_is_named_beside_chance(tmp_path: Path) -> None:
    text = words(write(tmp_path, 3.0, suspects(SURE)))
    assert "has the highest MAP" in text
    assert "Nothing here differs" not in text
    assert "tell no class" not in text
    assert "random ranking" in text
    assert "largest class first" in text
    assert text.count("<td>yes</td>") == 4


def test_the_most_suspicious_stand_there_first_and_escaped(tmp_path: Path) -> None:
    text = words(write(tmp_path, 3.0, suspects(SURE)))
    assert text.count('<li class="card doubt">') == 30
    assert text.index("<h3>id39</h3>") < text.index("<h3>id38</h3>")
    assert "<h3>id9</h3>" not in text
    assert "&lt;i&gt;text 39&lt;/i&gt;" in text
    assert "given <strong>dogs &lt;b&gt;</strong>" in text
    assert all(f'href="{link}"' in text for link in (LINKS.viewer, LINKS.sheet, LINKS.table))


@pytest.mark.parametrize(("certain", "told"), [(True, "reason to be sure"), (False, "<em>unsure</em>")])
def test_how_many_are_wrong_and_whether_that_is_certain(certain: bool, told: str, tmp_path: Path) -> None:
    noise = LabelNoise({"image": 0.25, "text": 0.25}, certain)
    text = words(write(tmp_path, 3.0, suspects(noise)))
    assert '<strong class="big">25 %</strong> About 10 labels look wrong to Witness.' in text
    assert told in text


def test_annotators_stand_there_the_least_reliable_first_and_escaped(tmp_path: Path) -> None:
    annotators = (Heard("anna", 30, 0.9, 0.8, 0.95, 0.92, None), Heard("<b>en", 12, 0.6, 0.4, 0.8, 0.7, 0.5))
    text = words(write(tmp_path, 3.0, replace(suspects(SURE), annotators=annotators)))
    assert text.index("&lt;b&gt;en</th>") < text.index("anna</th>")
    assert '<td class="number">.400 to .800</td>' in text
    assert '<td class="number">–</td>' in text
    assert 'id="annotators"' not in words(write(tmp_path, 3.0, suspects(SURE)))


def test_views_with_rates_of_their_own_have_an_answer_each() -> None:
    assert [one["view"] for one in answers(SURE, 40)] == [""]
    by_view = answers(LabelNoise({"image": 0.25, "text": 0.5}, certain=True), 40)
    assert [(one["view"], one["count"]) for one in by_view] == [("image", 10), ("text", 20)]
    assert answers(None, 40) == []


def test_what_did_not_finish_is_no_winner() -> None:
    failed = MethodStanding("CE", [None, None], None, None, above=False, reason="failed")
    assert verdict([failed], 0.3, 0.4, 0.45) == "No method was trained to its end."
    good = MethodStanding("MRL", [0.5, 0.5], 0.5, None, above=True)
    weak = MethodStanding("MCCA", [0.35, 0.35], 0.35, None, above=False)
    told = verdict([good, weak, failed], 0.3, 0.4, 0.45)
    assert told.startswith("MRL has the highest MAP, .500. Random rankings reach .300, and by luck up to .400.")
    assert told.endswith("Not above chance: MCCA.")


def test_where_each_view_tells_the_classes_the_pairs_are_suspected() -> None:
    told = reasons([Probe("image", "Pixels", 0.9, 0.4, above=True), Probe("text", "Doc2Vec", 0.8, 0.4, above=True)])
    assert told[-1].startswith("Each view tells the classes by itself")


def test_what_is_no_better_than_the_largest_class_first_is_no_winner() -> None:
    fallen = MethodStanding("CE", [0.5, 0.5], 0.5, None, above=True)
    told = verdict([fallen], 0.3, 0.4, 0.6)
    assert told.startswith("Nothing here is better than a constant guess. Ranking the largest class first for every")
    good = MethodStanding("MRL", [0.7, 0.7], 0.7, None, above=True)
    told = verdict([good, fallen], 0.3, 0.4, 0.6)
    assert told.startswith("MRL has the highest MAP, .700.")
    assert told.endswith("Ranking the largest class first for every query reaches .600, more than CE.")
