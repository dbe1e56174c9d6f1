"""Which column says to whom a record belongs, where persons have several records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from manikin.schema import column_names
from manikin.schema.inference.key_candidates import (
    NEUTRAL_RANK,
    NON_KEY_RANK,
    PERSON_RANK,
    POSSIBLE_KEY_RANK,
    RECORD_RANK,
)
from manikin.schema.inference.key_groups import Grouping, is_nested

if TYPE_CHECKING:
    from collections.abc import Iterable

    from manikin.schema.inference.key_candidates import CodedTable, KeyCandidate

_NAME_PART_LIST = """
last first family given middle maiden street address addr initials surname forename vorname vornamen
rufname prenom prenoms nombre nome voornaam voornamen roepnaam fornamn tilltalsnamn fornavn etunimi
imie keresztnev nachname familienname zuname geburtsname apellido apellidos cognome sobrenome
apelido achternaam efternamn etternavn efternavn sukunimi nazwisko prijmeni vezeteknev soyad strasse
adresse anschrift direccion domicilio indirizzo endereco adres rue medecin hausarzt huisarts
"""
_NAME_PARTS = frozenset(_NAME_PART_LIST.split())
"""Words of names of fields that several persons share."""
_MIN_REPEATS = 8
"""Fewer rows that share a value with another show nothing."""
_MIN_PERSONS_LASTING, _MIN_PERSONS = 12, 20
"""So many persons, where sex or birth is constant; where other columns are."""
_MAX_MEAN_ROWS_DISTINCT = 1.5
"""Codes have more rows on average."""
_MAX_MEAN_ROWS = 60
"""More rows on average are those of a place or a code, unless sex or birth says otherwise."""


@dataclass(frozen=True)
class SubjectCandidate:
    """A candidate for the subject.

    Args:
        key: The column.
        groups: What is constant within its groups.
        is_sure: Whether it tells persons apart; else it may, or may be a quantity or a code.
        reason: In words, without values.
    """

    key: KeyCandidate
    groups: Grouping
    is_sure: bool
    reason: str


def find_subject(
    keys: Iterable[KeyCandidate], table: CodedTable
) -> tuple[SubjectCandidate | None, tuple[SubjectCandidate, ...]]:
    """The column that tells persons apart, and columns that may.

    Names of persons' numbers decide; then what is constant within groups; then names of records. Of
    several keys, the coarsest into which the others are nested: a person, not a stay.
    """
    judged = [found for key in keys if (found := _judge_candidate(key, table)) is not None]
    sure = [found for found in judged if found.is_sure]
    if not sure:
        return None, tuple(judged)
    named = [found for found in sure if found.key.rank == PERSON_RANK]
    numbers = [found for found in sure if not column_names.is_direct_identifier(found.key.name)]
    best = max(named, key=_compute_fineness) if named else _find_coarsest(numbers or sure)
    return best, tuple(found for found in judged if not found.is_sure)


def _compute_fineness(found: SubjectCandidate) -> tuple[int, bool]:
    """Of numbers of persons the one with most of them; of equal ones that of all sites (CDISC)."""
    return found.key.n_distinct, column_names.normalize_name(found.key.name) == "usubjid"


def _find_coarsest(found: list[SubjectCandidate]) -> SubjectCandidate:
    """The key into which most others are nested; of equal ones that whose name says more."""

    def order(one: SubjectCandidate) -> tuple[int, int, int]:
        inside = sum(is_nested(other.key.codes, one.key.codes) for other in found if other is not one)
        return (inside, one.key.rank, -one.key.n_distinct)

    return max(found, key=order)


def _judge_candidate(key: KeyCandidate, table: CodedTable) -> SubjectCandidate | None:
    if not 2 < key.n_distinct < key.n_rows or key.rank == NON_KEY_RANK:  # noqa: PLR2004 - two are levels
        return None
    if key.rank <= NEUTRAL_RANK and (
        key.n_distinct < _MIN_PERSONS_LASTING or key.n_rows - key.n_distinct < _MIN_REPEATS
    ):
        return None
    groups = table.group_by_key(key)
    found = _explain_subject(key, groups)
    if found is None:
        return None
    sure, why = found
    told = (
        f"{key.n_distinct} subjects in {key.n_rows} records; "
        "a split keeps the records of a subject together"
    )
    return SubjectCandidate(key, groups, is_sure=sure, reason=f"{why}: {told}" if why else told)


def _explain_subject(key: KeyCandidate, groups: Grouping) -> tuple[bool, str] | None:
    """Whether a key is sure to tell persons apart, and why; None: it does not."""
    if _is_named_key(key, groups):
        return True, ""
    if groups.broken and not groups.lasting:
        return None
    few = groups.mean_size <= _MAX_MEAN_ROWS
    constant = f"{', '.join((*groups.lasting, *groups.others)[:3])} the same within it"
    found: tuple[bool, str] | None = None
    if key.identifier_format is not None and few:
        found = True, f"{key.identifier_format}, by its form"
    elif (
        key.is_key_like
        and not key.is_number
        and groups.mean_size <= _MAX_MEAN_ROWS_DISTINCT
        and key.n_distinct >= _MIN_PERSONS
    ):
        found = True, "numbers in one layout that hardly repeat"
    elif groups.lasting and key.n_distinct >= _MIN_PERSONS_LASTING:
        found = key.rank >= POSSIBLE_KEY_RANK or key.is_key_like or not key.is_number, constant
    elif key.n_distinct >= _MIN_PERSONS and few and groups.is_balanced and groups.others:
        found = key.is_key_like and len(groups.others) > (key.rank < POSSIBLE_KEY_RANK), constant
    elif key.n_distinct >= _MIN_PERSONS and few and groups.is_balanced and key.is_contiguous:
        found = key.is_key_like, "rows of one value stand together"
    return found


def _is_named_key(key: KeyCandidate, groups: Grouping) -> bool:
    """Whether the name decides: of persons always, of records where it does not count visits."""
    if key.rank == PERSON_RANK:
        digits = key.is_number or any(any(map(str.isdigit, value)) for value in key.values.tolist())
        told = bool(groups.lasting or groups.others)
        return (
            told
            or key.n_distinct >= _MIN_PERSONS_LASTING
            or (digits and key.n_rows <= _MAX_MEAN_ROWS * key.n_distinct)
        )
    broken = bool(groups.broken) and not groups.lasting
    if column_names.normalize_name(key.name) in ("id", "uid"):
        return not broken
    if (
        column_names.is_direct_identifier(key.name)
        and key.rank > NON_KEY_RANK
        and _NAME_PARTS.isdisjoint(column_names.split_name(key.name))
    ):
        return not broken and key.n_distinct >= _MIN_PERSONS_LASTING and groups.mean_size <= _MAX_MEAN_ROWS
    if key.rank != RECORD_RANK or broken or column_names.is_row_counter(key.name):
        return False
    return bool(groups.lasting) or (
        groups.mean_size <= _MAX_MEAN_ROWS and not key.is_ordinal and _is_identifying(key)
    )


def _is_identifying(key: KeyCandidate) -> bool:
    """Whether rows of one number stand together or are spread as numbers of persons are: no ordinal."""
    held = key.codes[key.codes >= 0]
    runs = int((held[1:] != held[:-1]).sum()) + 1
    return runs <= 1.5 * key.n_distinct or key.is_key_like or key.n_distinct > _MIN_PERSONS
