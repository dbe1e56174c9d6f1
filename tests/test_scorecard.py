"""The scorecard as an object: verdicts, files, and what is shown of it."""

import io
import json
import re
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from manikin.contracts.metric import AXES
from manikin.datasets.demo import load_demo
from manikin.errors import FormatError, UsageError
from manikin.evaluation import score_names
from manikin.evaluation.attacks import canaries, shadow_models
from manikin.evaluation.card import provenance_score, results
from manikin.evaluation.measuring.catalogue import list_metrics
from manikin.evaluation.score import Score
from manikin.evaluation.scorecard import Scorecard
from manikin.evaluation.selftest import detection_power
from manikin.io import read
from manikin.publication.pipeline import synthesize as job
from manikin.publication.release import release
from manikin.publication.request import JudgingOptions

SCHEMA = json.loads(Path(results.__file__).with_name("scorecard.schema.json").read_text(encoding="utf-8"))


def score(name="c2st_auc", axis="fidelity", verdict="pass", **numbers):
    given = dict.fromkeys(("value", "low", "high", "floor", "ceiling", "calibrated")) | numbers
    return Score(name=name, axis=axis, **given, better="low", verdict=verdict, note="")


def test_an_axis_is_as_good_as_its_worst_assessed_score():
    card = Scorecard(
        [
            score("a", "privacy", "pass"),
            score("b", "privacy", "fail"),
            score("c", "privacy", "not assessed"),
            score("d", "fidelity", "warn"),
            score("e", "utility", "not assessed"),
        ]
    )
    assert card.verdicts["privacy"] == "fail"
    assert card.verdicts["fidelity"] == "warn"
    assert card.verdicts["utility"] == "not assessed"
    assert card.verdicts["provenance"] == "not assessed"
    assert tuple(card.verdicts) == AXES


def test_an_axis_does_not_pass_where_what_it_rests_on_could_not_be_told():
    marginal = score("column_distance", "fidelity", "pass", value=0.1)
    untold = score("c2st_auc", "fidelity", "not assessed", value=0.6)
    assert Scorecard([marginal, untold]).verdicts["fidelity"] == "not assessed"
    assert Scorecard([marginal]).verdicts["fidelity"] == "pass"
    part = score("c2st_auc[radiomics]", "fidelity", "pass", value=0.5)
    assert Scorecard([marginal, untold, part]).verdicts["fidelity"] == "pass"
    assert Scorecard([replace(marginal, verdict="warn"), untold]).verdicts["fidelity"] == "warn"


def test_a_score_is_found_by_name_and_an_absent_one_is_named():
    card = Scorecard(
        [score("c2st_auc", value=0.7), score("prevalence[sex = F]"), score("prevalence[sex = M]")]
    )
    assert card["c2st_auc"].value == 0.7
    assert "c2st_auc" in card
    assert "recall" not in card
    assert [part.name for part in card.find_parts("prevalence")] == [
        "prevalence[sex = F]",
        "prevalence[sex = M]",
    ]
    with pytest.raises(UsageError, match="c2st_auc, prevalence"):
        card["recall"]


def test_the_unfavourable_end_depends_on_the_direction():
    low = score(value=0.6, low=0.5, high=0.7)
    assert low.unfavourable_end == 0.7
    assert Score(**{**vars(low), "better": "high"}).unfavourable_end == 0.5
    assert score(value=0.6).unfavourable_end == 0.6


def test_a_card_survives_its_file(tmp_path):
    card = Scorecard(
        [score(value=0.7, low=0.6, high=0.8, floor=1.0, ceiling=0.5, calibrated=0.6)],
        {"records": {"train": 10}, "subsampled": []},
        {"marginals": {"age": {"kind": "number", "edges": [0.0, 1.0], "real": [1.0], "synthetic": [1.0]}}},
        {"columns": [{"field": "age", "distance": 0.1}]},
    )
    card.to_json(tmp_path / "card.json")
    assert Scorecard.from_json(tmp_path / "card.json") == card


def test_what_is_not_finite_and_what_is_numpy_become_plain(tmp_path):
    card = Scorecard([score(value=np.float64(0.5), low=float("nan"))], {}, {"grid": np.eye(2)})
    card.to_json(tmp_path / "card.json")
    read = Scorecard.from_json(tmp_path / "card.json")
    assert read["c2st_auc"].value == 0.5
    assert read["c2st_auc"].low is None
    assert read.plots["grid"] == [[1.0, 0.0], [0.0, 1.0]]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{}", "not a scorecard"),
        ("[1", "card.json"),
        ('{"format": "manikin-scorecard/1", "scores": [{"name": "a"}]}', "score 0"),
        (
            json.dumps({"format": results.FORMAT, "scores": [{**vars(score()), "verdict": "great"}]}),
            "verdict one of",
        ),
    ],
)
def test_a_file_that_is_no_card_is_refused(tmp_path, text, says):
    (tmp_path / "card.json").write_text(text)
    with pytest.raises(FormatError, match=says):
        Scorecard.from_json(tmp_path / "card.json")


def test_an_absent_file_is_named(tmp_path):
    with pytest.raises(FormatError, match=r"absent\.json"):
        Scorecard.from_json(tmp_path / "absent.json")


def test_the_published_schema_describes_what_is_written():
    written = Scorecard([score()]).to_dict()
    assert set(SCHEMA["required"]) == set(written) == set(SCHEMA["properties"])
    assert SCHEMA["properties"]["format"]["const"] == written["format"]
    assert set(SCHEMA["properties"]["verdicts"]["required"]) == set(AXES)
    described = SCHEMA["$defs"]["score"]
    assert set(described["properties"]) == {entry.name for entry in fields(Score)}
    assert set(described["required"]) == set(described["properties"]) - {"percentile"}
    assert described["properties"]["axis"]["enum"] == list(AXES)


