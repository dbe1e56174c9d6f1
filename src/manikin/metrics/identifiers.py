"""Identifiers: do the synthetic records name somebody?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from manikin.data import names
from manikin.data.prose.marks import MARK
from manikin.data.scalars import spelling
from manikin.data.schema import Text
from manikin.data.written import notes
from manikin.exchange import share
from manikin.metric import Exact, Split, metric, once

if TYPE_CHECKING:
    from manikin.data.cohort import Cohort

SPARSE = 1e-3  # of the numbers in their range, identifiers are fewer: none is met by counting
LONG = 20  # letters of a text that nobody invents a second time
CHANCE = 0.01  # by which guessed identifiers may hit those of training rather than of holdout
SOURCE = "GDPR recital 26, singling out; HIPAA 45 CFR 164.514(b)(2); holdout as control"


class Left(NamedTuple):
    """Which synthetic records bear a mark of a person, and what marks.

    Args:
        bears: Bool (n,).
        where: The fields, with what was found in them.
    """

    bears: np.ndarray
    where: tuple[str, ...]


def found(split: Split) -> str:
    """The fields that hold marks of persons; never a value."""
    return "; ".join(once(split, left).where)


@metric("privacy", better="low", source=SOURCE, feature="records", reference="whole", note=found)
def identifiers_left(split: Split) -> Exact:
    """Share of synthetic records with an identifier of a training patient, or a mark of some person.

    0 to 1, and nothing but 0 will do. It looks for values of identifiers, names and free text of
    training (whole values, also in other fields of text) that surrogates would not hit as
    often by counting, and for e-mail and web addresses, telephone, record and social security
    numbers that no held-out record has. It cannot see a name within a longer text: `note_identifiers` looks
    into notes.
    """
    bears = once(split, left).bears
    value = float(np.mean(bears))
    low, high = share(int(bears.sum()), len(bears))
    return Exact(value, low, high, np.zeros(8), float(value == 0), 1.0)


def left(split: Split) -> Left:
    """Look through all identifiers and all fields of words."""
    train, holdout, synthetic = (side.cohort for side in (split.train, split.holdout, split.synthetic))
    known = {name: _only(train, holdout, name) for name in _hidden(train)}
    bears, where = np.zeros(len(synthetic), dtype=bool), []
    secret: set[str] = set().union(
        *(mine for mine, theirs in known.values() if _unguessable(mine | theirs))
    )
    written = notes(train.schema)  # note_identifiers looks into notes
    for name in synthetic.schema:
        words, place = _words(synthetic, name)
        if name in known:
            leaked, marks = _leaked(set(words), *known[name]), set()
        elif name in written or pa.types.is_integer(synthetic.columns[name].type):  # may equal some number
            continue
        else:
            leaked, marks = secret & set(words), _marked(words, holdout, name)
            leaked -= _ordinary(train, holdout, name, list(known)) if leaked else set()
        for what, values in (("values of training patients", leaked), ("marks of persons", marks)):
            if values:
                hit = np.array([word in values for word in words])[place]
                bears |= hit
                where.append(f"{name}: {what} in {int(hit.sum())} records")
    return Left(bears, tuple(where))


def _hidden(cohort: Cohort) -> list[str]:
    """Fields that say who somebody is, by their role, their kind or their name."""
    return [
        name
        for name, kind in cohort.schema.items()
        if kind.role in ("identifier", "subject")
        or names.person(name)
        or (isinstance(kind, Text) and name not in notes(cohort.schema))
    ]


def _words(cohort: Cohort, name: str) -> tuple[list[str], np.ndarray]:
    """The distinct values of words or whole numbers, spelled, and which each record has, (n,)."""
    column: Any = cohort.columns[name].combine_chunks()
    kind = column.type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_integer(kind)):
        return [""], np.zeros(len(cohort), dtype=int)
    encoded = column.dictionary_encode()
    place = encoded.indices.fill_null(len(encoded.dictionary)).to_numpy(zero_copy_only=False)
    return [*map(spelling, encoded.dictionary.to_pylist()), ""], place


def _only(train: Cohort, holdout: Cohort, name: str) -> tuple[set[str], set[str]]:
    """Values that only training records have, and that only held-out ones have."""
    mine = set(_words(train, name)[0])
    theirs = set(_words(holdout, name)[0]) if name in holdout.schema else set()
    return mine - theirs, theirs - mine


def _ordinary(train: Cohort, holdout: Cohort, name: str, hidden: list[str]) -> set[str]:
    """What real records have in a field without being called so: a code that equals another's number."""
    values = _spelled(train, name)
    own = np.any([values == _spelled(train, other) for other in hidden], axis=0)
    return set(values[~own]) | set(_words(holdout, name)[0])


def _spelled(cohort: Cohort, name: str) -> np.ndarray:
    """The words or whole numbers of each record, (n,)."""
    words, place = _words(cohort, name)
    return np.array(words)[place]


def _leaked(words: set[str], mine: set[str], theirs: set[str]) -> set[str]:
    """Values of training among these words, if they are not there by counting.

    Running numbers hit those of training as often as those of holdout; leaked ones only the former.
    """
    from scipy.stats import hypergeom

    hits = words & mine
    if not hits or _unguessable(mine | theirs):
        return hits
    control = len(words & theirs)
    chance = hypergeom.sf(len(hits) - 1, len(mine) + len(theirs), len(mine), len(hits) + control)
    return hits if chance < CHANCE else set()


def _unguessable(values: set[str]) -> bool:
    """Whether nobody who invents such values meets one of them."""
    if not values:
        return False
    digits = [re.sub(r"\D", "", value) for value in values]
    if all(digits):
        numbers = [int(text) for text in digits]
        return len(numbers) < SPARSE * (max(numbers) - min(numbers) + 1)
    return float(np.mean([len(value) for value in values])) >= LONG


def _marked(words: list[str], holdout: Cohort, name: str) -> set[str]:
    """Words that look like a mark of a person and that no held-out record has."""
    known = set(_words(holdout, name)[0]) if name in holdout.schema else set()
    return {word for word in words if not word.isdigit() and MARK.search(word)} - known


__plugin__ = (identifiers_left,)
