"""The schema: its toml, its checks, its views."""

import pytest

from manikin.errors import SchemaError
from manikin.schema.kinds import Category, Codes, Image, Number, Schema, Signal, Text, Time


def every_kind() -> Schema:
    return Schema(
        {
            "age": Number(unit="years", low=0, high=120, step=1, role="label"),
            "d.time": Number(low=0, step=0.5, role="time", missing=("-999", "?")),
            "dead": Category(levels=(0, 1), role="event"),
            "grade": Category(levels=("I", "II"), ordered=True),
            "flag": Category(levels=(False, True)),
            "dose": Category(levels=(0.5, 1.0)),
            "seen": Time(unit="day", format="%d/%m/%Y"),
            "codes": Codes(system="ICD-10", levels=("I10",)),
            "name": Text(role="identifier"),
            "ecg": Signal(channels=("I", "II"), rate=500.0, unit="mV"),
            "ct": Image(channels=("HU",), spacing=(1.0, 0.5, 0.5), unit="HU", levels=3),
        }
    )


def test_toml_returns_the_same_schema(tmp_path):
    schema = every_kind()
    schema.write(tmp_path / "schema.toml")
    assert Schema.read(tmp_path / "schema.toml") == schema


def test_a_bound_of_zero_is_not_lost():
    assert Schema(x=Number(low=0, high=0.0)).to_dict() == {"x": {"kind": "number", "low": 0, "high": 0.0}}


def test_integer_and_boolean_levels_keep_their_type():
    levels = Schema.from_dict(every_kind().to_dict())
    assert [type(level) for name in ("dead", "flag", "dose") for level in levels[name].levels] == [
        int, int, bool, bool, float, float,
    ]  # fmt: skip


def test_views():
    schema = every_kind()
    assert schema.find_by_role("label") == "age"
    assert schema.survival_pairs == [("d.time", "dead")]
    assert "name" not in schema.modelled_fields
    assert schema.scalar_fields == ["age", "d.time", "dead", "grade", "flag", "dose", "seen"]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"kind": "nmber"}, "needs kind"),
        ({"kind": "number", "levels": [1]}, "no levels"),
        (
            {"kind": "number", "hihg": 1, "low": "x"},
            "low is a number.*has no hihg.*did you mean high",
        ),
        ({"kind": "signal", "band": [40, 1]}, "band is a lowest and a highest frequency"),
        ({"kind": "number", "role": "boss"}, "role is one of"),
        ({"kind": "number", "low": "x"}, "low is a number"),
        ({"kind": "number", "low": True}, "low is a number"),
        ({"kind": "number", "low": 3, "high": 1}, "above high"),
        ({"kind": "number", "step": 0}, "step is a number above 0"),
        ({"kind": "category", "levels": ["a", "a"]}, "twice"),
        ({"kind": "category", "ordered": "yes"}, "true or false"),
        ({"kind": "image", "levels": ["a"]}, "how many labels"),
        ("number", "needs kind"),
    ],
)
def test_a_wrong_declaration_names_the_field(table, words):
    with pytest.raises(SchemaError, match=words) as caught:
        Schema.from_dict({"bmi": table})
    assert "'bmi'" in str(caught.value)


def test_a_declaration_keeps_whole_numbers_and_takes_tuples_as_lists():
    kind = Schema.from_dict({"x": {"kind": "number", "low": 0, "high": 1.0, "censored": ("<1",)}})["x"]
    assert [type(kind.low), type(kind.high), kind.censored] == [int, float, ("<1",)]


def test_numbers_may_be_listed_as_missing():
    assert Schema.from_dict({"x": {"kind": "number", "missing": [-999, "?"]}})["x"].missing == ("-999", "?")


@pytest.mark.parametrize("text", [None, "[age\n", "age = 3\n"])
def test_an_unreadable_file_is_named(tmp_path, text):
    path = tmp_path / "schema.toml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(SchemaError, match=r"schema\.toml"):
        Schema.read(path)
