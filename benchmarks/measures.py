"""Measures: how near synthetic records come to real ones, as other tools' benchmarks define it.

These are the plain definitions that results of other generators are published in, written
independently of manikin's own judge, so that a table of results compares like with like.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from manikin.schema.kinds import Category, Schema, Time

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier

CAP = 10_000  # records that a classifier sees, at most, of either side
SEARCH = 8_000  # records that a search for neighbours sees, at most, of either side
FOLDS = 5
BINS = 10
CORRELATED = 0.5  # pairs of columns below are no trend, in SDMetrics' report
ASSOCIATED = 0.3
CODES = 200  # gradient boosting takes categories of so many levels; more are ordered by frequency


@dataclass(frozen=True)
class Sides:
    """Synthetic, training and held-out records in plain columns, and what is predicted.

    Args:
        negative: The level of the label against which all others count.
        hidden: Columns that would give the label away.
    """

    synthetic: pd.DataFrame
    train: pd.DataFrame
    holdout: pd.DataFrame
    label: str
    negative: str
    hidden: tuple[str, ...] = ()


def plain(frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Modelled columns only: numbers and times as floats, categories as text, None where missing."""
    return pd.DataFrame({name: _plain(frame[name], schema[name]) for name in schema.modelled_fields})


def _plain(values: pd.Series, kind: object) -> pd.Series:
    values = values.reset_index(drop=True)
    if isinstance(kind, Time):
        moments = pd.to_datetime(values)
        return moments.astype("int64").where(moments.notna()).astype(float)
    if not isinstance(kind, Category):
        return pd.to_numeric(values).astype(float)
    spelled = {str(level): str(level) for level in kind.levels}
    spelled |= {str(float(level)): str(level) for level in kind.levels if isinstance(level, int | float)}
    text = values.astype(object).where(values.notna(), None)
    return text.map(lambda level: None if level is None else spelled.get(str(level), str(level))).astype(
        object
    )


def measure(sides: Sides) -> dict[str, float]:
    """All measures of synthetic records."""
    return {
        "c2st": c2st(sides.synthetic, sides.train),
        "shape": shape(sides.synthetic, sides.train),
        "trend": trend(sides.synthetic, sides.train),
        "tstr": auroc(sides, sides.synthetic),
        "near": near_share(sides),
        "copies": copies(sides.synthetic, sides.train),
        "missing": missing(sides.synthetic, sides.train),
    }


def fresh(sides: Sides) -> dict[str, float]:
    """The ceiling: held-out records in the place of synthetic ones; for the label, training ones (TRTR)."""
    return {
        "c2st": c2st(sides.holdout, sides.train),
        "shape": shape(sides.holdout, sides.train),
        "trend": trend(sides.holdout, sides.train),
        "tstr": auroc(sides, sides.train),
        "copies": copies(sides.holdout, sides.train),
        "missing": missing(sides.holdout, sides.train),
    }


def c2st(synthetic: pd.DataFrame, train: pd.DataFrame) -> float:
    """AUROC of gradient boosting that tells synthetic from training records, cross-validated; .5 best.

    Of both sides equally many records, drawn at random. Below .5: records repeat training records.
    """
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold

    n, rng = min(len(synthetic), len(train), CAP), np.random.default_rng(0)
    both = pd.concat([_some(synthetic, n, rng), _some(train, n, rng)], ignore_index=True)
    x, y = Coder.of(both).codes(both), np.repeat([1, 0], n)
    scores = []
    for seen, left in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(x, y):
        model = _boosting(both).fit(x[seen], y[seen])
        scores.append(roc_auc_score(y[left], model.predict_proba(x[left])[:, 1]))
    return float(np.mean(scores))


def shape(synthetic: pd.DataFrame, train: pd.DataFrame) -> float:
    """Mean over columns of 1 - Kolmogorov-Smirnov statistic or 1 - total variation distance; 1 best.

    SDMetrics' KSComplement and TVComplement: missing values are left out.
    """
    return float(np.mean([_shape(synthetic[name].dropna(), train[name].dropna()) for name in train]))


