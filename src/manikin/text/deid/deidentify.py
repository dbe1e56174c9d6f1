"""De-identification: surrogates for identifiers in notes and columns, dates moved by patient.

Rules find what looks like an identifier or is announced by a cue (`finding`), columns of the record tell
the rest (`columns`, `known`); nothing is sent anywhere. `recall` measures how many planted identifiers are
found. No rule finds everything: what comes out may still hold identifiers, and whoever releases it answers
for a second look by a person.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa

from manikin.core.arrow import pc
from manikin.core.seeds import Key
from manikin.errors import SchemaError
from manikin.schema.inference.textual import is_free_text
from manikin.schema.kinds import Category, Image, Kind, Schema, Text, Time
from manikin.schema.remark import Remark
from manikin.text.deid import person_surrogates as beside
from manikin.text.deid.detect import IDENTIFIER_KINDS, Span, detect_by_rules, detect_identifiers, join_spans
from manikin.text.deid.identifying_columns import find_identifying_columns
from manikin.text.deid.person_surrogates import NoteReadings, People
from manikin.text.deid.stopwords import is_common_word

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from manikin.cohort.cohort import Cohort
    from manikin.text.deid.detect import Finder
    from manikin.text.deid.identifying_columns import IdentifyingColumn

    Progress = Callable[[int, int], None]

__all__ = [
    "IDENTIFIER_KINDS",
    "Span",
    "deidentify",
    "deidentify_field",
    "detect_identifiers",
    "list_note_fields",
]


def deidentify(
    cohort: Cohort,
    fields: Sequence[str] | None = None,
    *,
    seed: int = 0,
    also: Sequence[Finder] = (),
    progress: Progress | None = None,
) -> Cohort:
    """The cohort with surrogates for the identifiers in its notes and beside them, dates moved by patient.

    A patient's name, number or place has one surrogate in all of that patient's notes and columns. All
    dates of a patient, in notes and in fields of time, move by the same number of weeks. Ages above 89
    become 90. Columns of names, numbers, addresses, telephone numbers and dates of birth are found by role,
    name and values; what stands in them is looked for in the notes in any order and case. The notes of the
    cohort say which columns were treated and how many values changed.

    Args:
        cohort: Records.
        fields: The notes; None: all fields of text that hold phrases.
        seed: The same seed gives the same surrogates. Keep it secret: with it, dates can be moved back.
        also: Other finders beside the rules, `(text) -> spans`: `presidio()`, or a model of one's own.
        progress: Called with how many notes are done, and of how many.

    Raises:
        SchemaError: A field that does not exist or holds no text.

    Example:
        >>> import pandas as pd
        >>> from manikin.cohort.cohort import Cohort
        >>> frame = pd.DataFrame({"note": ["Seen by Dr. Jane Doe on March 3, 2020.", "No fever at all."]})
        >>> notes = deidentify(Cohort.from_pandas(frame, {"note": Text()}))["note"]
        >>> "Doe" in notes[0], "March 3" in notes[0], notes[1]
        (False, False, 'No fever at all.')
    """
    chosen = list_note_fields(cohort) if fields is None else tuple(fields)
    if wrong := [name for name in chosen if name not in cohort.schema or not _is_text(cohort, name)]:
        there = ", ".join(list_note_fields(cohort)) or "none"
        raise SchemaError(f"{', '.join(wrong)}: no field of text; there are {there}")
    levels = [name for name in chosen if isinstance(cohort.schema[name], Category)]
    cohort = replace(cohort, schema=Schema({**cohort.schema, **dict.fromkeys(levels, Text(role="note"))}))
    treated = find_identifying_columns(cohort, chosen)
    key = Key(seed).child("deid")
    people = _collect_people(cohort, chosen, treated, key, also, progress)
    arrays, remarks = {name: cohort.columns[name] for name in cohort.schema}, []
    for name in chosen:
        texts, counts = _replace_notes(cohort, name, people, progress)
        arrays[name] = pa.array(texts, pa.string())
        listed = ", ".join(f"{n} {kind}" for kind, n in sorted(counts.items())) or "none"
        remarks.append(Remark(f"identifiers replaced: {listed}", name))
    for column in treated:
        arrays[column.field], changed = beside.replace_column(cohort, column, people, key)
        remarks.append(_describe_column(column, changed))
    for name, kind in cohort.schema.items():
        if isinstance(kind, Time):
            arrays[name] = _shift_times(cohort, name, people)
            moved = len(cohort) - arrays[name].null_count
            remarks.append(Remark(f"{moved} dates moved with the dates of the notes", name))
    if kept := [
        name
        for name, kind in cohort.schema.items()
        if not isinstance(kind, Time | Image) and name not in {*chosen, *(c.field for c in treated)}
    ]:
        remarks.append(f"columns left as they are: {', '.join(kept)}")
    if pictures := [name for name, kind in cohort.schema.items() if isinstance(kind, Image)]:
        remarks.append(Remark("blanking text in pictures is a step of its own", ", ".join(pictures)))
    kinds = {column.field: _drop_levels(cohort.schema[column.field]) for column in treated}
    return replace(cohort, columns=pa.table(arrays), schema=Schema({**cohort.schema, **kinds})).add_notes(
        *remarks
    )


def deidentify_field(
    cohort: Cohort, name: str, key: Key, also: Sequence[Finder] = ()
) -> tuple[list[str | None], Counter[str]]:
    """The notes of one field with surrogates, and how many identifiers of each kind were replaced.

    Args:
        cohort: Records.
        name: A field of text.
        key: Where surrogates come from.
        also: Other finders beside the rules.
    """
    people = _collect_people(cohort, (name,), find_identifying_columns(cohort, (name,)), key, also)
    return _replace_notes(cohort, name, people, None)


def list_note_fields(cohort: Cohort) -> tuple[str, ...]:
    """The fields of text that hold phrases; of those with few levels, where these hold identifiers."""
    return tuple(
        name
        for name, kind in cohort.schema.items()
        if (isinstance(kind, Text) and kind.role == "note")
        or (_is_text(cohort, name) and is_free_text(name, cohort.columns[name]) and _has_identifiers(kind))
    )


def _is_text(cohort: Cohort, name: str) -> bool:
    """Whether a field is text, be it of few levels."""
    column = cohort.columns[name]
    return isinstance(cohort.schema[name], Text | Category) and pa.types.is_string(column.type)


def _has_identifiers(kind: Kind) -> bool:
    return not isinstance(kind, Category) or any(detect_identifiers(str(level)) for level in kind.levels)


def _collect_people(
    cohort: Cohort,
    fields: Sequence[str],
    treated: Sequence[IdentifyingColumn],
    key: Key,
    also: Sequence[Finder],
    progress: Progress | None = None,
) -> People:
    """Of each person the surrogates, and what names it: in columns, and by what its notes announce."""
    persons = beside.find_persons(cohort, treated)
    known, dates, found, pools = beside.collect_known_identifiers(cohort, treated, persons), [], {}, {}
    for name in fields:
        found[name] = []
        for text, person in zip(cohort.columns[name].to_pylist(), persons, strict=True):
            spans = detect_by_rules(text, also) if text is not None else []
            found[name].append(spans)
            said = [((text or "")[span.start : span.end], span.kind) for span in spans]
            dates += [part for part, kind in said if kind == "date"]
            parts = [word.strip(".,") for part, kind in said if kind == "name" for word in part.split()]
            known.setdefault(person, set()).update(
                w for w in parts if w[:1].isupper() or not is_common_word(w)
            )
            pools.setdefault(person, {}).update(beside.choose_name_lists(text or "", spans))
            if progress is not None:
                progress(len(found[name]), 2 * len(cohort))
    by = beside.draw_surrogates(cohort, treated, key, NoteReadings(persons, dates, pools))
    return People(persons, by, {person: frozenset(words) for person, words in known.items()}, found)


def _replace_notes(
    cohort: Cohort, name: str, people: People, progress: Progress | None
) -> tuple[list[str | None], Counter[str]]:
    counts: Counter[str] = Counter()
    out: list[str | None] = []
    texts = cohort.columns[name].to_pylist()
    for text, person, spans in zip(texts, people.persons, people.spans[name], strict=True):
        whole = None
        if text is not None:
            whole, found = people.surrogates[person].replace_spans(
                text, join_spans(text, spans, people.known_identifiers.get(person, ()))
            )
            counts.update(span.kind for span in found)
        out.append(whole)
        if progress is not None:
            progress(len(cohort) + len(out), 2 * len(cohort))
    return out, counts


def _describe_column(column: IdentifyingColumn, changed: int) -> Remark:
    if column.kind == "age":
        return Remark(f"{changed} ages above 89 became 90", column.field)
    said = f"taken for a column that identifies ({column.kind}); {changed} values replaced"
    more = "; another role in schema.toml keeps them" if column.kind == "id" else ""
    return Remark(f"{said}{more}", column.field)


def _drop_levels(kind: Kind) -> Kind:
    """The kind of a column whose levels are no longer those of the file."""
    if not isinstance(kind, Category):
        return kind
    return Text(role=kind.role if kind.role in ("subject", "identifier") else "identifier")


def _shift_times(cohort: Cohort, name: str, people: People) -> pa.Array:
    values = cohort.columns[name].combine_chunks()
    days = [people.surrogates[person].shift_days for person in people.persons]
    moment = pa.timestamp("us", getattr(values.type, "tz", None))
    shift = pa.array([86_400_000_000 * d for d in days]).cast(pa.duration("us"))
    return pc.add(values.cast(moment), shift).cast(values.type)
