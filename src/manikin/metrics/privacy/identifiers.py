"""Identifiers: do the synthetic records name somebody?"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from manikin.cohort.value_overlap import (
    Columns,
    compare_hits,
    find_leaked,
    is_quantity,
    is_unguessable,
    spell,
)
from manikin.contracts.metric import Exact, Split, metric, once
from manikin.core.short_lists import list_names
from manikin.schema import column_names
from manikin.schema.kinds import IDENTITY, Text, Time
from manikin.stats.permutation import share
from manikin.text.identifier_patterns import MARK, name_mark
from manikin.text.note_fields import notes

if TYPE_CHECKING:
    from collections.abc import Collection

    from manikin.cohort.cohort import Cohort

DECLARED = 0.01  # by which guessed identifiers may hit those of training rather than of holdout
PAIRED = 8  # columns of most values, whose pairs are looked at
COPIED = 0.5  # of the records, from which pairs of values are called copied
LEVELS = 10  # distinct values of a column, from which they may name persons
FORMED = 0.8  # of the values of a column, which have the form of names or numbers of persons
SOURCE = "GDPR recital 26, singling out; HIPAA 45 CFR 164.514(b)(2); holdout as control"
PERSON = re.compile(
    r"(?i:sub|subj|subject|pat|patient|participant|proband|person|mrn)[ _-]*[A-Za-z]{0,3}[ _-]*\d+"
    r"|(?i:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})"
    r"|[A-Z][^\W\d_]+(?:[ '-][A-Z][^\W\d_]+)?, ?[A-Z][^\W\d_]+(?: [A-Z]\.?)?"
)
RUN = re.compile(r"\d{6,}")


class Left(NamedTuple):
    """Which synthetic records bear a mark of a person, and what marks.

    Args:
        bears: Bool (n,).
        where: The fields, with what was found in them.
    """

    bears: np.ndarray
    where: tuple[str, ...]


def found(split: Split) -> str:
    """The fields that hold marks of persons, and of how many patients; never a value."""
    return "; ".join(once(split, left).where)


@metric("privacy", better="low", source=SOURCE, feature="records", reference="whole", note=found)
def identifiers_left(split: Split) -> Exact:
    """Share of synthetic records with an identifier of a training patient, or a mark of some person.

    0 to 1, and nothing but 0 will do. It looks at values, whatever the name, kind and role of a column:
    a column (or a pair) in which hardly any held-out patient has a value of training, but synthetic
    records do, by an exact test, holds values of training patients. Values of identifiers and numbers
    that nobody guesses are looked for in all other columns too, and so are e-mail and web addresses,
    telephone, record and social security numbers that no held-out record has. It cannot see a name
    within a longer text (`note_identifiers` looks into notes), nor, among values that others invent as
    well, a few that are of patients.
    """
    bears = once(split, left).bears
    value = float(np.mean(bears))
    low, high = share(int(bears.sum()), len(bears))
    return Exact(value, low, high, np.zeros(8), float(value == 0), 1.0)


def left(split: Split) -> Left:
    """Look through all columns, then through their pairs."""
    search = Search(split.train.cohort, split.holdout.cohort, split.synthetic.cohort)
    for name in search.synthetic.schema:
        search.look(name)
    search.look_at_pairs()
    return Left(search.bears, tuple(search.where))


@dataclass
class Search:
    """What has been found so far in three cohorts with the same fields.

    Args:
        train: Training records.
        holdout: Held-out ones.
        synthetic: Those to judge.
        where: What was found, in words.
    """

    train: Cohort
    holdout: Cohort
    synthetic: Cohort
    where: list[str] = field(default_factory=list)

    @cached_property
    def bears(self) -> np.ndarray:
        """Which synthetic records bear a mark of a person, bool (n,)."""
        return np.zeros(len(self.synthetic), dtype=bool)

    @cached_property
    def columns(self) -> dict[str, Columns]:
        """Every column that has words, numbers or times on all sides; notes are judged by others."""
        written, owner = notes(self.train.schema), self.holdout.subject
        sides = (self.train, self.holdout, self.synthetic)
        found = {}
        for name in self.synthetic.schema:
            if name in written or any(name not in side.schema for side in sides):
                continue
            spelled = [spell(side, name) for side in sides]
            if all(side is not None for side in spelled):
                found[name] = Columns(*spelled, owner)  # type: ignore[arg-type]
        return found

    @cached_property
    def hidden(self) -> set[str]:
        """Fields that say who somebody is, by their role, their kind or their name."""
        written = notes(self.train.schema)
        return {
            name
            for name, kind in self.train.schema.items()
            if kind.role in IDENTITY
            or column_names.person(name)
            or (isinstance(kind, Text) and name not in written)
        }

    @cached_property
    def secret(self) -> dict[str, set[str]]:
        """Values of training that nobody guesses, by the column that they come from."""
        found = {}
        for name, columns in self.columns.items():
            rare = is_unguessable(columns.mine | columns.theirs)
            if rare and (name in self.hidden or (columns.telling and not is_quantity(self.train, name))):
                found[name] = columns.mine
        return found

    def look(self, name: str) -> None:
        """Look at one column: for its own values, for those of other columns, and for forms."""
        columns = self.columns.get(name)
        if columns is None:
            return
        if name in self.hidden:
            self._tell(name, columns, _declared(columns))
            return
        moment = isinstance(self.train.schema[name], Time)
        asked = {"quantity": is_quantity(self.train, name), "moment": moment}
        copied = find_leaked(columns, **asked, looks=len(self.columns))
        self._tell(name, columns, copied)
        self._tell(name, columns, self._foreign(name, columns) - copied, owner=False)
        words, place = _raw(self.synthetic, name)
        marked = _marked(words, self.holdout, name) | _named(words, self.train, name)
        if marked:
            hit = np.array([*(word in marked for word in words), False])[place]
            kinds = sorted(filter(None, {name_mark(word) for word in marked}))
            self._note(name, f"marks of persons{f' ({list_names(kinds)})' if kinds else ''}", hit)

    def look_at_pairs(self) -> None:
        """Pairs of columns that tell persons apart only together, as first and last names do.

        Of columns that are called so a single pair of a patient is one too many; of others, which may
        be linked by what they say, most must be there.
        """
        called = [name for name in self.columns if name in self.hidden and self._is_worded(name)]
        named = list(combinations(sorted(called, key=self._count_words, reverse=True)[:PAIRED], 2))
        for one, other in named:
            self._look_at_pair(one, other, looks=len(named), least=0.0)
        open_ = [
            name
            for name, columns in self.columns.items()
            if name not in self.hidden and self._is_worded(name) and not columns.telling
        ]
        for one, other in combinations(sorted(open_, key=self._count_words, reverse=True)[:PAIRED], 2):
            self._look_at_pair(one, other, looks=PAIRED * PAIRED, least=COPIED)

    def _look_at_pair(self, one: str, other: str, *, looks: int, least: float) -> None:
        """Look for pairs of training that stand in at least this share of the synthetic records."""
        pair = self.columns[one].join(self.columns[other])
        leaked = find_leaked(pair, looks=looks)
        if leaked and np.mean(pair.synthetic.have(leaked)) >= least:
            self._tell(f"{one} with {other}", pair, leaked)

    def _is_worded(self, name: str) -> bool:
        """Whether a column holds several words, as names do."""
        return self._count_words(name) >= LEVELS and isinstance(_first(self.train, name), str)

    def _count_words(self, name: str) -> int:
        return len(self.columns[name].train.words)

    def _foreign(self, name: str, columns: Columns) -> set[str]:
        """Values of other columns that nobody guesses, which here no real record has by itself."""
        sources = {source: mine for source, mine in self.secret.items() if source != name}
        if not sources:
            return set()
        wanted = set().union(*sources.values())
        there = {
            word
            for word in columns.synthetic.words
            if word in wanted or any(run in wanted for run in RUN.findall(word))
        }
        return there - self._ordinary(name, sources) if there else there

    def _ordinary(self, name: str, sources: Collection[str]) -> set[str]:
        """What real records have here without being called so: a code that equals another's number."""
        own = self.columns[name].train
        words = np.array([*own.words, ""])[own.place]
        called = np.zeros(len(words), dtype=bool)
        for source in sources:
            other = self.columns[source].train
            called |= words == np.array([*other.words, ""])[other.place]
        return set(words[~called]) | set(self.columns[name].holdout.words)

    def _tell(self, name: str, columns: Columns, leaked: set[str], *, owner: bool = True) -> None:
        if not leaked:
            return
        if owner:
            people = len(np.unique(self.train.subject[columns.train.have(leaked)]))
            count = min(people, len(leaked))  # of undeclared subjects, as many as there are values
            whose = f"values of {count} training patient{'s' * (count != 1)}"
        else:
            whose = "identifiers of training patients"
        self._note(name, whose, columns.synthetic.have(leaked))

    def _note(self, name: str, what: str, hit: np.ndarray) -> None:
        np.logical_or(self.bears, hit, out=self.bears)
        self.where.append(f"{name}: {what} in {int(hit.sum())} records")


