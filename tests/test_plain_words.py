"""What the first screen and the console say: counts of patients, what failed, and what must be known."""

import re

import pytest

from manikin.core.short_lists import list_names
from manikin.evaluation.card import card_facts, sample_size
from manikin.evaluation.card.gate import decide_use
from manikin.evaluation.card.policy import read_policy
from manikin.evaluation.report import decision_reasons, html_page
from manikin.evaluation.score import Score
from manikin.evaluation.scorecard import Scorecard
from manikin.schema.kinds import Category, Number, Schema, Text

SIZES = {"train": 800, "holdout": 400, "synthetic": 4088}


def score(name, axis, verdict, value=None, spread=(None, None), floor=1.0, ceiling=0.0, note=""):
    calibrated = None if value is None else (floor - value) / (floor - ceiling)
    low, high = spread
    return Score(name, axis, value, low, high, floor, ceiling, calibrated, "low", verdict, note, 0.5)


def clean(*others, sizes=SIZES):
    """A card whose records meet what the internal tier asks, with other scores."""
    met = [
        score(name, "privacy", "pass", 0.0, (0.0, 0.0))
        for name in ("identifiers_left", "exact_copies", "near_match_excess")
    ]
    met.append(score("implausible_share", "clinical validity", "pass", 0.0, (0.0, 0.0)))
    replaced = {entry.name for entry in others}
    kept = [entry for entry in met if entry.name not in replaced]
    return Scorecard([*kept, *others], {"records": sizes, "subjects": sizes})


def headline(card):
    policy = read_policy()
    names = policy.list_uses("tier")
    return decision_reasons.compose_headline(
        [decide_use(card, name) for name in names], [policy.uses[name].title for name in names], card
    )


def test_the_headline_says_which_axes_fail_beside_the_use():
    noise = clean(
        score("c2st_auc", "fidelity", "fail", 0.94, (0.9, 0.97), 1.0, 0.5),
        score("tstr_auroc", "utility", "fail", 0.5),
    )
    said = headline(noise)
    assert said.startswith("Fit for internal use, no further. Fidelity and utility fail: ")
    assert "do not look like real ones" in said
    assert headline(clean()) == "Fit for internal use, no further."


def test_the_headline_says_that_likeness_was_not_shown():
    few = clean(score("c2st_auc", "fidelity", "not assessed", 0.7, (0.4, 0.9), 1.0, 0.5, "too few"))
    assert headline(few).endswith("Whether they look like real records is not shown.")


def test_no_evidence_is_said_with_what_would_give_it():
    sizes = {"train": 100, "holdout": 24, "synthetic": 20}
    said = headline(clean(sizes=sizes))
    assert said.startswith(
        "Not enough evidence for any use. 24 never-seen real patients, at least 30 needed"
    )
    assert "keep more real subjects from the model" in said
    assert "judge about 60 synthetic records instead of 20" in said


def test_what_is_broken_is_counted_in_patients():
    near = score("near_match_excess", "privacy", "fail", 0.0042, (0.003, 0.006))
    because = decision_reasons.explain_decision(decide_use(clean(near), "open"), clean(near))
    assert because == "about 17 of 4,088 records nearer to a training patient than chance explains"


@pytest.mark.parametrize("tier", ["controlled", "open"])
def test_what_is_not_shown_never_reads_as_found(tier):
    small = clean(sizes={"train": 800, "holdout": 114, "synthetic": 100})
    because = decision_reasons.explain_decision(decide_use(small, tier), small)
    assert because.startswith("114 never-seen real patients, at least 200 needed")
    assert "too few records to rule out near copies of patients" in because
    assert re.search(r"not tested for [a-z ]+", because)
    assert "not shown" not in because.lower()


def test_how_many_more_records_would_decide():
    assert "about 4 times" in sample_size.suggest_sample_size((0.54, 0.62), 0.58, (0.6, None))
    assert "about 1.5 times" in sample_size.suggest_sample_size((0.4, 0.6), 0.5, (None, 0.41))
    assert "3,000 synthetic records instead of 455" in sample_size.suggest_sample_size(
        (0, 0.0066), 0, (0.001, None), 455
    )
    assert "200 synthetic records instead of 100" in sample_size.suggest_sample_size(
        (0, 0.1), 0, (0.05, None), 100
    )
    assert "about 4 times" in sample_size.suggest_sample_size((0.0, 0.09), 0.01, (0.05, None), 455)
    assert "would not help" in sample_size.suggest_sample_size((0.55, 0.75), 0.65, (0.6, None))
    assert "at the limit" in sample_size.suggest_sample_size((0.5, 0.7), 0.5999, (0.6, None))


def test_columns_are_named_by_what_they_were_taken_for():
    schema = Schema(
        pid=Text(role="subject"), mrn=Text(role="identifier"), remark=Text(), age=Number(), sex=Category()
    )
    found = {"roles": card_facts.list_roles(schema)}
    assert (
        card_facts.describe_columns(found)
        == "Subject: pid; identifiers: mrn; left out of the model: remark."
    )
    noted = card_facts.describe_columns({"roles": card_facts.list_roles(schema, ["remark"])})
    assert noted == "Subject: pid; identifiers: mrn."
    said = card_facts.describe_columns({**found, "generator": {"family": "trees"}})
    assert said == "Subject: pid; identifiers, replaced by surrogates: mrn; left out of the model: remark."
    none = card_facts.describe_columns({"roles": card_facts.list_roles(Schema(age=Number()))})
    assert none == "Subject: no column, each row counts as one patient; identifiers: none."
    assert card_facts.describe_columns({}) == ""


