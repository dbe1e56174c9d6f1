"""Histories made by a few rules, for documentation and tests: nobody's, and with a known truth."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from manikin.cohort.cohort import Cohort
from manikin.cohort.histories import DEATH_CODE
from manikin.cohort.source_format import SourceFormat
from manikin.core.seeds import Key
from manikin.schema.history_type import HISTORY_TYPE
from manikin.schema.kinds import Category, Codes, Number, Schema
from manikin.schema.subject_kind import SUBJECT_NUMBER

CHRONIC_CODES = ("I10", "E11", "I50", "J44", "N18", "F32", "M81", "E03")
ACUTE_CODES = ("J06", "R51", "M54", "S93", "N39", "L03", "K52", "H10", "Z00", "R07")
MALE_CODE, FEMALE_CODE = "N40", "O80"
LONG_VISIT_SHARE = 0.3
"""Share of visits that last some days."""


def generate_toy_histories(n: int, seed: int = 0) -> Cohort:
    """Patients with sex, age and a history: chronic disease that stays, drugs for it, glucose, death.

    Diabetes (E11) raises glucose and brings metformin; heart failure (I50) is deadly.

    Example:
        >>> cohort = generate_toy_histories(5)
        >>> list(cohort.schema), len(cohort)
        (['subject_id', 'sex', 'age', 'history'], 5)
    """
    rng = Key(seed).child("made").numpy()
    sex, age = rng.choice(["F", "M"], n), np.round(rng.uniform(18, 90, n), 1)
    events = [_generate_history(sex[i], age[i], rng) for i in range(n)]
    columns = {
        "subject_id": pa.array(np.arange(n) + 1),
        "sex": pa.array(sex.tolist()),
        "age": pa.array(age),
        "history": pa.array(events, HISTORY_TYPE),
    }
    schema = Schema(
        subject_id=SUBJECT_NUMBER,
        sex=Category(("F", "M"), role="sensitive"),
        age=Number(unit="years", low=0, step=0.1),
        history=Codes(),
    )
    return Cohort(pa.table(columns), schema, SourceFormat("csv"))


def _generate_history(sex: str, age: float, rng: np.random.Generator) -> list[dict[str, object]]:
    chronic = {code for code in CHRONIC_CODES if rng.random() < age / 300}
    out, day = [], 0.0
    for visit in range(1 + rng.poisson(2 + len(chronic))):
        if rng.random() < 0.1:  # noqa: PLR2004 - a new chronic disease in one visit of ten
            chronic.add(CHRONIC_CODES[rng.integers(len(CHRONIC_CODES))])
        codes = {f"ICD10//{code}" for code in chronic if rng.random() < 0.8}  # noqa: PLR2004 - most are coded
        codes |= {f"ICD10//{code}" for code in rng.choice(ACUTE_CODES, 1 + rng.integers(2))}
        codes |= {"RXNORM//metformin"} if "E11" in chronic else set()
        special = MALE_CODE if sex == "M" and age > 50 else FEMALE_CODE if sex == "F" and age < 45 else ""  # noqa: PLR2004
        codes |= {f"ICD10//{special}"} if special and rng.random() < 0.2 else set()  # noqa: PLR2004
        moment = day
        out += [_build_event(moment, visit, code) for code in sorted(codes)]
        more = rng.integers(3)
        for _ in range(1 + (more if rng.random() < LONG_VISIT_SHARE else 0)):
            glucose = round(float(rng.normal(9 if "E11" in chronic else 5.2, 0.8)), 1)
            out.append(_build_event(moment, visit, "LOINC//2345-7", glucose))
            moment += 1
        if "I50" in chronic and rng.random() < 0.1:  # noqa: PLR2004 - deadly
            out.append(_build_event(moment, visit, DEATH_CODE))
            break
        day = moment + float(rng.integers(20, 120 if chronic else 400))
    return sorted(out, key=lambda e: (e["visit"], e["time"], e["code"] == DEATH_CODE, e["code"]))  # type: ignore[operator]


def _build_event(time: float, visit: int, code: str, value: float | None = None) -> dict[str, object]:
    return {"time": time, "visit": visit, "code": code, "value": value}
