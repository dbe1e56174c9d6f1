"""Columns of text: what the spelled values are, once their missing spellings are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa

from manikin.core.arrow import pc
from manikin.schema import column_names
from manikin.schema.inference import numeric
from manikin.schema.inference.columns import (
    NO_VALUE,
    ColumnDescription,
    DistinctValues,
    InferredColumn,
    order_levels,
)
from manikin.schema.kinds import Category, Kind, Text, Time
from manikin.schema.remark import Remark
from manikin.schema.vocabulary import (
    INTEGER_PATTERN,
    LONG_INTEGER_PATTERN,
    NUMBER_PATTERN,
    ZERO_PADDED_PATTERN,
)

_DAY_NUMBER_PATTERN = r"^((18|19|20|21)\d{6}|[0-3]\d[0-3]\d(19|20)\d\d)$"
"""Days written as eight digits."""
_TRUE_WORDS = ("yes", "y", "true", "t", "1", "on")
_FALSE_WORDS = ("no", "n", "false", "f", "0", "off")
_CONTACT_PATTERN = (
    r"^[^@\s]+@[^@\s]+\.[A-Za-z]{2,}$|^https?://|^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$"
)
_PERSON_PATTERN = (
    r"^([^@\s]+@[^@\s]+\.[A-Za-z]{2,}|((Dr|Prof|Dott|Dra|Mr|Mrs|Ms|Miss|Herr|Frau|Mme|Univ)(\.|-?ssa|\b)+\s*)+"
    r"[A-ZÀ-ÖØ-Þ][^\d]*)$"
)
"""E-mail addresses, and names behind a title: they are persons however often they repeat."""
_DISEASE_CODE_PATTERN = r"^([A-TV-Za-tv-z]\d[0-9A-Za-z](\.[0-9A-Za-z]{1,4})?|[VEve]?\d{1,4}(\.\d{1,2})?)$"
_MIN_SENTENCE_LETTERS, _MIN_SENTENCE_BLANKS = 40, 6
_FREE_TEXT = Remark(
    "free text; to have it modelled, give it the role note in schema.toml, or name it: --note",
    topic="free text",
)
_NEARLY_DISTINCT = Remark("nearly every value is distinct", topic="values")


def infer_text_column(column: ColumnDescription) -> InferredColumn:
    """What a column of text is: numbers, dates, levels of a category, or free text.

    Raises:
        SchemaError: Numbers with units, thousands marks or strays; the message says what to do.
    """
    words, gaps = column.words, column.gaps
    found = _infer_words(column)
    spellings = (*words.list_values(gaps), *_get_missing(found.kind))
    if isinstance(found.kind, Time):  # gaps are written back as most of them were spelled
        spellings = words.list_values(gaps | words.are_in(_get_missing(found.kind)))
    return replace(found, kind=set_missing(found.kind, spellings))


def set_missing(kind: Kind, spellings: tuple[str, ...]) -> Kind:
    """The kind with these spellings of missing; an empty cell alone goes without saying."""
    spellings = () if spellings == ("",) else tuple(dict.fromkeys(spellings))
    return replace(kind, missing=spellings) if hasattr(kind, "missing") else kind


def _get_missing(kind: Kind) -> tuple[str, ...]:
    return getattr(kind, "missing", ())


def _infer_words(column: ColumnDescription) -> InferredColumn:
    words = column.present
    if not len(words.values):
        return InferredColumn(words.broadcast(words.values), Category(), (NO_VALUE,))
    if are_numbers(words) and (column.is_spelled or _are_quantities(column)):
        return _infer_numbers(column)
    if (booleans := _infer_booleans(words)) is not None:
        return booleans
    if column.has_digits:
        from manikin.schema.inference import words_with_digits  # dates, limits, units: most words are none

        if (found := words_with_digits.infer_column(column)) is not None:
            return found
    return _infer_categories(column.name, words)


def _are_quantities(column: ColumnDescription) -> bool:
    """Whether numerals that a typed file holds as text are quantities: many, and no codes by name."""
    k = len(column.present.values)
    return k > 20 and k > 0.1 * column.present.n_rows and column.number_meaning != "code"  # noqa: PLR2004 - few are levels


def are_numbers(words: DistinctValues) -> bool:
    """Whether all words are numbers, none padded with zeros or too long, as codes are."""
    return bool(
        words.are_matching(NUMBER_PATTERN).all()
        and not words.are_matching(ZERO_PADDED_PATTERN).any()
        and not words.are_matching(LONG_INTEGER_PATTERN).any()
    )


def parse_numbers(words: DistinctValues) -> pa.Array:
    """Words that are numbers, as numbers: integers if all are spelled so, (k,)."""
    if words.are_matching(INTEGER_PATTERN).all():
        return pc.replace_substring_regex(words.values, r"^\+", "").cast(pa.int64())
    return words.values.cast(pa.float64())


def _infer_numbers(column: ColumnDescription) -> InferredColumn:
    """Numbers spelled as text; those that stand for a gap are named as the file spells them."""
    words = column.present
    if words.are_matching(_DAY_NUMBER_PATTERN).all():
        from manikin.schema.inference import datetimes  # few numbers have eight digits

        if (days := datetimes.infer_time_column(column.name, words)) is not None:
            return days
    values = parse_numbers(words)
    finding = numeric.infer_numeric_column(column.name, words.broadcast(values))
    note = () if column.is_spelled else ("text that holds numbers, read as numbers",)
    gap = [str(float(value)) for value in _get_missing(finding.kind)]
    known = words.values.to_pylist() if gap else []
    spellings = (
        words.list_values(np.array([str(float(word)) in gap for word in known], dtype=bool)) if gap else ()
    )
    return replace(finding, kind=set_missing(finding.kind, spellings), notes=(*note, *finding.notes))


def _infer_booleans(words: DistinctValues) -> InferredColumn | None:
    """Yes and no in any spelling; several spellings of one answer become its most frequent."""
    yes, no = words.are_in(_TRUE_WORDS, lower=True), words.are_in(_FALSE_WORDS, lower=True)
    if not (yes | no).all() or not (yes.any() and no.any()):
        return None
    answers = (words.list_values(no)[0], words.list_values(yes)[0])
    values = words.broadcast(pa.array([answers[int(is_yes)] for is_yes in yes]))
    note = ("several spellings of yes and no, made one",) if len(words.values) > 2 else ()  # noqa: PLR2004 - one each
    return InferredColumn(values, Category(answers), note)


def _infer_categories(name: str, words: DistinctValues) -> InferredColumn:
    values = words.broadcast(words.values)
    if (reason := explain_hidden_text(name, words)) is not None:
        return InferredColumn(values, Text(role="identifier"), (reason,))
    return build_category(values, words.values.to_pylist(), words)


def build_category(values: pa.Array, present: list[str], words: DistinctValues) -> InferredColumn:
    """A category of text levels in their order, with what is worth a note."""
    arranged, ordered = order_levels(present)
    notes: list[str] = []
    if len(present) == 1:
        notes.append("constant")
    if ordered:
        notes.append(Remark("levels in an order that means something", topic="values"))
    if len(present) > 50:  # noqa: PLR2004 - more than one reads at a glance
        once = int((words.counts == 1).sum())
        notes.append(Remark(f"{len(present)} levels, {once} of them in one record only", topic="values"))
    if len({level.casefold() for level in present}) < len(present):
        notes.append(Remark("some levels differ only in capital letters", topic="values"))
    return InferredColumn(values, Category(arranged, ordered), tuple(notes))


def explain_hidden_text(name: str, words: DistinctValues) -> str | None:
    """Why a text column says who somebody is, or is free text; None: its words are levels."""
    k, n, rows = len(words.values), words.n_rows, len(words.codes)
    few = k <= 10 and k != n  # noqa: PLR2004 - so few words under "name" name things, not people
    told = (
        column_names.is_direct_identifier(name) or column_names.normalize_name(name) == "nombre"
    )  # Spanish; in French it counts, in numbers
    if column_names.is_person_name(name) or (told and not few):
        return "names or addresses of persons"
    if 2 * words.counts[words.are_matching(_PERSON_PATTERN)].sum() > n:
        return "names or e-mail addresses of persons"
    if _is_majority(words, words.are_matching(_CONTACT_PATTERN)) or _is_majority(
        words, _are_telephone_numbers(words)
    ):
        return "addresses, telephone numbers or other marks of persons"
    if rows < 10 or k < 3:  # noqa: PLR2004 - too few to tell, but a handful of notes is not a handful of levels
        return _FREE_TEXT if _has_sentences(words) and k == rows else None
    if _has_sentences(words) and k > max(0.2 * n, 10):
        return _FREE_TEXT
    return _NEARLY_DISTINCT if n >= 20 and _is_mostly_unique(words, k, n) else None  # noqa: PLR2004


def is_free_text(name: str, column: pa.ChunkedArray) -> bool:
    """Whether a column of text holds phrases, of three words on average, and not names of persons.

    Example:
        >>> is_free_text("note", pa.chunked_array([["No fever, cough"]]))
        True
        >>> is_free_text("id", pa.chunked_array([["A7"]]))
        False
    """
    if not pa.types.is_string(column.type) or column_names.is_direct_identifier(name):
        return False
    blanks = pc.mean(pc.count_substring(pc.utf8_trim_whitespace(column), " ")).as_py()
    return blanks is not None and blanks >= 2  # noqa: PLR2004 - as many as three words have


def _has_sentences(words: DistinctValues) -> bool:
    """Whether the average row holds a sentence rather than a label."""
    if not words.counts.sum():  # levels that no record has
        return False
    lengths = pc.utf8_length(words.values).to_numpy(zero_copy_only=False)
    blanks = pc.count_substring(words.values, " ").to_numpy(zero_copy_only=False)
    long, many = (np.average(found, weights=words.counts) for found in (lengths, blanks))
    return bool(
        (long >= _MIN_SENTENCE_LETTERS and not words.are_matching(r"^[!-~]+$").all())
        or many >= _MIN_SENTENCE_BLANKS
    )


def _is_mostly_unique(words: DistinctValues, k: int, n: int) -> bool:
    """Whether most words belong to one record only; codes of diseases are often rare, and stay."""
    if words.are_matching(_DISEASE_CODE_PATTERN).all():
        return k == n and n >= 100  # noqa: PLR2004 - so many distinct diseases are numbers of something
    return k >= 0.9 * n or bool((words.counts == 1).sum() > 0.5 * n)


def _is_majority(words: DistinctValues, chosen: np.ndarray) -> bool:
    """Whether the chosen words fill half of the rows and hardly repeat."""
    rows = words.counts[chosen].sum()
    return bool(rows > words.n_rows / 2 and chosen.sum() > rows / 2)


def _are_telephone_numbers(words: DistinctValues) -> np.ndarray:
    digits = pc.utf8_length(pc.replace_substring_regex(words.values, r"\D", "")).to_numpy(
        zero_copy_only=False
    )
    return words.are_matching(r"^\+?[\d\s().-]+$") & (digits >= 8) & (digits <= 15)  # noqa: PLR2004 - E.164: at most 15 digits
