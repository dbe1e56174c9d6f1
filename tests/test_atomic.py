"""Atomic writing: a file or folder is whole or absent, and what stood there stays until then."""

from __future__ import annotations

import pytest

from manikin.core.atomic import open_atomic_folder, write_atomically
from manikin.core.toml import read_toml
from manikin.errors import FormatError, SchemaError, UsageError


def test_a_file_is_replaced_when_it_is_whole(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with write_atomically(path) as part:
        part.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_an_interruption_leaves_what_was_there(tmp_path, kind):
    path = tmp_path / "a"
    path.write_text("old")

    def write_half(part):
        if kind == "folder":
            part.mkdir()
            part = part / "inside"
        part.write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), write_atomically(path) as part:
        write_half(part)
    assert [(entry.name, entry.read_text()) for entry in tmp_path.iterdir()] == [("a", "old")]


def test_errors_name_the_path_that_was_asked_for(tmp_path):
    path = tmp_path / "no folder" / "a.txt"
    with (
        pytest.raises(FormatError, match=r"a\.txt: cannot be written \(No such"),
        write_atomically(path) as part,
    ):
        part.write_text("x")
    with pytest.raises(FormatError) as error, write_atomically(tmp_path / "b.txt") as part:
        raise FormatError(f"{part}: too many fields")
    assert str(error.value) == f"{tmp_path}/b.txt: too many fields"


def test_a_full_folder_is_replaced_only_where_asked(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "old").write_text("old")
    with pytest.raises(UsageError, match="exists already"), open_atomic_folder(folder):
        pass
    with write_atomically(folder, replaces_folder=True) as part:
        part.mkdir()
        (part / "new").write_text("new")
    assert [entry.name for entry in folder.iterdir()] == ["new"]


def test_a_toml_file_is_refused_with_its_name_and_the_reason(tmp_path):
    path = tmp_path / "a.toml"
    with pytest.raises(SchemaError, match=r"a\.toml: cannot be read \(No such file or directory\)"):
        read_toml(path, SchemaError)
    path.write_bytes(b"a = \xff")
    with pytest.raises(SchemaError, match=r"a\.toml: is not TOML"):
        read_toml(path, SchemaError)
    with pytest.raises(UsageError, match=r"a\.toml: no policy \(.*utf-8"):
        read_toml(path, UsageError, "no policy ({reason})")
    path.write_text("a = 1")
    assert read_toml(path, SchemaError) == {"a": 1}
