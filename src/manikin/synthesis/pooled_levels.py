"""Levels that a model has pooled: what a user must know of them, and which records have none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from manikin.cohort.level_pooling import describe_pool
from manikin.core.arrow import pc
from manikin.synthesis.user_warnings import WARNED_ROLES, describe_removed_levels, warn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from manikin.cohort.cohort import Cohort
    from manikin.cohort.level_pooling import PooledLevels
    from manikin.synthesis.chain import Chain
    from manikin.synthesis.synthesizer import Synthesizer


def find_pools(model: Synthesizer | Chain) -> dict[str, PooledLevels]:
    """The levels that a model has pooled, by field."""
    return {name: pool for part in model.models for name, pool in part.support.pools.items()}


def report_pools(model: Synthesizer, judged: Sequence[str]) -> list[str]:
    """What was pooled, a sentence for each field; of the `judged`, a label or a subgroup, it warns too."""
    pools = find_pools(model)
    for name in judged:
        if name in pools and model.models[-1].schema[name].role not in WARNED_ROLES:
            warn(describe_removed_levels(name, pools[name], model.anonymous))
    return [describe_pool(name, pool, model.anonymous) for name, pool in pools.items()]


def find_common_rows(model: Synthesizer, train: Cohort) -> np.ndarray:
    """The training records without a level that was pooled; all where there are none, (n,)."""
    fine = np.ones(len(train), dtype=bool)
    for name, pool in find_pools(model).items():
        words = pc.unique(train.columns[name].drop_null()).to_pylist()
        kept = set(getattr(model.models[-1].schema[name], "levels", ()))
        rare = [word for word in words if word not in kept and pool.find_position(word) is not None]
        found = pc.is_in(train.columns[name], value_set=pa.array(rare, train.columns[name].type))
        fine &= ~found.to_numpy()
    return np.flatnonzero(fine) if fine.any() else np.arange(len(train))
