"""Persons of a cohort: whose records belong together, what is known of each, and their surrogates."""

# ruff: noqa: E501

from __future__ import annotations

import itertools
import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa

from manikin.core.arrow import pc
from manikin.schema import column_names
from manikin.schema.name_lists import read_names
from manikin.text.deid.date_shift import is_day_first
from manikin.text.deid.known_identifiers import split_name
from manikin.text.deid.surrogates import OLD_AGE_SURROGATE, SurrogateGenerator
from manikin.text.deid.truecase import fold_case, strip_accents

if TYPE_CHECKING:
    from collections.abc import Sequence

    from manikin.cohort.cohort import Cohort
    from manikin.core.seeds import Key
    from manikin.text.deid.detect import Span
    from manikin.text.deid.identifying_columns import IdentifyingColumn

_GIVEN_NAME_COLUMN = re.compile(
    r"(^|_)(first|fore|given|middle|vorname|prenom|nombre|voornaam|fornamn|fornavn)"
)
_FULL_NAME_COLUMN = re.compile(r"^(?:(?:patient|pt|subject|person|full)_)?names?$")
_SEX_TITLE = re.compile(
    r"(?i)\b(?:(?P<man>mr|herrn?|hr|monsieur|m|sr|don|sig|signor|dhr|meneer|husband|son|brother|father)|mrs|ms|miss|mme|mlle|frau|fru|fr|madame|sra|dona|signora|sig\.?ra|mw|mevr\w*|wife|daughter|sister|mother)\.?\s*$"
)
_COUNTRY_CODE = re.compile(
    r"(?:\+|00)(?:1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|\d{3})[\s./-]*(?:\(0\))?"
)
_MIN_TOWN_LETTERS = 3  # letters of a town
_MIN_NUMBER_CHARACTERS = 5  # letters and digits of a number that is looked for in notes
_GIVEN_NAMES = {which: {fold_case(name) for name in read_names(which)} for which in ("women", "men")}
_KNOWN_NAMES = {fold_case(name) for name in read_names("women", "men", "families")}


class NoteReadings(NamedTuple):
    """What was seen when the notes were read.

    Args:
        persons: To whom each record belongs.
        dates: Dates as they are spelled, which tell whether the day comes first.
        name_lists: Of each person the lists for given names in its notes.
    """

    persons: list[int]
    dates: list[str]
    name_lists: dict[int, dict[str, str]]


class People(NamedTuple):
    """Persons, their surrogates, what is known of them and what was found in their notes.

    Args:
        persons: To whom each record belongs.
        surrogates: Of each person the surrogates.
        known_identifiers: Of each person names and numbers.
        spans: Of each field of notes the spans of each record.
    """

    persons: list[int]
    surrogates: dict[int, SurrogateGenerator]
    known_identifiers: dict[int, frozenset[str]]
    spans: dict[str, list[list[Span]]]


def find_persons(cohort: Cohort, columns: Sequence[IdentifyingColumn]) -> list[int]:
    """To whom each record belongs: its subject; without one, rows that share a number or a whole name."""
    if cohort.schema.find_by_role("subject") is not None:
        return cohort.subject.tolist()
    joined = list(range(len(cohort)))

    def root(i: int) -> int:
        while joined[i] != i:
            joined[i] = joined[joined[i]]
            i = joined[i]
        return i

    for column in columns:
        whole = column.kind == "name" and _FULL_NAME_COLUMN.search(
            "_".join(column_names.split_name(column.field))
        )
        if column.kind in ("id", "email") or whole:
            first: dict[str, int] = {}
            for row, value in enumerate(cohort.columns[column.field].to_pylist()):
                if value is not None and (column.kind != "name" or len(split_name(str(value))) > 1):
                    joined[root(row)] = root(first.setdefault(fold_case(str(value)), row))
    return [root(i) for i in range(len(cohort))]


