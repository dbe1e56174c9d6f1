"""Gaussian copula: normal scores with one correlation matrix (Sklar, 1959; Patki et al., 2016).

Every column becomes standard normal: numbers already are; a level of a category takes a random
place within its share of the normal line, the levels standing in the order in which they relate
best to the other columns; whether a value is missing is a column of its own. What is observed
conditions the rest exactly, by the conditional normal law.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr, ndtri

from manikin.contracts.family import FamilyState, ProgressCallback, StatisticalFamily
from manikin.encoding.spec import Binary, Categorical

if TYPE_CHECKING:
    from manikin.core.seeds import Key
    from manikin.encoding.spec import Spec

GIBBS_ROUNDS = 20  # Gibbs rounds that place levels within their share, given the other columns


@dataclass(frozen=True)
class Copula(StatisticalFamily):
    """One correlation matrix of normal scores.

    Args:
        shrinkage: The weight of the identity in the correlation matrix, against chance in small samples.
    """

    shrinkage: float = 0.01

    def refusal(self, spec: Spec) -> str | None:
        """Rows only."""
        if spec.tokens or spec.grid:
            return "a copula joins the columns of a table; use 'diffusion' or 'autoregressive'"
        return None

    def learn(
        self,
        spec: Spec,
        x: np.ndarray,
        given: int,
        subject: np.ndarray,
        key: Key,
        progress: ProgressCallback,
    ) -> FamilyState:
        """Thresholds of every discrete column and the correlation of all latent columns."""
        discrete = _is_discrete(spec)
        filled = np.where(np.isnan(x) & ~discrete, 0.0, x).astype(float)
        state: FamilyState = {"given": np.array(given)}
        for j in np.flatnonzero(discrete):
            state[f"levels.{j}"] = _order_levels(filled, int(j), discrete)
        state["absent"] = np.isnan(x).mean(axis=0)
        rng = key.numpy()
        latent = _draw_latent(state, spec, x, rng)
        lower, upper = _compute_bounds(state, spec, x)
        for done in range(GIBBS_ROUNDS):
            correlation = self._estimate_correlation(latent)
            latent = _run_gibbs_round(latent, correlation, lower, upper, rng)
            progress((done + 1) / GIBBS_ROUNDS)
        state["correlation"] = self._estimate_correlation(latent)
        return state

    def _estimate_correlation(self, latent: np.ndarray) -> np.ndarray:
        spread = latent.std(axis=0)
        still = spread < 1e-9  # noqa: PLR2004 - a column without variation has no correlation
        found = np.corrcoef(
            latent + np.where(still, 1.0, 0.0) * np.arange(len(latent))[:, None] * 1e-12, rowvar=False
        )
        found = np.nan_to_num(np.atleast_2d(found))
        found[still, :], found[:, still] = 0.0, 0.0
        eye = np.eye(len(found))
        return (1 - self.shrinkage) * np.where(eye > 0, 1.0, found) + self.shrinkage * eye

    def draw(
        self, state: FamilyState, spec: Spec, x: np.ndarray, observed: np.ndarray, key: Key
    ) -> np.ndarray:
        """Free cells from the normal law given the observed ones."""
        rng = key.numpy()
        latent = _draw_latent(state, spec, x, rng)
        known = np.concatenate([observed, observed], axis=1)
        known[:, len(x.T) :] &= state["absent"] > 0
        z = np.empty_like(latent)
        patterns, which = np.unique(known, axis=0, return_inverse=True)
        for p, pattern in enumerate(patterns):
            rows = np.flatnonzero(which == p)
            z[rows] = _draw_conditional(latent[rows], pattern, state["correlation"], rng)
        return np.where(observed, x, _decode_latent(state, spec, z))


def _is_discrete(spec: Spec) -> np.ndarray:
    return np.array(
        [isinstance(b, Categorical | Binary) for b in spec.blocks for _ in range(b.n)], dtype=bool
    )


def _order_levels(x: np.ndarray, j: int, discrete: np.ndarray) -> np.ndarray:
    """(order of the levels, cumulated share at the end of each) of one column, shape (2, levels)."""
    code = x[:, j].astype(int)
    held = np.bincount(code)
    others = np.flatnonzero(~discrete)
    score = np.arange(len(held), dtype=float)
    if len(others) and len(held) > 2:  # noqa: PLR2004 - two levels need no order
        sums = np.stack([np.bincount(code, weights=x[:, i], minlength=len(held)) for i in others], axis=1)
        apart = sums / (held[:, None] + 10)
        _, axes = np.linalg.eigh(apart.T @ (apart * held[:, None]))
        score = apart @ axes[:, -1]
    order = np.argsort(score, kind="stable")
    return np.stack([order.astype(float), np.cumsum(held[order]) / held.sum()])


def _find_level_edges(levels: np.ndarray, code: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order, upper = levels[0].astype(int), levels[1]
    place = np.argsort(order)[code]
    return np.concatenate([[0.0], upper[:-1]])[place], upper[place]


def _compute_bounds(state: FamilyState, spec: Spec, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The interval of the normal line in which each latent cell lies: (n, 2 * columns) twice."""
    n, columns = x.shape
    lower, upper = np.full((n, 2 * columns), -np.inf), np.full((n, 2 * columns), np.inf)
    discrete, absent = _is_discrete(spec), np.isnan(x)
    for j in range(columns):
        if discrete[j]:
            code = np.where(absent[:, j], 0, x[:, j]).astype(int)
            low, high = _find_level_edges(state[f"levels.{j}"], code)
            lower[:, j], upper[:, j] = ndtri(low), ndtri(high)
        else:
            seen = ~absent[:, j]
            lower[seen, j] = upper[seen, j] = x[seen, j]
            cut = ndtri(1 - state["absent"][j])
            lower[:, columns + j] = np.where(absent[:, j], cut, -np.inf)
            upper[:, columns + j] = np.where(absent[:, j], np.inf, cut)
    return lower, upper