def _declared(columns: Columns) -> set[str]:
    """Values of training in a column that is said to identify, if they are not there by counting.

    Running numbers hit those of training as often as those of holdout; leaked ones only the former.
    """
    hits = set(columns.synthetic.words) & columns.mine
    if not hits or is_unguessable(columns.mine | columns.theirs):
        return hits
    control = len(set(columns.synthetic.words) & columns.theirs)
    apart = compare_hits(len(hits), control, len(columns.mine), len(columns.theirs))
    return hits if apart < DECLARED else find_leaked(columns)


def _raw(cohort: Cohort, name: str) -> tuple[list[str], np.ndarray]:
    """The distinct texts of a column as they are, and which each record has, (n,); -1: none."""
    column = cohort.columns[name].combine_chunks()
    if not isinstance(_first(cohort, name), str):
        return [], np.full(len(cohort), -1)
    encoded = column.dictionary_encode()
    return encoded.dictionary.to_pylist(), encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)


def _first(cohort: Cohort, name: str) -> object:
    values = cohort.columns[name].drop_null()
    return values[0].as_py() if len(values) else None


def _marked(words: list[str], holdout: Cohort, name: str) -> set[str]:
    """Texts that look like a mark of a person and that no held-out record has."""
    marked = {word for word in words if not word.isdigit() and MARK.search(word)}
    return marked - set(_raw(holdout, name)[0]) if marked else marked


def _named(words: list[str], train: Cohort, name: str) -> set[str]:
    """Texts of training in a column whose values have the form of names or numbers of persons."""
    real = _raw(train, name)[0]
    formed = {word for word in real if PERSON.fullmatch(word.strip())}
    if len(real) < LEVELS or len(formed) < FORMED * len(real):
        return set()
    return formed & set(words)


__plugin__ = (identifiers_left,)
