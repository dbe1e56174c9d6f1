"""Notes on their way into a model: which texts are asked for, and that identifiers in them are replaced."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa

from manikin.core.arrow import pc
from manikin.schema.inference.textual import is_free_text
from manikin.schema.kinds import Text
from manikin.text.deid.deidentify import deidentify_field

if TYPE_CHECKING:
    from collections.abc import Sequence

    from manikin.cohort.cohort import Cohort
    from manikin.core.seeds import Key


def mark_notes(cohort: Cohort, *sides: str | Sequence[str] | None) -> Cohort:
    """The cohort with the prose among the named fields as notes: naming it asks that it be modelled.

    Names of persons and numbers of records stay identifiers, whoever names them.
    """
    asked = [name for side in sides for name in ((side,) if isinstance(side, str) else side or ())]
    notes = [name for name in asked if name in cohort.schema and is_free_text(name, cohort.columns[name])]
    return replace(cohort, schema=cohort.schema.mark_notes(notes))


def count_note_letters(cohort: Cohort, target: str | Sequence[str] | None) -> int:
    """The letters of all notes that are to be modelled."""
    names = cohort.schema if target is None else (target,) if isinstance(target, str) else target
    notes = [name for name in names if isinstance(cohort.schema.get(name), Text)]
    columns = [cohort.columns[name] for name in notes if cohort.schema[name].role == "note"]
    return sum(pc.sum(pc.utf8_length(column)).as_py() or 0 for column in columns)


def replace_identifiers(
    cohort: Cohort, fields: Sequence[str], key: Key
) -> tuple[Cohort, dict[str, dict[str, int]]]:
    """The cohort with surrogates for identifiers in those fields that are text.

    Returns:
        The cohort, and per field how many identifiers of each kind were replaced.
    """
    counts: dict[str, dict[str, int]] = {}
    columns = {name: cohort.columns[name] for name in cohort.schema}
    for name in fields:
        if isinstance(cohort.schema[name], Text):
            texts, found = deidentify_field(cohort, name, key)
            columns[name], counts[name] = pa.array(texts, columns[name].type), dict(found)
    return replace(cohort, columns=pa.table(columns)), counts