def _shape(synthetic: pd.Series, train: pd.Series) -> float:
    from scipy.stats import ks_2samp

    if not len(synthetic):
        return 0.0
    if train.dtype == float:
        return 1 - ks_2samp(synthetic, train).statistic
    a, b = synthetic.value_counts(normalize=True), train.value_counts(normalize=True)
    return 1 - a.sub(b, fill_value=0).abs().sum() / 2


def trend(synthetic: pd.DataFrame, train: pd.DataFrame) -> float:
    """Mean of SDMetrics' similarity over the pairs of columns that hang together in training; 1 best.

    Two numbers: 1 - half the difference of Pearson's correlations, where training has more than .5.
    Otherwise 1 - total variation of the joint frequencies, where training has a Cramer's V of more
    than .3; numbers in 10 bins of equal width over the range of training, missing a level of its own.
    NaN where no pair hangs together.
    """
    a, b = _levels(synthetic, train), _levels(train, train)
    numbers = [name for name in train if train[name].dtype == float]
    ra, rb = synthetic[numbers].corr(), train[numbers].corr()
    scores = []
    for i, j in combinations(train, 2):
        if i in rb and j in rb:
            if abs(rb.loc[i, j]) > CORRELATED:
                scores.append(1 - abs(np.nan_to_num(ra.loc[i, j]) - rb.loc[i, j]) / 2)
        elif _cramer(b[i], b[j]) > ASSOCIATED:
            scores.append(1 - _variation(a, b, i, j))
    return float(np.mean(scores)) if scores else float("nan")


def _levels(frame: pd.DataFrame, train: pd.DataFrame) -> pd.DataFrame:
    """Columns as levels from 0 on: missing, never seen in training, then bins of numbers or levels."""
    columns = {}
    for name in train:
        if train[name].dtype == float:
            edges = np.histogram_bin_edges(train[name].dropna(), BINS)[1:-1]
            codes = np.digitize(frame[name], edges)
        else:
            codes = pd.Index(pd.unique(train[name].dropna())).get_indexer(frame[name])
        columns[name] = np.where(frame[name].isna(), 0, codes + 2)
    return pd.DataFrame(columns)


def _joint(i: pd.Series, j: pd.Series, shape: tuple[int, int]) -> np.ndarray:
    """Shares of records in each pair of levels, of `shape`."""
    return np.bincount(i * shape[1] + j, minlength=shape[0] * shape[1]).reshape(shape) / len(i)


def _cramer(i: pd.Series, j: pd.Series) -> float:
    joint = _joint(i, j, (i.max() + 1, j.max() + 1))
    joint = joint[joint.any(axis=1)][:, joint.any(axis=0)]
    if min(joint.shape) < 2:  # noqa: PLR2004 - a constant hangs together with nothing
        return 0.0
    expected = np.outer(joint.sum(axis=1), joint.sum(axis=0))
    return float(np.sqrt(((joint - expected) ** 2 / expected).sum() / (min(joint.shape) - 1)))


def _variation(a: pd.DataFrame, b: pd.DataFrame, i: str, j: str) -> float:
    shape = (1 + max(a[i].max(), b[i].max()), 1 + max(a[j].max(), b[j].max()))
    return float(np.abs(_joint(a[i], a[j], shape) - _joint(b[i], b[j], shape)).sum() / 2)


def auroc(sides: Sides, learned: pd.DataFrame) -> float:
    """AUROC on held-out records of gradient boosting that learned the label from `learned`; 1 best."""
    from sklearn.metrics import roc_auc_score

    seen = _some(learned[learned[sides.label].notna()], CAP, np.random.default_rng(0))
    left = sides.holdout[sides.holdout[sides.label].notna()]
    target = [frame[sides.label].to_numpy() != sides.negative for frame in (seen, left)]
    if target[0].min() == target[0].max():
        return float("nan")
    gone = [sides.label, *sides.hidden]
    seen, left, train = (frame.drop(columns=gone) for frame in (seen, left, sides.train))
    coder = Coder.of(train)
    model = _boosting(train).fit(coder.codes(seen), target[0])
    return float(roc_auc_score(target[1], model.predict_proba(coder.codes(left))[:, 1]))


