"""Invented: admission notes beside the values that they speak of, for tests, docs and benchmarks."""

from __future__ import annotations

from typing import Any

import numpy as np

from manikin.cohort.cohort import Cohort
from manikin.core.seeds import Key
from manikin.schema.kinds import Category, Number, Text

DIAGNOSES: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "pneumonia": (
        ("fever", "productive cough", "pleuritic chest pain", "chills", "shortness of breath"),
        ("consolidation in the right lower lobe", "coarse crackles at the left base", "leukocytosis"),
        ("ceftriaxone", "azithromycin", "supplemental oxygen", "blood cultures"),
    ),
    "heart failure": (
        ("orthopnea", "ankle swelling", "weight gain", "shortness of breath", "fatigue"),
        ("bilateral pleural effusions", "cardiomegaly", "an elevated natriuretic peptide"),
        ("furosemide", "lisinopril", "fluid restriction", "daily weights"),
    ),
    "gastroenteritis": (
        ("vomiting", "watery diarrhea", "abdominal cramps", "nausea", "fever"),
        ("a soft abdomen with mild tenderness", "dry mucous membranes", "a raised creatinine"),
        ("intravenous fluids", "ondansetron", "stool cultures", "a bland diet"),
    ),
}
COMMON_SYMPTOMS = (
    "headache",
    "dizziness",
    "rash",
    "palpitations",
    "dysuria",
    "back pain",
    "syncope",
    "wheezing",
)
OPENINGS = (
    "{age}-year-old {noun} presents with {a} and {b} for {days} days.",
    "This {age}-year-old {noun} was brought in with {a}, {days} days after the onset of {b}.",
    "The patient is a {age}-year-old {noun} who reports {days} days of {a} followed by {b}.",
    "{age}-year-old {noun} with a history of {past}, now {a} and {b} over {days} days.",
)
PAST_ILLNESSES = ("hypertension", "asthma", "diabetes", "migraine", "hypothyroidism", "no chronic illness")
DENIALS = ("{He} denies {c} and {d}.", "No {c} or {d}.", "{He} has not noticed {c}; there is no {d}.")
EXAMS = ("On examination blood pressure is {bp}.", "Blood pressure {bp} on arrival.", "Vitals: BP {bp}.")
PLANS = ("Start {e} and {f}.", "We will give {e}; {f} as well.", "{E} was begun, with {f}.")


def generate_toy_notes(n: int, seed: int = 0) -> Cohort:
    """Notes of three diagnoses, which agree with the age, sex and blood pressure of their records.

    Args:
        n: How many.
        seed: The same seed makes the same notes; other seeds are other patients of the same kind.

    Returns:
        Fields age (years), sex (F, M), systolic (mmHg), diagnosis (the label) and note.

    Example:
        >>> generate_toy_notes(2)["note"][0].splitlines()[0].split(":")[0]
        'HISTORY'
    """
    rng = Key(seed).child("invented").numpy()
    rows = [_simulate_record(rng) for _ in range(n)]
    names = ("age", "sex", "systolic", "diagnosis", "note")
    schema: dict[str, Any] = {
        "age": Number(unit="years", low=18, high=95, step=1),
        "sex": Category(levels=("F", "M"), role="sensitive"),
        "systolic": Number(unit="mmHg", step=1),
        "diagnosis": Category(levels=tuple(DIAGNOSES), role="label"),
        "note": Text(),
    }
    columns = zip(*rows, strict=True)
    return Cohort.from_arrays(
        {name: np.array(values, dtype=object) for name, values in zip(names, columns, strict=True)}, schema
    )


def _simulate_record(rng: np.random.Generator) -> tuple[int, str, int, str, str]:
    diagnosis = str(rng.choice(list(DIAGNOSES), p=(0.4, 0.35, 0.25)))
    complaints, signs, plans = DIAGNOSES[diagnosis]
    male = bool(rng.random() < 0.5)  # noqa: PLR2004
    age = int(np.clip(rng.normal(70 if diagnosis == "heart failure" else 52, 14), 18, 95))
    systolic = int(rng.normal(140 if diagnosis == "heart failure" else 124, 14))
    a, b = _draw_two(rng, complaints)
    c, d = _draw_two(rng, tuple(x for x in (*COMMON_SYMPTOMS, *complaints) if x not in (a, b)))
    e, f = _draw_two(rng, plans)
    said = {
        "age": age,
        "noun": rng.choice(("man", "gentleman") if male else ("woman", "lady")),
        "He": "He" if male else "She",
        "bp": f"{systolic}/{int(systolic * rng.uniform(0.5, 0.7))}",
        "days": int(rng.integers(1, 15)),
        "past": rng.choice(PAST_ILLNESSES),
        "a": a,
        "b": b,
        "c": c,
        "d": d,
        "e": e,
        "f": f,
        "E": e[:1].upper() + e[1:],
    }
    seen = str(rng.choice(signs))
    history = " ".join(str(rng.choice(part)) for part in (OPENINGS, DENIALS)).format(**said)
    exam = f"{rng.choice(EXAMS)} There is {seen}.".format(**said)
    plan = str(rng.choice(PLANS)).format(**said)
    note = f"HISTORY: {history}\nEXAM: {exam}\nASSESSMENT: {diagnosis.capitalize()}. {plan}"
    return age, "M" if male else "F", systolic, diagnosis, note


def _draw_two(rng: np.random.Generator, among: tuple[str, ...]) -> tuple[str, str]:
    a, b = rng.choice(len(among), 2, replace=False)
    return among[a], among[b]
