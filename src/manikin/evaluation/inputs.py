"""The door of the judge: cohorts are made alike, or refused with what to do about it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from manikin.cohort.cohort import Cohort
from manikin.cohort.finite_values import raise_if_extreme
from manikin.core.short_lists import list_names
from manikin.errors import SchemaError, UsageError
from manikin.evaluation.overlap import refuse_overlap, refuse_shared_numbers
from manikin.schema.kinds import Schema, Text
from manikin.text import note_fields

if TYPE_CHECKING:
    from collections.abc import Sequence

MIN_SUBJECTS = 10  # subjects on each side, below which nothing can be said


def validate_inputs(synthetic: Cohort, train: Cohort, holdout: Cohort) -> tuple[Cohort, Cohort, Cohort]:
    """Training, held-out and synthetic records with the same fields in the same order and types.

    What is a field's kind is what the training records say. Fields that are never modelled
    (identifiers, names) may lack in the synthetic records. Text is judged as notes (its role is then
    none) where the training records have notes and the synthetic ones have no surrogates for them;
    all other text identifies.

    Raises:
        SchemaError: Fields differ, or hold values that their kind does not know or that are infinite.
        UsageError: Too few records, or patients who are both in train and in holdout.
    """
    sides = {"train": train, "holdout": holdout, "synthetic": synthetic}
    for side, cohort in sides.items():
        check_cohort_size(side, cohort)
    refuse_shared_numbers(train, holdout)
    names = [name for name in train.schema if _is_shared_field(name, train, holdout, synthetic)]
    alike = {side: _align_fields(side, cohort, train, names) for side, cohort in sides.items()}
    for side, cohort in alike.items():
        raise_if_extreme(cohort, cohort.schema.modelled_fields, side)
    refuse_overlap(alike["train"], alike["holdout"])
    found = _select_judged_notes(alike["train"], alike["synthetic"])
    return tuple(replace(cohort, schema=found) for cohort in alike.values())  # type: ignore[return-value]


def list_surrogate_notes(train: Cohort, synthetic: Cohort) -> list[str]:
    """The fields of notes for which the synthetic records have surrogates."""
    fields = [name for name in note_fields.detect_note_fields(train) if name in synthetic.schema]
    return [name for name in fields if note_fields.is_mostly_surrogates(synthetic, name)]


def describe_missing_fields(synthetic: Cohort, train: Cohort, holdout: Cohort) -> list[str]:
    """Which fields of training are not on another side, in a sentence for each; they were not judged."""
    sides = {"synthetic": synthetic, "held-out": holdout}
    absent = {side: [n for n in train.schema if n not in cohort.schema] for side, cohort in sides.items()}
    return [
        f"The {side} records lack {list_names(lacking)}, so that nothing is judged there."
        for side, lacking in absent.items()
        if lacking
    ]


def check_fields(train: Cohort, label: str | None, subgroups: Sequence[str]) -> None:
    """Check that label and subgroups are fields of one value per record.

    Raises:
        UsageError: They are not; the message lists those that are.
    """
    for role, name in (("label", label), *(("subgroup", name) for name in subgroups)):
        if name is not None and name not in train.schema.scalar_fields:
            known = ", ".join(train.schema.scalar_fields)
            message = f"{role} {name!r} is no field of the records; there are {known}"
            raise UsageError(message)


def _select_judged_notes(train: Cohort, synthetic: Cohort) -> Schema:
    """The schema in which text without a role is notes to be judged."""
    judged = set(note_fields.detect_note_fields(train)) - set(list_surrogate_notes(train, synthetic))
    kinds = dict(train.schema)
    for name, kind in kinds.items():
        if isinstance(kind, Text) and kind.role != "subject":
            kinds[name] = replace(kind, role=None if name in judged else "identifier")
    return Schema(kinds)


def check_cohort_size(side: str, cohort: Cohort) -> None:
    """Check that a side is a cohort of so many subjects that something can be said.

    Raises:
        UsageError: It is not; the message says which side, and how many are needed.
    """
    if not isinstance(cohort, Cohort):
        message = f"{side}: a Cohort is needed, not {type(cohort).__name__}; make one with manikin.read"
        raise UsageError(message)
    subjects = len(np.unique(cohort.subject))
    if subjects < MIN_SUBJECTS:
        more = "; hold out a larger share" if side == "holdout" else ""
        message = f"{side}: {subjects} subjects; nothing can be said of fewer than {MIN_SUBJECTS}{more}"
        raise UsageError(message)


def _is_shared_field(name: str, train: Cohort, holdout: Cohort, synthetic: Cohort) -> bool:
    return name in train.schema.modelled_fields or (name in holdout.schema and name in synthetic.schema)


def _align_fields(side: str, cohort: Cohort, train: Cohort, names: list[str]) -> Cohort:
    absent = [name for name in names if name not in cohort.schema]
    extra = [name for name in cohort.schema if name not in train.schema]
    if absent or extra:
        lacks = f" lacks {', '.join(absent)}" if absent else ""
        has = f" has {', '.join(extra)}, which train has not" if extra else ""
        differences = " and".join(filter(None, (lacks, has)))
        message = f"{side}:{differences}; the fields must be the same"
        raise SchemaError(message)
    columns = {name: _cast_column(cohort.columns[name], train.columns[name].type) for name in names}
    table, schema = pa.table(columns), Schema({n: train.schema[n] for n in names})
    subject = cohort.schema.find_by_role("subject") or train.schema.find_by_role("subject")
    if side == "synthetic" or subject in names:
        return replace(cohort, columns=table, schema=schema)
    return replace(
        cohort, columns=table, schema=schema, subject_codes=(table, _find_subjects(cohort, subject))
    )


def _find_subjects(cohort: Cohort, subject: str | None) -> np.ndarray:
    """The subject of each real record, where the synthetic ones lack the field that says it, (n,)."""
    if subject in cohort.schema and cohort.schema.find_by_role("subject") is None:
        column = cohort.columns[subject].combine_chunks().dictionary_encode(null_encoding="encode")
        return column.indices.to_numpy(zero_copy_only=False)
    return cohort.subject


def _cast_column(column: pa.ChunkedArray, wanted: pa.DataType) -> pa.ChunkedArray:
    """The column in the type that train has; as it is where some value cannot be said in it."""
    if column.type == wanted:
        return column
    try:
        return column.cast(wanted)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return column
