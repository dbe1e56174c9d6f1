"""Copies: are training patients among the synthetic records, as they are or slightly changed?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np
from scipy.stats import betabinom, poisson

from manikin.contracts.metric import Exact, Sample, Split, metric, once
from manikin.errors import Unsupported
from manikin.stats.coincidence import estimate_coincidence
from manikin.stats.nearest_neighbors import CERTAIN, LEVELS, Near, matched, matching, neighbours, ranks
from manikin.stats.permutation import share

if TYPE_CHECKING:
    from collections.abc import Callable

FEWEST = 20  # real records
QUERIES = 4_000  # real records that show what is usual
SEARCHED = 20_000  # synthetic records that are looked up
PAIRED = 1_000  # real records whose fields are compared one by one
NONE = np.zeros(8)  # never-seen records have nothing beyond chance, by design
SOURCE = "holdout as control: Giomi et al. 2023, A unified framework for quantifying privacy risk"
LOWE = "ratio of distances: Lowe 2004, section 7.1; tail: Hill 1975; " + SOURCE


class Usual(NamedTuple):
    """What never-seen real records do to training records.

    Args:
        records: How many real records were compared.
        single: How many of them equal one training record and no other.
        expected: How probable that is for one record at least, where none was seen.
    """

    records: int
    single: int
    expected: float


def copied(split: Split) -> str:
    """How many synthetic records are copies, and how many of them chance explains."""
    return _described(split, "training")


def copied_from_holdout(split: Split) -> str:
    """How many synthetic records are held-out patients."""
    said = _described(once(split, _turned), "held-out")
    if not cast("Exact", held_out_copies(split)).value:
        return said
    return f"{said}; either the generator has seen the holdout, or these are real records"


def _described(split: Split, whose: str) -> str:
    match = once(split, _matched)
    hits, m = int((match >= 0).sum()), len(match)
    if not hits:
        return ""
    allowed = _counts(once(split, _usual), m)[0]
    return f"{hits} of {m} synthetic records equal one {whose} record; chance explains up to {allowed}"


@metric(
    "privacy", better="low", source=SOURCE, feature="table", floor="copies", reference="whole", note=copied
)
def exact_copies(split: Split) -> Exact:
    """Share of synthetic records that equal one training record, beyond what chance explains.

    0 to 1; 0 is best. Equal in every modelled field to one training record and to no other: who
    shares all values with others is not singled out. Chance is what never-seen records do: held-out
    ones against training, and training records against those of other subjects. It cannot see a
    copy in which one value is changed: `near_match_excess` does.
    """
    usual, match = once(split, _usual), once(split, _matched)
    allowed, tail = _counts(usual, len(split.synthetic))
    spread = float(np.mean(_multiplicity(split.train) == 1))
    return _shared(match, allowed, tail, spread)


@metric(
    "privacy",
    better="low",
    source=SOURCE,
    feature="table",
    floor="copies",
    reference="whole",
    note=copied_from_holdout,
)
def held_out_copies(split: Split) -> Exact:
    """Share of synthetic records that equal one held-out record, beyond what chance explains.

    0 to 1; 0 is best. Whoever was held out is a real patient too. Such copies say that the generator has
    seen the holdout, or that somebody gave real records for synthetic ones, and then no score of privacy
    holds, for held-out patients are what training patients are compared with. Equal as in `exact_copies`.
    It cannot see a copy in which one value is changed.
    """
    return cast("Exact", exact_copies(once(split, _turned)))


@metric("privacy", better="low", source=LOWE, floor="copies", reference="whole")
def near_match_excess(split: Split) -> Exact:
    """Share of synthetic records that are near matches of a training patient, beyond chance.

    0 to 1; 0 is best. A near match is far closer to one training record than to any other: so much
    closer that only 1 in 100, 1,000 or 10,000 never-seen real records is, by the tail of their own
    distances, whichever shows most.
    Looked for among the values and among their ranks, so that a shift, another unit or a little
    noise hides nothing. Of more than 20,000 synthetic records so many are looked up. It cannot see
    copies that are turned, mirrored or mixed with others; `membership_auc` sees some of these.
    """
    if too_few(split):
        raise Unsupported(f"needs {FEWEST} real records to know how close strangers come")
    spaces = once(split, _compared)
    chance, excess = matched(spaces)
    m = len(spaces[0][0].place)
    floor = 1 - max(float(np.mean(real >= 1)) for _, real, _ in spaces) - LEVELS[-1]
    return Exact(excess / m, *share(excess, m), NONE, chance, floor)


def pairs(split: Split, *, equal: bool) -> list[tuple[int, int, float]]:
    """The records that `near_match_excess` counts, each with its training record and ratio.

    None of a score that found no more than chance explains.

    Args:
        split: All records.
        equal: Whether those of `exact_copies` are added.
    """
    *_, new = _drawn(split)
    found: dict[int, tuple[int, float]] = {}
    if equal and split.train.table.shape[1] and cast("Exact", exact_copies(split)).value:
        match = once(split, _matched)
        found = {int(i): (int(match[i]), 0.0) for i in np.flatnonzero(match >= 0)}
    spaces = [] if too_few(split) else once(split, _compared)
    for (near, *_), hits in zip(spaces, matching(spaces), strict=True):
        for i in np.flatnonzero(hits):
            found.setdefault(int(new[i]), (int(near.place[i]), float(near.ratio[i])))
    return [(row, place, ratio) for row, (place, ratio) in found.items()]


def too_few(split: Split) -> bool:
    """Whether there are too few real records or training patients to know how close strangers come."""
    return len(split.train) + len(split.holdout) < FEWEST or len(np.unique(split.train.subject)) < 3  # noqa: PLR2004


def _compared(split: Split) -> list[tuple[Near, np.ndarray, float]]:
    """Synthetic records beside training, the ratios of real records, and how probable equals are."""
    usual = once(split, _usual) if split.train.table.shape[1] else Usual(1, 0, 0.0)
    return [(*once(split, space), usual.expected) for space in (_plain, _ranked)]


def _shared(match: np.ndarray, allowed: int, tail: Callable[[int], float], floor: float) -> Exact:
    """Matched synthetic records, those beyond the number that chance allows, and how probable they are."""
    m, hits = len(match), int((match >= 0).sum())
    beyond = max(hits - allowed, 0)
    low, high = share(beyond, m)
    distinct = len(np.unique(match[match >= 0]))
    return Exact(beyond / m, low, high, NONE, tail(distinct), max(floor - allowed / m, 0.0))


def _counts(usual: Usual, m: int) -> tuple[int, Callable[[int], float]]:
    """The number of m records that chance may match, and the probability of so many or more."""
    if usual.single:
        law = betabinom(m, usual.single + 1, usual.records - usual.single)
    else:
        law = poisson(m * usual.expected)
    return int(law.ppf(CERTAIN)), lambda hits: float(law.sf(hits - 1)) if hits else 1.0


def _matched(split: Split) -> np.ndarray:
    """The training record that each synthetic one equals, if it is the only one; else -1, shape (m,)."""
    return _lookup(split.train, _rows(split.synthetic.table))


def _turned(split: Split) -> Split:
    """The same with training and held-out records in each other's place."""
    return replace(split, train=split.holdout, holdout=split.train, memo={})


