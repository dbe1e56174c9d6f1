"""Changed: held-out records that are training records, rounded, with a little noise, or in another unit.

Equal rows are found before (`overlap`); these are not equal, but lie far nearer to one training record than
to that of any other patient, as training records of other patients never do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from manikin.errors import UsageError
from manikin.evaluation.overlap import REMEDY
from manikin.stats.nearest_neighbors import assess_near_matches, find_nearest, rank_columns

if TYPE_CHECKING:
    from manikin.contracts.split import Sample
    from manikin.core.seeds import Key

MIN_RECORDS = 20  # records of a side
MAX_QUERIES = 2_000
"""Training records that show how near strangers come, and held-out ones that are looked up."""

MIN_EXCESS = 3  # records, below which a coincidence is no leak
MAX_P_VALUE = 1e-6  # by which chance would make so many; of tables split honestly none is to be refused


def refuse_altered_copies(train: Sample, holdout: Sample, key: Key) -> None:
    """Check that held-out records are not training records that somebody changed a little.

    Args:
        train: The training records, in one view.
        holdout: The held-out ones, in the same.
        key: Where random numbers come from.

    Raises:
        UsageError: Many held-out records lie far nearer to one training patient than chance explains.
    """
    if min(len(train), len(holdout)) < MIN_RECORDS or len(np.unique(train.subject)) < MIN_RECORDS:
        return
    chance, excess = find_altered_copies(train, holdout, key)
    if excess >= MIN_EXCESS and chance < MAX_P_VALUE:
        message = (
            f"about {excess} of {min(len(holdout), MAX_QUERIES)} held-out records are far nearer to one "
            "training record than chance explains, as if they were training records, rounded or changed "
            f"a little; {REMEDY}"
        )
        raise UsageError(message)


def find_altered_copies(train: Sample, holdout: Sample, key: Key) -> tuple[float, int]:
    """How probable so many near matches are, and how many are more than chance explains.

    Asked among values and among ranks, as `near_match_excess` asks it of synthetic records.
    """
    rng = key.numpy()
    some, held = (rng.permutation(len(side))[:MAX_QUERIES] for side in (train, holdout))
    owner, spaces = train.subject, []
    for one, other in ((train.x, holdout.x), (rank_columns(train.x, rng), rank_columns(holdout.x, rng))):
        own = find_nearest(one[some], one, owner, apart=owner[some])
        spaces.append((find_nearest(other[held], one, owner), own.ratios, 0.0))
    return assess_near_matches(spaces)