def test_rows_per_patient_are_said_where_patients_have_several():
    about = {"records": {"train": 960, "synthetic": 960}, "subjects": {"train": 60, "synthetic": 960}}
    assert card_facts.describe_rows(about) == "Rows per patient: 16.0 real, 1.0 synthetic."
    assert card_facts.describe_rows({"records": SIZES, "subjects": SIZES}) == ""


def test_a_short_training_is_said_with_what_to_do():
    link = {"steps": 51, "usual": 1500, "ended": "budget", "target": ["scan"]}
    said = card_facts.describe_short_training(link)
    assert "51 of about 1,500 steps, too few to see the loss level off" in said
    assert "--steps 1500" in said
    assert "still falling" in card_facts.describe_short_training(link | {"steps": 400, "falling": True})
    assert card_facts.describe_short_training(link | {"ended": "patience"}) == ""
    assert card_facts.describe_short_training(link | {"steps": 1500}) == ""
    chain = {"generator": {"chain": [link, {"target": ["age"], "family": {"name": "trees"}}]}}
    assert card_facts.list_short_trainings(chain)[0].startswith("Learned too little (scan): 51")


def test_facts_of_others_stand_on_page_and_console_and_survive_the_file(tmp_path):
    card = clean().add_facts("3 levels were pooled.", "3 levels were pooled.", "A second fact.")
    card.to_json(tmp_path / "card.json")
    again = Scorecard.from_json(tmp_path / "card.json")
    assert again.about["facts"] == ["3 levels were pooled.", "A second fact."]
    first = html_page.render_page(again).partition('id="scores"')[0]
    for text in (again.to_text(), first):
        assert text.count("3 levels were pooled.") == 1
        assert "A second fact." in text
        assert "No differential privacy" in text


def test_the_console_needs_no_more_than_fifteen_lines():
    card = clean().add_facts(*(f"Fact {i}." for i in range(9)))
    card.about["roles"] = {"subject": [], "identifier": [], "left out": []}
    lines = card.to_text().splitlines()
    assert len(lines) <= 15
    assert "Fact 1. And 7 more notes on the card." in lines[-3]


def test_lists_say_how_many_more_there_are():
    assert list_names("abcdefgh", 6) == "a, b, c, d, e, f and 2 more"
    assert list_names("ab", 6) == "a, b"


def test_the_same_check_in_several_views_is_one_reason():
    views = [
        score(f"c2st_auc[{view}]", "fidelity", "fail", 0.99, (0.97, 1.0), 1.0, 0.5)
        for view in ("radiomics", "encoder")
    ]
    because = decision_reasons.explain_decision(decide_use(clean(*views), "controlled"), clean(*views))
    assert because.count("a judge tells a synthetic record from a real one") == 1
    assert because.endswith("and 1 more")


def test_what_is_asked_of_likeness_is_said_in_per_cent():
    far = score("correlation_distance", "fidelity", "fail", 0.9, (0.7, 1.4), 1.0, 0.0)
    because = decision_reasons.explain_decision(decide_use(clean(far), "controlled"), clean(far))
    assert "0 % to 30 % of the way from a bad generator to real data, allowed at least 70 %" in because


def test_the_first_screen_shows_what_was_drawn():
    note = {"group": "", "values": {"age": "60"}, "notes": {"report": "No acute distress. " * 40}}
    first = html_page.render_page(Scorecard([], {}, {"notes": [note]})).partition('id="scores"')[0]
    assert "A synthetic note, drawn at random" in first
    assert first.count("No acute distress.") < 15
    group = {
        "group": "",
        "traces": [[[0.0, 1.0, None, 2.0]], [[1.0, 0.0, 1.0, 0.0]]],
        "real": None,
        "synthetic": None,
    }
    signal = {"field": "ecg", "channels": ["II"], "unit": "mV", "time": [0, 1, "s"], "groups": [group]}
    first = html_page.render_page(Scorecard([], {}, {"signals": [signal]})).partition('id="scores"')[0]
    assert "Synthetic ecg, II, drawn at random" in first
    assert first.count('aria-label="A synthetic signal, II"') == 2
    picture = {"field": "scan", "group": "", "png": "data:image/png;base64,AAAA", "alt": "8 pictures"}
    first = html_page.render_page(Scorecard([], {}, {"samples": [picture]})).partition('id="scores"')[0]
    assert 'alt="8 pictures"' in first


def test_every_badge_and_answer_is_explained_on_the_page():
    html = html_page.render_page(clean())
    for said in ("never a pass", "never a yes", "clearly worse than fresh real records"):
        assert said in html


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("exact_copies", 3 / 4088, "3 of 4,088 records equal a training patient's"),
        ("disguised_copies", 0.0001, "about 1 of 4,088 records are a training patient's in disguise"),
        ("linkability", 0.004, "0.4 of 100 training patients have their parts linked"),
        ("membership_tpr_1", 0.091, "about 9 of 100 training patients recognised, at 1 false alarm in 100"),
        (
            "membership_auc_outliers[radiomics]",
            0.713,
            "an attacker tells a training patient from another in 71",
        ),
        ("coverage", 0.5, ""),
    ],
)
def test_scores_are_said_in_counts(name, value, says):
    counted = decision_reasons.describe_count(score(name, "privacy", "fail", value), clean())
    assert counted.startswith(says)
    assert bool(counted) == bool(says)
