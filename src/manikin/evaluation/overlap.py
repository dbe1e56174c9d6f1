"""Overlap: are patients of training among the held-out ones? They would hide what a model memorised."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from scipy.stats import binom

from manikin.cohort.normalized_values import NormalizedColumn, is_quantity, normalize_column
from manikin.cohort.value_overlap import MIN_DISTINCT, is_countable, is_unguessable
from manikin.errors import UsageError
from manikin.schema import column_names
from manikin.schema.kinds import Category
from manikin.text.note_fields import list_note_fields

if TYPE_CHECKING:
    from collections.abc import Iterator

    from manikin.cohort.cohort import Cohort

MIN_SHARED_RECORDS = 3  # records on both sides, below which a coincidence is no leak
MAX_CROSSING_P_VALUE = 0.05
"""By which so many twins may lie across the sides, were they spread as twins within are."""

MIN_OWN_SHARE = 0.9  # of the values of an identifier, which belong to one subject each
MIN_CONSTANT_SHARE = 0.95  # of the values of a column, within which what a person keeps does not change
REPEATABLE_KINDS = ("note", "picture or signal")
"""Which may stand twice without anybody's having mixed the sides."""

MAX_CHANCE_DISTINCT = 0.8  # of the records, that are alone in such pairs, where chance makes the pairs
MAX_NUMBER_LENGTH = 40  # letters of a number of a person, at most
CONSTANT_FIELD_TOKENS = frozenset({"sex", "gender", "birth", "dob", "birthdate", "race", "ethnicity"})
REMEDY = "split by subject with Cohort.split, which also keeps twins on one side"


def refuse_shared_numbers(train: Cohort, holdout: Cohort) -> None:
    """Check that no number of a patient of training is held out, declared as such or not.

    Args:
        train: The records that the generator may have learned from, as they were given.
        holdout: Those kept from it.

    Raises:
        UsageError: Subjects, or values of a column that tells persons apart, are in both; with the count.
    """
    for message in _find_shared_numbers(train, holdout):
        raise UsageError(message)


def refuse_overlap(train: Cohort, holdout: Cohort) -> None:
    """Check that no record of training is held out, under whatever number.

    Args:
        train: The records that the generator may have learned from.
        holdout: Those kept from it, with the same fields in the same types.

    Raises:
        UsageError: Records equal beyond what chance explains are in both; with the count.
    """
    for message in _find_shared_records(train, holdout):
        raise UsageError(message)


def _find_shared_numbers(train: Cohort, holdout: Cohort) -> Iterator[str]:
    """Numbers of subjects that stand on both sides, declared or not."""
    subject = {side.schema.find_by_role("subject") for side in (train, holdout)} - {None}
    for name in train.schema:
        if name not in holdout.schema or name in list_note_fields(train.schema):
            continue
        mine, theirs = normalize_column(train, name), normalize_column(holdout, name)
        if mine is None or theirs is None:
            continue
        shared = set(mine.values) & set(theirs.values)
        if shared and name in subject:
            count = f"{len(shared)} subjects are both in train and in holdout"
            yield f"{count} (field {name!r}); split by subject"
        elif len(shared) >= MIN_SHARED_RECORDS and (why := _explain_person_number(train, name, mine)):
            yield (
                f"{len(shared)} values of {name!r} are both in train and in holdout, and {why}; if it "
                f"numbers patients, give it the role subject in schema.toml and {REMEDY}"
            )


def _explain_person_number(train: Cohort, name: str, spelled: NormalizedColumn) -> str:
    """Why a column tells persons apart; "": it does not."""
    if len(spelled.values) < MIN_DISTINCT or is_quantity(train, name):
        return ""
    rare, present = is_unguessable(spelled.values), spelled.codes >= 0
    owner = np.unique(train.subject, return_inverse=True)[1]
    own = float(np.mean(_count_partners(spelled.codes[present], owner[present]) == 1))
    if (
        train.schema[name].role == "identifier"
        and rare
        and own >= MIN_OWN_SHARE
        and _has_code_values(spelled)
    ):
        return "each belongs to one subject, and nobody guesses it"
    if kept := _find_constant_field(train, spelled):
        return f"{kept!r} never changes within one of them"
    if not is_countable(spelled.values) and (visit := _find_visit_number(train, name, spelled)):
        return f"{visit!r} never repeats within one of them, as the number of a visit would"
    return ""


def _has_code_values(spelled: NormalizedColumn) -> bool:
    """Whether values are numbers or codes, not running text."""
    digits = np.mean([any(letter.isdigit() for letter in word) for word in spelled.values])
    return bool(
        digits >= MIN_CONSTANT_SHARE
        and np.median([len(word) for word in spelled.values]) <= MAX_NUMBER_LENGTH
    )


