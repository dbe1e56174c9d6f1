"""Of several drafts of a series, the one that agrees with what was given.

What is given says a little about everything in a series: who dies differs from who lives in most
parameters, and in none much. From few records a network learns that too weakly. A model that reads a
series and tells what was given with it learns it from as many records well. So several drafts are drawn,
and one is taken with odds of

    p(given | draft) / q(given | draft),

p among training records, q among drafts: importance resampling (Rubin 1988), which corrects what the
network says of the given values and leaves all else to it. Both are logistic regressions on what is
measured of a series (`waves.statistics`), with few weights against many records: no value of a single
person is in them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, final

import numpy as np
from scipy.special import log_softmax

from manikin.spec import Binary, Categorical
from manikin.waves.statistics import series

if TYPE_CHECKING:
    from pathlib import Path

    from manikin.spec import Spec

DRAFTS = 4
"""Drafts of which one is taken."""

READ = 4_000
"""Training records that are read, at most; of drafts a quarter."""

BEARERS = 20
"""Records that a level needs to be read."""

STRENGTH = 0.03
"""Of the evidence against the penalty: each of some hundred numbers may say a little."""

Pair = tuple[np.ndarray, np.ndarray]
Weights = tuple[np.ndarray, np.ndarray, np.ndarray]


@final
@dataclass(frozen=True)
class Reader:
    """What tells levels of the given row from a series.

    Args:
        centre, scale: Of what is measured of training series, (d,).
        fields: For each channel of the row that is read its levels (k,), and the weights (2 d + 1, k) by
            which they are told among training records and among drafts.
    """

    centre: np.ndarray
    scale: np.ndarray
    fields: dict[int, Weights]

    @classmethod
    def learn(cls, spec: Spec, real: Pair, drawn: Pair) -> Self:
        """Learn from compact series (n, channels, time) and the compact rows (n, fields) given with them.

        Args:
            spec: Of the rows.
            real: Training series and their rows.
            drawn: Drafts and theirs.
        """
        numbers, rows = series(real[0]), real[1]
        seen = ~np.isnan(numbers)
        count = np.maximum(seen.sum(axis=0), 1)
        known = np.where(seen, numbers, 0)
        centre = known.sum(axis=0) / count
        scale = np.sqrt((np.where(seen, numbers - centre, 0) ** 2).sum(axis=0) / count)
        found = cls(centre, np.where(scale > 0, scale, 1), {})
        x, z = found._measured(numbers), found._measured(series(drawn[0]))
        for j in _levelled(spec):
            levels = _borne(rows[:, j], drawn[1][:, j])
            if len(levels) > 1:
                trained, drafted = (
                    _regression(x, rows[:, j], levels),
                    _regression(z, drawn[1][:, j], levels),
                )
                found.fields[j] = (levels, trained, drafted)
        return found

    def chosen(self, drafts: list[np.ndarray], rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """One of the drafts (n, channels, time) of each record, given its row (n, fields)."""
        odds = np.stack([self._odds(draft, rows) for draft in drafts], axis=1)
        share = np.exp(odds - odds.max(axis=1, keepdims=True)).cumsum(axis=1)
        taken = (share < rng.random((len(rows), 1)) * share[:, -1:]).sum(axis=1)
        return np.stack(drafts, axis=1)[np.arange(len(rows)), taken]

    def _odds(self, draft: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """The logarithm of p(row | draft) / q(row | draft), (n,); levels that are not read say nothing."""
        x, told = self._measured(series(draft)), np.zeros(len(draft))
        for j, (levels, *weights) in self.fields.items():
            mine = rows[:, j][:, None] == levels
            p, q = (log_softmax(x @ part[:-1] + part[-1], axis=1) for part in weights)
            told += np.where(mine, p - q, 0).sum(axis=1)
        return told

    def _measured(self, numbers: np.ndarray) -> np.ndarray:
        """Numbers of order one beside flags of what was never measured, (n, 2 d)."""
        absent = np.isnan(numbers)
        return np.concatenate([np.where(absent, 0, (numbers - self.centre) / self.scale), absent], axis=1)

    def save(self, path: Path) -> None:
        """Write the weights."""
        from safetensors.numpy import save_file

        arrays = {"centre": self.centre, "scale": self.scale}
        for j, parts in self.fields.items():
            arrays |= {f"{name}.{j}": part for name, part in zip(PARTS, parts, strict=True)}
        save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, path)

    @classmethod
    def load(cls, path: Path) -> Self:
        """The inverse of `save`."""
        from safetensors.numpy import load_file

        arrays = load_file(path)
        places = sorted(int(name.partition(".")[2]) for name in arrays if name.startswith(PARTS[0]))
        fields = {j: tuple(arrays[f"{name}.{j}"] for name in PARTS) for j in places}
        return cls(arrays["centre"], arrays["scale"], fields)  # pyright: ignore[reportArgumentType]


PARTS = ("levels", "training", "drafts")


def _levelled(spec: Spec) -> list[int]:
    """The compact channels that hold levels."""
    kinds = [block for block in spec.blocks for _ in range(block.n)]
    return [j for j, block in enumerate(kinds) if isinstance(block, Binary | Categorical)]


def _borne(*sides: np.ndarray) -> np.ndarray:
    """The levels that enough records of every side bear."""
    common: set[float] | None = None
    for side in sides:
        levels, counts = np.unique(side[~np.isnan(side)], return_counts=True)
        borne = set(levels[counts >= BEARERS].tolist())
        common = borne if common is None else common & borne
    return np.array(sorted(common or ()))


def _regression(x: np.ndarray, y: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """The weights (columns of `x` + 1, levels) of a logistic regression; the last row is the bias."""
    from sklearn.linear_model import LogisticRegression

    kept = np.isin(y, levels)
    model = LogisticRegression(C=STRENGTH, max_iter=1_000).fit(x[kept], y[kept])
    weights = np.concatenate([model.coef_, np.reshape(model.intercept_, (-1, 1))], axis=1)
    return (np.concatenate([-weights, weights]) / 2 if len(levels) == 2 else weights).T  # noqa: PLR2004 - one row stands for both
