"""Overlap: are patients of training among the held-out ones? They would hide what a model memorised."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from manikin.cohort.duplicate_records import find_twins
from manikin.cohort.value_overlap import FEWEST, Spelled, is_counted, is_quantity, is_unguessable, spell
from manikin.errors import UsageError
from manikin.schema import column_names
from manikin.schema.kinds import Category
from manikin.text.note_fields import notes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from manikin.cohort.cohort import Cohort

SEVERAL = 3  # records on both sides, below which a coincidence is no leak
LIKELY = 0.05  # by which so many twins may lie across the sides, were they spread as twins within are
OWN = 0.9  # of the values of an identifier, which belong to one subject each
PERSONAL = 0.95  # of the values of a column, within which what a person keeps does not change
HABITUAL = ("note", "picture or signal")  # which may stand twice without anybody's having mixed the sides
OFTEN = 0.8  # of the records, that are alone in such pairs, where chance makes the pairs
WIDE = 40  # letters of a number of a person, at most
KEPT = frozenset({"sex", "gender", "birth", "dob", "birthdate", "race", "ethnicity"})
REMEDY = "split by subject with Cohort.split, which also keeps twins on one side"


def refuse_shared_numbers(train: Cohort, holdout: Cohort) -> None:
    """Check that no number of a patient of training is held out, declared as such or not.

    Args:
        train: The records that the generator may have learned from, as they were given.
        holdout: Those kept from it.

    Raises:
        UsageError: Subjects, or values of a column that tells persons apart, are in both; with the count.
    """
    for message in _shared_numbers(train, holdout):
        raise UsageError(message)


def refuse_overlap(train: Cohort, holdout: Cohort) -> None:
    """Check that no record of training is held out, under whatever number.

    Args:
        train: The records that the generator may have learned from.
        holdout: Those kept from it, with the same fields in the same types.

    Raises:
        UsageError: Records equal beyond what chance explains are in both; with the count.
    """
    for message in _shared_records(train, holdout):
        raise UsageError(message)


def _shared_numbers(train: Cohort, holdout: Cohort) -> Iterator[str]:
    """Numbers of subjects that stand on both sides, declared or not."""
    subject = {side.schema.named("subject") for side in (train, holdout)} - {None}
    for name in train.schema:
        if name not in holdout.schema or name in notes(train.schema):
            continue
        mine, theirs = spell(train, name), spell(holdout, name)
        if mine is None or theirs is None:
            continue
        shared = set(mine.words) & set(theirs.words)
        if shared and name in subject:
            count = f"{len(shared)} subjects are both in train and in holdout"
            yield f"{count} (field {name!r}); split by subject"
        elif len(shared) >= SEVERAL and (why := _names_persons(train, name, mine)):
            yield (
                f"{len(shared)} values of {name!r} are both in train and in holdout, and {why}; if it "
                f"numbers patients, give it the role subject in schema.toml and {REMEDY}"
            )


def _names_persons(train: Cohort, name: str, spelled: Spelled) -> str:
    """Why a column tells persons apart; "": it does not."""
    if len(spelled.words) < FEWEST or is_quantity(train, name):
        return ""
    rare, present = is_unguessable(spelled.words), spelled.place >= 0
    owner = np.unique(train.subject, return_inverse=True)[1]
    own = float(np.mean(_partners(spelled.place[present], owner[present]) == 1))
    if train.schema[name].role == "identifier" and rare and own >= OWN and _numbered(spelled):
        return "each belongs to one subject, and nobody guesses it"
    if kept := _keeps(train, spelled):
        return f"{kept!r} never changes within one of them"
    if not is_counted(spelled.words) and (visit := _numbers_visits(train, name, spelled)):
        return f"{visit!r} never repeats within one of them, as the number of a visit would"
    return ""


def _numbered(spelled: Spelled) -> bool:
    """Whether values are numbers or codes, not running text."""
    digits = np.mean([any(letter.isdigit() for letter in word) for word in spelled.words])
    return bool(digits >= PERSONAL and np.median([len(word) for word in spelled.words]) <= WIDE)


def _keeps(train: Cohort, spelled: Spelled) -> str:
    """The field of what a person keeps (sex, birth, race) that does not change within a value; "": none."""
    kept = [
        name
        for name, kind in train.schema.items()
        if isinstance(kind, Category) and KEPT & set(column_names.tokens(name))
    ]
    others = {name: other for name in kept if (other := spell(train, name)) and len(other.words) > 1}
    constant = (n for n, other in others.items() if _constant(spelled.place, other.place) >= PERSONAL)
    return next(constant, "")


def _constant(place: np.ndarray, other: np.ndarray) -> float:
    """The share of repeated values within which another column is constant; 0 where it mostly is anyway."""
    known = (place >= 0) & (other >= 0)
    place, other = place[known], other[known]
    often = np.bincount(place) > 1
    shares = np.bincount(other) / max(len(other), 1)
    if often.sum() < FEWEST or shares.max(initial=1.0) > OWN:
        return 0.0
    return float(np.mean(_partners(place, other)[often] == 1))


def _partners(place: np.ndarray, other: np.ndarray) -> np.ndarray:
    """With how many values of another column each value stands, (values,)."""
    width = int(other.max(initial=0)) + 1
    pairs = np.unique(place.astype(np.int64) * width + other)
    return np.bincount(pairs // width, minlength=int(place.max(initial=-1)) + 1)


def _numbers_visits(train: Cohort, name: str, spelled: Spelled) -> str:
    """A column of few values that never repeats within a value, as numbers of visits do not; "": none."""
    if len(train) < 2 * len(spelled.words):
        return ""
    most = np.bincount(spelled.place[spelled.place >= 0]).max(initial=0)
    rng = np.random.default_rng(0)
    for other in train.schema.scalars:
        beside = spell(train, other) if other != name else None
        if beside is None or not 1 < len(beside.words) < min(len(spelled.words), 2 * most + 1):
            continue
        found, usual = (
            _distinct(spelled.place, places) for places in (beside.place, rng.permutation(beside.place))
        )
        if found >= PERSONAL and usual < OFTEN:
            return other
    return ""


def _distinct(place: np.ndarray, other: np.ndarray) -> float:
    """The share of records whose pair of values no other record has."""
    both = (place >= 0) & (other >= 0)
    if both.sum() < OWN * len(both):
        return 0.0
    return int(_partners(place[both], other[both]).sum()) / int(both.sum())


def _shared_records(train: Cohort, holdout: Cohort) -> Iterator[str]:
    """Records of the holdout that equal one of training beyond what chance and habit explain."""
    if train.columns.equals(holdout.columns):
        yield "train and holdout are the same records; hold some back from the generator"
        return
    both = _join(train, holdout)
    found, n = find_twins(both), len(train)
    for kind, pairs in found.kinds.items():
        across = (pairs < n).sum(axis=1) == 1
        if across.sum() < SEVERAL or (kind in HABITUAL and not _crosses(pairs, across, n, len(both))):
            continue
        equal = found.equal if kind == "row" else pairs
        held = len(np.unique(equal[(equal < n).sum(axis=1) == 1].max(axis=1)))
        near = " or nearly equal" * (kind == "picture or signal")
        chance = f"; chance explains about {found.chance:.0f}" if kind == "row" else ""
        yield (
            f"{held} of {len(holdout)} held-out records have a {kind} equal{near} to that of a training "
            f"record{chance}; {REMEDY}"
        )


def _crosses(pairs: np.ndarray, across: np.ndarray, n: int, total: int) -> bool:
    """Whether twins lie across the sides more often than twins that are everywhere in the data would."""
    from scipy.stats import binom

    usual = 2 * n * (total - n) / total**2
    return bool(binom.sf(int(across.sum()) - 1, len(pairs), usual) < LIKELY)


def _join(train: Cohort, holdout: Cohort) -> Cohort:
    """Both sides as one cohort in which nobody of one side is taken for somebody of the other."""
    sides = [side.columns.replace_schema_metadata(None) for side in (train, holdout)]
    table = pa.concat_tables(sides)
    codes = np.concatenate([train.subject, holdout.subject + train.subject.max(initial=-1) + 1])
    return replace(train, columns=table, whose=(table, codes))
