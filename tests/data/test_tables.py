"""CSV tables as people write them, and the line of every fault."""

import pytest

from pipeline.core.errors import BadInput, MissingFiles, UnknownName
from pipeline.data.base.tables import read_table


def table(tmp_path, content, encoding="utf-8"):
    file = tmp_path / "t.csv"
    file.write_bytes(content.encode(encoding))
    return read_table(file)


def test_cells_lines_and_a_byte_order_mark(tmp_path):
    result = table(tmp_path, 'file, text\r\na.png,"one, ""two""\nthree"\r\n\r\nb.png, four \r\n', "utf-8-sig")
    assert result.header == ["file", "text"]
    assert [line.cells["text"] for line in result.lines] == ['one, "two"\nthree', "four"]
    assert result.lines[1].place.endswith("t.csv, line 5")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("file,text\na,b\nc,d,e\n", r"t\.csv, line 3: it has 3 columns, the first line has 2; put texts"),
        ("file,text\na\n", r"t\.csv, line 2: it has 1 columns"),
        ('file,text\na,"b"c\n', r"t\.csv, line 2: this is no CSV \("),
        ('file,text\na,"b\n', r"t\.csv, line 2: this is no CSV \("),
        ("file,file\na,b\n", r"line 1: two columns are named 'file'"),
        ("file,text\n", "the table has no rows"),
        ("", "the table has no rows"),
    ],
)
def test_unusable_tables_are_explained(tmp_path, content, complaint):
    with pytest.raises(BadInput, match=complaint):
        table(tmp_path, content)


def test_other_encodings_missing_files_columns_and_cells_are_named(tmp_path):
    with pytest.raises(BadInput, match=r"t\.csv: it is not in UTF-8; save it as CSV UTF-8"):
        table(tmp_path, "file,text\na,Käse\n", "latin-1")
    with pytest.raises(MissingFiles, match=r"none\.csv: the table is missing"):
        read_table(tmp_path / "none.csv")
    result = table(tmp_path, "file,text\na, \n")
    with pytest.raises(UnknownName, match=r"t\.csv, line 1, columns: unknown name 'txt'; did you mean 'text'\?"):
        result.check("file", "txt")
    with pytest.raises(BadInput, match=r"t\.csv, line 2: the column 'text' is empty"):
        result.lines[0].needed("text")
