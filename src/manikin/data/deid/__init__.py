"""De-identification: identifiers in notes give way to surrogates, dates move by patient.

Rules find what looks like an identifier or is announced by a cue (`finding`); nothing is sent anywhere.
`recall` measures on planted identifiers how much is found. No rule finds everything: what comes out may
still hold identifiers, and whoever releases it answers for a second look by a person.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute

from manikin.data import names
from manikin.data.deid.finding import KINDS, Span, find
from manikin.data.deid.replacing import Surrogates
from manikin.data.deid.words import ordinary
from manikin.data.schema import Category, Kind, Schema, Text, Time
from manikin.data.texts import prose
from manikin.errors import SchemaError
from manikin.rng import Key

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from manikin.data.cohort import Cohort
    from manikin.data.deid.finding import Finder

__all__ = ["KINDS", "Span", "cleaned", "deidentify", "find", "proses"]

LONG = 5
"""Signs that the number of a patient or record has at least, to be looked for in notes."""

pc: Any = pyarrow.compute  # as elsewhere: unseen by type checkers


def deidentify(
    cohort: Cohort,
    fields: Sequence[str] | None = None,
    *,
    seed: int = 0,
    also: Sequence[Finder] = (),
) -> Cohort:
    """The cohort with surrogates for the identifiers in its notes, and its dates moved by patient.

    A patient's name, number or place has one surrogate in all of that patient's notes. All dates of a
    patient, in notes and in fields of time, move by the same whole number of weeks. Ages above 89
    become 90. Names and numbers that stand in other fields of the record are looked for in its notes.
    Those fields themselves get numbered surrogates.

    Args:
        cohort: Records.
        fields: The notes; None: all fields of text that hold phrases.
        seed: The same seed gives the same surrogates. Keep it secret: with it, dates can be moved back.
        also: Other finders beside the rules, `(text) -> spans`: `presidio()`, or a model of one's own.

    Raises:
        SchemaError: A field that does not exist or holds no text.

    Example:
        >>> import pandas as pd
        >>> from manikin.data.cohort import Cohort
        >>> frame = pd.DataFrame({"note": ["Seen by Dr. Jane Doe on March 3, 2020.", "No fever at all."]})
        >>> notes = deidentify(Cohort.from_pandas(frame, {"note": Text()}))["note"]
        >>> "Doe" in notes[0], "March 3" in notes[0], notes[1]
        (False, False, 'No fever at all.')
    """
    chosen = proses(cohort) if fields is None else tuple(fields)
    if wrong := [name for name in chosen if name not in cohort.schema or not _spelled(cohort, name)]:
        there = ", ".join(proses(cohort)) or "none"
        raise SchemaError(f"{', '.join(wrong)}: no field of text; there are {there}")
    levels = [name for name in chosen if isinstance(cohort.schema[name], Category)]
    cohort = replace(cohort, schema=Schema({**cohort.schema, **dict.fromkeys(levels, Text(role="note"))}))
    columns, notes = {name: cohort.columns[name] for name in cohort.schema}, []
    key = Key(seed).child("deid")
    for name in chosen:
        texts, counts = cleaned(cohort, name, key, also)
        columns[name] = pa.array(texts, pa.string())
        listed = ", ".join(f"{n} {kind}" for kind, n in sorted(counts.items())) or "none"
        notes.append(f"{name}: identifiers replaced: {listed}")
    for name, kind in cohort.schema.items():
        if isinstance(kind, Time):
            columns[name] = _moved(cohort, name, key)
        elif name not in chosen and kind.role in ("identifier", "subject"):
            columns[name] = _renamed(cohort, name, key)
    return replace(cohort, columns=pa.table(columns)).noted(*notes)


def cleaned(
    cohort: Cohort, name: str, key: Key, also: Sequence[Finder] = ()
) -> tuple[list[str | None], Counter[str]]:
    """The notes of one field with surrogates, and how many identifiers of each kind were replaced.

    Args:
        cohort: Records.
        name: A field of text.
        key: Where surrogates come from.
        also: Other finders beside the rules.
    """
    texts, subjects = cohort.columns[name].to_pylist(), cohort.subject.tolist()
    known = _known(cohort, texts, subjects, also)
    counts: Counter[str] = Counter()
    out = []
    for text, subject in zip(texts, subjects, strict=True):
        if text is None:
            out.append(None)
            continue
        whole, found = Surrogates(key.child(subject)).cleaned(text, known.get(subject, ()), also)
        counts.update(span.kind for span in found)
        out.append(whole)
    return out, counts


def _spelled(cohort: Cohort, name: str) -> bool:
    """Whether a field is text, be it of few levels."""
    column = cohort.columns[name]
    return isinstance(cohort.schema[name], Text | Category) and pa.types.is_string(column.type)


def proses(cohort: Cohort) -> tuple[str, ...]:
    """The fields of text that hold phrases; of those with few levels, where these hold identifiers."""
    return tuple(
        name
        for name, kind in cohort.schema.items()
        if (isinstance(kind, Text) and kind.role == "note")
        or (_spelled(cohort, name) and prose(name, cohort.columns[name]) and _telling(kind))
    )


def _telling(kind: Kind) -> bool:
    return not isinstance(kind, Category) or any(find(str(level)) for level in kind.levels)


def _known(
    cohort: Cohort, texts: Iterable[str | None], subjects: Iterable[int], also: Sequence[Finder]
) -> dict[int, set[str]]:
    """Words that name each subject: from fields of names, and from what the notes announce."""
    named = [n for n, kind in cohort.schema.items() if names.person(n) and isinstance(kind, Text)]
    columns = [cohort.columns[n].to_pylist() for n in named]
    numbers = [cohort.columns[n].to_pylist() for n in cohort.schema if _numbered(cohort, n)]
    found: dict[int, set[str]] = {}
    for row, (text, subject) in enumerate(zip(texts, subjects, strict=True)):
        said = [column[row] or "" for column in columns]
        spans = find(text or "", also=also)
        said += [(text or "")[span.start : span.end] for span in spans if span.kind == "name"]
        words = [word.strip(".,") for part in said for word in part.split()]
        named = {word for word in words if word[:1].isupper() or not ordinary(word)}
        marks = {str(column[row]) for column in numbers if column[row] is not None}
        marks = {mark for mark in marks if len(mark) >= LONG and any(char.isdigit() for char in mark)}
        found.setdefault(subject, set()).update(named | marks)
    return found


def _numbered(cohort: Cohort, name: str) -> bool:
    """Whether a field holds numbers of patients or records, and no prose."""
    kind = cohort.schema[name]
    return kind.role in ("identifier", "subject") and not prose(name, cohort.columns[name])


def _moved(cohort: Cohort, name: str, key: Key) -> pa.Array:
    values = cohort.columns[name].combine_chunks()
    days = [Surrogates(key.child(subject)).shift for subject in cohort.subject.tolist()]
    moment = pa.timestamp("us", getattr(values.type, "tz", None))
    shift = pa.array([86_400_000_000 * d for d in days]).cast(pa.duration("us"))
    return pc.add(values.cast(moment), shift).cast(values.type)


def _renamed(cohort: Cohort, name: str, key: Key) -> pa.Array:
    """Numbered surrogates, the same for the same value."""
    coded = cohort.columns[name].combine_chunks().dictionary_encode()
    order = key.child("numbers", name).numpy().permutation(len(coded.dictionary)) + 1
    plain = pa.types.is_integer(coded.dictionary.type)
    spelled = pa.array(order) if plain else pa.array([f"{name}-{i:06d}" for i in order])
    return spelled.take(coded.indices)
