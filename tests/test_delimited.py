"""Delimited text: names in the header, cut as the records are."""

import gzip

import pytest

from manikin.errors import FormatError
from manikin.tables.delimited import read_header, read_text_columns


@pytest.mark.parametrize(
    ("content", "names"),
    [
        (b'id,"height, in cm",label\n1,170,a\n', ["id", "height, in cm", "label"]),
        (b"id;weight\n1;2,5\n", ["id", "weight"]),
        ("größe\tgewicht\n1\t2\n".encode("latin-1"), ["größe", "gewicht"]),
        ("größe,b\n1,2\n".encode("utf-16"), ["größe", "b"]),
        ("\ufeffa,b\r\n1,2\r\n".encode(), ["a", "b"]),
        (b"\n\na,,c\n1,2,3\n", ["a", "unnamed", "c"]),
        (b"a,b\r1,2\r", ["a", "b"]),
        (gzip.compress(b"a,b\n1,2\n"), ["a", "b"]),
        (b"a,b\n" + b"1,2\n" * (1 << 15), ["a", "b"]),
    ],
)
def test_the_header_names_the_columns_that_are_read(tmp_path, content, names):
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    assert read_header(path) == names
    assert read_text_columns(path).column_names == names


@pytest.mark.parametrize("content", [b"", b" \n\n", b"\x00\x01\x02,b\n"])
def test_what_is_no_text_has_no_header(tmp_path, content):
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    assert read_header(path) == []


def test_a_damaged_file_has_no_header_to_tell(tmp_path):
    path = tmp_path / "table.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n1,2\n")[:-9])
    with pytest.raises(FormatError, match="damaged"):
        read_header(path)
