"""The judge's self-test: what it would notice, in how many records."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from manikin.cohort.cohort import Cohort
from manikin.contracts.metric import AXES
from manikin.errors import Unsupported
from manikin.evaluation.card import results
from manikin.evaluation.report import html_page, wording
from manikin.evaluation.score import Score
from manikin.evaluation.scorecard import Scorecard
from manikin.evaluation.selftest import detection_power
from manikin.evaluation.selftest.cases import DEFECT_CASES, FALSE_ALARM, SCALAR_KINDS, SIGNAL_KINDS
from manikin.evaluation.selftest.detection_power import SelfTest, add_self_test
from manikin.publication.pipeline import synthesize
from manikin.publication.request import JudgingOptions
from manikin.schema.kinds import Category, Image, Number, Signal, Text

SCHEMA = json.loads(Path(results.__file__).with_name("scorecard.schema.json").read_text(encoding="utf-8"))


def people(n, quantities=4, seed=0):
    rng = np.random.default_rng(seed)
    arrays = {f"x{j}": rng.standard_normal(n).round(3) for j in range(quantities)}
    arrays["sex"] = rng.choice(["F", "M"], n).astype(object)
    kinds = {name: Number() for name in arrays} | {"sex": Category(levels=("F", "M"))}
    return Cohort.from_arrays(arrays, kinds)


def beats(n, seed=0):
    """Smoothed noise in two channels, four records of each person, and a label."""
    rng = np.random.default_rng(seed)
    kernel = np.hanning(9) / np.hanning(9).sum()
    x = rng.standard_normal((n, 2, 88))
    x = np.stack([[np.convolve(part, kernel, "valid") for part in record] for record in x])
    arrays = {"person": 1000 * seed + np.arange(n) // 4, "label": rng.integers(0, 2, n)}
    kinds = {"person": Number(role="subject"), "label": Category(levels=(0, 1), role="label")}
    return Cohort.from_arrays({**arrays, "ecg": x.astype(np.float32)}, {**kinds, "ecg": Signal(rate=100.0)})


def table(train, holdout, trials=4, **options):
    card = add_self_test(Scorecard([]), train, holdout, trials=trials, **options)
    return {row["defect"]: row for row in card.tables["power"]}


def noticed(rows):
    return {defect: row["noticed"] for defect, row in rows.items()}


@pytest.fixture(scope="module")
def rows():
    return table(people(400, 6), people(150, 6, seed=1), seed=1)


@pytest.fixture(scope="module")
def waves():
    return table(beats(400), beats(200, seed=1))


def test_what_is_plain_is_noticed_and_nothing_is_no_alarm(rows):
    assert list(rows) == [
        *(name for name, planted in DEFECT_CASES.items() if planted.kinds == SCALAR_KINDS),
        FALSE_ALARM,
    ]
    assert rows["3 % are copies of training patients"]["noticed"] == 4
    assert rows["30 % repeat another record"]["noticed"] == 4
    assert rows[FALSE_ALARM]["noticed"] == 0
    # Clopper and Pearson for 4 of 4: the lower end is 0.025 ** (1 / 4)
    assert rows["30 % repeat another record"]["low"] == pytest.approx(0.025**0.25, abs=5e-4)
    assert all(row["axis"] in (*AXES, "") and row["trials"] == 4 for row in rows.values())


def test_defects_of_signals_are_noticed_beside_a_label_and_nothing_is_no_alarm(waves):
    assert list(waves) == [
        *(name for name, planted in DEFECT_CASES.items() if planted.kinds == SIGNAL_KINDS),
        FALSE_ALARM,
    ]
    assert noticed(waves) == dict.fromkeys(waves, 4) | {FALSE_ALARM: 0}


def test_signals_alone_are_tested_as_those_beside_a_label(waves):
    assert table(*(x.select("person", "ecg") for x in (beats(400), beats(200, seed=1)))) == waves


def test_what_is_planted_into_one_kind_of_field_is_looked_for_there(rows):
    people_ = people(160, 6)
    both = Cohort.from_arrays(
        {**{n: people_[n] for n in people_.schema}, "ecg": np.zeros((160, 1, 40), np.float32)},
        {**people_.schema, "ecg": Signal()},
    )
    found = noticed(table(both, both.take(np.arange(60)), trials=2))
    assert found["30 % repeat another record"] == 2
    assert "5 % are training signals as they are" not in found  # flat lines: no test can be made of them


def test_what_shows_in_many_signals_is_missed_in_few(waves):
    few = table(beats(60), beats(40, seed=1))
    assert few["5 % are signals of five times the amplitude"]["noticed"] == 0
    assert few[FALSE_ALARM]["noticed"] == 0
    assert waves["5 % are signals of five times the amplitude"]["noticed"] == 4


def test_long_signals_and_pictures_are_fewer(monkeypatch):
    monkeypatch.setattr(detection_power, "MAX_SIGNAL_VALUES", 160 * 30)  # 80 places in 2 channels
    monkeypatch.setattr(detection_power, "MIN_SIGNALS", 20)
    bench = SelfTest.from_cohorts(
        SIGNAL_KINDS, ["ecg"], beats(160), beats(60, seed=1), detection_power.Key(0)
    )
    assert (len(bench.train), len(bench.views["dynamics"].holdout)) == (60, 30)
    monkeypatch.setattr(detection_power, "MIN_SIGNALS", 50)
    assert (
        len(
            SelfTest.from_cohorts(
                SIGNAL_KINDS, ["ecg"], beats(160), beats(60, seed=1), detection_power.Key(0)
            ).train
        )
        == 100
    )


def test_pictures_are_tested_too():
    rng = np.random.default_rng(0)
    scans = [rng.random((n, 1, 16, 16), dtype=np.float32) for n in (120, 60)]
    found = noticed(table(*(Cohort.from_arrays({"scan": x}, {"scan": Image()}) for x in scans), trials=2))
    assert found["5 % are training pictures as they are"] == 2
    assert found["30 % repeat another picture"] == 2
    assert found[FALSE_ALARM] == 0


def test_it_says_at_which_trial_it_is():
    heard = []
    table(people(60), people(40, seed=1), trials=3, told=heard.append)
    assert heard == [1, 2, 3]


def test_the_same_seed_gives_the_same_table_and_the_card_keeps_the_rest():
    card = Scorecard([], {"seed": 3}, {}, {"rules": [{"rule": "a"}]})
    first, again = (add_self_test(card, people(60), people(40, seed=1), trials=2) for _ in range(2))
    assert first == again
    assert first.tables["rules"] == [{"rule": "a"}]
    assert first.about == {"seed": 3}


def test_a_card_of_more_scores_asks_for_more_before_it_speaks():
    train, holdout = people(400, 6), people(150, 6, seed=1)
    tests = SelfTest.from_cohorts(
        SCALAR_KINDS, train.schema.scalar_fields, train, holdout, detection_power.Key(0)
    ).build_tests()
    assert detection_power._compute_factors(Scorecard([]), tests) == {
        "privacy": 6,
        "diversity": 6,
        "clinical validity": 3,
    }
    found = Score("a", "privacy", 0.0, 0.0, 0.0, 1.0, 0.0, 1.0, "low", "pass", "", 0.5)
    five = [replace(found, name=str(i)) for i in range(5)]
    others = [replace(found, axis="fidelity"), replace(found, axis="utility", percentile=None)]
    factors = detection_power._compute_factors(Scorecard([*five, *others]), tests)
    # four axes: those of the tests, and fidelity, of which the card has a score
    assert factors == {"privacy": 20, "diversity": 8, "clinical validity": 4}


def test_a_defect_that_the_fields_cannot_have_is_left_out():
    levels = people(80, quantities=0)
    table = add_self_test(Scorecard([]), levels, people(40, 0, 1), trials=2).tables["power"]
    defects = [row["defect"] for row in table]
    assert "5 % have an impossible value" not in defects


def test_records_without_a_field_that_could_be_spoilt_are_refused_before_anything_is_learned(tmp_path):
    notes = Cohort.from_arrays(
        {"note": np.array(["a", "b"] * 20, dtype=object)}, {"note": Text(role="note")}
    )
    with pytest.raises(Unsupported, match="self-test"):
        add_self_test(Scorecard([]), notes, notes)
    with pytest.raises(Unsupported, match="self-test"):
        synthesize(notes, tmp_path / "out", judging=JudgingOptions(self_test=True))


def test_few_records_are_looked_at_of_many(monkeypatch):
    sizes = []

    def look(_axis, sides, *_):
        sizes.extend((len(side.train), len(side.holdout), len(side.synthetic)) for side in sides.values())

    monkeypatch.setattr(detection_power, "MAX_RECORDS", 30)
    monkeypatch.setattr(detection_power, "_is_noticed", look)
    add_self_test(Scorecard([]), people(200), people(80, seed=1), trials=1)
    assert set(sizes) == {(30, 30, 30)}


def test_it_is_said_in_one_sentence_and_shown_in_a_table(rows):
    some = [dict(row) for row in rows.values()]
    some[1]["noticed"] = 1
    card = Scorecard([], tables={"power": some})
    sentence = wording.describe_power(card)
    assert sentence == (
        f"in records like these, this judge nearly always notices {_sure(some)} of 6 planted defects; "
        f"it may miss: {_missed(some)}."
    )
    assert f"Self-test: {sentence}" in card.to_text()
    html = html_page.render_page(card)
    assert sentence in html
    assert 'id="table-power"' in html
    assert "1 of 4 times" in html
    assert wording.describe_power(Scorecard([])) == ""
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
