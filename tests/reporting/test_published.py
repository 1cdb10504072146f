"""Published tables are shown as printed, and compared only where the protocol is the paper's."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.core import plugins
from pipeline.core.criteria import CRITERIA
from pipeline.data.base import Dataset
from pipeline.reporting.published.publications import Publication, as_printed, read, sources
from pipeline.reporting.published.verdict import Verdict, mismatch, verdicts
from pipeline.reporting.results.report_scope import DatasetInfo
from pipeline.reporting.results.results import Results
from pipeline.reporting.tables.formats import markdown
from pipeline.reporting.tables.published_beside import side_by_side
from tests.reporting.conftest import scoped, write_records

PUBLICATIONS, PROTOCOLS = read()
WIKIPEDIA = DatasetInfo("wikipedia", "Wikipedia", "image-text", "", "")


def run(folder: Path, sizes: tuple[int, int, int] = (2173, 231, 462), text: str = "Doc2Vec (Wikipedia)") -> Results:
    records = write_records(folder, "wikipedia", sizes=sizes, extractors=("VGG-19", text))
    return scoped(records, WIKIPEDIA)


def judge(*results: Results) -> list[Verdict]:
    return verdicts(PUBLICATIONS, PROTOCOLS, results)


def test_every_csv_has_a_source_and_every_source_a_csv() -> None:
    folder = Path(__file__).parents[2] / "pipeline" / "reporting" / "published"
    assert {path.stem for path in folder.glob("*.csv")} == {publication.name for publication in PUBLICATIONS}


def test_every_remark_stands_at_a_printed_cell() -> None:
    for publication in PUBLICATIONS:
        for odd in publication.odd:
            for rate in odd["rates"]:
                assert (odd["dataset"], odd["method"], odd["direction"], rate) in publication.values


def test_the_papers_rows_are_there_as_printed() -> None:
    first = markdown(as_printed(PUBLICATIONS[0], PROTOCOLS))
    assert first.startswith("**MRL, Table 1, CVPR 2021: as published, not run here.**")
    assert "| MRL | **.514** | **.491** | **.464** | **.435** | **.461** |" in first
    second = markdown(as_printed(PUBLICATIONS[1], PROTOCOLS))
    assert ".070<sup>b</sup> | .070<sup>b</sup>" in second
    assert "kept as printed" in second
    assert ".9616" in markdown(as_printed(PUBLICATIONS[3], PROTOCOLS))


def test_a_cell_that_two_tables_print_counts_once() -> None:
    assert sum(len(publication.values) for publication in PUBLICATIONS) == 542
    assert len(judge()) == 534


def test_nothing_is_compared_before_a_paper_dataset_was_run(records: Path) -> None:
    result = judge(scoped(records))
    assert all(verdict.reason and verdict.reason.startswith("not run here: needs ") for verdict in result)


def test_the_papers_protocol_is_compared_and_judged(tmp_path: Path) -> None:
    compared = [verdict for verdict in judge(run(tmp_path)) if verdict.reason is None]
    assert {(verdict.dataset, verdict.method) for verdict in compared} == {
        ("Wikipedia", "MCCA"),
        ("Wikipedia", "CE"),
        ("Wikipedia", "deep-SM"),
        ("Wikipedia", "MRL"),
        ("Wikipedia", "SDML"),
    }
    mrl = [(round(v.difference or 0, 3), v.agrees) for v in compared if v.method == "MRL"]
    assert mrl == [(0.01, True), (0.0, True), (0.043, False), (0.015, True)]
    assert not any(verdict.agrees for verdict in compared if verdict.method == "MCCA")


@pytest.mark.parametrize(
    ("sizes", "text", "complaint"),
    [
        ((2000, 231, 462), "Doc2Vec (Wikipedia)", "other protocol: the split is train 2000"),
        ((2173, 231, 462), "Doc2Vec", "other protocol: the features are image VGG-19, text Doc2Vec, published"),
    ],
)
def test_another_split_or_other_features_are_not_compared(
    tmp_path: Path, sizes: tuple[int, int, int], text: str, complaint: str
) -> None:
    assert str(mismatch(PROTOCOLS["Wikipedia"], run(tmp_path, sizes, text))).startswith(complaint)


def test_another_noise_is_not_compared(tmp_path: Path) -> None:
    run(tmp_path)
    path = tmp_path / "noise" / "wikipedia.json"
    path.write_text(json.dumps([{**receipt, "per_pair": True} for receipt in json.loads(path.read_text())]))
    result = mismatch(PROTOCOLS["Wikipedia"], scoped(tmp_path, WIKIPEDIA))
    assert result == "other protocol: the published noise is symmetric, drawn per view"


def renamed(folder: Path, name: str, file: str) -> Results:
    """The records of `run` as those of a block of params.yaml of another name, displayed as Wikipedia, read by file."""
    run(folder)
    for path in folder.glob("*/wikipedia.*"):
        path.rename(path.with_name(name + path.suffix))
    return scoped(folder, DatasetInfo(name, "Wikipedia", "image-text", "", "", file))


@pytest.mark.parametrize("name", ["my_features", "wikipedia"])
def test_own_pairs_under_the_papers_name_are_not_compared(tmp_path: Path, name: str) -> None:
    """Sizes, extractors and noise may all be the paper's: the file that reads the pairs tells whose they are."""
    own = renamed(tmp_path / "own", name, "arrays")
    reason = "other protocol: the pairs are read by 'arrays', the published ones by 'wikipedia'"
    assert mismatch(PROTOCOLS["Wikipedia"], own) == reason
    assert {verdict.reason for verdict in judge(own) if verdict.dataset == "Wikipedia"} == {reason}


def test_own_pairs_under_the_papers_name_do_not_hide_the_papers(tmp_path: Path) -> None:
    own, paper = renamed(tmp_path / "own", "my_features", "arrays"), run(tmp_path / "paper")
    assert any(verdict.reason is None for verdict in judge(paper))
    assert judge(own, paper) == judge(paper, own) == judge(paper)


def test_the_papers_pairs_under_another_block_name_are_compared(tmp_path: Path) -> None:
    assert mismatch(PROTOCOLS["Wikipedia"], renamed(tmp_path, "wikipedia_again", "wikipedia")) is None


def test_every_protocol_is_read_by_a_dataset_of_ours_of_that_name() -> None:
    for display, protocol in PROTOCOLS.items():
        assert plugins.find("pipeline.data", protocol.dataset, Dataset).display == display


def test_every_protocol_is_chosen_by_one_of_our_criteria_and_reads_our_directions() -> None:
    for protocol in PROTOCOLS.values():
        assert protocol.selection in CRITERIA
        assert {view for way in protocol.directions.values() for view in way.split("->")} == set(protocol.views)


def test_a_cell_that_two_tables_print_is_taken_from_the_first_everywhere(tmp_path: Path) -> None:
    """The verdicts and the table of both sides agree where two publications print another value."""
    results = run(tmp_path)
    first = next(publication for publication in PUBLICATIONS if ("Wikipedia", "MRL") in names(publication))
    second = replace(first, name="again", values={key: value - 0.3 for key, value in first.values.items()})
    publications = [first, second]
    assert {source.name for source in sources(publications).values()} == {first.name}
    table = side_by_side(results, publications, PROTOCOLS)
    assert table is not None
    assert table == side_by_side(results, [first], PROTOCOLS)
    assert verdicts(publications, PROTOCOLS, [results]) == verdicts([first], PROTOCOLS, [results])


def names(publication: Publication) -> set[tuple[str, str]]:
    return {(dataset, method) for dataset, method, _, _ in publication.values}
