"""Disguises: are training patients' pictures among the synthetic ones, however they were altered?"""

from __future__ import annotations

import numpy as np

from manikin.data.schema import Image
from manikin.errors import Unsupported
from manikin.exchange import share
from manikin.metric import Exact, Sample, Split, metric, once
from manikin.nearest import LEVELS, Near, matched, reach
from manikin.pixels.alignment import aligned, ranked

FEWEST = 20  # real records
QUERIES = 600  # real records of a side that show what is usual
SEARCHED = 4_000  # synthetic pictures that are looked up
FIELDS = 3  # pictures of one record that are compared
SOURCE = (
    "Dar et al. 2024, Unconditional latent diffusion models memorize patient imaging data; normalised "
    "cross-correlation: Lewis 1995; ratio of distances: Lowe 2004, section 7.1; holdout as control: "
    "Giomi et al. 2023"
)
Space = tuple[Near, np.ndarray, float]


def copied_patients(split: Split) -> str:
    """How many pictures copy how many patients."""
    spaces = once(split.synthetic, compared, split)
    near, real, _ = max(spaces, key=lambda space: int(_hits(space).sum()))
    hits = _hits((near, real, 0.0))
    if not hits.any():
        return ""
    people = len(np.unique(split.train.subject[near.place[hits]]))
    of = len(np.unique(split.train.subject))
    return f"{int(hits.sum())} of {len(hits)} pictures match those of {people} of {of} training patients"


@metric(
    "privacy",
    better="low",
    source=SOURCE,
    feature="radiomics",
    floor="copies",
    reference="whole",
    note=copied_patients,
)
def disguised_copies(split: Split) -> Exact:
    """Share of synthetic pictures that are a training patient's, moved, mirrored, cropped or recoloured.

    0 to 1, beyond what chance explains; 0 is best. Every picture is laid over every training picture:
    mirrored,
    turned by quarters, cropped to four fifths, shifted, with any brightness, contrast or gamma, inverted.
    A copy
    is far closer to one patient than to any other, as 1 in 100, 1,000 or 10,000 never-seen real pictures
    is. It cannot see part of a picture in another, free rotation, or warping.
    """
    if len(split.train) + len(split.holdout) < FEWEST or len(np.unique(split.train.subject)) < 3:  # noqa: PLR2004
        raise Unsupported(f"needs {FEWEST} real records to know how alike strangers are")
    spaces = once(split.synthetic, compared, split)
    chance, excess = matched(spaces)
    m = len(spaces[0][0].place)
    usual = max(float(np.mean(real >= 1)) for _, real, _ in spaces)
    return Exact(excess / m, *share(excess, m), np.zeros(8), chance, 1 - usual - LEVELS[-1])


def compared(synthetic: Sample, split: Split) -> list[Space]:
    """For each field the nearest training pictures of synthetic ones, and what is usual among real ones."""
    rng = split.key.child("disguises").numpy()
    new = rng.permutation(len(synthetic))[:SEARCHED]
    some, held = (rng.permutation(len(side))[:QUERIES] for side in (split.train, split.holdout))
    owner = split.train.subject
    found = []
    for name in _fields(split.train):
        known = ranked(split.train.cohort[name])
        queries, other = (
            ranked(side.take(rows).cohort[name]) for side, rows in ((synthetic, new), (split.holdout, held))
        )
        real = [aligned(known[some], known, owner, apart=owner[some]), aligned(other, known, owner)]
        usual = np.concatenate([near.ratio for near in real])
        found.append((aligned(queries, known, owner), usual, 0.0))
    return found


def _hits(space: Space) -> np.ndarray:
    """Which pictures are nearer than all but one in a thousand real ones."""
    near, real, _ = space
    return near.ratio <= reach(real, LEVELS[1])


def _fields(train: Sample) -> list[str]:
    schema = train.whole.schema
    kinds = {name: kind for name in schema.modelled if isinstance(kind := schema[name], Image)}
    pictures = [name for name, kind in kinds.items() if not kind.levels]
    return (pictures or list(kinds))[:FIELDS]


__plugin__ = (disguised_copies,)
