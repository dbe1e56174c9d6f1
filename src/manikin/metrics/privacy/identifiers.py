"""Identifiers: do the synthetic records name somebody?"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from manikin.cohort.normalized_values import is_quantity, normalize_column
from manikin.cohort.value_overlap import (
    ColumnSamples,
    find_leaked_values,
    is_unguessable,
)
from manikin.contracts.metric import ExactResult, MetricDescription, metric
from manikin.contracts.split import Split, compute_once
from manikin.core.short_lists import list_names
from manikin.schema import column_names
from manikin.schema.kinds import IDENTITY_ROLES, Text, Time
from manikin.stats.permutation import compute_fisher_p_value, compute_share_interval
from manikin.text.identifier_patterns import ANY_IDENTIFIER_PATTERN, classify_identifier
from manikin.text.note_fields import list_note_fields

if TYPE_CHECKING:
    from collections.abc import Collection

    from manikin.cohort.cohort import Cohort

MIN_DECLARED_EXCESS = 0.01  # by which guessed identifiers may hit those of training rather than of holdout
MAX_PAIRED = 8  # columns of most values, whose pairs are looked at
MIN_COPIED_SHARE = 0.5  # of the records, from which pairs of values are called copied
MIN_LEVELS = 10  # distinct values of a column, from which they may name persons
MIN_FORMED_SHARE = 0.8  # of the values of a column, which have the form of names or numbers of persons
PERSON_PATTERN = re.compile(
    r"(?i:sub|subj|subject|pat|patient|participant|proband|person|mrn)[ _-]*[A-Za-z]{0,3}[ _-]*\d+"
    r"|(?i:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})"
    r"|[A-Z][^\W\d_]+(?:[ '-][A-Z][^\W\d_]+)?, ?[A-Z][^\W\d_]+(?: [A-Z]\.?)?"
)
DIGIT_RUN = re.compile(r"\d{6,}")


class IdentifierHits(NamedTuple):
    """Which synthetic records bear a mark of a person, and what marks.

    Args:
        has_mark: Bool (n,).
        findings: The fields, with what was found in them.
    """

    has_mark: np.ndarray
    findings: tuple[str, ...]


def describe_identifiers(split: Split) -> str:
    """The fields that hold marks of persons, and of how many patients; never a value."""
    return "; ".join(compute_once(split, find_identifiers).findings)


@metric(
    "privacy",
    MetricDescription(
        "Share of synthetic records with an identifier of a training patient, or a mark of some person.",
        reading="""0 to 1, and nothing but 0 will do. It looks at values, whatever the name, kind and
        role of a column: a column (or a pair) in which hardly any held-out patient has a value of
        training, but synthetic records do, by an exact test, holds values of training patients. Values
        of identifiers and numbers that nobody guesses are looked for in all other columns too, and so
        are e-mail and web addresses, telephone, record and social security numbers that no held-out
        record has.""",
        blind_spot="""It cannot see a name within a longer text (note_identifiers looks into notes),
        nor, among values that others invent as well, a few that are of patients.""",
        source="GDPR recital 26, singling out; HIPAA 45 CFR 164.514(b)(2); holdout as control",
    ),
    better="low",
    feature="records",
    reference="whole",
    note=describe_identifiers,
)
def identifiers_left(split: Split) -> ExactResult:
    bears = compute_once(split, find_identifiers).has_mark
    value, interval = float(np.mean(bears)), compute_share_interval(int(bears.sum()), len(bears))
    return ExactResult(value, *interval, np.zeros(8), float(value == 0), 1.0)


def find_identifiers(split: Split) -> IdentifierHits:
    """Look through all columns, then through their pairs."""
    search = IdentifierSearch(split.train.cohort, split.holdout.cohort, split.synthetic.cohort)
    for name in search.synthetic.schema:
        search.search_column(name)
    search.search_pairs()
    return IdentifierHits(search.has_mark, tuple(search.findings))


@dataclass
class IdentifierSearch:
    """What has been found so far in three cohorts with the same fields.

    Args:
        train: Training records.
        holdout: Held-out ones.
        synthetic: Those to judge.
        findings: What was found, in words.
    """

    train: Cohort
    holdout: Cohort
    synthetic: Cohort
    findings: list[str] = field(default_factory=list)

    @cached_property
    def has_mark(self) -> np.ndarray:
        """Which synthetic records bear a mark of a person, bool (n,)."""
        return np.zeros(len(self.synthetic), dtype=bool)

    @cached_property
    def columns(self) -> dict[str, ColumnSamples]:
        """Every column that has words, numbers or times on all sides; notes are judged by others."""
        written, owner = list_note_fields(self.train.schema), self.holdout.subject
        sides = (self.train, self.holdout, self.synthetic)
        found = {}
        for name in self.synthetic.schema:
            if name in written or any(name not in side.schema for side in sides):
                continue
            spelled = [normalize_column(side, name) for side in sides]
            if all(side is not None for side in spelled):
                found[name] = ColumnSamples(*spelled, owner)  # type: ignore[arg-type]
        return found

    @cached_property
    def identifying_fields(self) -> set[str]:
        """Fields that say who somebody is, by their role, their kind or their name."""
        written = list_note_fields(self.train.schema)
        return {
            name
            for name, kind in self.train.schema.items()
            if kind.role in IDENTITY_ROLES
            or column_names.is_direct_identifier(name)
            or (isinstance(kind, Text) and name not in written)
        }

    @cached_property
    def unguessable_values(self) -> dict[str, set[str]]:
        """Values of training that nobody guesses, by the column that they come from."""
        found = {}
        for name, columns in self.columns.items():
            rare = is_unguessable(columns.train_only_values | columns.holdout_only_values)
            if rare and (
                name in self.identifying_fields
                or (columns.is_identifying and not is_quantity(self.train, name))
            ):
                found[name] = columns.train_only_values
        return found

    def search_column(self, name: str) -> None:
        """Look at one column: for its own values, for those of other columns, and for forms."""
        columns = self.columns.get(name)
        if columns is None:
            return
        if name in self.identifying_fields:
            self._report_leak(name, columns, _find_declared(columns))
            return
        moment = isinstance(self.train.schema[name], Time)
        asked = {"quantity": is_quantity(self.train, name), "moment": moment}
        copied = find_leaked_values(columns, **asked, looks=len(self.columns))
        self._report_leak(name, columns, copied)
        self._report_leak(name, columns, self._find_foreign_values(name, columns) - copied, owner=False)
        words, place = _encode_texts(self.synthetic, name)
        marked = _find_marked(words, self.holdout, name) | _find_person_names(words, self.train, name)
        if marked:
            hit = np.array([*(word in marked for word in words), False])[place]
            kinds = sorted(filter(None, {classify_identifier(word) for word in marked}))
            self._record_finding(name, f"marks of persons{f' ({list_names(kinds)})' if kinds else ''}", hit)

    def search_pairs(self) -> None:
        """Pairs of columns that tell persons apart only together, as first and last names do.

        Of columns that are called so a single pair of a patient is one too many; of others, which may
        be linked by what they say, most must be there.
        """
        called = [
            name for name in self.columns if name in self.identifying_fields and self._has_words(name)
        ]
        named = list(combinations(sorted(called, key=self._count_words, reverse=True)[:MAX_PAIRED], 2))
        for one, other in named:
            self._search_pair(one, other, looks=len(named), least=0.0)
        open_ = [
            name
            for name, columns in self.columns.items()
            if name not in self.identifying_fields and self._has_words(name) and not columns.is_identifying
        ]
        for one, other in combinations(sorted(open_, key=self._count_words, reverse=True)[:MAX_PAIRED], 2):
            self._search_pair(one, other, looks=MAX_PAIRED * MAX_PAIRED, least=MIN_COPIED_SHARE)

    def _search_pair(self, one: str, other: str, *, looks: int, least: float) -> None:
        """Look for pairs of training that stand in at least this share of the synthetic records."""
        pair = self.columns[one].join(self.columns[other])
        leaked = find_leaked_values(pair, looks=looks)
        if leaked and np.mean(pair.synthetic.has_any_of(leaked)) >= least:
            self._report_leak(f"{one} with {other}", pair, leaked)

    def _has_words(self, name: str) -> bool:
        """Whether a column holds several words, as names do."""
        return self._count_words(name) >= MIN_LEVELS and isinstance(
            _find_first_value(self.train, name), str
        )

    def _count_words(self, name: str) -> int:
        return len(self.columns[name].train.values)

    def _find_foreign_values(self, name: str, columns: ColumnSamples) -> set[str]:
        """Values of other columns that nobody guesses, which here no real record has by itself."""
        sources = {source: mine for source, mine in self.unguessable_values.items() if source != name}
        if not sources:
            return set()
        wanted = set().union(*sources.values())
        there = {
            word
            for word in columns.synthetic.values
            if word in wanted or any(run in wanted for run in DIGIT_RUN.findall(word))
        }
        return there - self._list_ordinary_values(name, sources) if there else there

    def _list_ordinary_values(self, name: str, sources: Collection[str]) -> set[str]:
        """What real records have here without being called so: a code that equals another's number."""
        own = self.columns[name].train
        words = np.array([*own.values, ""])[own.codes]
        called = np.zeros(len(words), dtype=bool)
        for source in sources:
            other = self.columns[source].train
            called |= words == np.array([*other.values, ""])[other.codes]
        return set(words[~called]) | set(self.columns[name].holdout.values)

    def _report_leak(
        self, name: str, columns: ColumnSamples, leaked: set[str], *, owner: bool = True
    ) -> None:
        if not leaked:
            return
        if owner:
            people = len(np.unique(self.train.subject[columns.train.has_any_of(leaked)]))
            count = min(people, len(leaked))  # of undeclared subjects, as many as there are values
            whose = f"values of {count} training patient{'' if count == 1 else 's'}"
        else:
            whose = "identifiers of training patients"
        self._record_finding(name, whose, columns.synthetic.has_any_of(leaked))

    def _record_finding(self, name: str, what: str, hit: np.ndarray) -> None:
        np.logical_or(self.has_mark, hit, out=self.has_mark)
        self.findings.append(f"{name}: {what} in {int(hit.sum())} records")


