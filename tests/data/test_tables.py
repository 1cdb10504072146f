"""Tables as people write and export them: each is understood, or refused with the place of the fault."""

import json
from pathlib import Path

import pyarrow
import pytest
from pyarrow import parquet

from pipeline.core.errors import BadInput, MissingFiles, UnknownName
from pipeline.data.base.tables import read_table


def table(folder, content, name="t.csv", encoding="utf-8"):
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return read_table(file)


def of_objects(folder, *objects):
    return table(folder, "".join(json.dumps(row) + "\n" for row in objects), "t.jsonl")


def of_arrow(folder, columns):
    parquet.write_table(pyarrow.table(columns), folder / "t.parquet")
    return read_table(folder / "t.parquet")


def test_cells_lines_and_a_byte_order_mark(tmp_path):
    result = table(tmp_path, 'file, text\r\na,"one, ""two""\nthree"\r\n\r\nb, four \r\n', encoding="utf-8-sig")
    assert result.columns == {"file": ["a", "b"], "text": ['one, "two"\nthree', "four"]}
    assert len(result) == 2
    assert [Path(result.place(row)).name for row in (0, 1)] == ["t.csv, line 2", "t.csv, line 5"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv", "file;text\na;small, soft\nb;\n"),
        ("t.csv", "file\ttext\na\tsmall, soft\nb\t\n"),
        ("T.TSV", 'file\ttext\na\t"small, soft"\nb\t\n'),
        ("t.csv", 'file,text,,\na,"small, soft",,\nb,,,\n'),
        ("t.csv", '"file",text\r"a","small, soft"\rb,\r'),
        ("t.jsonl", '{"file": "a", "text": "small, soft"}\n\n{"file": "b", "text": null}\n'),
        ("t.ndjson", '{"file": "a", "text": "small, soft"}\n{"file": "b"}\n'),
    ],
)
def test_one_table_in_many_forms(tmp_path, name, content):
    assert table(tmp_path, content, name).columns == {"file": ["a", "b"], "text": ["small, soft", ""]}


def test_one_table_in_parquet(tmp_path):
    columns = {"file": ["a", "b"], "text": pyarrow.array(["small, soft", None]).dictionary_encode()}
    result = of_arrow(tmp_path, columns)
    assert result.columns == {"file": ["a", "b"], "text": ["small, soft", ""]}
    assert result.place(1).endswith("t.parquet, row 2")


def test_whole_numbers_and_gaps_of_a_column_of_labels(tmp_path):
    """A gap makes floats of pandas' whole numbers."""
    assert of_arrow(tmp_path, {"label": [1.0, None, float("nan"), 3.0]}).columns["label"] == ["1", "", "", "3"]
    assert of_arrow(tmp_path, {"label": [1, None, 3]}).columns["label"] == ["1", "", "3"]
    made = of_objects(tmp_path, {"label": 1}, {"label": 2.0}, {"label": float("nan")})
    assert made.columns["label"] == ["1", "2", ""]


@pytest.mark.parametrize(
    ("cells", "complaint"),
    [
        (["a", ["b"]], r"line 2: the column 'label' has lists; save texts or whole numbers there"),
        ([{"x": 1}, "b"], r"line 1: the column 'label' has nested values"),
        ([1, None, "1"], r"line 3: the column 'label' has texts beside numbers"),
        ([True, 1], r"line 2: the column 'label' has numbers beside truth values"),
        ([1, 0.5], r"line 2: the column 'label' has 0\.5, which is no whole number"),
        ([1, float("inf")], r"line 2: the column 'label' has inf, which is no whole number"),
        (["a", "\ud83d"], r"line 2: the column 'label' has half a character"),
    ],
)
def test_columns_that_are_no_texts_are_refused_to_those_who_ask(tmp_path, cells, complaint):
    result = of_objects(tmp_path, *({"file": str(row), "label": cell} for row, cell in enumerate(cells)))
    assert result.needed("file") == [str(row) for row in range(len(cells))]
    with pytest.raises(BadInput, match=complaint):
        result.check("file", "label")


