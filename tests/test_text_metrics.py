"""Notes judged: every planted defect shows in the scores that are there for it; honest notes pass."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

import manikin as mk
from manikin.checks import text as checks
from manikin.cohort.scalar_matrix import ScalarEncoder
from manikin.contracts.metric import AXES, ExactResult, Metric
from manikin.contracts.split import EvaluationOptions, Split
from manikin.core.seeds import Key
from manikin.datasets.notes import generate_toy_notes
from manikin.errors import Unsupported
from manikin.evaluation.evaluate import _report_surrogates
from manikin.evaluation.inputs import list_surrogate_notes, validate_inputs
from manikin.evaluation.measuring.calibration import compute_scores
from manikin.evaluation.measuring.evaluation_data import EvaluationData
from manikin.evaluation.measuring.measurement import measure
from manikin.evaluation.measuring.views import build_views
from manikin.evaluation.report.note_examples import collect_note_examples
from manikin.evaluation.selftest.defects.notes import NOTE_DEFECTS
from manikin.evaluation.selftest.defects.tabular import plant
from manikin.features.text import NoteFeature
from manikin.metrics.diversity import notes as diversity_notes
from manikin.metrics.fidelity import notes as fidelity_notes
from manikin.metrics.privacy import notes
from manikin.metrics.privacy.identifiers import identifiers_left
from manikin.metrics.utility.downstream import tstr_auroc
from manikin.text import note_fields

TRAIN, HOLDOUT, FRESH = (generate_toy_notes(n, seed) for n, seed in ((300, 1), (150, 2), (150, 3)))
HONEST = NoteFeature().fit(TRAIN)
MODULES = (fidelity_notes, diversity_notes, notes)
METRICS = {metric.name: metric for module in MODULES for metric in module.__plugin__}


def split(candidate: mk.Cohort, train: mk.Cohort = TRAIN, holdout: mk.Cohort = HOLDOUT) -> Split:
    return EvaluationData.from_cohorts(
        HONEST, ScalarEncoder.fit(train), (train, holdout, candidate), EvaluationOptions()
    ).full_split


def value(metric: Metric, candidate: mk.Cohort) -> float:
    found = metric(split(candidate))
    return found.value if isinstance(found, ExactResult) else found


def plain(*said: str) -> mk.Cohort:
    return mk.Cohort(pa.table({"note": list(said)}), mk.Schema(note=mk.Text()))


def floor(name: str) -> mk.Cohort:
    from manikin.evaluation.measuring.floors import find_floor

    return find_floor(METRICS[name].plan.floor)(split(FRESH))


@pytest.mark.parametrize(
    ("defect", "metric", "clear"),
    [
        ("leaked_notes", "near_notes", 0.02),
        ("leaked_notes", "copied_spans", 0.02),
        ("inserted_persons", "note_identifiers", 0.005),
        ("negation_flips", "negation_distance", 0.15),
        ("swapped_notes", "note_facts", -0.2),
        ("template_collapse", "self_bleu4", 0.04),
        ("template_collapse", "distinct_trigrams", -0.3),
    ],
)
def test_a_defect_shows(defect: str, metric: str, clear: float) -> None:
    change = value(METRICS[metric], plant(FRESH, defect, train=TRAIN)) - value(METRICS[metric], FRESH)
    assert change * np.sign(clear) >= abs(clear)


@pytest.mark.parametrize("name", [name for name, m in METRICS.items() if m.plan.reference != "whole"])
def test_the_floor_is_far_below_honest_notes(name: str) -> None:
    metric = METRICS[name]
    honest, bad = value(metric, FRESH), value(metric, floor(name))
    assert (honest - bad) * (1 if metric.better == "high" else -1) > 0.1


def test_checks_see_facts_of_another() -> None:
    swapped = plant(FRESH, "swapped_facts")
    for check in (checks.note_fits_age, checks.note_fits_sex):
        assert check.holds(FRESH).all()
        assert 0.3 < (~check.holds(swapped)).mean() < 0.7


def test_every_defect_keeps_the_shape_of_records() -> None:
    for name, defect in NOTE_DEFECTS.items():
        bad = plant(FRESH, name, train=TRAIN)
        assert len(bad) == len(FRESH)
        assert bad.schema == FRESH.schema
        assert defect.axis in AXES
        assert bad.columns.equals(plant(FRESH, name, train=TRAIN).columns)


def test_copied_words_by_hand() -> None:
    said = [" ".join(f"{name}{j}" for j in range(9)) for name in "abcdefghijklmnopqrstuvwxyz"]
    train, held = plain(*said[:20]), plain(*said[20:], *said[20:], *said[20:], *said[20:])
    found = notes.copied_spans(split(plain(*[said[0]] * 3, *said[20:23]), train, held))
    assert isinstance(found, ExactResult)
    assert found.p_value > 0.05  # one training note, however often, is no proof
    leak = notes.copied_spans(split(plain(*said[:10]), train, held))
    assert isinstance(leak, ExactResult)
    assert leak.p_value < 1e-4
    assert leak.value > 0.7


def test_templates_that_hit_one_patient_are_no_copies() -> None:
    train = plain(*[f"{' '.join(f'w{i}x{j}' for j in range(9))} end" for i in range(40)])
    held = plain(*[f"{' '.join(f'v{i}x{j}' for j in range(9))} end" for i in range(20)])
    filled = plain(*[f"{' '.join(f'w3x{j}' for j in range(9))} {i}" for i in range(40)])
    found = notes.copied_spans(split(filled, train, held))
    assert isinstance(found, ExactResult)
    assert found.p_value > 0.05


def test_copied_paragraphs_show_against_real_ones() -> None:
    said = np.array([" ".join(f"{a}{b}{c}" for c in "klmnop") for a in "abcdefgh" for b in "stuvwxyz"])
    rng = np.random.default_rng(0)
    train, held, fresh = (plain(*[" ".join(rng.choice(said, 3)) for _ in range(n)]) for n in (80, 80, 80))
    usual = notes.copied_spans(split(fresh, train, held))
    bad = notes.copied_spans(split(plant(fresh, "copied_paragraphs", train=train), train, held))
    assert isinstance(usual, ExactResult)
    assert isinstance(bad, ExactResult)
    assert usual.p_value > 0.05
    assert bad.p_value < usual.p_value


def test_persons_of_training_are_named() -> None:
    train = plain(*[f"Mr. Lee{chr(97 + i)} rests." for i in range(20)], *["He rests."] * 20)
    held = plain(*["She rests."] * 30)
    same = notes.note_identifiers(split(plain(*["Mr. Leea rests."] * 10, *["He rests."] * 10), train, held))
    none = notes.note_identifiers(split(plain(*["He rests."] * 20), train, held))
    assert isinstance(same, ExactResult)
    assert isinstance(none, ExactResult)
    assert same.value > 0.2
    assert same.p_value < 0.01
    assert none.value == 0


def test_what_is_text_and_what_are_notes() -> None:
    kinds = mk.Schema(ward=mk.Text(), seen=mk.Text(role="identifier"), note=mk.Text())
    said = "the patient was seen on the ward and is well today"
    table = {"ward": [f"W{i}" for i in range(30)], "seen": [f"{said} {i}" for i in range(30)]}
    train = mk.Cohort(pa.table({**table, "note": [f"no fever on day {i}" for i in range(30)]}), kinds)
    held = replace(train, columns=train.columns.slice(0, 25))
    assert note_fields.detect_note_fields(train) == ["seen", "note"]
    hidden = train.columns.set_column(1, "seen", pa.array([f"synthetic-{i:06d}" for i in range(30)]))
    judged = validate_inputs(replace(train, columns=hidden), held, train)[0]
    assert note_fields.list_note_fields(judged.schema) == ["note"]
    assert judged.schema["seen"].role == judged.schema["ward"].role == "identifier"


def test_identifiers_of_tables_are_not_sought_in_notes() -> None:
    same = plain(*["No acute disease of the chest is seen today."] * 20)
    found = identifiers_left(split(same, same, plain(*["Well."] * 20)))
    assert isinstance(found, ExactResult)
    assert found.value == 0


def test_no_words_of_a_patient_are_shown() -> None:
    seen = build_views(
        (TRAIN, HOLDOUT, plant(FRESH, "leaked_notes", train=TRAIN)), EvaluationOptions("diagnosis")
    )["text"]
    shown = collect_note_examples(seen, Key(0))
    known = set(TRAIN["note"])
    assert shown
    assert all(one["values"]["diagnosis"] in one["notes"]["note"].lower() for one in shown)
    assert not known & {one["notes"]["note"] for one in shown}
    copies = build_views((TRAIN, HOLDOUT, TRAIN.take(np.arange(100))), EvaluationOptions("diagnosis"))[
        "text"
    ]
    assert collect_note_examples(copies, Key(0)) == []
    named = FRESH.columns.set_column(4, "note", [["Dr. Novak saw it"] * 150])
    named = build_views((TRAIN, HOLDOUT, replace(FRESH, columns=named)), EvaluationOptions())["text"]
    assert collect_note_examples(named, Key(0)) == []


def test_what_cannot_be_measured_says_why() -> None:
    with pytest.raises(Unsupported, match="no headings"):
        fidelity_notes.section_distance(split(FRESH, plain(*["No fever."] * 40)))
    with pytest.raises(Unsupported, match="no value"):
        notes.note_facts(
            split(FRESH, replace(TRAIN, columns=TRAIN.columns.set_column(4, "note", [["well"] * 300])))
        )


def test_the_judge_finds_contrary_notes_and_says_where_there_are_surrogates() -> None:
    flipped = plant(FRESH, "negation_flips")
    seen = build_views((TRAIN, HOLDOUT, flipped), EvaluationOptions("diagnosis"))
    assert list(seen) == ["table", "text"]
    asked = [fidelity_notes.negation_distance, notes.copied_spans, tstr_auroc]
    found = {score.name: score.verdict for score in compute_scores(measure(seen["text"], asked, Key(0)))}
    assert found == {"negation_distance": "fail", "copied_spans": "pass", "tstr_auroc": "pass"}
    hidden = replace(FRESH, columns=FRESH.columns.set_column(4, "note", [["synthetic-000001"] * 150]))
    given = validate_inputs(hidden, TRAIN, HOLDOUT)
    assert list(build_views(given, EvaluationOptions("diagnosis"))) == ["table"]
    said = _report_surrogates(list_surrogate_notes(TRAIN, hidden), {})
    assert len(said) == 1
    assert "surrogates stand for the notes (note)" in said[0].reason