def _draw_latent(state: FamilyState, spec: Spec, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    lower, upper = _compute_bounds(state, spec, x)
    return _draw_truncated_normal(np.zeros_like(lower), np.ones(lower.shape[1]), lower, upper, rng)


def _draw_truncated_normal(
    mean: np.ndarray, spread: np.ndarray, lower: np.ndarray, upper: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Normal draws within intervals; where the interval is a point, that point."""
    with np.errstate(invalid="ignore"):
        a, b = ndtr((lower - mean) / spread), ndtr((upper - mean) / spread)
        drawn = mean + spread * ndtri(np.clip(a + rng.random(mean.shape) * (b - a), 1e-7, 1 - 1e-7))
        return np.where(lower == upper, lower, np.clip(drawn, lower, upper))


def _run_gibbs_round(
    latent: np.ndarray,
    correlation: np.ndarray,
    lower: np.ndarray,
    upper: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """One Gibbs round: each latent cell that is only known by its interval, given its row."""
    precision = np.linalg.inv(correlation)
    latent = latent.copy()
    for j in np.flatnonzero((lower != upper).any(axis=0)):
        spread = np.sqrt(1 / precision[j, j])
        mean = latent[:, j] - (latent @ precision[j]) / precision[j, j]
        latent[:, j] = _draw_truncated_normal(mean, spread, lower[:, j], upper[:, j], rng)
    return latent


def _draw_conditional(
    latent: np.ndarray, known: np.ndarray, correlation: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Draws of the columns not known from the normal law given those known."""
    free, z = ~known, latent.copy()
    across = correlation[np.ix_(free, known)]
    weight = np.linalg.solve(correlation[np.ix_(known, known)], across.T).T if known.any() else across
    left = correlation[np.ix_(free, free)] - weight @ across.T
    root = np.linalg.cholesky(left + 1e-9 * np.eye(len(left))) if free.any() else left
    noise = rng.standard_normal((len(latent), int(free.sum()))) @ root.T
    z[:, free] = latent[:, known] @ weight.T + noise
    return z


def _decode_latent(state: FamilyState, spec: Spec, z: np.ndarray) -> np.ndarray:
    """Latent columns back to compact ones."""
    columns = z.shape[1] // 2
    discrete, x = _is_discrete(spec), z[:, :columns].copy()
    for j in range(columns):
        if discrete[j]:
            order, upper = state[f"levels.{j}"]
            place = np.searchsorted(upper, ndtr(z[:, j]), side="right")
            x[:, j] = order[np.minimum(place, len(order) - 1)]
        elif state["absent"][j] > 0:
            x[z[:, columns + j] > ndtri(1 - state["absent"][j]), j] = np.nan
    return x


__plugin__ = Copula
