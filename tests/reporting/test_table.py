"""Ranks, footnotes and the four formats of a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import pytest

from pipeline.reporting.tables.formats import html, latex, markdown, tidy
from pipeline.reporting.tables.table import Absent, Cell, Column, Number, Row, Table, decimal, typeset


def one_column(cells: Sequence[Cell], ranked: bool = True, labels: Sequence[str] = "abcdef") -> Table:
    rows = [Row(label, [cell]) for label, cell in zip(labels, cells, strict=False)]
    return Table("t", "Title", "Caption", "method", ("rate",), [Column(("0.2",), ranked)], rows)


def ranks(table: Table) -> list[int]:
    return [cells[0].rank for _, _, cells in typeset(table)[0]]


def test_best_and_second_are_ranked() -> None:
    assert ranks(one_column([Number(0.3), Number(0.5), Number(0.4)])) == [0, 1, 2]


def test_cells_that_read_the_same_rank_the_same() -> None:
    assert ranks(one_column([Number(0.5001), Number(0.4999), Number(0.4), Number(0.40049)])) == [1, 1, 2, 2]


def test_absent_cells_have_no_rank() -> None:
    assert ranks(one_column([Absent("failed", "why"), Number(0.1)])) == [0, 1]


def test_an_unranked_column_marks_nothing() -> None:
    assert ranks(one_column([Number(0.5), Number(0.4)], ranked=False)) == [0, 0]


@pytest.mark.parametrize(
    ("value", "text"), [(0.0704, ".070"), (1.0, "1.000"), (-0.0123, "−.012"), (-0.0001, ".000"), (0.9996, "1.000")]
)
def test_numbers_read_as_in_the_papers(value: float, text: str) -> None:
    assert decimal(value, 3) == text


def test_a_reason_keeps_its_letter_and_different_reasons_differ() -> None:
    table = one_column([Absent("failed", "x"), Absent("skipped", "y"), Absent("failed", "x")])
    rows, notes = typeset(table)
    assert [cells[0].mark for _, _, cells in rows] == ["a", "b", "a"]
    assert notes == [("a", "x"), ("b", "y")]


def test_letters_go_on_after_z() -> None:
    table = one_column([Absent("failed", str(n)) for n in range(28)], labels=[str(n) for n in range(28)])
    assert [mark for mark, _ in typeset(table)[1]][24:] == ["y", "z", "aa", "ab"]


@pytest.mark.parametrize("form", [markdown, latex, html])
def test_a_deterministic_number_has_a_mark_and_no_spread(form: object) -> None:
    text = form(one_column([Number(0.31, deterministic=True), Number(0.2, 0.01, 3)]))  # type: ignore[operator]
    assert "deterministic" in text
    assert ".000" not in text


def test_markdown_escapes_and_marks() -> None:
    text = markdown(one_column([Number(0.5, 0.01, 3), Number(0.4)], labels=["a|b_c", "<i>"]))
    assert r"| a\|b\_c | **.500** ± .010 |" in text
    assert r"| \<i\> | <u>.400</u> |" in text


def test_latex_escapes_every_special_character() -> None:
    text = latex(one_column([Number(0.5)], labels=[r"a_b & 50% #1 $x {y} \z ~ ^ a->b < >"]))
    assert (
        r"a\_b \& 50\% \#1 \$x \{y\} \textbackslash{}z \textasciitilde{} \textasciicircum{} "
        r"a-\textgreater{}b \textless{} \textgreater{} & \textbf{.500} \\" in text
    )


def test_latex_spanners_cover_their_columns() -> None:
    heads = [("D", "x->y", "0.2"), ("D", "x->y", "0.8"), ("D", "y->x", "0.2"), ("E", "y->x", "0.2")]
    row = Row("m", [Number(0.1)] * 4)
    text = latex(Table("t", "T", "c", "method", ("dataset", "direction", "rate"), [Column(h) for h in heads], [row]))
    assert r"\multicolumn{3}{c}{D} & \multicolumn{1}{c}{E} \\" in text
    assert r"\cmidrule(lr){2-4} \cmidrule(lr){5-5}" in text
    assert r"\multicolumn{2}{c}{x $\rightarrow$ y} & \multicolumn{1}{c}{y $\rightarrow$ x} & " in text


def test_html_escapes_and_gives_every_head_a_scope() -> None:
    text = html(one_column([Number(0.5), Absent("not run", "a < b & c")], labels=["<b>", "m"]))
    assert "&lt;b&gt;" in text
    assert "a &lt; b &amp; c" in text
    assert '<td class="not-run">not run<sup>a</sup></td>' in text
    assert text.count("<th ") == text.count(" scope=")


def test_tidy_keeps_raw_numbers_and_reasons() -> None:
    rows = list(csv.DictReader(io.StringIO(tidy(one_column([Number(0.123456, 0.01, 3), Absent("failed", "x, y")])))))
    assert rows[0] == {
        "method": "a",
        "rate": "0.2",
        "mean": "0.123456",
        "std": "0.01",
        "n": "3",
        "low": "",
        "high": "",
        "tied": "",
        "deterministic": "false",
        "state": "number",
        "note": "",
    }
    assert (rows[1]["mean"], rows[1]["state"], rows[1]["note"]) == ("", "failed", "x, y")
