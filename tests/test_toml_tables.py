"""TOML tables: what a dataclass says of a file is checked, told in words, and described for editors."""

import json
import subprocess
import sys

import pytest

from manikin.cli import main
from manikin.core.toml_tables import build_json_schema, parse_table
from manikin.errors import SchemaError
from manikin.evaluation.card.policy import Use
from manikin.rules.rule import Rule


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(SchemaError) as caught:
        parse_table(Use, {"titel": "A", "kind": "tear", "text": 5}, "[use.a]", SchemaError)
    assert str(caught.value) == (
        "[use.a]: needs title, text in quotes; kind is one of tier, purpose, not 'tear'; text is text in "
        "quotes, not 5; has no titel; it knows title, kind, text, needs, holdout (did you mean title?)"
    )


def test_a_value_of_many_letters_is_not_repeated():
    with pytest.raises(SchemaError) as caught:
        parse_table(Use, {"title": list(range(9_999)), "kind": "tier", "text": ""}, "here", SchemaError)
    assert len(str(caught.value)) < 100


def test_what_a_table_does_not_hold_is_given_and_not_described():
    assert parse_table(Rule, {"expression": "x < 1"}, "a", SchemaError, known={"name": "a"}) == Rule(
        "a", "x < 1"
    )
    schema = build_json_schema(Rule, known=("name",))
    assert list(schema["properties"]) == ["expression", "source", "when", "support"]
    assert schema["required"] == ["expression"]


def test_the_command_writes_a_schema_for_each_file(tmp_path, monkeypatch):
    folder = tmp_path / "new"
    monkeypatch.setattr(sys, "argv", ["manikin", "json-schemas", str(folder), "--quiet"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    names = ("schema", "rules", "policy")
    schema, rules, policy = (json.loads((folder / f"{name}.json").read_text()) for name in names)
    number = schema["additionalProperties"]["anyOf"][0]
    assert number["properties"]["kind"]["const"] == "number"
    assert number["properties"]["high"]["description"].startswith("The largest plausible value")
    assert number["additionalProperties"] is False
    assert rules["additionalProperties"]["required"] == ["expression"]
    assert policy["properties"]["use"]["additionalProperties"]["required"] == ["title", "kind", "text"]


def test_a_table_is_read_without_pydantic(tmp_path):
    (tmp_path / "a.csv").write_text("age,sex\n" + "30,F\n41,M\n" * 20)
    code = "import sys, manikin; manikin.read(sys.argv[1]); print('pydantic' in sys.modules)"
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", code, str(tmp_path / "a.csv")], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
