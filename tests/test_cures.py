"""All problems of a file are named at once, and inspect writes a schema that cures them."""

import subprocess
import sys

import pytest

import manikin as mk
from manikin.errors import SchemaError


def run(*args, cwd):
    command = [sys.executable, "-m", "manikin", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)  # noqa: S603


@pytest.fixture
def file(tmp_path):
    rows = [
        (
            30 + i % 41,
            "haemolysed, Mrs Jones" if i == 7 else (i % 9) / 2,
            "soon" if i == 5 else f"2020-01-{i % 28 + 1:02}",
        )
        for i in range(120)
    ]
    path = tmp_path / "labs.csv"
    path.write_text("age,crp,seen\n" + "".join(f'{a},"{c}",{d}\n' for a, c, d in rows))
    return path


def test_all_problems_are_named_at_once_and_no_rare_word_is_shown(file):
    with pytest.raises(SchemaError, match=r"(?s)2 fields.*'crp'.*'seen'") as caught:
        mk.read(file)
    assert "Jones" not in str(caught.value)


def test_inspect_writes_a_schema_with_which_the_file_is_read(file):
    done = run("inspect", file.name, cwd=file.parent)
    assert done.returncode == 0, done.stderr
    said = " ".join(done.stdout.split())
    assert "declared crp: taken as a number; 1 of 120 records hold no number" in said
    assert "declared seen: left out of the model" in said
    assert "Jones" not in done.stdout
    cohort = mk.read(file)
    assert isinstance(cohort.schema["crp"], mk.Number)
    assert cohort.columns["crp"].null_count == 1
    assert cohort.schema["seen"].role == "identifier"


def test_words_for_gaps_reach_neither_model_nor_records(file):
    run("inspect", file.name, cwd=file.parent)
    model = mk.Synthesizer(seed=0).fit(mk.read(file), quiet=True)
    folder = file.parent / "model"
    model.save(folder)
    mk.write(model.sample(300), file.parent / "synthetic.csv")
    written = [path for path in (*folder.iterdir(), file.parent / "synthetic.csv") if path.is_file()]
    assert not [path.name for path in written if b"Jones" in path.read_bytes()]


def test_numbers_too_long_for_a_quantity_are_refused_where_declared(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("key,age\n" + "".join(f"51404844830104527831{i:02},{20 + i}\n" for i in range(40)))
    for kind in (mk.Number(), mk.Category(levels=(1, 2))):
        with pytest.raises(SchemaError, match="too large to be a quantity"):
            mk.read(path, mk.Schema(key=kind))
