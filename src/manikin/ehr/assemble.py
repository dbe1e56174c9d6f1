"""Rows of events to one record for each patient: what is said once becomes fields, the rest a history."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, final

import numpy as np
import pyarrow as pa

from manikin.cohort.cohort import Cohort
from manikin.cohort.histories import BIRTH_CODE, DEATH_CODE
from manikin.core.arrow import pc
from manikin.ehr.build_histories import build_histories
from manikin.errors import SchemaError
from manikin.schema.kinds import Codes, Number, Schema, Text
from manikin.schema.remark import Remark
from manikin.schema.subject_kind import to_subject_kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from manikin.cohort.source_format import SourceFormat

HISTORY_FIELD, AGE_FIELD = "history", "age"
DAYS_PER_YEAR = 365.25
MAX_AGE_YEARS = 150  # years; MIMIC shifts births of patients above 89 by centuries
CODE_SEPARATOR = "//"
"""What MEDS puts between the parts of a code."""
ANSWER_PREFIX = "="
"""What the last part of a code begins with if it is an answer: LOINC//5778-6//=TEXT//clear."""


@final
@dataclass(frozen=True, eq=False)
class EventRows:
    """Events as they stand in files, in any order.

    Args:
        subject: Whose, in the type of the file, (m,).
        time: Days since some moment; NaN: said of the patient once and for all, (m,).
        code: What, (m,) of text.
        value: How much, NaN for nothing, (m,).
        visit: In which visit, a number or -1 for none, (m,); None: nothing is said of visits.
        static_fields: Fields of whole patients that came in a table of their own, by name, one value for
            each of `patients`.
        patients: Whom `static_fields` are about; empty: everybody who has an event.
    """

    subject: pa.Array
    time: np.ndarray
    code: pa.Array
    value: np.ndarray
    visit: np.ndarray | None = None
    static_fields: Mapping[str, pa.Array] = field(default_factory=dict)
    patients: pa.Array = field(default_factory=lambda: pa.array([], pa.string()))


def assemble_cohort(
    rows: EventRows,
    name: str,
    schema: Schema | None,
    origin: SourceFormat,
    notes: list[str],
    *,
    skip_bad: bool = False,
) -> Cohort:
    """One record for each patient: the subject, what is said once, the age at the first event, the history.

    Times count from the first event of each patient, so that no date of a patient is kept; a birth becomes
    the age then. Events of the same code at the same time of a visit are one.

    Args:
        rows: The events.
        name: What the field of subjects is called.
        schema: Declared kinds.
        origin: The format they came in.
        notes: What was noticed so far.
        skip_bad: Whether events before the birth of their patient are left out, instead of being an error.

    Raises:
        SchemaError: A declaration does not fit, or there is no event with a time.
    """
    people = _list_patients(rows)
    place = pc.index_in(rows.subject, value_set=people).to_numpy(zero_copy_only=False).astype(np.int64)
    codes = rows.code.dictionary_encode()
    code = codes.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    names = np.array(codes.dictionary.to_pylist(), dtype=object)
    timed, born = ~np.isnan(rows.time), np.isin(code, np.flatnonzero(names == BIRTH_CODE))
    again = _is_repeated_birth(place, timed & born)
    admit = partial(_drop_or_raise, place=place, notes=notes, skip_bad=skip_bad)
    admit(again, "births follow another birth of their patient")
    early = _is_before_birth(place, rows.time, timed & born & ~again) & ~born
    first = f"{names[code[early.argmax()]]!r} " if early.any() else ""
    admit(early, "events are before the birth of their patient", first)
    kept = timed & ~born & ~early
    if not kept.any():
        left = "; ".join(
            ["no event has a time; give a table of one row for each patient, or times", *notes]
        )
        raise SchemaError(left)
    if late := _count_after_death(
        place[kept], rows.time[kept], names[code[kept]] == DEATH_CODE, len(people)
    ):
        notes.append(f"{late} events come after the death of their patient; models leave them out")
    first = np.full(len(people), np.inf)
    np.minimum.at(first, place[kept], rows.time[kept])
    visit = np.full(len(code), -1) if rows.visit is None else rows.visit
    time = np.round(rows.time - first[place], 9)
    found = build_histories(
        place[kept], time[kept], visit[kept], code[kept], rows.value[kept], names, len(people)
    )
    if merged := int(kept.sum()) - len(found.code):
        notes.append(f"{merged} events repeat another of the same visit, time and code and are left out")
    facts = dict(rows.static_fields) | _build_static_fields(
        place, code, rows.value, names, ~timed & ~born, len(people), notes
    )
    if (born & timed).any():
        one = born & timed & ~again
        facts[AGE_FIELD] = _compute_ages(place[one], rows.time[one], first, notes)
    elif AGE_FIELD in facts and pa.types.is_floating(facts[AGE_FIELD].type):
        negative = facts[AGE_FIELD].to_numpy(zero_copy_only=False) < 0
        _drop_or_raise(
            negative, "ages are below 0", place=np.arange(len(people)), notes=notes, skip_bad=skip_bad
        )
        facts[AGE_FIELD] = pc.if_else(pa.array(~negative), facts[AGE_FIELD], None)
    declared = dict(schema or {})
    field_ = next((key for key, kind in declared.items() if isinstance(kind, Codes)), HISTORY_FIELD)
    kind = declared.pop(field_, Codes())
    table = pa.table({name: people, **facts})
    kinds = {
        name: to_subject_kind(Text(), people.type),
        **({AGE_FIELD: Number(unit="years")} if AGE_FIELD in facts else {}),
        **declared,
    }
    whole = Cohort.from_table(table, Schema(kinds), spelled=True)
    if field_ in whole.schema:
        raise SchemaError(f"{field_!r} is both a fact of patients and their history; rename one")
    counts = (
        f"{len(found.code):,} events of {len(found.codes):,} codes in {len(found.visit_patient):,} visits"
    )
    notes.append(Remark(f"{counts}; days since the first event of each patient stand for dates", field_))
    histories = Cohort(pa.table({field_: found.column}), Schema({field_: replace(kind, levels=())}))
    return replace(whole.join(histories), origin=origin, notes=(*notes, *whole.notes))


