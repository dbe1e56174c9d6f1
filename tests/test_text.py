"""Notes as tokens and back, slots that follow the record, models of notes, saving."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import manikin as mk
from manikin.codecs.text import ABSENT_TOKEN, TextCodec
from manikin.codecs.text.record_slots import RecordSlots
from manikin.core.seeds import Key
from manikin.encoding.grammar import END
from manikin.errors import SchemaError
from manikin.families.autoregressive import Autoregressive
from manikin.families.masked import Masked

if TYPE_CHECKING:
    from pathlib import Path

    from manikin.contracts.family import Family

pytest.importorskip("tokenizers", reason="text needs the extra 'text'")

SMALL = Autoregressive(width=32, depth=1, heads=2)
FEW = mk.Training(steps=30)


def clinic(n: int = 120) -> mk.Cohort:
    """Notes that say age and sex of the record, and one that nobody shares."""
    rng = np.random.default_rng(0)
    age, sex, section = rng.integers(20, 89, n), rng.choice(["F", "M"], n), rng.choice(["CC", "PLAN"], n)
    notes = [
        f"The patient is a {a}-year-old {'woman' if s == 'F' else 'man'} with cough."
        if part == "CC"
        else f"{'She' if s == 'F' else 'He'} returns in {rng.integers(2, 9)} weeks."
        for a, s, part in zip(age, sex, section, strict=True)
    ]
    notes[0] = "Zyxwvutsria of the left Qwertzuiop."
    frame = pd.DataFrame({"age": age, "sex": sex, "section": section, "note": notes})
    return mk.Cohort.from_pandas(frame, mk.Schema(note=mk.Text(role="identifier")))


@pytest.fixture(scope="module")
def cohort() -> mk.Cohort:
    return clinic()


@pytest.fixture(scope="module")
def codec(cohort: mk.Cohort) -> TextCodec:
    return TextCodec().condition_on(("age", "sex")).fit(cohort, ["note"])


def notes(*texts: str | None) -> mk.Cohort:
    return mk.Cohort(pa.table({"note": pa.array(texts, pa.string())}), mk.Schema(note=mk.Text(role="note")))


def test_any_text_comes_back_as_it_was(codec: TextCodec) -> None:
    strange = ["", "Ein Ödem.\n\n  µg — 🫀\x00", "<end> <none>", "a woman", None]
    x = codec.encode(notes(*strange))
    assert x.shape == (5, codec.spec.length)
    assert (x[0] == END).all()
    assert x[4, 0] == ABSENT_TOKEN
    wide = TextCodec(longest=1024).fit(notes(*strange * 6), ["note"])
    assert wide.decode(wide.encode(notes(*strange)), Key(0))["note"].to_pylist() == strange


def test_no_piece_is_of_one_patient_alone(codec: TextCodec) -> None:
    assert "patient" in codec.pieces
    assert not any(part in codec.pieces for part in ("Zyx", "vuts", "Qwert", "zuiop"))


def test_a_note_repeats_the_record_it_is_filled_from(codec: TextCodec, cohort: mk.Cohort) -> None:
    assert codec.slots == RecordSlots(("age",), (), "sex")
    tokens = codec.decode(codec.encode(cohort), Key(0))
    assert codec.reconcile_given(tokens, cohort)["note"].to_pylist() == cohort.columns["note"].to_pylist()
    others = mk.Cohort.from_pandas(pd.DataFrame({"age": [7, None], "sex": ["M", "F"]}))
    one = int(np.flatnonzero(cohort["section"] == "CC")[1])
    twice = {"note": pa.array([tokens["note"][one].as_py()] * 2)}
    assert codec.reconcile_given(twice, others)["note"].to_pylist() == [
        "The patient is a 7-year-old man with cough.",
        "The patient is a unknown-year-old woman with cough.",
    ]


def test_the_same_words_give_the_same_pieces_in_any_process(codec: TextCodec) -> None:
    code = (
        "import sys; sys.path.insert(0, 'tests'); from test_text import clinic, TextCodec\n"
        "print(TextCodec().condition_on(('age', 'sex')).fit(clinic(), ['note']).pieces)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout  # noqa: S603
    assert out.strip() == codec.pieces.strip()


def test_text_is_modelled_only_when_it_is_asked_for(cohort: mk.Cohort) -> None:
    plain = mk.Synthesizer().fit(cohort, quiet=True).sample(3)
    assert plain["note"].tolist() == ["synthetic-000001", "synthetic-000002", "synthetic-000003"]
    declared = mk.Cohort(cohort.columns, cohort.schema.mark_notes(["note"]))
    assert declared.schema.modelled_fields == ["age", "sex", "section", "note"]
    assert [link.target for link in mk.Chain.from_schema(declared.schema).links] == [
        ("age", "sex", "section"),
        ("note",),
    ]


@pytest.mark.parametrize("family", [SMALL, Masked(width=32, depth=1, heads=2, steps=4)])
def test_a_model_of_notes_is_saved_and_samples_the_same(
    family: Family, cohort: mk.Cohort, tmp_path: Path
) -> None:
    model = mk.Synthesizer("note", condition=("age", "sex", "section"), family=family, training=FEW)
    model.fit(cohort, quiet=True)
    model.save(tmp_path / "model")
    few = cohort.take(np.arange(6))
    drawn = model.sample(condition=few)
    assert drawn.schema["note"] == mk.Text(role="note")
    assert drawn["age"].tolist() == few["age"].tolist()
    assert drawn["note"].tolist() == mk.load(tmp_path / "model").sample(condition=few)["note"].tolist()
    assert "Zyxw" not in "".join(path.read_text("utf-8") for path in tmp_path.rglob("*.json"))


def test_a_beginning_is_kept_and_continued(cohort: mk.Cohort) -> None:
    model = mk.Synthesizer("note", family=SMALL, training=FEW).fit(cohort, quiet=True)
    drawn = model.sample(condition=pd.DataFrame({"note": ["The patient is", None]}))["note"]
    assert drawn[0].startswith("The patient is")
    assert drawn[1] is not None


def test_another_text_may_be_given(cohort: mk.Cohort) -> None:
    frame = pd.DataFrame({"dialogue": cohort["note"], "summary": cohort["note"]})
    pairs = mk.Cohort.from_pandas(frame, mk.Schema(dialogue=mk.Text(), summary=mk.Text()))
    model = mk.Synthesizer("summary", condition="dialogue", family=SMALL, training=FEW).fit(
        pairs, quiet=True
    )
    assert len(model.sample(condition=pairs.take(np.arange(3)))) == 3


@pytest.mark.parametrize("texts", [("", "  "), (None, None)])
def test_notes_without_a_word_are_refused(texts: tuple[str | None, ...]) -> None:
    with pytest.raises(SchemaError, match="no record has a text"):
        TextCodec().fit(notes(*texts), ["note"])


def test_one_very_long_note_is_cut_and_counted() -> None:
    codec = TextCodec(longest=64).fit(notes(*["cough and fever"] * 9, "cough " * 5000), ["note"])
    assert codec.fit_report == {"length": 64, "cut": 1, "empty": 0, "absent": 0, "repeats": []}
