"""The judge's self-test: what it would notice, in how many records."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from manikin.data.cohort import Cohort
from manikin.data.schema import Category, Image, Number
from manikin.errors import Unsupported
from manikin.evaluation import page, power, scorecard, words
from manikin.evaluation.power import PLANTED, self_tested
from manikin.evaluation.scorecard import Score, Scorecard
from manikin.metric import AXES
from manikin.publish.job import Judging, synthesize

SCHEMA = json.loads(Path(scorecard.__file__).with_name("scorecard.schema.json").read_text(encoding="utf-8"))


def people(n, quantities=4, seed=0):
    rng = np.random.default_rng(seed)
    arrays = {f"x{j}": rng.standard_normal(n).round(3) for j in range(quantities)}
    arrays["sex"] = rng.choice(["F", "M"], n).astype(object)
    kinds = {name: Number() for name in arrays} | {"sex": Category(levels=("F", "M"))}
    return Cohort.from_arrays(arrays, kinds)


@pytest.fixture(scope="module")
def rows():
    card = self_tested(Scorecard([]), people(400, 6), people(150, 6, seed=1), trials=4, seed=1)
    return {row["defect"]: row for row in card.tables["power"]}


def test_what_is_plain_is_noticed_and_nothing_is_no_alarm(rows):
    assert list(rows) == list(PLANTED)
    assert rows["3 % are copies of training patients"]["noticed"] == 4
    assert rows["30 % repeat another record"]["noticed"] == 4
    assert rows["nothing is planted: a false alarm"]["noticed"] == 0
    # Clopper and Pearson for 4 of 4: the lower end is 0.025 ** (1 / 4)
    assert rows["30 % repeat another record"]["low"] == pytest.approx(0.025**0.25, abs=5e-4)
    assert all(row["axis"] in (*AXES, "") and row["trials"] == 4 for row in rows.values())


def test_the_same_seed_gives_the_same_table_and_the_card_keeps_the_rest():
    card = Scorecard([], {"seed": 3}, {}, {"rules": [{"rule": "a"}]})
    first, again = (self_tested(card, people(60), people(40, seed=1), trials=2) for _ in range(2))
    assert first == again
    assert first.tables["rules"] == [{"rule": "a"}]
    assert first.about == {"seed": 3}


def test_a_card_of_more_scores_asks_for_more_before_it_speaks():
    assert power._factors(Scorecard([])) == {"privacy": 6, "diversity": 6, "clinical validity": 3}
    found = Score("a", "privacy", 0.0, 0.0, 0.0, 1.0, 0.0, 1.0, "low", "pass", "", 0.5)
    five = [replace(found, name=str(i)) for i in range(5)]
    others = [replace(found, axis="fidelity"), replace(found, axis="utility", percentile=None)]
    factors = power._factors(Scorecard([*five, *others]))
    # four axes: those of the tests, and fidelity, of which the card has a score
    assert factors == {"privacy": 20, "diversity": 8, "clinical validity": 4}


def test_a_defect_that_the_fields_cannot_have_is_left_out():
    levels = people(80, quantities=0)
    table = self_tested(Scorecard([]), levels, people(40, 0, 1), trials=2).tables["power"]
    defects = [row["defect"] for row in table]
    assert "5 % have an impossible value" not in defects


def test_records_without_a_field_of_one_value_are_refused_before_anything_is_learned(tmp_path):
    scans = Cohort.from_arrays({"scan": np.zeros((40, 1, 4, 4), np.float32)}, {"scan": Image()})
    with pytest.raises(Unsupported, match="self-test"):
        self_tested(Scorecard([]), scans, scans)
    with pytest.raises(Unsupported, match="self-test"):
        synthesize(scans, tmp_path / "out", judging=Judging(self_test=True))


def test_few_records_are_looked_at_of_many(monkeypatch):
    sizes = []
    monkeypatch.setattr(power, "MOST", 30)
    monkeypatch.setattr(power, "_noticed", lambda _axis, cohorts, *_: sizes.append([*map(len, cohorts)]))
    self_tested(Scorecard([]), people(200), people(80, seed=1), trials=1)
    assert {tuple(found) for found in sizes} == {(30, 30, 30)}


def test_it_is_said_in_one_sentence_and_shown_in_a_table(rows):
    some = [dict(row) for row in rows.values()]
    some[1]["noticed"] = 1
    card = Scorecard([], tables={"power": some})
    sentence = words.power(card)
    assert sentence == (
        f"in records like these, this judge nearly always notices {_sure(some)} of 6 planted defects; "
        f"it may miss: {_missed(some)}."
    )
    assert f"Self-test: {sentence}" in card.summary()
    html = page.render(card)
    assert sentence in html
    assert 'id="table-power"' in html
    assert "1 of 4 times" in html
    assert words.power(Scorecard([])) == ""
    assert Scorecard.from_dict(card.to_dict()) == card


def _missed(rows):
    missed = [row for row in rows if row["axis"] and row["noticed"] < 4]
    return "; ".join(f"{row['defect']} ({row['noticed']} of 4 trials)" for row in missed)


def _sure(rows):
    return sum(row["noticed"] == 4 for row in rows if row["axis"])


def test_the_published_schema_describes_the_table(rows):
    described = SCHEMA["properties"]["tables"]["properties"]["power"]["items"]
    assert all(
        set(row) == set(described["properties"]) == set(described["required"]) for row in rows.values()
    )
