"""Columns of text: what the spelled values are, once their missing spellings are known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from manikin.errors import SchemaError
from manikin.schema import column_names, level_order
from manikin.schema.inference import datetimes, dirty_numbers
from manikin.schema.inference import numeric as inference_numeric
from manikin.schema.inference.censoring import are_numbers_among_limits, read_limits
from manikin.schema.inference.distinct_values import INTEGER, LONG, NUMBER, PADDED, Words, missing
from manikin.schema.inference.inferred_column import Finding
from manikin.schema.kinds import Category, Kind, Number, Text, Time

pc: Any = pyarrow.compute  # its functions exist only once it is imported, which type checkers do not see

_TRUE = ("yes", "y", "true", "t", "1", "on")
_FALSE = ("no", "n", "false", "f", "0", "off")
_PERSONAL = (
    r"^[^@\s]+@[^@\s]+\.[A-Za-z]{2,}$|^https?://|^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$"
)
_NAMED = (
    r"^([^@\s]+@[^@\s]+\.[A-Za-z]{2,}|((Dr|Prof|Dott|Dra|Mr|Mrs|Ms|Miss|Herr|Frau|Mme|Univ)(\.|-?ssa|\b)+\s*)+"
    r"[A-ZÀ-ÖØ-Þ][^\d]*)$"
)
"""E-mail addresses, and names behind a title: they are persons however often they repeat."""
_DISEASE = r"^([A-TV-Za-tv-z]\d[0-9A-Za-z](\.[0-9A-Za-z]{1,4})?|[VEve]?\d{1,4}(\.\d{1,2})?)$"
_LETTERS, _SENTENCE = 40, 6


def text(name: str, column: pa.Array, *, spelled: bool) -> Finding:
    """What a column of text is: numbers, dates, levels of a category, or free text.

    Args:
        name: The field.
        column: Text, (n,).
        spelled: Whether the file spells everything as text, as csv does; a column of text in a
            typed file keeps few numerals as levels.

    Raises:
        SchemaError: Numbers with units, thousands marks or strays; the message says what to do.
    """
    words = Words.of(column, trim=spelled)
    gap = missing(words)
    rest = words.without(gap)
    found = _decide(name, rest, spelled=spelled)
    spellings = (*words.spelled(gap), *_missing(found.kind))
    if isinstance(found.kind, Time):  # gaps are written back as most of them were spelled
        spellings = words.spelled(gap | words.among(_missing(found.kind)))
    return replace(found, kind=with_missing(found.kind, spellings))


def with_missing(kind: Kind, spellings: tuple[str, ...]) -> Kind:
    """The kind with these spellings of missing; an empty cell alone goes without saying."""
    spellings = () if spellings == ("",) else tuple(dict.fromkeys(spellings))
    return replace(kind, missing=spellings) if hasattr(kind, "missing") else kind


def _missing(kind: Kind) -> tuple[str, ...]:
    return getattr(kind, "missing", ())


def _decide(name: str, words: Words, *, spelled: bool) -> Finding:
    if not len(words.words):
        return Finding(words.spread(words.words), Category(), ("no value at all",))
    if numeric(words) and (spelled or _many(name, words)):
        return _numbers(name, words, spelled=spelled)
    if (booleans := _booleans(words)) is not None:
        return booleans
    if spelled and are_numbers_among_limits(words, plain := words.like(NUMBER)):
        return _limited(name, words, plain)
    if (moments := datetimes.moments(name, words)) is not None:
        return moments
    if (reason := dirty_numbers.refusal(words)) is not None:
        raise SchemaError(f"field {name!r}: {reason}")
    return _categories(name, words)


def _many(name: str, words: Words) -> bool:
    """Whether numerals that a typed file holds as text are quantities: many, and no codes by name."""
    k = len(words.words)
    return k > 20 and k > 0.1 * words.rows and column_names.says(name) != "code"  # noqa: PLR2004 - few are levels


def numeric(words: Words) -> bool:
    """Whether all words are numbers, none padded with zeros or too long, as codes are."""
    return bool(words.like(NUMBER).all() and not words.like(PADDED).any() and not words.like(LONG).any())


def parsed(words: Words) -> pa.Array:
    """Words that are numbers, as numbers: integers if all are spelled so, (k,)."""
    if words.like(INTEGER).all():
        return pc.replace_substring_regex(words.words, r"^\+", "").cast(pa.int64())
    return words.words.cast(pa.float64())


def _numbers(name: str, words: Words, *, spelled: bool) -> Finding:
    """Numbers spelled as text; those that stand for a gap are named as the file spells them."""
    if (
        words.like(r"^((18|19|20|21)\d{6}|[0-3]\d[0-3]\d(19|20)\d\d)$").all()
        and (days := datetimes.moments(name, words)) is not None
    ):
        return days
    values = parsed(words)
    finding = inference_numeric.quantity(name, words.spread(values))
    note = () if spelled else ("text that holds numbers, read as numbers",)
    gap = [str(float(value)) for value in _missing(finding.kind)]
    known = words.words.to_pylist() if gap else []
    spellings = (
        words.spelled(np.array([str(float(word)) in gap for word in known], dtype=bool)) if gap else ()
    )
    return replace(finding, kind=with_missing(finding.kind, spellings), notes=(*note, *finding.notes))


def _limited(name: str, words: Words, plain: np.ndarray) -> Finding:
    """Numbers among limits, such as "<0.01": each beyond its limit, and written back as it came."""
    finding = inference_numeric.quantity(name, words.spread(read_limits(words, plain)))
    if not isinstance(finding.kind, Number):
        return _categories(name, words)
    censored = words.spelled(~plain)
    many = int(words.counts[~plain].sum())
    note = f"{many} values read as limits ({', '.join(censored[:6])}), beyond which nothing is known"
    return replace(finding, kind=replace(finding.kind, censored=censored), notes=(note, *finding.notes))


def _booleans(words: Words) -> Finding | None:
    """Yes and no in any spelling; several spellings of one answer become its most frequent."""
    yes, no = words.among(_TRUE, lower=True), words.among(_FALSE, lower=True)
    if not (yes | no).all() or not (yes.any() and no.any()):
        return None
    answers = (words.spelled(no)[0], words.spelled(yes)[0])
    values = words.spread(pa.array([answers[int(is_yes)] for is_yes in yes]))
    note = ("several spellings of yes and no, made one",) if len(words.words) > 2 else ()  # noqa: PLR2004 - one each
    return Finding(values, Category(answers), note)


def _categories(name: str, words: Words) -> Finding:
    values = words.spread(words.words)
    if (reason := hidden(name, words)) is not None:
        return Finding(values, Text(role="identifier"), (reason,))
    return category(values, words.words.to_pylist(), words)


def category(values: pa.Array, present: list[str], words: Words) -> Finding:
    """A category of text levels in their order, with what is worth a note."""
    arranged, ordered = level_order.arrange(present)
    notes = []
    if len(present) == 1:
        notes.append("constant")
    if ordered:
        notes.append("levels in an order that means something")
    if len(present) > 50:  # noqa: PLR2004 - more than one reads at a glance
        notes.append(f"{len(present)} levels, {int((words.counts == 1).sum())} of them in one record only")
    if len({level.casefold() for level in present}) < len(present):
        notes.append("some levels differ only in capital letters")
    return Finding(values, Category(arranged, ordered), tuple(notes))


def hidden(name: str, words: Words) -> str | None:
    """Why a text column says who somebody is, or is free text; None: its words are levels."""
    k, n, rows = len(words.words), words.rows, len(words.codes)
    few = k <= 10 and k != n  # noqa: PLR2004 - so few words under "name" name things, not people
    told = (
        column_names.person(name) or column_names.plain(name) == "nombre"
    )  # Spanish; in French it counts, in numbers
    if column_names.naming(name) or (told and not few):
        return "names or addresses of persons"
    if 2 * words.counts[words.like(_NAMED)].sum() > n:
        return "names or e-mail addresses of persons"
    if _share(words, words.like(_PERSONAL)) or _share(words, _telephones(words)):
        return "addresses, telephone numbers or other marks of persons"
    free = "free text; to have it modelled, give it the role note in schema.toml, or name it: --note"
    if rows < 10 or k < 3:  # noqa: PLR2004 - too few to tell, but a handful of notes is not a handful of levels
        return free if _wordy(words) and k == rows else None
    if _wordy(words) and k > max(0.2 * n, 10):
        return free
    return "nearly every value is distinct" if n >= 20 and _unique(words, k, n) else None  # noqa: PLR2004


def prose(name: str, column: pa.ChunkedArray) -> bool:
    """Whether a column of text holds phrases, of three words on average, and not names of persons.

    Example:
        >>> prose("note", pa.chunked_array([["No fever, cough"]])), prose("id", pa.chunked_array([["A7"]]))
        (True, False)
    """
    if not pa.types.is_string(column.type) or column_names.person(name):
        return False
    blanks = pc.mean(pc.count_substring(pc.utf8_trim_whitespace(column), " ")).as_py()
    return blanks is not None and blanks >= 2  # noqa: PLR2004 - as many as three words have


def _wordy(words: Words) -> bool:
    """Whether the average row holds a sentence rather than a label."""
    if not words.counts.sum():  # levels that no record has
        return False
    lengths = pc.utf8_length(words.words).to_numpy(zero_copy_only=False)
    blanks = pc.count_substring(words.words, " ").to_numpy(zero_copy_only=False)
    long, many = (np.average(found, weights=words.counts) for found in (lengths, blanks))
    return bool((long >= _LETTERS and not words.like(r"^[!-~]+$").all()) or many >= _SENTENCE)


def _unique(words: Words, k: int, n: int) -> bool:
    """Whether most words belong to one record only; codes of diseases are often rare, and stay."""
    if words.like(_DISEASE).all():
        return k == n and n >= 100  # noqa: PLR2004 - so many distinct diseases are numbers of something
    return k >= 0.9 * n or bool((words.counts == 1).sum() > 0.5 * n)


def _share(words: Words, chosen: np.ndarray) -> bool:
    """Whether the chosen words fill half of the rows and hardly repeat."""
    rows = words.counts[chosen].sum()
    return bool(rows > words.rows / 2 and chosen.sum() > rows / 2)


def _telephones(words: Words) -> np.ndarray:
    digits = pc.utf8_length(pc.replace_substring_regex(words.words, r"\D", "")).to_numpy(
        zero_copy_only=False
    )
    return words.like(r"^\+?[\d\s().-]+$") & (digits >= 8) & (digits <= 15)  # noqa: PLR2004 - E.164: at most 15 digits
