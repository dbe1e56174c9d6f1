"""Several files of one folder, each with a schema of its own, and what is damaged beside them."""

import subprocess
import sys

import pytest

import manikin as mk
from manikin.errors import FormatError, SchemaError


def run(*args, cwd):
    command = [sys.executable, "-m", "manikin", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)  # noqa: S603


@pytest.fixture
def folder(tmp_path):
    rows = "\n".join(f"{40 + i % 37},{'FM'[i % 2]}" for i in range(60))
    (tmp_path / "heart.csv").write_text(f"age,sex\n{rows}\n")
    rows = "\n".join(f"{i % 9 + 0.5},{'yn'[i % 2]},{'FM'[i % 2]}" for i in range(60))
    (tmp_path / "labs.csv").write_text(f"crp,fever,sex\n{rows}\n")
    return tmp_path


def test_the_schema_of_one_file_leaves_the_others_alone(folder):
    assert run("inspect", "heart.csv", cwd=folder).returncode == 0
    done = run("inspect", "labs.csv", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "made from another file" in done.stdout
    assert (folder / "schema.toml").is_file()
    assert (folder / "labs.schema.toml").is_file()
    labs = mk.read(folder / "labs.csv")
    assert list(labs.schema) == ["crp", "fever", "sex"]
    assert labs.notes[0] == "labs.schema.toml beside the data overrides what was inferred"


def test_a_schema_serves_another_file_with_the_same_fields(folder):
    run("inspect", "heart.csv", cwd=folder)
    schema = folder / "schema.toml"
    schema.write_text(schema.read_text().replace("[age]", '[age]\nunit = "years"'))
    (folder / "train.csv").write_text((folder / "heart.csv").read_text())
    assert mk.read(folder / "train.csv").schema["age"].unit == "years"
    assert not (folder / "train.schema.toml").exists()


def test_a_schema_that_names_no_file_is_not_passed_over(folder):
    (folder / "schema.toml").write_text('[weight]\nkind = "number"\n')
    with pytest.raises(SchemaError, match=r"declares weight.*schema.toml lies beside the data"):
        mk.read(folder / "heart.csv")


@pytest.mark.parametrize(
    "text",
    ['a,b\n1,"x\n2,y\n', 'a,b\n1,"x\n2,y\n3,"z"\n', 'a;b\n1;"x\n2;"y"\n3;z\n', 'a,b\n1,"x ""q""\n2,y\n'],
)
def test_an_open_quotation_mark_is_refused_with_its_line(tmp_path, text):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(FormatError, match="line 2 holds an open quotation mark"):
        mk.read(tmp_path / "a.csv")


def test_quotation_marks_within_text_are_no_open_ones(tmp_path):
    text = 'a,b\n1,"x ""q""\nsecond line"\n2,5" tube\n3,"He said "hi""\n4,""\n'
    (tmp_path / "a.csv").write_text(text)
    assert len(mk.read(tmp_path / "a.csv")) == 4


@pytest.mark.parametrize("damage", ["truncate weights", "no weights", "empty codec", "other keys"])
def test_a_damaged_model_is_named(folder, damage):
    model = folder / "model"
    mk.Synthesizer(seed=0).fit(mk.read(folder / "heart.csv"), quiet=True).save(model)
    weights = model / "weights.safetensors"
    if damage == "truncate weights":
        weights.write_bytes(weights.read_bytes()[:100])
    elif damage == "no weights":
        weights.unlink()
    else:
        (model / "codec.json").write_text("{}" if damage == "empty codec" else '{"target": 3}')
    with pytest.raises(FormatError, match="model"):
        mk.load(model)
