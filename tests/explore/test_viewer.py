from __future__ import annotations

import base64
import json
import re
import shutil
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from click.testing import CliRunner

from pipeline.config.load import parse
from pipeline.core.criteria import LAST_EPOCH
from pipeline.core.errors import BadInput
from pipeline.data.base import store as rawstore
from pipeline.explore.viewer.viewer import page, sample_queries
from stages.viewer import main
from tests.support import ranked
from tests.support.ranked import CLASSES, TAKEN_FOR, TEST


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return ranked.write_runs(tmp_path / "runs")


def html(runs: Path, **viewer: Any) -> str:
    params = ranked.params()
    params["viewer"] |= viewer
    return page(parse(params), "emoji", "Emoji", ranked.raw(), runs)


def data(runs: Path, **viewer: Any) -> dict[str, Any]:
    """What the page's script unpacks."""
    packed = re.search(r'id="packed">([^<]*)<', html(runs, **viewer))
    assert packed
    unpacked: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(packed[1])))
    return unpacked


def test_queries_are_drawn_evenly_and_a_small_class_gives_all_it_has() -> None:
    labels = np.array([0] * 50 + [1] * 30 + [2] * 2)
    chosen = sample_queries(labels, 12, np.random.default_rng(0))
    assert np.bincount(labels[chosen]).tolist() == [5, 5, 2]
    assert len(set(chosen.tolist())) == 12
    assert labels[chosen].tolist() == sorted(labels[chosen])
    assert sorted(sample_queries(labels, 999, np.random.default_rng(0))) == list(range(82))
    assert not np.array_equal(chosen, sample_queries(labels, 12, np.random.default_rng(1)))


def test_a_remainder_falls_on_classes_by_chance() -> None:
    labels = np.repeat(np.arange(10), 20)
    extra = {tuple(np.bincount(labels[sample_queries(labels, 13, np.random.default_rng(seed))])) for seed in range(5)}
    assert all(sorted(counts) == [1] * 7 + [2] * 3 for counts in extra)
    assert len(extra) > 1


@pytest.mark.parametrize(("method", "noise", "taken_for"), [("ce", 0, "good"), ("ce", 1, "boats_for_apples")])
def test_the_page_holds_each_methods_ranking_at_every_rate(runs: Path, method: str, noise: int, taken_for: str) -> None:
    """Rates stand in ascending order whatever their order in the grid."""
    displayed = data(runs)
    assert displayed["directions"] == [["image", "text"], ["text", "image"]]
    image_to_text = displayed["tables"][displayed["methods"][method]["tables"][noise]][0]
    for query, result in zip(displayed["queries"], image_to_text, strict=True):
        place = TAKEN_FOR[taken_for][TEST[query]]
        assert result == np.flatnonzero(place == TEST)[:4].tolist()


def test_a_label_free_method_has_one_ranking_for_all_rates(runs: Path) -> None:
    methods = data(runs)["methods"]
    assert methods["mcca"]["label_free"]
    assert len(set(methods["mcca"]["tables"])) == 1
    assert not methods["ce"]["label_free"]
    assert len(set(methods["ce"]["tables"])) == 2


def test_each_sample_that_is_shown_stands_there_once_and_no_other(runs: Path) -> None:
    displayed = data(runs, queries=2, top=1)
    results = {0: set(), 1: set()}
    for table in displayed["tables"]:
        for direction, rows in enumerate(table):
            results[direction] |= {row for result in rows for row in result}
    assert {int(row) for row in displayed["samples"]["text"]} == results[0] | set(displayed["queries"])
    assert {int(row) for row in displayed["samples"]["image"]} == results[1] | set(displayed["queries"])
    some = next(iter(displayed["samples"]["text"]))
    assert f"words &lt;{int(some) + 3}&gt;" in displayed["samples"]["text"][some]


def test_the_same_runs_give_the_same_page(runs: Path) -> None:
    assert html(runs) == html(runs)


def test_text_is_escaped_and_nothing_is_fetched(runs: Path) -> None:
    text = html(runs)
    assert "<b>" not in text
    assert "apples &amp; &lt;b&gt;pears&lt;/b&gt;" in text
    assert not re.search(r"""(src|href)=["'](?!data:)|url\(|@import|https?:""", text)


def test_the_state_is_the_first_criterion_that_a_cell_has(runs: Path) -> None:
    assert "chosen by best validation." in html(runs)
    for file in runs.rglob("best_validation.npz"):
        file.unlink()
    assert "chosen by last epoch." in html(runs)
    table = data(runs)["tables"][0][0]
    assert all(TEST[row] == 0 for result in table for row in result)


def test_a_method_without_a_run_is_left_out_and_named(runs: Path) -> None:
    shutil.rmtree(runs / "ce" / "default-symmetric-0.8-0")
    assert list(data(runs)["methods"]) == ["mcca"]
    assert "<li>CE: not run at symmetric noise, rate 0.8</li>" in html(runs)


def test_a_failed_cell_gives_its_reason(runs: Path) -> None:
    shutil.rmtree(runs / "ce" / "default-symmetric-0.2-0")
    ranked.write_cell(runs, next(iter(ranked.RUNS)), {}, "failed", "epoch 3: 'total' is not finite.")
    assert "CE: failed at symmetric noise, rate 0.2: epoch 3: &#39;total&#39; is not finite." in html(runs)


def test_without_any_run_the_page_says_so(tmp_path: Path) -> None:
    text = html(tmp_path)
    assert "No method has a run to show yet" in text
    assert "<li>MCCA: not run</li>" in text
    assert "<select" not in text


def test_runs_on_other_data_are_refused(runs: Path) -> None:
    short = {view: z[:-1] for view, z in ranked.embeddings([0, 1, 2]).items()}
    ranked.write_cell(runs, list(ranked.RUNS)[-1], {"best_validation": short, LAST_EPOCH: short})
    with pytest.raises(BadInput, match="has 11 embeddings, the raw data has 12 test samples"):
        html(runs)


def test_the_page_offers_the_classes_of_its_queries(runs: Path) -> None:
    text = html(runs, queries=2)
    asked = {CLASSES[TEST[row]] for row in data(runs, queries=2)["queries"]}
    assert len(asked) == 2
    assert text.count("<option>") == 2


def test_the_stage_writes_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(ranked.params()), encoding="utf-8")
    rawstore.write(ranked.raw(), tmp_path / "data" / "raw" / "emoji")
    ranked.write_runs(tmp_path / "data" / "runs" / "emoji")
    done = CliRunner().invoke(main, ["emoji"])
    assert done.exit_code == 0, done.output
    assert "<h1>Retrieval viewer: " in (tmp_path / "reports" / "viewer" / "emoji.html").read_text(encoding="utf-8")
