"""Disguises: are training patients' pictures or signals among the synthetic ones, however altered?"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from manikin.data.schema import Image, Signal
from manikin.errors import Unsupported
from manikin.exchange import share
from manikin.metric import Exact, Sample, Split, metric, once
from manikin.nearest import LEVELS, Near, matched, reach
from manikin.pixels.alignment import aligned, ranked
from manikin.waves.matching import deviations, levelled, matches

if TYPE_CHECKING:
    from collections.abc import Callable

    from manikin.data.cohort import Cohort
    from manikin.data.schema import Schema

FEWEST = 20  # real records
QUERIES = 600  # real records of a side that show what is usual
SEARCHED = 4_000  # synthetic records that are looked up
FIELDS = 3  # pictures or signals of one record that are compared
SOURCE = (
    "Dar et al. 2024, Unconditional latent diffusion models memorize patient imaging data; normalised "
    "cross-correlation: Lewis 1995; ratio of distances: Lowe 2004, section 7.1; holdout as control: "
    "Giomi et al. 2023"
)
Space = tuple[Near, np.ndarray, float]


def copied_patients(split: Split) -> str:
    """How many records copy how many patients."""
    spaces = once(split.synthetic, compared, split)
    near, real, _ = max(spaces, key=lambda space: int(_hits(space).sum()))
    hits = _hits((near, real, 0.0))
    if not hits.any():
        return ""
    people = len(np.unique(split.train.subject[near.place[hits]]))
    of = len(np.unique(split.train.subject))
    return f"{int(hits.sum())} of {len(hits)} records match those of {people} of {of} training patients"


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

    0 to 1, beyond what chance explains; 0 is best. Every picture is laid over every training picture:
    mirrored, turned by quarters, cropped to four fifths, shifted, with any brightness, contrast or gamma,
    inverted. Every signal is moved along every training signal, with any gain, offset or sign. A copy
    is far closer to one patient than to any other, as 1 in 100, 1,000 or 10,000 never-seen real records
    is; or there are more twins than real records have, be they all of one patient. It cannot see part of a
    picture in another, free rotation, warping, or a signal at another pace.
    """
    if len(split.train) + len(split.holdout) < FEWEST or len(np.unique(split.train.subject)) < 3:  # noqa: PLR2004
        raise Unsupported(f"needs {FEWEST} real records to know how alike strangers are")
    spaces = once(split.synthetic, compared, split)
    chance, excess = matched(spaces, twins=True)
    m = len(spaces[0][0].place)
    usual = max(float(np.mean(real >= 1)) for _, real, _ in spaces)
    return Exact(excess / m, *share(excess, m), np.zeros(8), chance, 1 - usual - LEVELS[-1])


def compared(synthetic: Sample, split: Split) -> list[Space]:
    """For each field the nearest training records of synthetic ones, and what is usual among real ones."""
    new = split.key.child("disguises", "new").numpy().permutation(len(synthetic))[:SEARCHED]
    records = synthetic.take(new).cohort
    return [(known.nearest(records), known.usual, 0.0) for known in once(split.train, searchable, split)]


@dataclass(frozen=True, eq=False)
class Searchable:
    """One field of the training records, in which others are looked up, each only once.

    Args:
        name: The field.
        prepare: How its values are prepared.
        search: From prepared values to the nearest training records.
        usual: How near real records lie to those of other people: ratios (n,).
        found: What was looked up, by a fingerprint of the prepared value.
    """

    name: str
    prepare: Callable[[np.ndarray], np.ndarray]
    search: Callable[[np.ndarray], Near]
    usual: np.ndarray
    found: dict[bytes, tuple[np.ndarray, ...]] = field(default_factory=dict)

    def nearest(self, cohort: Cohort) -> Near:
        """The nearest training record of each record."""
        x = np.ascontiguousarray(self.prepare(cohort[self.name]))
        marks = [blake2b(row.tobytes(), digest_size=16).digest() for row in x]
        new = [i for i, mark in enumerate(marks) if mark not in self.found]
        if new:
            near = self.search(x[new] if len(new) < len(x) else x)
            self.found.update(zip((marks[i] for i in new), zip(*near, strict=True), strict=True))
        return Near(*(np.array(part) for part in zip(*(self.found[mark] for mark in marks), strict=True)))


def searchable(train: Sample, split: Split) -> list[Searchable]:
    """The fields in which copies are looked for; some held-out and training records say what is usual."""
    rng = split.key.child("disguises").numpy()
    some, held = (rng.permutation(len(side))[:QUERIES] for side in (train, split.holdout))
    owner, others = train.subject, split.holdout.take(held).cohort
    fields = []
    for name in visible(train.whole.schema):
        prepare, search = matcher(train.cohort, name)
        known = prepare(train.cohort[name])
        own = search(known[some], known, owner, apart=owner[some])
        other = search(prepare(others[name]), known, owner)
        usual = np.concatenate([own.ratio, other.ratio])
        fields.append(Searchable(name, prepare, partial(search, references=known, owner=owner), usual))
    return fields


def matcher(train: Cohort, name: str) -> tuple[Callable[..., np.ndarray], Callable[..., Near]]:
    """How a field of pictures or signals is prepared, and how the nearest of prepared ones are found."""
    if isinstance(train.schema[name], Image):
        return ranked, aligned
    return partial(levelled, spread=deviations(train[name])), matches


def _hits(space: Space) -> np.ndarray:
    """Which records are nearer than all but one in a thousand real ones."""
    near, real, _ = space
    return near.ratio <= reach(real, LEVELS[1])


def visible(schema: Schema) -> list[str]:
    """The pictures and signals of a record that are compared: measured ones, else label maps."""
    kinds = {name: kind for name in schema.modelled if isinstance(kind := schema[name], Image | Signal)}
    measured = [name for name, kind in kinds.items() if isinstance(kind, Signal) or not kind.levels]
    return (measured or list(kinds))[:FIELDS]


__plugin__ = (disguised_copies,)
