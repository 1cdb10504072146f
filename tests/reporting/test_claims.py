"""The tables behind a claim, from records written by hand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.errors import BadInput
from pipeline.core.readouts import COSINE, MATCH
from pipeline.records.claims import CLAIMS
from pipeline.records.endpoints import ENDPOINTS
from pipeline.records.reader import Records
from pipeline.reporting.page.build import build_report
from pipeline.reporting.results.report_scope import Subject
from pipeline.reporting.tables.claims import CLAIMS_INTRODUCTION, claim_tables, endpoints_table, primary
from pipeline.reporting.tables.table import Absent, Number, Table
from tests.reporting.conftest import DATASETS, METHODS, RONO, project, scoped
from tests.support.records import write_claims

LOSS, GAIN = (-0.02, -0.05, 0.01, 1.0), (0.05, 0.01, 0.09, 0.02)
"""Difference, low, high and p of a rival that is not beaten, and of one that is."""


def tables(folder: Path) -> dict[str, Table]:
    return {table.name: table for table in claim_tables(Records(folder), scoped(folder))}


def test_a_row_per_rival_the_nearest_first_under_the_claimed_method(tmp_path: Path) -> None:
    rivals = {("ce", "default"): (0.2, 0.1, 0.3, 0.001), ("sdml", "default"): GAIN, ("mrl", "authors_code"): LOSS}
    write_claims(tmp_path, {("symmetric", MATCH): rivals}, best=("sdml", "default"))
    (table,) = tables(tmp_path).values()
    assert table.name == "emoji_symmetric_claim_match"
    assert table.title == "Emoji, MRL and its rivals by match probability"
    assert [row.label for row in table.rows] == ["MRL", "MRL (authors_code)", "SDML", "CE"]
    own, *others = table.rows
    assert own.cells[0] == Number(pytest.approx(0.6), pytest.approx(0.1, abs=1e-5), 2)  # type: ignore[arg-type]
    assert [cell.state for cell in own.cells[1:] if isinstance(cell, Absent)] == ["itself"] * 3
    sdml = others[1].cells
    assert sdml[0] == Number(pytest.approx(0.55), pytest.approx(0.1, abs=1e-5), 2)  # type: ignore[arg-type]
    assert sdml[1] == Number(0.05, interval=(0.01, 0.09))
    assert sdml[2] == Number(0.05, interval=(0.0, 0.1)), "the bootstrap stands beside Student's t"
    assert sdml[3] == Number(0.02)


@pytest.mark.parametrize(
    ("numbers", "verdict"),
    [
        (GAIN, "the best is SDML: above all of them, p = 0.02."),
        (LOSS, "the best is SDML: not shown to be above all of them, p = 1."),
        ((0.05, 0.0, 0.1, 0.05), "the best is SDML: not shown to be above all of them, p = 0.05."),
    ],
)
def test_the_caption_says_above_only_where_the_interval_is(
    tmp_path: Path, numbers: tuple[float, ...], verdict: str
) -> None:
    write_claims(tmp_path, {("symmetric", MATCH): {("sdml", "default"): numbers}}, best=("sdml", "default"))
    (table,) = tables(tmp_path).values()
    assert table.caption.startswith("Endpoint under symmetric label noise: MAP by match probability, mean of rates")
    assert "over 2 seeds; difference of MRL to each rival" in table.caption
    assert table.caption.endswith(f"Of the rivals that do not learn from its label model, {verdict}")


def test_the_best_rival_is_the_one_of_the_record_and_not_the_nearest(tmp_path: Path) -> None:
    """The nearest is taught by the claimed method's own label model."""
    rivals = {("ce", "default"): LOSS, ("sdml", "default"): GAIN}
    write_claims(tmp_path, {("symmetric", COSINE): rivals}, best=("sdml", "default"))
    (table,) = tables(tmp_path).values()
    assert [row.label for row in table.rows][1] == "CE"
    assert "the best is SDML: above" in table.caption


def test_where_all_rivals_share_the_label_model_there_is_no_best(tmp_path: Path) -> None:
    write_claims(tmp_path, {("symmetric", MATCH): {("ce", "default"): GAIN}})
    (table,) = tables(tmp_path).values()
    assert [row.label for row in table.rows] == ["MRL", "CE"]
    assert table.caption.endswith("p one-sided and doubled, not adjusted.")