def draw_surrogates(
    cohort: Cohort, columns: Sequence[IdentifyingColumn], key: Key, told: NoteReadings
) -> dict[int, SurrogateGenerator]:
    """For each person its surrogates: names by their list, numbers of columns settled, the order of dates."""
    sides = Counter(side for said in told.dates if (side := is_day_first(said)) is not None)
    pools, fixed = (
        _assign_name_lists(cohort, columns, told.persons),
        _fix_surrogates(cohort, columns, key, told.persons),
    )
    return {
        person: SurrogateGenerator(
            key.child(person),
            {**told.name_lists.get(person, {}), **pools.get(person, {})},
            fixed.get(person, {}),
            sides[True] > sides[False],
        )
        for person in dict.fromkeys(told.persons)
    }


def choose_name_lists(text: str, spans: Sequence[Span]) -> dict[str, str]:
    """The lists for given names that a note tells: by the title before, or else by how the name ends."""
    found: dict[str, str] = {}
    for span in spans:
        said = text[span.start : span.end]
        _, comma, behind = said.partition(",")
        first = split_name(behind)[:1] if comma else split_name(said)[:-1][:1]
        if span.kind == "name" and first and fold_case(first[0]) not in _KNOWN_NAMES:
            title = _SEX_TITLE.search(text[max(0, span.start - 12) : span.start])
            sex = None if title is None else "men" if title["man"] else "women"
            found[fold_case(first[0])] = _choose_name_list(fold_case(first[0]), given=True, sex=sex)
    return found


def collect_known_identifiers(
    cohort: Cohort, columns: Sequence[IdentifyingColumn], persons: Sequence[int]
) -> dict[int, set[str]]:
    """What identifies each person by its columns: names, numbers, telephone numbers, addresses."""
    found: dict[int, set[str]] = {}
    for column in columns:
        if column.kind in ("age", "date"):
            continue
        for person, value in zip(persons, cohort.columns[column.field].to_pylist(), strict=True):
            if value is not None and (
                column.kind in ("name", "place") or any(map(str.isdigit, str(value)))
            ):
                found.setdefault(person, set()).add(str(value))
                if column.kind == "address":  # a note often names the street alone
                    found[person] |= {
                        part for part in str(value).split(",")[:2] if re.search(r"\d.*[^\W\d_]{3}", part)
                    }
                if column.kind == "phone" and (abroad := _COUNTRY_CODE.match(str(value).strip())):
                    found[person].add(f"0{str(value).strip()[abroad.end() :]}")
    return found


def replace_column(
    cohort: Cohort, column: IdentifyingColumn, people: People, key: Key
) -> tuple[pa.Array, int]:
    """A column with surrogates, and how many of its values changed."""
    values = cohort.columns[column.field].combine_chunks()
    if column.kind == "age":
        over = pc.greater(values, 89)  # 45 CFR 164.514(b)(2)(i)(C)
        return pc.if_else(over, pa.scalar(int(OLD_AGE_SURROGATE), values.type), values), pc.sum(
            over
        ).as_py() or 0
    if column.kind == "id" and not _can_keep_shape(values):
        return _number_values(values, column.field, key), len(values) - values.null_count
    said = [
        None if value is None else people.surrogates[person].generate(str(value).strip(), column.kind)
        for value, person in zip(values.to_pylist(), people.persons, strict=True)
    ]
    changed = sum(a is not None and a != str(b) for a, b in zip(said, values.to_pylist(), strict=True))
    return pa.array(said, pa.string()), changed


def _can_keep_shape(values: pa.Array) -> bool:
    """Whether numbers are text, and long enough that others of their shape are many."""
    if not pa.types.is_string(values.type):
        return False
    digits = [sum(map(str.isdigit, value)) for value in values.unique().to_pylist() if value is not None]
    return bool(digits) and 10 ** min(digits) >= 20 * len(digits)  # so that drawing again is rare


def _number_values(values: pa.Array, name: str, key: Key) -> pa.Array:
    """Numbered surrogates, the same for the same value."""
    coded = values.dictionary_encode()
    order = key.child("numbers", name).numpy().permutation(len(coded.dictionary)) + 1
    whole = pa.types.is_integer(values.type) or pa.types.is_floating(values.type)
    spelled = pa.array(order) if whole else pa.array([f"{name}-{i:06d}" for i in order])
    return spelled.take(coded.indices)