def test_bytes_in_parquet_are_refused_to_those_who_ask(tmp_path):
    result = of_arrow(tmp_path, {"file": ["a"], "label": [b"cats"]})
    with pytest.raises(BadInput, match=r"t\.parquet, row 1: the column 'label' has values of type bytes"):
        result.needed("label")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("file,text\na,b\nc,d,e\n", r"t\.csv, line 3: it has 3 columns, the first line has 2; put texts that hold com"),
        ("file;text\na;b;c\n", r"line 2: it has 3 columns, the first line has 2; put texts that hold semicolons"),
        ("file,text\na\n", r"t\.csv, line 2: it has 1 columns"),
        ("file;text,label\na;b,c\n", r"line 1: the names of the columns are divided by commas and semicolons"),
        ('file,text\na,"b"c\n', r"t\.csv, line 2: text follows a closing double quote"),
        ('file,text\na,b\nc,"b\nd,e\n', r"t\.csv, line 3: a double quote is opened and never closed"),
        ("file,file\na,b\n", r"columns: two columns are named 'file'"),
        (",file\n0,a\n", r"columns: column 1 has no name; name it, or leave it out \(pandas: index=False\)"),
        ("a.jpg,cats\nb.jpg,dogs\n", r"the first line has the file 'a\.jpg' where names of columns belong"),
        ("file,text\n", "the table has no rows"),
        ("", "the table has no rows"),
        (b"file,text\na,K\xe4se\n", r"t\.csv, line 2: it is not in UTF-8; save it as UTF-8 \(Excel: CSV UTF-8\)"),
        ("file,text\na,b\n".encode("utf-16"), "it is in UTF-16"),
        (b"PK\x03\x04", "it is a zip or Excel file"),
        (b"file,text\na,\0\n", "line 2: it has the character NUL"),
    ],
)
def test_unusable_tables_are_explained(tmp_path, content, complaint):
    with pytest.raises(BadInput, match=complaint):
        table(tmp_path, content)


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("t.tsv", 'file\ttext\na\t"b\nc\td"\n', "line 2: a quote is opened here and closed lines later"),
        ("t.jsonl", '[{"file": "a"}]\n', r"line 1: this is no JSON object; write one per line"),
        ("t.jsonl", '{"file": "a"}\n{"file": \n', r"line 2: this is no JSON object"),
        ("t.jsonl", '{"file": "a", "file": "b"}\n', "line 1: the key 'file' stands twice in one object"),
        ("t.jsonl", b'{"file": "\xe4"}\n', "line 1: it is not in UTF-8"),
        ("t.jsonl", "{}\n", "unknown name 'file'"),
        ("t.parquet", b"PAR1PAR1", "it is no whole Parquet file"),
        ("t.parquet", "file,text\n", "it is no whole Parquet file"),
        ("t.xlsx", b"PK", r"'\.xlsx' is no kind of table that is read; save it as one of \.csv, \.tsv"),
    ],
)
def test_unusable_tables_of_other_forms_are_explained(tmp_path, name, content, complaint):
    with pytest.raises((BadInput, UnknownName), match=complaint):
        table(tmp_path, content, name).check("file")


def test_long_texts_are_read(tmp_path):
    """The csv module stops at 131,072 characters by default."""
    assert table(tmp_path, f"file,text\na,{'word ' * 40_000}\n").columns["text"] == [("word " * 40_000).strip()]


def test_missing_files_folders_columns_and_cells_are_named(tmp_path):
    with pytest.raises(MissingFiles, match=r"none\.csv: the table is missing"):
        read_table(tmp_path / "none.csv")
    (tmp_path / "f.csv").mkdir()
    with pytest.raises(BadInput, match=r"f\.csv: this is a folder and no table"):
        read_table(tmp_path / "f.csv")
    result = table(tmp_path, "file,text\na, \n")
    with pytest.raises(UnknownName, match=r"t\.csv, columns: unknown name 'txt'; did you mean 'text'\?"):
        result.check("file", "txt")
    with pytest.raises(BadInput, match=r"t\.csv, line 2: the column 'text' is empty; fill it in or remove the line"):
        result.needed("text")