def near_share(sides: Sides) -> float:
    """Share of synthetic records nearer to a training than to a held-out record; .5 best, above: copying.

    As many training as held-out records, disjoint draws of them averaged; ties count half. Euclidean
    over numbers in standard deviations (0 where missing, beside a flag) and levels at distance 1.
    """
    rng = np.random.default_rng(0)
    holdout, asked = _some(sides.holdout, SEARCH, rng), _some(sides.synthetic, SEARCH, rng)
    m, order = len(holdout), rng.permutation(len(sides.train))
    far, shares = _distance(asked, holdout, sides.train), []
    for start in range(0, min(len(order), 4 * m) - m + 1, m):
        near = _distance(asked, sides.train.iloc[order[start : start + m]], sides.train)
        shares.append(np.mean(near < far) + np.mean(near == far) / 2)
        if m == SEARCH:
            break
    return float(np.mean(shares))


def _distance(asked: pd.DataFrame, known: pd.DataFrame, train: pd.DataFrame) -> np.ndarray:
    """The distance of each asked record to the nearest known one, rounded so that equal is equal."""
    from sklearn.neighbors import NearestNeighbors

    points = [_points(frame, train) for frame in (known, asked)]
    tree = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(points[0])
    at = tree.kneighbors(points[1], return_distance=False)[:, 0]
    return np.round(np.linalg.norm(points[1] - points[0][at], axis=1), 4)


def _points(frame: pd.DataFrame, train: pd.DataFrame) -> np.ndarray:
    parts = []
    for name in train:
        if train[name].dtype == float:
            scaled = (frame[name] - train[name].mean()) / (train[name].std() or 1.0)
            parts += [scaled.fillna(0).to_numpy()[:, None], frame[name].isna().to_numpy()[:, None]]
        else:
            levels = pd.unique(train[name].dropna())
            hot = frame[name].to_numpy()[:, None] == levels[None, :]
            parts += [hot * np.sqrt(0.5), frame[name].isna().to_numpy()[:, None] * np.sqrt(0.5)]
    return np.concatenate([part.astype(np.float32) for part in parts], axis=1)


def copies(synthetic: pd.DataFrame, train: pd.DataFrame) -> float:
    """Share of synthetic records that equal a training record in every column; 0 best."""
    rows = set(_rows(train))
    return float(np.mean([row in rows for row in _rows(synthetic)]))


def _rows(frame: pd.DataFrame) -> list[tuple]:
    filled = {name: frame[name].astype(object).where(frame[name].notna(), None) for name in frame}
    return list(zip(*filled.values(), strict=True))


def missing(synthetic: pd.DataFrame, train: pd.DataFrame) -> float:
    """The largest difference of a column's share of missing values, in points (0 to 100); 0 best."""
    return float((synthetic.isna().mean() - train.isna().mean()).abs().max() * 100)


@dataclass(frozen=True)
class Coder:
    """Columns as numbers for gradient boosting: levels by their rank of frequency."""

    levels: dict[str, pd.Index]

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Coder:
        """The levels of a frame, the most frequent first."""
        names = [name for name in frame if frame[name].dtype != float]
        return cls({name: frame[name].value_counts().index for name in names})

    def codes(self, frame: pd.DataFrame) -> np.ndarray:
        """(n, columns); levels that were not known, and missing values, are NaN."""
        columns = []
        for name in frame:
            codes = frame[name]
            if name in self.levels:
                codes = pd.Series(self.levels[name].get_indexer(frame[name]), dtype=float)
                codes = codes.where(codes >= 0)
            columns.append(codes.to_numpy(dtype=float))
        return np.stack(columns, axis=1)


def _boosting(frame: pd.DataFrame) -> HistGradientBoostingClassifier:
    """Gradient boosting with its default settings, told which columns are categories."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    few = [frame[name].dtype != float and frame[name].nunique() <= CODES for name in frame]
    return HistGradientBoostingClassifier(categorical_features=few, random_state=0)


def _some(frame: pd.DataFrame, n: int, rng: np.random.Generator) -> pd.DataFrame:
    """At most `n` records, drawn at random without replacement."""
    return frame.iloc[rng.permutation(len(frame))[:n]].reset_index(drop=True)
