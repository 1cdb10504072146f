"""What the page tells of methods and kinds of noise."""

from __future__ import annotations

import pytest

from pipeline.config.load import parse
from pipeline.core import plugins
from pipeline.methods.base import Method
from pipeline.reporting.results.report_scope import DatasetInfo, MethodInfo, Subject, documented, noise_words
from tests.support import tiny
from tests.support.samples import project


@pytest.mark.parametrize("name", plugins.names("pipeline.methods"))
def test_every_method_tells_what_it_does_and_where_it_deviates(name: str) -> None:
    summary, deviations = documented(plugins.find("pipeline.methods", name, Method))
    assert summary.endswith(".")
    assert len(deviations) > 10
    assert "\n" not in summary + deviations
    assert "Deviations" not in deviations


def test_a_docstring_of_one_paragraph_tells_no_deviations() -> None:
    class Plain(Method):
        """What it does,
        in two lines."""

    assert documented(Plain) == ("What it does, in two lines.", "")


def test_a_method_names_its_variants_and_whether_it_uses_labels() -> None:
    infos = {name: MethodInfo.of(project(), name) for name in ("witness", "mrl", "mcca")}
    assert {name: info.label_free for name, info in infos.items()} == {"witness": False, "mrl": False, "mcca": True}
    assert infos["mrl"].variants == ("default", "shared", "authors_code", "em", "truth")


def test_variants_that_are_trained_on_demand_stand_in_tables_of_their_own() -> None:
    params = tiny.params()
    params["methods"]["ce"]["variants"] = {name: {"epochs": 1} for name in ("wide", "part")}
    first = params["experiments"][0]
    params["experiments"] += [
        first | {"name": "wide", "beside": "default", "on_demand": True, "methods": {"ce": ["wide", "part"]}},
        first | {"name": "drawn", "beside": "default", "on_demand": True, "methods": ["ce"], "noises": ["pairflip"]},
    ]
    params["noises"]["pairflip"] = {}
    params["report"] = {"ablations": {"ce": ["part"]}}
    main, further = Subject.of(parse(params)).scopes()
    assert [entry.variant for entry in main.entries] == ["default", "default"]
    assert main.networks == {"ce": ("wide",)}
    assert [entry.label for entry in main.contenders.entries] == ["MCCA", "CE", "CE (wide)"]
    assert (further.noises, further.further) == (("pairflip",), True)


def test_a_dataset_names_the_file_that_reads_it() -> None:
    assert DatasetInfo.of(project(), "emoji").file is None
    tfidf = DatasetInfo.of(project(), "wikipedia_tfidf")
    assert (tfidf.file, tfidf.display) == ("wikipedia_shallow", "Wikipedia (SIFT, tf-idf)")


@pytest.mark.parametrize(
    ("noise", "words"),
    [
        ("symmetric", "symmetric label noise"),
        ("instance_dependent", "instance-dependent label noise"),
        ("symmetric_pair", "symmetric label noise, one label per pair"),
        ("pairflip", "pair-flip label noise"),
        ("recorded", "recorded label noise"),
        ("mismatched", "mismatched pairs"),
    ],
)
def test_captions_use_the_display_name_and_call_moved_pairs_no_label_noise(noise: str, words: str) -> None:
    assert noise_words(noise) == words
