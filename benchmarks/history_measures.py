"""Measures of drawn histories: HALO's, persistence, utility, nearness, calibration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.stats import ks_2samp
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from manikin.ehr import cooccurrence, similarity

if TYPE_CHECKING:
    from manikin.cohort.histories import Histories

ASKED_OF = 1_000
ASKED = ("DRUG//insulin", "ICD9//428")
HEAD = ("visit R²", "pairs R²", "successive R²", "persistence", "KS visits", "KS length", "TSTR", "CPU s")


def row(name: str, values: list[str]) -> str:
    return f"| {name} | " + " | ".join([*values, *[""] * (len(HEAD) - len(values))]) + " |"


def measures(found: Histories, held: Histories, codes: np.ndarray) -> list[str]:
    width = len(codes) + 1
    a, b = (side.recode(codes) for side in (held, found))
    shares = [
        np.asarray(cooccurrence.to_visit_indicators(side, width).mean(axis=0)).ravel() for side in (a, b)
    ]
    real = shares[0] - shares[0].mean()
    numbers = [
        1 - float(((shares[0] - shares[1]) ** 2).sum() / (real**2).sum()),
        cooccurrence.compute_share_r2(
            cooccurrence.compute_cooccurrence(a, width), cooccurrence.compute_cooccurrence(b, width)
        ),
        cooccurrence.compute_share_r2(
            cooccurrence.compute_transitions(a, width), cooccurrence.compute_transitions(b, width)
        ),
        float(cooccurrence.compute_persistence(b, width)[1].mean()),
        float(ks_2samp(a.visit_counts, b.visit_counts).statistic),  # type: ignore[attr-defined]
        float(ks_2samp(np.bincount(a.visit_index), np.bincount(b.visit_index)).statistic),  # type: ignore[attr-defined]
    ]
    return [*(f"{number:.3f}" for number in numbers), tested(b, a, codes)]


def tested(made: Histories, held: Histories, codes: np.ndarray) -> str:
    (x, learned), (z, real) = (last_visit(side, codes) for side in (made, held))
    areas = []
    for y, truth in zip(learned, real, strict=True):
        model = LogisticRegression(C=0.1, solver="liblinear", max_iter=200).fit(x, y)
        areas.append(roc_auc_score(truth, model.predict_proba(z)[:, 1]))
    return " ".join(f"{area:.3f}" for area in areas)


def nearer(made: Histories | None, learned: Histories, held: Histories) -> float:
    """The share of patients nearer to training than to held-out ones; None: of other held-out ones."""
    half, codes, rng = len(held) // 2, learned.codes, np.random.default_rng(0)
    learned, held = (side.take(rng.permutation(len(side))) for side in (learned, held))
    other = held.take(np.arange(half, len(held))) if made is None else made
    sides = [other.take(np.arange(min(ASKED_OF, len(other)))), learned, held]
    rows = [
        cooccurrence.count_visits_per_code(
            side.recode(codes).take(np.arange(min(half, len(side)))), len(codes) + 1
        )
        for side in sides
    ]
    far = [similarity.find_nearest(rows[0], x, np.arange(x.shape[0]), None).distances for x in rows[1:]]
    return float(np.mean((far[0] < far[1]) + 0.5 * (far[0] == far[1])))


def calibration(real: np.ndarray, chance: np.ndarray) -> float:
    """Expected calibration error: the mean gap between chance and frequency over ten bins."""
    place = np.minimum((chance * 10).astype(int), 9)
    size, said, seen = (np.bincount(place, w, minlength=10) for w in (None, chance, real))
    return float(np.abs(said - seen).sum() / size.sum())


def last_visit(found: Histories, codes: np.ndarray) -> tuple[sparse.csr_matrix, list[np.ndarray]]:
    """Codes of the visit before the last and of all before, and whether the last has what is asked for."""
    x = cooccurrence.to_visit_indicators(found, len(codes) + 1)
    last = np.append(np.diff(found.visit_patient) != 0, True)
    at = np.flatnonzero(last & (found.visit[found.is_visit_start] > 0))
    earlier = sparse.csr_matrix(
        (~last * 1.0, (found.visit_patient, np.arange(len(last)))), shape=(len(found), len(last))
    )
    total = (earlier @ x).tocsr()[found.visit_patient[at]].log1p()
    visits = sparse.csr_matrix(np.log(found.visit_counts[found.visit_patient[at]])[:, None])
    groups = [[i for i, code in enumerate(codes) if code.startswith(asked)] for asked in ASKED]
    outcomes = [np.asarray(x[at][:, group].sum(axis=1)).ravel() > 0 for group in groups]
    return sparse.hstack([x[at - 1], total, visits]).tocsr(), outcomes