def _usual(split: Split) -> Usual:
    """Held-out records against training, and training records against those of other subjects."""
    train, holdout = split.train, split.holdout
    twice = once(train, _multiplicity) == 2  # noqa: PLR2004 - itself and one other
    single = int((_lookup(train, _rows(holdout.table)) >= 0).sum()) + int(twice.sum())
    expected = min(
        once(split, _improbable), estimate_coincidence(train.table, split.key.child("hash").numpy())
    )
    return Usual(len(train) + len(holdout), single, expected)


def _rows(table: np.ndarray) -> np.ndarray:
    rows = np.ascontiguousarray(np.nan_to_num(table, nan=np.inf) + 0.0)
    return rows.view(np.dtype((np.void, rows.dtype.itemsize * max(rows.shape[1], 1)))).ravel()


def _first(train: Sample) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distinct rows, where each stands first, and how many subjects have it."""
    rows, first, place = np.unique(_rows(train.table), return_index=True, return_inverse=True)
    pairs = np.unique(np.stack([place, train.subject]), axis=1)[0]
    return rows, first, np.bincount(pairs, minlength=len(rows))[place]


def _multiplicity(train: Sample) -> np.ndarray:
    """How many subjects have a record equal to each, shape (n,)."""
    return once(train, _first)[2]


def _lookup(train: Sample, wanted: np.ndarray) -> np.ndarray:
    rows, first, subjects = once(train, _first)
    place = np.minimum(np.searchsorted(rows, wanted), len(rows) - 1)
    index = first[place]
    return np.where((rows[place] == wanted) & (subjects[index] == 1), index, -1)


def _improbable(split: Split) -> float:
    """How probable it is that a stranger agrees with some training record in all fields.

    The number of fields in which a record agrees with the most similar one of another subject:
    towards its maximum it becomes rarer by some factor for each field (the most over two fields or
    more, for some fields go together), and that is carried on from the maximum to all p fields.
    """
    train = split.train
    p = train.table.shape[1]
    some = split.key.child("agree").numpy().permutation(len(train))[:PAIRED]
    codes = [np.unique(column, return_inverse=True)[1].astype(np.int32) for column in train.table.T]
    agree = np.zeros(len(some), dtype=int)
    for place, row in enumerate(some):
        count = np.zeros(len(train), dtype=np.int16)
        for column in codes:
            count += column == column[row]
        count[train.subject == train.subject[row]] = -1
        agree[place] = count.max()
    top, usual = int(agree.max(initial=0)), int(np.median(agree))
    shares = {level: (np.sum(agree >= level) + 1) / (len(agree) + 1) for level in range(usual, top + 1)}
    steps = [(shares[top] / shares[low]) ** (1 / (top - low)) for low in range(usual, top) if top - low > 1]
    last = min(steps, default=shares[top])
    return float(shares[top] * min(last, 1.0) ** max(p - top, 0))


def _plain(split: Split) -> tuple[Near, np.ndarray]:
    """Synthetic records beside training, and the ratios of real records, values as they are."""
    return _spaces(split, split.train.x, split.synthetic.x, split.holdout.x)


def _ranked(split: Split) -> tuple[Near, np.ndarray]:
    """The same among ranks; each side is ranked by itself."""
    rng = split.key.child("ranks").numpy()
    return _spaces(split, *(ranks(side.x, rng) for side in (split.train, split.synthetic, split.holdout)))


def _spaces(
    split: Split, train: np.ndarray, synthetic: np.ndarray, holdout: np.ndarray
) -> tuple[Near, np.ndarray]:
    owner, (some, held, new) = split.train.subject, _drawn(split)
    own = neighbours(train[some], train, owner, apart=owner[some])
    other = neighbours(holdout[held], train, owner)
    return neighbours(synthetic[new], train, owner), np.concatenate([own.ratio, other.ratio])


def _drawn(split: Split) -> list[np.ndarray]:
    """Which training, held-out and synthetic records are looked up."""
    rng = split.key.child("queries").numpy()
    sides = ((split.train, QUERIES), (split.holdout, QUERIES), (split.synthetic, SEARCHED))
    return [rng.permutation(len(side))[:most] for side, most in sides]


__plugin__ = (exact_copies, held_out_copies, near_match_excess)