def test_a_table_per_noise_and_readout(tmp_path: Path) -> None:
    rivals = {("sdml", "default"): GAIN}
    places = [("symmetric", MATCH), ("pairflip", COSINE), ("symmetric", COSINE)]
    write_claims(tmp_path, dict.fromkeys(places, rivals), best=("sdml", "default"))
    assert list(tables(tmp_path)) == [
        *("emoji_symmetric_claim_cosine", "emoji_symmetric_claim_match", "emoji_pairflip_claim_cosine"),
    ]


def test_p_values_of_the_best_are_adjusted_over_noises_by_holm(tmp_path: Path) -> None:
    def at(p: float) -> Mapping[tuple[str, str], tuple[float, ...]]:
        return {("ce", "default"): (0.1, 0.05, 0.2, 0.9), ("sdml", "default"): (0.05, 0.01, 0.09, p)}

    places = {("symmetric", MATCH): at(0.04), ("pairflip", MATCH): at(0.01), ("mismatched", MATCH): at(0.03)}
    write_claims(tmp_path, places | {("symmetric", COSINE): at(0.2)}, best=("sdml", "default"))
    claims = Records(tmp_path).claims("emoji")
    by_noise = primary(Records(tmp_path), ["emoji", "mnist3d"], MATCH).set_index("noise")["p"].to_dict()
    assert by_noise == pytest.approx({"pairflip": 0.03, "mismatched": 0.06, "symmetric": 0.06})
    assert primary(Records(tmp_path), ["emoji"], COSINE)["p"].tolist() == pytest.approx([0.2]), (
        "another readout is another family"
    )
    assert claims.loc[claims["best"] == 1, "p"].tolist() == pytest.approx([0.04, 0.01, 0.03, 0.2]), "left as recorded"


def test_nothing_claimed_no_tables_and_no_p_values(tmp_path: Path) -> None:
    assert tables(tmp_path) == {}
    assert primary(Records(tmp_path), ["emoji"], MATCH).empty


def test_claims_stand_first_among_the_sections_of_their_dataset(records: Path, tmp_path: Path) -> None:
    write_claims(records, {("symmetric", MATCH): {("sdml", "default"): GAIN}}, best=("sdml", "default"))
    build_report(records, tmp_path / "out", Subject(project(), DATASETS, [*METHODS, RONO]))
    text = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert text.index('<h3 id="emoji-claims">') < text.index('<h3 id="emoji-retrieval">')
    assert text.count(CLAIMS_INTRODUCTION.split(".")[0]) == 1
    assert (tmp_path / "out" / "tables" / "emoji_symmetric_claim_match.md").is_file()


@pytest.mark.parametrize(
    ("record", "row", "problem"),
    [
        (CLAIMS, {"p": 1.5}, r"p '1\.5' is outside 0\.\.1"),
        (ENDPOINTS, {"readout": "dot product"}, "'dot product' is no readout"),
        (ENDPOINTS, {"map": None}, "there is no map"),
    ],
)
def test_broken_records_of_claims_are_refused(tmp_path: Path, record: Any, row: dict[str, Any], problem: str) -> None:
    write_claims(tmp_path, {("symmetric", MATCH): {("sdml", "default"): GAIN}}, best=("sdml", "default"))
    kept = Records(tmp_path).claims("emoji") if record is CLAIMS else Records(tmp_path).endpoints("emoji")
    first, *others = kept.to_dict("records")
    record.write(tmp_path, "emoji", [first | row, *others])
    with pytest.raises(BadInput, match=problem):
        claim_tables(Records(tmp_path), scoped(tmp_path))


def test_all_endpoints_stand_in_one_table_the_primary_readout_first(tmp_path: Path) -> None:
    """Holm over two noises doubles the smaller p; a readout is a family of its own."""
    rival = ("sdml", "default")
    write_claims(
        tmp_path,
        {("symmetric", COSINE): {rival: LOSS}, ("symmetric", MATCH): {rival: GAIN}, ("pairflip", MATCH): {rival: LOSS}},
        best=rival,
    )
    table = endpoints_table(Records(tmp_path), [scoped(tmp_path)])
    assert table is not None
    found = {row.label: row.cells for row in table.rows}
    assert list(found) == [
        "Emoji, symmetric label noise, match probability: MRL over SDML",
        "Emoji, pair-flip label noise, match probability: MRL over SDML",
        "Emoji, symmetric label noise, cosine: MRL over SDML",
    ]
    gain, loss, cosine = found.values()
    assert list(gain) == [Number(0.05, interval=(0.01, 0.09)), Number(0.04)]
    assert list(loss) == list(cosine) == [Number(-0.02, interval=(-0.05, 0.01)), Number(1.0)]
    assert endpoints_table(Records(tmp_path / "none"), [scoped(tmp_path)]) is None
