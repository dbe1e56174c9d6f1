"""Which column says to whom a record belongs, where persons have several records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from manikin.schema import column_names
from manikin.schema.inference.key_candidates import MARK, PERSON, PLAIN, RECORD, THING
from manikin.schema.inference.key_groups import Grouping, nested

if TYPE_CHECKING:
    from collections.abc import Iterable

    from manikin.schema.inference.key_candidates import Candidate, Table

_PARTS_OF_NAMES = """
last first family given middle maiden street address addr initials surname forename vorname vornamen
rufname prenom prenoms nombre nome voornaam voornamen roepnaam fornamn tilltalsnamn fornavn etunimi
imie keresztnev nachname familienname zuname geburtsname apellido apellidos cognome sobrenome
apelido achternaam efternamn etternavn efternavn sukunimi nazwisko prijmeni vezeteknev soyad strasse
adresse anschrift direccion domicilio indirizzo endereco adres rue medecin hausarzt huisarts
"""
_PARTS = frozenset(_PARTS_OF_NAMES.split())
"""Words of names of fields that several persons share."""
_REPEATS = 8
"""Fewer rows that share a value with another show nothing."""
_FEW, _MANY = 12, 20
"""So many persons, where sex or birth is constant; where other columns are."""
_HARDLY = 1.5
"""Codes have more rows on average."""
_ROWS = 60
"""More rows on average are those of a place or a code, unless sex or birth says otherwise."""


@dataclass(frozen=True)
class Judged:
    """A candidate for the subject.

    Args:
        key: The column.
        groups: What is constant within its groups.
        sure: Whether it tells persons apart; else it may, or may be a quantity or a code.
        reason: In words, without values.
    """

    key: Candidate
    groups: Grouping
    sure: bool
    reason: str


def find_subject(keys: Iterable[Candidate], table: Table) -> tuple[Judged | None, tuple[Judged, ...]]:
    """The column that tells persons apart, and columns that may.

    Names of persons' numbers decide; then what is constant within groups; then names of records. Of
    several keys, the coarsest into which the others are nested: a person, not a stay.
    """
    judged = [found for key in keys if (found := _judge(key, table)) is not None]
    sure = [found for found in judged if found.sure]
    if not sure:
        return None, tuple(judged)
    named = [found for found in sure if found.key.rank == PERSON]
    numbers = [found for found in sure if not column_names.person(found.key.name)]
    best = max(named, key=_finest) if named else _coarsest(numbers or sure)
    return best, tuple(found for found in judged if not found.sure)


def _finest(found: Judged) -> tuple[int, bool]:
    """Of numbers of persons the one with most of them; of equal ones that of all sites (CDISC)."""
    return found.key.k, column_names.plain(found.key.name) == "usubjid"


def _coarsest(found: list[Judged]) -> Judged:
    """The key into which most others are nested; of equal ones that whose name says more."""

    def order(one: Judged) -> tuple[int, int, int]:
        inside = sum(nested(other.key.codes, one.key.codes) for other in found if other is not one)
        return (inside, one.key.rank, -one.key.k)

    return max(found, key=order)


def _judge(key: Candidate, table: Table) -> Judged | None:
    if not 2 < key.k < key.rows or key.rank == THING:  # noqa: PLR2004 - two are levels
        return None
    if key.rank <= PLAIN and (key.k < _FEW or key.rows - key.k < _REPEATS):
        return None
    groups = table.group(key)
    found = _why(key, groups)
    if found is None:
        return None
    sure, why = found
    told = f"{key.k} subjects in {key.rows} records; a split keeps the records of a subject together"
    return Judged(key, groups, sure=sure, reason=f"{why}: {told}" if why else told)


def _why(key: Candidate, groups: Grouping) -> tuple[bool, str] | None:
    """Whether a key is sure to tell persons apart, and why; None: it does not."""
    if _named(key, groups):
        return True, ""
    if groups.broken and not groups.lasting:
        return None
    few = groups.mean <= _ROWS
    constant = f"{', '.join((*groups.lasting, *groups.others)[:3])} the same within it"
    found: tuple[bool, str] | None = None
    if key.form is not None and few:
        found = True, f"{key.form}, by its form"
    elif key.keylike and not key.number and groups.mean <= _HARDLY and key.k >= _MANY:
        found = True, "numbers in one layout that hardly repeat"
    elif groups.lasting and key.k >= _FEW:
        found = key.rank >= MARK or key.keylike or not key.number, constant
    elif key.k >= _MANY and few and groups.even and groups.others:
        found = key.keylike and len(groups.others) > (key.rank < MARK), constant
    elif key.k >= _MANY and few and groups.even and key.together:
        found = key.keylike, "rows of one value stand together"
    return found


def _named(key: Candidate, groups: Grouping) -> bool:
    """Whether the name decides: of persons always, of records where it does not count visits."""
    if key.rank == PERSON:
        digits = key.number or any(any(map(str.isdigit, value)) for value in key.values.tolist())
        told = bool(groups.lasting or groups.others)
        return told or key.k >= _FEW or (digits and key.rows <= _ROWS * key.k)
    broken = bool(groups.broken) and not groups.lasting
    if column_names.plain(key.name) in ("id", "uid"):
        return not broken
    if (
        column_names.person(key.name)
        and key.rank > THING
        and _PARTS.isdisjoint(column_names.tokens(key.name))
    ):
        return not broken and key.k >= _FEW and groups.mean <= _ROWS
    if key.rank != RECORD or broken or column_names.is_counting(key.name):
        return False
    return bool(groups.lasting) or (groups.mean <= _ROWS and not key.ordinal and _tells(key))


def _tells(key: Candidate) -> bool:
    """Whether rows of one number stand together or are spread as numbers of persons are: no ordinal."""
    held = key.codes[key.codes >= 0]
    runs = int((held[1:] != held[:-1]).sum()) + 1
    return runs <= 1.5 * key.k or key.keylike or key.k > _MANY