def test_a_summary_says_the_use_and_every_axis():
    card = Scorecard([score("exact_copies", "privacy", "fail", value=0.1, ceiling=0.0)])
    text = card.to_text()
    assert text.splitlines()[0].startswith("Not fit for any use. 10 of 100 records equal a training")
    assert "Privacy fails: patients whose records were learned from are copied" in text.splitlines()[0]
    assert all(axis in text for axis in AXES)
    assert "1 of 1 check failed. Copied patients: exact copies 0.1, fresh real records 0." in text
    assert "No             Internal: 10 of 100 records equal a training patient's" in text


def test_a_pass_claims_no_more_than_was_assessed():
    passed = score("exact_copies", "privacy", "pass", value=0.0)
    missing = score("linkability", "privacy", "not assessed")
    whole = "No copies were found, and no attack told"
    assert whole in Scorecard([passed]).to_text()
    partly = Scorecard([passed, missing]).to_text()
    assert whole not in partly
    assert "1 check passed; not assessed: parts of a patient linked." in partly


def test_privacy_passes_only_where_an_attack_was_possible():
    copies = score("exact_copies", "privacy", "pass", value=0.0)
    attack = score("membership_auc", "privacy", "not assessed", value=None)
    assert Scorecard([copies, attack]).verdicts["privacy"] == "not assessed"
    assert Scorecard([copies, replace(attack, verdict="pass", value=0.5)]).verdicts["privacy"] == "pass"
    assert Scorecard([replace(copies, verdict="fail"), attack]).verdicts["privacy"] == "fail"


def test_it_shows_itself_in_terminals_and_notebooks():
    card = Scorecard([score("exact_copies", "privacy", "fail", value=0.1)])
    assert repr(card).startswith("Scorecard(1 scores; fidelity: not assessed")
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(card)
    assert "■ fail" in console.export_text()
    assert "<table" in card._repr_html_()
    assert "■ fail" in card._repr_html_()


def test_of_several_failures_the_most_telling_is_named():
    names = ("linkability", "a_metric_of_a_plug_in", "exact_copies", "membership_auc")
    card = Scorecard([score(name, "privacy", "fail", value=0.5) for name in names])
    assert "4 of 4 checks failed. Copied patients: exact copies 0.5." in card.to_text()
    lone = Scorecard([score("a_metric_of_a_plug_in", "privacy", "fail", value=0.5)])
    assert "A metric of a plug in: 0.5." in lone.to_text()


def test_every_score_has_a_name_that_clinicians_understand():
    named = set(score_names.read_plain_names())
    attacks = {*shadow_models.SCORE_DESCRIPTIONS, *canaries.SCORE_DESCRIPTIONS}
    missing = {metric.name for metric in list_metrics()} | attacks | {provenance_score.SCORE_NAME}
    assert not missing - named, "name it in evaluation/score_names.toml"
    assert len(set(score_names.read_plain_names().values())) == len(named)


JSON = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "null": type(None),
    "integer": int,
    "number": (int, float),
}


def faults(value, schema, where="card"):
    """Where a value breaks the parts of JSON Schema that the published one uses."""
    if "$ref" in schema:
        schema = schema | SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]]
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(isinstance(value, JSON[kind]) for kind in kinds):
        return [f"{where}: {value!r} is no {kinds}"]
    if value not in schema.get("enum", [value]) or value != schema.get("const", value):
        return [f"{where}: {value!r}"]
    if isinstance(value, list):
        return [f for i, v in enumerate(value) for f in faults(v, schema.get("items", {}), f"{where}[{i}]")]
    if not isinstance(value, dict):
        return [] if re.search(schema.get("pattern", ""), str(value)) else [f"{where}: {value!r}"]
    rest, known = schema.get("additionalProperties", {}), schema.get("properties", {})
    found = [f"{where} lacks {name}" for name in schema.get("required", []) if name not in value]
    found += [f"{where} has {name}" for name in value if rest is False and name not in known]
    parts = {name: known.get(name, rest or {}) for name in value}
    return found + [f for name, v in value.items() for f in faults(v, parts[name], f"{where}.{name}")]


def test_what_the_main_job_writes_and_releases_meets_the_published_schema(tmp_path, monkeypatch):
    monkeypatch.setitem(detection_power.add_self_test.__kwdefaults__, "trials", 2)
    cohort = load_demo().select("mean radius", "mean texture").take(np.arange(160))
    judging = JudgingOptions(refits=8, self_test=True)
    job(cohort, tmp_path / "out", family="independent", judging=judging)
    card = Scorecard.from_json(tmp_path / "out" / "scorecard.json")
    release(read(tmp_path / "out" / "synthetic.csv"), card, tmp_path / "released", accept="a test")
    for folder in ("out", "released"):
        text = (tmp_path / folder / "scorecard.json").read_text(encoding="utf-8")
        assert faults(json.loads(text), SCHEMA) == []
        assert Scorecard.from_json(tmp_path / folder / "scorecard.json").to_dict() == json.loads(text)
    assert "shadow_auc" in card
    assert card.tables["power"]
    spoilt = card.to_dict() | {"more": 1}
    spoilt["about"]["generator"] = 3
    spoilt["tables"]["power"][0].pop("axis")
    assert len(faults(spoilt, SCHEMA)) == 3