def _list_patients(rows: EventRows) -> pa.Array:
    met = pc.unique(rows.subject)
    if not len(rows.patients):
        return met
    if pc.any(pc.invert(pc.is_in(met, value_set=rows.patients))).as_py():
        raise SchemaError("some events are of subjects whom the table of patients does not know")
    return rows.patients


def _drop_or_raise(
    bad: np.ndarray, said: str, first: str = "", *, place: np.ndarray, notes: list[str], skip_bad: bool
) -> None:
    """Note that what is bad of the patients `place` (m,) is left out, or refuse it, and name the first.

    Args:
        bad: What is, (m,).
        said: What is wrong with it, in words.
        first: What the first is, if there is more to say than whose.
        place: The patient of each, (m,).
        notes: To which is added.
        skip_bad: Whether it is left out.

    Raises:
        SchemaError: There are some, and none may be left out.
    """
    if not bad.any():
        return
    said = f"{int(bad.sum())} {said}"
    if not skip_bad:
        who = f"of patient {place[int(bad.argmax())] + 1} in the order of the data"
        raise SchemaError(
            f"{said}, first {first}{who}; correct them, or leave what is bad out (--skip-bad)"
        )
    notes.append(f"{said} and are left out")


def _is_repeated_birth(place: np.ndarray, born: np.ndarray) -> np.ndarray:
    """Which births follow another one of the same patient, (m,)."""
    out, rows = born.copy(), np.flatnonzero(born)
    out[rows[np.unique(place[rows], return_index=True)[1]]] = False
    return out


def _is_before_birth(place: np.ndarray, time: np.ndarray, born: np.ndarray) -> np.ndarray:
    """Which events are before the birth of their patient, by more than the day that a date is long."""
    birth = np.full(place.max(initial=-1) + 1, -np.inf)
    birth[place[born]] = time[born]
    return time < birth[place] - 1


def _count_after_death(place: np.ndarray, time: np.ndarray, dead: np.ndarray, n: int) -> int:
    """How many events come after the first death of their patient."""
    death = np.full(n, np.inf)
    np.minimum.at(death, place[dead], time[dead])
    return int((time > death[place]).sum())


def _compute_ages(place: np.ndarray, time: np.ndarray, first: np.ndarray, notes: list[str]) -> pa.Array:
    age = np.full(len(first), np.nan)
    age[place] = np.maximum(np.round((first[place] - time) / DAYS_PER_YEAR, 4), 0.0)
    hidden = np.isfinite(age) & (age > MAX_AGE_YEARS)  # without an event there is no age
    if hidden.any():
        notes.append(
            f"{int(hidden.sum())} ages are beyond {MAX_AGE_YEARS} years and left out: "
            "sources hide high ages so"
        )
    age[np.isinf(age) | hidden] = np.nan
    return pa.array(age, from_pandas=True)


def _build_static_fields(
    place: np.ndarray,
    code: np.ndarray,
    value: np.ndarray,
    names: np.ndarray,
    static: np.ndarray,
    n: int,
    notes: list[str],
) -> dict[str, pa.Array]:
    """Events without a time as fields: "sex//F" is the level F of sex, a code with a value its value."""
    found: dict[str, pa.Array] = {}
    twice = 0
    keys: list[str] = [name.rpartition(CODE_SEPARATOR)[0] or name for name in names.tolist()]
    for key in dict.fromkeys(keys[c] for c in np.unique(code[static]).tolist()):
        rows = np.flatnonzero(static & np.isin(code, [i for i, other in enumerate(keys) if other == key]))
        _, once = np.unique(place[rows], return_index=True)
        twice += len(rows) - len(once)
        rows = rows[once]
        if not np.isnan(value[rows]).all():
            out = np.full(n, np.nan)
            out[place[rows]] = value[rows]
            found[key] = pa.array(out, from_pandas=True)
            continue
        words = np.full(n, None, dtype=object)
        words[place[rows]] = [
            name.rpartition(CODE_SEPARATOR)[2] if CODE_SEPARATOR in name else "yes"
            for name in names[code[rows]]
        ]
        found[key] = pa.array(words.tolist(), pa.string())
    if twice:
        notes.append(f"{twice} facts without a time repeat or contradict an earlier one and are left out")
    return found