def _find_constant_field(train: Cohort, spelled: NormalizedColumn) -> str:
    """The field of what a person keeps (sex, birth, race) that does not change within a value; "": none."""
    kept = [
        name
        for name, kind in train.schema.items()
        if isinstance(kind, Category) and CONSTANT_FIELD_TOKENS & set(column_names.split_name(name))
    ]
    others = {
        name: other for name in kept if (other := normalize_column(train, name)) and len(other.values) > 1
    }
    constant = (
        n
        for n, other in others.items()
        if _compute_constant_share(spelled.codes, other.codes) >= MIN_CONSTANT_SHARE
    )
    return next(constant, "")


def _compute_constant_share(place: np.ndarray, other: np.ndarray) -> float:
    """The share of repeated values within which another column is constant; 0 where it mostly is anyway."""
    known = (place >= 0) & (other >= 0)
    place, other = place[known], other[known]
    often = np.bincount(place) > 1
    shares = np.bincount(other) / max(len(other), 1)
    if often.sum() < MIN_DISTINCT or shares.max(initial=1.0) > MIN_OWN_SHARE:
        return 0.0
    return float(np.mean(_count_partners(place, other)[often] == 1))


def _count_partners(place: np.ndarray, other: np.ndarray) -> np.ndarray:
    """With how many values of another column each value stands, (values,)."""
    width = int(other.max(initial=0)) + 1
    pairs = np.unique(place.astype(np.int64) * width + other)
    return np.bincount(pairs // width, minlength=int(place.max(initial=-1)) + 1)


def _find_visit_number(train: Cohort, name: str, spelled: NormalizedColumn) -> str:
    """A column of few values that never repeats within a value, as numbers of visits do not; "": none."""
    if len(train) < 2 * len(spelled.values):
        return ""
    most = np.bincount(spelled.codes[spelled.codes >= 0]).max(initial=0)
    rng = np.random.default_rng(0)
    for other in train.schema.scalar_fields:
        beside = normalize_column(train, other) if other != name else None
        if beside is None or not 1 < len(beside.values) < min(len(spelled.values), 2 * most + 1):
            continue
        found, usual = (
            _compute_distinct_share(spelled.codes, places)
            for places in (beside.codes, rng.permutation(beside.codes))
        )
        if found >= MIN_CONSTANT_SHARE and usual < MAX_CHANCE_DISTINCT:
            return other
    return ""


def _compute_distinct_share(place: np.ndarray, other: np.ndarray) -> float:
    """The share of records whose pair of values no other record has."""
    both = (place >= 0) & (other >= 0)
    if both.sum() < MIN_OWN_SHARE * len(both):
        return 0.0
    return int(_count_partners(place[both], other[both]).sum()) / int(both.sum())


def _find_shared_records(train: Cohort, holdout: Cohort) -> Iterator[str]:
    """Records of the holdout that equal one of training beyond what chance and habit explain."""
    if train.columns.equals(holdout.columns):
        yield "train and holdout are the same records; hold some back from the generator"
        return
    both = _join_sides(train, holdout)
    found, n = both.find_duplicates(), len(train)
    for kind, pairs in found.pairs_by_kind.items():
        across = (pairs < n).sum(axis=1) == 1
        if across.sum() < MIN_SHARED_RECORDS or (
            kind in REPEATABLE_KINDS and not _has_excess_crossings(pairs, across, n, len(both))
        ):
            continue
        equal = found.equal_rows if kind == "row" else pairs
        held = len(np.unique(equal[(equal < n).sum(axis=1) == 1].max(axis=1)))
        near = " or nearly equal" if kind == "picture or signal" else ""
        chance = f"; chance explains about {found.expected_by_chance:.0f}" if kind == "row" else ""
        yield (
            f"{held} of {len(holdout)} held-out records have a {kind} equal{near} to that of a training "
            f"record{chance}; {REMEDY}"
        )


def _has_excess_crossings(pairs: np.ndarray, across: np.ndarray, n: int, total: int) -> bool:
    """Whether twins lie across the sides more often than twins that are everywhere in the data would."""
    usual = 2 * n * (total - n) / total**2
    return bool(binom.sf(int(across.sum()) - 1, len(pairs), usual) < MAX_CROSSING_P_VALUE)


def _join_sides(train: Cohort, holdout: Cohort) -> Cohort:
    """Both sides as one cohort in which nobody of one side is taken for somebody of the other."""
    sides = [side.columns.replace_schema_metadata(None) for side in (train, holdout)]
    table = pa.concat_tables(sides)
    codes = np.concatenate([train.subject, holdout.subject + train.subject.max(initial=-1) + 1])
    return replace(train, columns=table, subject_codes=(table, codes))
