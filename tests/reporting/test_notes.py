"""Published numbers of other protocols: labelled, apart from ours, and the rows that would have to be beaten."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest

from pipeline.core import plugins
from pipeline.core.errors import UnknownName
from pipeline.data.base import Dataset
from pipeline.reporting.published.notes import PROTOCOL, as_noted, read_notes, to_beat
from pipeline.reporting.published.publications import as_printed, read
from pipeline.reporting.tables.formats import markdown
from pipeline.reporting.tables.table import Number

PUBLICATIONS, PROTOCOLS = read()
NOTES, RIVALS = read_notes()


def test_every_csv_has_a_source_and_every_source_a_csv() -> None:
    folder = Path(__file__).parents[2] / "pipeline" / "reporting" / "published" / "notes"
    assert {path.stem for path in folder.glob("*.csv")} == {note.name for note in NOTES}


def test_every_note_tells_its_whole_protocol() -> None:
    for note in NOTES:
        assert list(note.protocol) == list(PROTOCOL)
        for table in as_noted(note, PROTOCOLS):
            assert all(f"{PROTOCOL[key]}: {said}." in table.caption for key, said in note.protocol.items())


def test_no_note_is_compared_with_ours() -> None:
    assert not {note.name for note in NOTES} & {publication.name for publication in PUBLICATIONS}


def test_every_number_of_a_csv_stands_in_one_table() -> None:
    for note in NOTES:
        rows = chain.from_iterable(table.rows for table in as_noted(note, PROTOCOLS))
        numbers = [cell.mean for row in rows for cell in row.cells if isinstance(cell, Number)]
        assert sorted(numbers) == sorted(note.values.values())
    assert [len(note.values) for note in NOTES] == [24, 62, 1624]


def test_datasets_are_called_as_ours() -> None:
    ours = {plugins.find("pipeline.data", name, Dataset).display for name in plugins.names("pipeline.data")}
    assert {dataset for note in NOTES for dataset, *_ in note.values} <= ours


def test_a_row_is_told_apart_by_bits_and_alpha() -> None:
    _, logs, rfcmh = (markdown(as_noted(note, PROTOCOLS)[0]) for note in NOTES)
    assert "| NIRNL, alpha 0.3, seed 0 | .4809 | " in logs
    assert "| RFCMH, bits 128 | " in rfcmh
    assert "image → text<br>asymmetric 0.4" in rfcmh
    assert "image → text<br>clean" in rfcmh


def test_what_would_have_to_be_beaten_is_read_from_the_csvs() -> None:
    table = to_beat(RIVALS, PUBLICATIONS, NOTES, PROTOCOLS)
    values = {row.label: [cell.mean for cell in row.cells if isinstance(cell, Number)] for row in table.rows}
    assert all(len(row) == 8 for row in values.values())
    assert values["INRIA-Websearch, MRL, real-valued"] == [0.559, 0.587, 0.543, 0.571, 0.512, 0.533, 0.417, 0.424]
    assert values["INRIA-Websearch, RFCMH, 128 bits"] == [0.552, 0.556, 0.547, 0.552, 0.549, 0.560, 0.520, 0.519]
    assert values["XMediaNet, MRL, real-valued"][:2] == [0.625, 0.623]
    assert values["XMediaNet, RFCMH, 128 bits"][-2:] == [0.540, 0.541]
    assert values["Wikipedia, NIRNL, published"][-2:] == [0.417, 0.394]
    assert all(row.note for row in table.rows)


def test_a_rival_of_an_unknown_source_is_refused() -> None:
    with pytest.raises(UnknownName, match="nirnl_logs"):
        to_beat([replace(RIVALS[0], source="nirnl_logs")], PUBLICATIONS, NOTES, PROTOCOLS)


def test_the_first_version_of_nrcls_readme_is_remembered() -> None:
    [nrcl] = [publication for publication in PUBLICATIONS if publication.name == "nrcl_readme_3dmnist"]
    table = markdown(as_printed(nrcl, PROTOCOLS))
    assert "the first version of this README carried RONO's eight numbers digit for digit" in table
    assert table.count("<sup>a</sup>") == 8 + 1
