"""MAP by sign bits in a table, beside published rows of hashing, and absent where records are older."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.core.readouts import BITS
from pipeline.records.reader import Records
from pipeline.reporting.page.sections import Study, retrieval
from pipeline.reporting.published.hashing import hashed
from pipeline.reporting.results.results import Results
from pipeline.reporting.tables import sign_bits as module
from pipeline.reporting.tables.sign_bits import BESIDE_PUBLISHED, sign_bits
from pipeline.reporting.tables.table import Absent, Number, Row, Table
from tests.reporting.conftest import RATES, scoped, write_sign_bits

NOISE = "symmetric"


def table(records: Path) -> Table:
    made = sign_bits(Records(records), scoped(records), NOISE)
    assert made is not None
    return made


def rows(made: Table) -> dict[str, Row]:
    return {row.label: row for row in made.rows}


def test_a_column_per_rate_and_number_of_bits(records: Path) -> None:
    write_sign_bits(records)
    made = table(records)
    assert [column.heads for column in made.columns] == [(str(rate), str(bits)) for rate in RATES for bits in BITS]
    assert made.levels == ("noise rate", "bits")
    cells = [cell for cell in rows(made)["CE"].cells if isinstance(cell, Number)]
    assert [cell.mean for cell in cells] == pytest.approx(
        [0.5 - rate / 4 + 0.01 + bits / 1000 - 0.01 for rate in RATES for bits in BITS]
    )
    assert [cell.std for cell in cells] == pytest.approx([0.01] * 8)
    assert {(cell.n, cell.note) for cell in cells} == {(3, None)}
    assert "Really wrong labels: 18 % at 0.2, 71 % at 0.8. " in made.caption


def test_what_sees_no_labels_stands_at_every_rate(records: Path) -> None:
    write_sign_bits(records)
    cells = [cell for cell in rows(table(records))["MCCA"].cells if isinstance(cell, Number)]
    assert [cell.mean for cell in cells] == pytest.approx([0.19 + bits / 1000 for bits in BITS] * 2)
    assert all(cell.deterministic and cell.std is None for cell in cells)


def test_a_cell_without_a_number_says_why(records: Path) -> None:
    write_sign_bits(records)
    made = rows(table(records))
    states = {
        label: [cell.state for cell in made[label].cells if isinstance(cell, Absent)]
        for label in ("SDML", "MRL (authors_code)", "Later")
    }
    assert states == {
        "SDML": [*["not run"] * 4, *["failed"] * 4],
        "MRL (authors_code)": ["skipped"] * 8,
        "Later": ["not run"] * 8,
    }
    older = made["SDML"].cells[0]
    assert isinstance(older, Absent)
    assert "the records are older" in older.reason


def test_missing_seeds_are_counted(records: Path) -> None:
    write_sign_bits(records, seeds=[0, 1])
    cell = rows(table(records))["CE"].cells[0]
    assert isinstance(cell, Number)
    assert (cell.n, cell.note) == (2, "n = 2 of 3 seeds")


def test_records_without_sign_bits_of_the_noise_have_no_table(records: Path) -> None:
    assert sign_bits(Records(records), scoped(records), NOISE) is None
    write_sign_bits(records)
    assert sign_bits(Records(records), scoped(records), "pairflip") is None, "MCCA alone has numbers there"


def test_the_table_follows_the_one_of_both_readouts(records: Path) -> None:
    names = [made.name for made in retrieval(Study(Records(records), scoped(records).scope, [NOISE])).tables]
    write_sign_bits(records)
    more = [made.name for made in retrieval(Study(Records(records), scoped(records).scope, [NOISE])).tables]
    assert more == [names[0], "emoji_symmetric_sign_bits", *names[1:]]
    assert names[0] == "emoji_symmetric_readout"


def test_what_differs_from_published_hashing_is_said_of_its_datasets_alone(
    records: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_sign_bits(records)
    (tmp_path / "published" / "notes").mkdir(parents=True)
    header = "dataset,method,bits,noise,direction,map\n"
    (tmp_path / "published" / "notes" / "codes.csv").write_text(f"{header}XMediaNet,RFCMH,16,0.2,I2T,0.5\n")
    (tmp_path / "published" / "table.csv").write_text("dataset,method,map\nEmoji,MRL,0.5\n")
    named = hashed(tmp_path / "published")
    assert named == {"XMediaNet"}
    monkeypatch.setattr(module, "hashed", lambda: named)
    assert table(records).notes == ()
    scope = scoped(records).scope
    renamed = Results(Records(records), replace(scope, dataset=replace(scope.dataset, display="XMediaNet")))
    made = sign_bits(Records(records), renamed, NOISE)
    assert made is not None
    assert made.notes == (BESIDE_PUBLISHED,)