def _assign_name_lists(
    cohort: Cohort, columns: Sequence[IdentifyingColumn], persons: Sequence[int]
) -> dict[int, dict[str, str]]:
    """From the words of each subject's names to the list of their surrogates, by column, order and sex."""
    sexes = _read_sexes(cohort, persons)
    found: dict[int, dict[str, str]] = {}
    for column in columns:
        if column.kind != "name":
            continue
        given = bool(_GIVEN_NAME_COLUMN.search("_".join(column_names.split_name(column.field))))
        for subject, value in zip(persons, cohort.columns[column.field].to_pylist(), strict=True):
            if value is None:
                continue
            said = split_name(str(value))
            _, comma, behind = str(value).partition(",")
            first = {fold_case(w) for w in (said if given else split_name(behind) if comma else said[:-1])}
            pool = found.setdefault(subject, {})
            for word in said:
                pool.setdefault(
                    fold_case(word),
                    _choose_name_list(
                        fold_case(word), given=fold_case(word) in first, sex=sexes.get(subject)
                    ),
                )
    return found


def _choose_name_list(word: str, *, given: bool, sex: str | None) -> str:
    if not given:
        return "families"
    listed = [name for name, known in _GIVEN_NAMES.items() if word in known]
    return sex or (listed[0] if listed else "women" if strip_accents(word).endswith(("a", "e")) else "men")


def _read_sexes(cohort: Cohort, persons: Sequence[int]) -> dict[int, str]:
    """The list of given names that fits the sex on record; none where it is not."""
    name = next(
        (n for n in cohort.schema if column_names.split_name(n)[-1:] in (("sex",), ("gender",))), None
    )
    if name is None:
        return {}
    told = {
        "f": "women",
        "female": "women",
        "w": "women",
        "woman": "women",
        "m": "men",
        "male": "men",
        "man": "men",
    }
    pairs = zip(persons, cohort.columns[name].to_pylist(), strict=True)
    return {subject: told[str(value).lower()] for subject, value in pairs if str(value).lower() in told}


def _fix_surrogates(
    cohort: Cohort, columns: Sequence[IdentifyingColumn], key: Key, persons: Sequence[int]
) -> dict[int, dict[str, str]]:
    """Surrogates of numbers in columns, of their own shape, no two alike and none of them a real one."""
    found: dict[int, dict[str, str]] = {}
    for column in columns:
        values = cohort.columns[column.field].combine_chunks()
        if column.kind == "place" and pa.types.is_string(values.type):
            for person, value in zip(persons, values.to_pylist(), strict=True):
                if value is not None and sum(map(str.isalnum, value)) >= _MIN_TOWN_LETTERS:
                    said = SurrogateGenerator(key.child(person)).generate(value.strip(), "place")
                    found.setdefault(person, {})[fold_case(value)] = said
        if column.kind != "id" or not pa.types.is_string(values.type):
            continue
        spelled, shapely = values.to_pylist(), _can_keep_shape(values)
        if shapely:
            distinct = sorted({value.strip() for value in spelled if value is not None})
            settled = _draw_distinct_numbers(distinct, key.child("ids", column.field))
        else:
            settled = dict(zip(spelled, _number_values(values, column.field, key).to_pylist(), strict=True))
        for person, value in zip(persons, spelled, strict=True):
            if value is not None and (shapely or sum(map(str.isalnum, value)) >= _MIN_NUMBER_CHARACTERS):
                found.setdefault(person, {})[fold_case(value)] = settled[
                    value.strip() if shapely else value
                ]
    return found


def _draw_distinct_numbers(values: list[str], key: Key) -> dict[str, str]:
    """Another number for each, none of them a real one nor drawn twice."""
    taken = {fold_case(value) for value in values}
    out: dict[str, str] = {}
    for value in values:
        drawn = (SurrogateGenerator(key.child(turn)).generate(value, "id") for turn in itertools.count())
        out[value] = next(said for said in drawn if fold_case(said) not in taken)
        taken.add(fold_case(out[value]))
    return out