def _find_declared(columns: ColumnSamples) -> set[str]:
    """Values of training in a column that is said to identify, if they are not there by counting.

    Running numbers hit those of training as often as those of holdout; leaked ones only the former.
    """
    hits = set(columns.synthetic.values) & columns.train_only_values
    if not hits or is_unguessable(columns.train_only_values | columns.holdout_only_values):
        return hits
    control = len(set(columns.synthetic.values) & columns.holdout_only_values)
    sizes = len(columns.train_only_values), len(columns.holdout_only_values)
    apart = compute_fisher_p_value(len(hits), sizes[0], control, sizes[1])
    return hits if apart < MIN_DECLARED_EXCESS else find_leaked_values(columns)


def _encode_texts(cohort: Cohort, name: str) -> tuple[list[str], np.ndarray]:
    """The distinct texts of a column as they are, and which each record has, (n,); -1: none."""
    column = cohort.columns[name].combine_chunks()
    if not isinstance(_find_first_value(cohort, name), str):
        return [], np.full(len(cohort), -1)
    encoded = column.dictionary_encode()
    return encoded.dictionary.to_pylist(), encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)


def _find_first_value(cohort: Cohort, name: str) -> object:
    values = cohort.columns[name].drop_null()
    return values[0].as_py() if len(values) else None


def _find_marked(words: list[str], holdout: Cohort, name: str) -> set[str]:
    """Texts that look like a mark of a person and that no held-out record has."""
    marked = {word for word in words if not word.isdigit() and ANY_IDENTIFIER_PATTERN.search(word)}
    return marked - set(_encode_texts(holdout, name)[0]) if marked else marked


def _find_person_names(words: list[str], train: Cohort, name: str) -> set[str]:
    """Texts of training in a column whose values have the form of names or numbers of persons."""
    real = _encode_texts(train, name)[0]
    formed = {word for word in real if PERSON_PATTERN.fullmatch(word.strip())}
    if len(real) < MIN_LEVELS or len(formed) < MIN_FORMED_SHARE * len(real):
        return set()
    return formed & set(words)


__plugin__ = (identifiers_left,)
