"""Disguises: are training patients' pictures or signals among the synthetic ones, however altered?"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from manikin.contracts.metric import Exact, Sample, Split, metric, once
from manikin.errors import Unsupported
from manikin.imaging.analysis import distortions as pixels
from manikin.imaging.analysis.pose_matching import aligned, ranked
from manikin.schema.kinds import Image, Signal
from manikin.signals.analysis import distortions as waves
from manikin.signals.analysis.shift_matching import deviations, levelled, matches
from manikin.stats.copy_detection import Compared, Matches, is_within, join_neighbours, judge_matches
from manikin.stats.nearest_neighbors import Near
from manikin.stats.permutation import share

if TYPE_CHECKING:
    from collections.abc import Callable

    from manikin.cohort.cohort import Cohort
    from manikin.schema.kinds import Schema

FEWEST = 20  # real records
QUERIES = 600  # real records of a side that show what is usual
SEARCHED = 4_000  # synthetic records that are looked up
FIELDS = 3  # pictures or signals of one record that are compared
TRIED = 40  # training records that are disguised, to see whether they would be recognised
POWER = 0.5  # share of these that must be
SOURCE = (
    "Dar et al. 2024, Unconditional latent diffusion models memorize patient imaging data; normalised "
    "cross-correlation: Lewis 1995; registration: Baker and Matthews 2004; ratio of distances: Lowe 2004, "
    "section 7.1; holdout as control: Giomi et al. 2023"
)


class Matcher(NamedTuple):
    """How values are prepared, how the nearest of prepared ones are found, and how to alter some."""

    prepare: Callable[[np.ndarray], np.ndarray]
    search: Callable[..., Near]
    disguise: Callable[[np.ndarray, np.random.Generator], np.ndarray]


class Known(NamedTuple):
    """Prepared values of one side, and to whom each belongs."""

    x: np.ndarray
    owner: np.ndarray


class Copied(NamedTuple):
    """The matches of one field.

    Args:
        name: The field.
        rows: Which synthetic records were looked up, shape (m,).
        near: Their nearest training records.
        matches: Which of them match, and how probable so many are.
    """

    name: str
    rows: np.ndarray
    near: Near
    matches: Matches


def copied_patients(split: Split) -> str:
    """How many records match how many patients, and how many pairs of real records do."""
    found = _foremost(split)
    hits = found.matches.hits
    if not hits.any():
        return ""
    people = len(np.unique(split.train.subject[found.near.place[hits]]))
    of = len(np.unique(split.train.subject))
    return (
        f"{int(hits.sum())} of {len(hits)} records match those of {people} of {of} training patients; "
        f"as close are {found.matches.real} pairs of records that the generator did not learn from together"
    )


@metric(
    "privacy",
    better="low",
    source=SOURCE,
    feature="arrays",
    floor="copies",
    reference="whole",
    note=copied_patients,
)
def disguised_copies(split: Split) -> Exact:
    """Share of synthetic pictures or signals that are a training patient's, moved or otherwise disguised.

    0 to 1; 0 is best. Every picture is laid over every training picture: mirrored, turned, cropped,
    shifted, stretched, with any brightness, contrast or gamma, inverted. Every signal is moved along every
    training signal, with any gain, offset or sign. A match is nearer to a training record than strangers
    come, by the distance or by its ratio to that of any other patient; chance is what real records do that
    the generator never saw. Where the judge would not recognise training records that it alters itself, it
    is not assessed. It cannot see part of a picture in another, or a signal at another pace.
    """
    if too_few(split):
        raise Unsupported(
            f"needs {FEWEST} real records, of three training patients or more, to know how alike "
            "strangers are"
        )
    first = _foremost(split)
    m, hits = len(first.rows), int(first.matches.hits.sum())
    if not hits:
        _able(split)
    chance = min(1.0, first.matches.chance * len(copied(split)))
    return Exact(hits / m, *share(hits, m), np.zeros(8), chance, 1.0)


def too_few(split: Split) -> bool:
    """Whether there are too few real records or training patients to know how alike strangers are."""
    return len(split.train) + len(split.holdout) < FEWEST or len(np.unique(split.train.subject)) < 3  # noqa: PLR2004


def copied(split: Split) -> list[Copied]:
    """The matches of each field that is compared."""
    return once(split, _copied)


def _copied(split: Split) -> list[Copied]:
    rows = split.key.child("disguises", "new").numpy().permutation(len(split.synthetic))[:SEARCHED]
    records = split.synthetic.take(rows).cohort
    return [
        Copied(known.name, rows, *known.judge(records)) for known in once(split.train, searchable, split)
    ]


def _foremost(split: Split) -> Copied:
    """The field whose matches are the least probable, and the most."""
    return min(copied(split), key=lambda one: (one.matches.chance, -int(one.matches.hits.sum())))


def _able(split: Split) -> None:
    """Check that copies would be seen in some field.

    Raises:
        Unsupported: Too few training records that the judge disguised are recognised.
    """
    fields = once(split.train, searchable, split)
    seen = [
        known.recognised(one.matches.limits, split)
        for known, one in zip(fields, copied(split), strict=True)
    ]
    best, tried = max(seen, key=lambda count: count[0] / count[1])
    if best < POWER * tried:
        real = len(split.train) + len(split.holdout)
        raise Unsupported(
            f"no power: of {tried} training records that the judge altered itself it recognises {best}, "
            f"for these {real} real records are too few or too alike; give more real records, larger "
            "pictures, or the subject of each record"
        )


@dataclass(frozen=True, eq=False)
class Searchable:
    """One field of the training records, in which others are looked up, each only once.

    Args:
        name: The field.
        matcher: How its values are compared.
        train: Training records.
        holdout: Some held-out records.
        real: Held-out records among training records, and training records among those of others.
        found: What was looked up, by the side and a fingerprint of the prepared value.
    """

    name: str
    matcher: Matcher
    train: Known
    holdout: Known
    real: tuple[Compared, ...]
    found: dict[object, tuple[np.ndarray, ...]] = field(default_factory=dict)

    def judge(self, cohort: Cohort) -> tuple[Near, Matches]:
        """The nearest training record of each record, and which of them match."""
        x = np.ascontiguousarray(self.matcher.prepare(cohort[self.name]))
        near = self._nearest(x, self.train)
        usual = join_neighbours(*(part.near for part in self.real))
        controls = list(self.real)
        if len(np.unique(self.holdout.owner)) > 1:
            against = self._nearest(x[:QUERIES], self.holdout)
            controls.append(Compared(against, len(self.holdout.x)))
        return near, judge_matches(Compared(near, len(self.train.x)), usual, controls)

    def recognised(self, limits: tuple[float, float], split: Split) -> tuple[int, int]:
        """How many training records within some limits are theirs when altered, and how many were tried."""
        if "tried" not in self.found:
            rng = split.key.child("disguises", "tried", self.name).numpy()
            some = rng.permutation(len(self.train.x))[:TRIED]
            altered = self.matcher.disguise(split.train.take(some).cohort[self.name], rng)
            near = self._nearest(np.ascontiguousarray(self.matcher.prepare(altered)), self.train)
            self.found["tried"] = (some, *near)
        some, *parts = self.found["tried"]
        near = Near(*parts)
        right = self.train.owner[near.place] == self.train.owner[some]
        return int((right & is_within(near, limits)).sum()), len(some)

    def _nearest(self, x: np.ndarray, known: Known) -> Near:
        side = known is self.train
        marks = [(side, blake2b(row.tobytes(), digest_size=16).digest()) for row in x]
        new = [i for i, mark in enumerate(marks) if mark not in self.found]
        if new:
            near = self.matcher.search(x[new] if len(new) < len(x) else x, *known)
            self.found.update(zip((marks[i] for i in new), zip(*near, strict=True), strict=True))
        return Near(*(np.array(part) for part in zip(*(self.found[mark] for mark in marks), strict=True)))


def searchable(train: Sample, split: Split) -> list[Searchable]:
    """The fields in which copies are looked for; some held-out and training records say what is usual."""
    rng = split.key.child("disguises").numpy()
    some, held = (rng.permutation(len(side))[:QUERIES] for side in (train, split.holdout))
    others = split.holdout.take(held)
    fields = []
    for name in visible(train.whole.schema):
        found = matcher(train.cohort, name)
        known = Known(found.prepare(train.cohort[name]), train.subject)
        fresh = Known(found.prepare(others.cohort[name]), others.subject)
        own = found.search(known.x[some], *known, apart=known.owner[some])
        other = found.search(fresh.x, *known)
        real = (Compared(own, len(known.x), some), Compared(other, len(known.x)))
        fields.append(Searchable(name, found, known, fresh, real))
    return fields


def matcher(train: Cohort, name: str) -> Matcher:
    """How a field of pictures or signals is compared."""
    if isinstance(train.schema[name], Image):
        return Matcher(ranked, aligned, pixels.disguised)
    return Matcher(partial(levelled, spread=deviations(train[name])), matches, waves.disguised)


def visible(schema: Schema) -> list[str]:
    """The pictures and signals of a record that are compared: measured ones, else label maps."""
    kinds = {name: kind for name in schema.modelled if isinstance(kind := schema[name], Image | Signal)}
    measured = [name for name, kind in kinds.items() if isinstance(kind, Signal) or not kind.levels]
    return (measured or list(kinds))[:FIELDS]


__plugin__ = (disguised_copies,)
