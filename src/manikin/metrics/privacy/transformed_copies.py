"""Disguises: are training patients' pictures or signals among the synthetic ones, however altered?"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from manikin.contracts.metric import ExactResult, MetricDescription, SuspectedCopy, metric
from manikin.contracts.split import Sample, Split, compute_once
from manikin.errors import Unsupported
from manikin.imaging.analysis import distortions as pixels
from manikin.imaging.analysis.pose_matching import match_images, normalize_images
from manikin.schema.array_fields import list_array_fields, list_measured_fields
from manikin.schema.kinds import Image
from manikin.signals.analysis import distortions as waves
from manikin.signals.analysis.shift_matching import (
    compute_channel_deviations,
    match_signals,
    normalize_signals,
)
from manikin.stats.copy_detection import (
    Matches,
    NeighborComparison,
    is_within,
    join_neighbors,
    judge_matches,
)
from manikin.stats.nearest_neighbors import NearestNeighbors
from manikin.stats.permutation import compute_share_interval

if TYPE_CHECKING:
    from collections.abc import Callable

    from manikin.cohort.cohort import Cohort

MIN_RECORDS = 20  # real records
MAX_QUERIES = 600  # real records of a side that show what is usual
MAX_SEARCHED = 4_000  # synthetic records that are looked up
MAX_FIELDS = 3  # pictures or signals of one record that are compared
MAX_TRIED = 40  # training records that are disguised, to see whether they would be recognised
MIN_POWER = 0.5  # share of these that must be
SOURCE = (
    "Dar et al. 2024, Unconditional latent diffusion models memorize patient imaging data; normalised "
    "cross-correlation: Lewis 1995; registration: Baker and Matthews 2004; ratio of distances: Lowe 2004, "
    "section 7.1; holdout as control: Giomi et al. 2023"
)


class Matcher(NamedTuple):
    """How values are prepared, how the nearest of prepared ones are found, and how to alter some."""

    prepare: Callable[[np.ndarray], np.ndarray]
    search: Callable[..., NearestNeighbors]
    distort: Callable[[np.ndarray, np.random.Generator], np.ndarray]


class PreparedRecords(NamedTuple):
    """Prepared values of one side, and to whom each belongs."""

    x: np.ndarray
    owner: np.ndarray


class FieldMatches(NamedTuple):
    """The matches of one field.

    Args:
        name: The field.
        rows: Which synthetic records were looked up, shape (m,).
        near: Their nearest training records.
        matches: Which of them match, and how probable so many are.
    """

    name: str
    rows: np.ndarray
    near: NearestNeighbors
    matches: Matches


def describe_copied_patients(split: Split) -> str:
    """How many records match how many patients, and how many pairs of real records do."""
    found = _find_strongest_match(split)
    hits = found.matches.hits
    if not hits.any():
        return ""
    people = len(np.unique(split.train.subject[found.near.positions[hits]]))
    of = len(np.unique(split.train.subject))
    return (
        f"{int(hits.sum())} of {len(hits)} records match those of {people} of {of} training patients; "
        f"as close are {found.matches.real_match_count} pairs of records "
        "that the generator did not learn from together"
    )


def list_copied_records(split: Split) -> list[SuspectedCopy]:
    """The records that match, field by field, each with its training record."""
    if has_too_few_records(split):
        return []
    return [
        SuspectedCopy(
            int(one.rows[i]), int(one.near.positions[i]), one.name, round(float(one.near.ratios[i]), 4)
        )
        for one in find_matches(split)
        for i in np.flatnonzero(one.matches.hits)
    ]


@metric(
    "privacy",
    MetricDescription(
        """Share of synthetic pictures or signals that are a training patient's, moved or otherwise
        disguised.""",
        reading="""0 to 1; 0 is best. Every picture is laid over every training picture: mirrored,
        turned, cropped, shifted, stretched, with any brightness, contrast or gamma, inverted. Every
        signal is moved along every training signal, with any gain, offset or sign. A match is nearer
        to a training record than strangers come, by the distance or by its ratio to that of any other
        patient; chance is what real records do that the generator never saw. Where the judge would not
        recognise training records that it alters itself, it is not assessed.""",
        blind_spot="It cannot see part of a picture in another, or a signal at another pace.",
        source=SOURCE,
    ),
    better="low",
    feature="arrays",
    floor="copies",
    reference="whole",
    note=describe_copied_patients,
    suspected_copies=list_copied_records,
)
def disguised_copies(split: Split) -> ExactResult:
    if has_too_few_records(split):
        raise Unsupported(
            f"needs {MIN_RECORDS} real records, of three training patients or more, to know how alike "
            "strangers are"
        )
    first = _find_strongest_match(split)
    m, hits = len(first.rows), int(first.matches.hits.sum())
    if not hits:
        _raise_if_blind(split)
    chance = min(1.0, first.matches.p_value * len(find_matches(split)))
    return ExactResult(hits / m, *compute_share_interval(hits, m), np.zeros(8), chance, 1.0)


def has_too_few_records(split: Split) -> bool:
    """Whether there are too few real records or training patients to know how alike strangers are."""
    return len(split.train) + len(split.holdout) < MIN_RECORDS or len(np.unique(split.train.subject)) < 3  # noqa: PLR2004


def find_matches(split: Split) -> list[FieldMatches]:
    """The matches of each field that is compared."""
    return compute_once(split, _match_fields)


def _match_fields(split: Split) -> list[FieldMatches]:
    rows = split.key.child("disguises", "new").numpy().permutation(len(split.synthetic))[:MAX_SEARCHED]
    records = split.synthetic.take(rows).cohort
    return [
        FieldMatches(known.name, rows, *known.match_records(records))
        for known in compute_once(split.train, build_indices, split)
    ]


def _find_strongest_match(split: Split) -> FieldMatches:
    """The field whose matches are the least probable, and the most."""
    return min(find_matches(split), key=lambda one: (one.matches.p_value, -int(one.matches.hits.sum())))


def _raise_if_blind(split: Split) -> None:
    """Check that copies would be seen in some field.

    Raises:
        Unsupported: Too few training records that the judge disguised are recognised.
    """
    fields = compute_once(split.train, build_indices, split)
    seen = [
        known.count_recognized(one.matches.limits, split)
        for known, one in zip(fields, find_matches(split), strict=True)
    ]
    best, tried = max(seen, key=lambda count: count[0] / count[1])
    if best < MIN_POWER * tried:
        real = len(split.train) + len(split.holdout)
        raise Unsupported(
            f"no power: of {tried} training records that the judge altered itself it recognises {best}, "
            f"for these {real} real records are too few or too alike; give more real records, larger "
            "pictures, or the subject of each record"
        )


@dataclass(frozen=True, eq=False)
class SearchIndex:
    """One field of the training records, in which others are looked up, each only once.

    Args:
        name: The field.
        matcher: How its values are compared.
        train: Training records.
        holdout: Some held-out records.
        real: Held-out records among training records, and training records among those of others.
        memo: What was looked up, by the side and a fingerprint of the prepared value.
    """

    name: str
    matcher: Matcher
    train: PreparedRecords
    holdout: PreparedRecords
    real: tuple[NeighborComparison, ...]
    memo: dict[object, tuple[np.ndarray, ...]] = field(default_factory=dict)

    def match_records(self, cohort: Cohort) -> tuple[NearestNeighbors, Matches]:
        """The nearest training record of each record, and which of them match."""
        x = np.ascontiguousarray(self.matcher.prepare(cohort[self.name]))
        near = self._find_nearest(x, self.train)
        usual = join_neighbors(*(part.neighbors for part in self.real))
        controls = list(self.real)
        if len(np.unique(self.holdout.owner)) > 1:
            against = self._find_nearest(x[:MAX_QUERIES], self.holdout)
            controls.append(NeighborComparison(against, len(self.holdout.x)))
        return near, judge_matches(NeighborComparison(near, len(self.train.x)), usual, controls)

    def count_recognized(self, limits: tuple[float, float], split: Split) -> tuple[int, int]:
        """How many training records within some limits are theirs when altered, and how many were tried."""
        if "tried" not in self.memo:
            rng = split.key.child("disguises", "tried", self.name).numpy()
            some = rng.permutation(len(self.train.x))[:MAX_TRIED]
            altered = self.matcher.distort(split.train.take(some).cohort[self.name], rng)
            near = self._find_nearest(np.ascontiguousarray(self.matcher.prepare(altered)), self.train)
            self.memo["tried"] = (some, *near)
        some, *parts = self.memo["tried"]
        near = NearestNeighbors(*parts)
        right = self.train.owner[near.positions] == self.train.owner[some]
        return int((right & is_within(near, limits)).sum()), len(some)

    def _find_nearest(self, x: np.ndarray, known: PreparedRecords) -> NearestNeighbors:
        side = known is self.train
        marks = [(side, blake2b(row.tobytes(), digest_size=16).digest()) for row in x]
        new = [i for i, mark in enumerate(marks) if mark not in self.memo]
        if new:
            near = self.matcher.search(x[new] if len(new) < len(x) else x, *known)
            self.memo.update(zip((marks[i] for i in new), zip(*near, strict=True), strict=True))
        return NearestNeighbors(
            *(np.array(part) for part in zip(*(self.memo[mark] for mark in marks), strict=True))
        )


def build_indices(train: Sample, split: Split) -> list[SearchIndex]:
    """The fields in which copies are looked for; some held-out and training records say what is usual."""
    rng = split.key.child("disguises").numpy()
    some, held = (rng.permutation(len(side))[:MAX_QUERIES] for side in (train, split.holdout))
    others = split.holdout.take(held)
    schema = train.source_cohort.schema
    fields = []
    for name in (list_measured_fields(schema) or list_array_fields(schema))[:MAX_FIELDS]:
        found = choose_matcher(train.cohort, name)
        known = PreparedRecords(found.prepare(train.cohort[name]), train.subject)
        fresh = PreparedRecords(found.prepare(others.cohort[name]), others.subject)
        own = found.search(known.x[some], *known, apart=known.owner[some])
        other = found.search(fresh.x, *known)
        real = (NeighborComparison(own, len(known.x), some), NeighborComparison(other, len(known.x)))
        fields.append(SearchIndex(name, found, known, fresh, real))
    return fields


def choose_matcher(train: Cohort, name: str) -> Matcher:
    """How a field of pictures or signals is compared."""
    if isinstance(train.schema[name], Image):
        return Matcher(normalize_images, match_images, pixels.distort_images)
    return Matcher(
        partial(normalize_signals, spread=compute_channel_deviations(train[name])),
        match_signals,
        waves.distort_signals,
    )


__plugin__ = (disguised_copies,)
