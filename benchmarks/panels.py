"""Repeated measures: how well synthetic patients with several rows follow real ones.

    python benchmarks/panels.py ../shared/data [--seeds 2]

Sets: pbcseq (312 patients, 1 to 16 visits) and an invented panel whose truth is known. Of each: training
patients against held-out ones (what can be reached), rows exchanged between patients (the floor), rows
learned one by one, and whole patients as manikin learns them. SDV's PAR runs beside them where it is
installed. Printed: Markdown.

Columns: `n` KS distance of rows per patient; `constant`, `rising` shares of patients in whom static fields
stay and the order rises; `lag` mean and greatest difference of the rank correlations with the row one, two
and three rows before; `icc` mean difference of intraclass correlations; `C2ST` of patients by first and
last value, mean and slope; `TSTR` area under the curve for the label on held-out patients; `near` share of
synthetic patients nearer to a training patient than a twentieth of held-out ones are, less .05; CPU
seconds.
"""

import argparse
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import ks_2samp, rankdata
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.neighbors import NearestNeighbors

import manikin as mk

LAGS = (1, 2, 3)
SHARE_MALE, SHARE_DIABETES, SHARE_GAPS, NEW_DIABETES = 0.5, 0.15, 0.15, 0.04  # of invented patients


def invent_visits(n: int, seed: int) -> pd.DataFrame:
    """Visits of invented patients: a level of each, memory, informative drop-out, a label."""
    rng, rows = np.random.default_rng(seed), []
    for patient in range(n):
        age, sex = round(rng.normal(60, 10), 1), int(rng.random() < SHARE_MALE)
        level, noise, day = rng.normal(130 + 0.4 * (age - 60), 9), rng.normal(0, 8), 0
        diabetes, kidney = int(rng.random() < SHARE_DIABETES), rng.normal(80, 15)
        died = int(rng.random() < 1 / (1 + np.exp(-(level - 140) / 12 - (age - 65) / 10)))
        for visit in range(9):
            pressure, kidney = level + noise, kidney + rng.normal(0.5 + 0.02 * (level - 130), 3)
            glucose = 5.5 + 2 * diabetes + rng.normal(0, 0.7)
            row = (
                age,
                sex,
                died,
                day,
                visit,
                pressure,
                kidney,
                glucose if rng.random() > SHARE_GAPS else np.nan,
            )
            rows.append((f"P{patient:05d}", *row, diabetes))
            if rng.random() < 0.06 + 0.006 * max(pressure - 125, 0) + 0.05 * died:
                break
            noise = 0.55 * noise + rng.normal(0, 8 * np.sqrt(1 - 0.55**2))
            diabetes, day = (
                max(diabetes, int(rng.random() < NEW_DIABETES)),
                day + int(rng.integers(80, 200)),
            )
    fields = ["id", "age", "sex", "died", "day", "visit", "pressure", "creatinine", "glucose", "diabetes"]
    return pd.DataFrame(rows, columns=fields).round({"pressure": 0, "creatinine": 1, "glucose": 1})


def load_sets(data: Path, seed: int) -> dict[str, tuple[pd.DataFrame, pd.DataFrame, list[str], str, str]]:
    """Training and held-out rows of each set, its static fields, its order and its label."""
    pbc = pd.read_csv(data / "ehr_longitudinal/pbcseq/pbcseq.csv").drop(columns="rownames")
    pbc["died"] = (pbc.status == 2).astype(int)  # noqa: PLR2004 - the code of death
    pbc = pbc.drop(columns="status")
    held = np.random.default_rng(seed).permutation(pbc.id.unique())[: round(0.3 * pbc.id.nunique())]
    apart = pbc.id.isin(held)
    invented = invent_visits(600, seed), invent_visits(1500, seed + 1000)
    return {
        "pbcseq": (pbc[~apart], pbc[apart], ["futime", "trt", "age", "sex", "died"], "day", "died"),
        "invented": (*invented, ["age", "sex", "died"], "day", "died"),
    }


def exchange_rows(rows: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Rows of equal number exchanged between patients; static fields stay where they are."""
    rng = np.random.default_rng(seed)
    place = rows.groupby("id").cumcount()
    mixed = rows.copy()
    for number in place.unique():
        here = np.flatnonzero(place == number)
        mixed.iloc[here, 1:] = rows.iloc[rng.permutation(here), 1:].to_numpy()
    return mixed


def sample_rows_alone(train: pd.DataFrame, order: str, seed: int) -> pd.DataFrame:
    """Rows learned one by one, dealt to patients of as many rows as training patients have."""
    cohort = mk.Cohort.from_pandas(train.drop(columns="id"))
    made = mk.Synthesizer(seed=seed).fit(cohort, quiet=True).sample(len(train), seed=seed).to_pandas()
    sizes = train.groupby("id").size().to_numpy()
    made.insert(0, "id", np.repeat(np.arange(len(sizes)), sizes))
    return made.sort_values(["id", order])


def sample_patients(train: pd.DataFrame, order: str, seed: int) -> pd.DataFrame:
    """Whole patients as manikin learns them by default."""
    del order
    model = mk.Synthesizer(seed=seed).fit(mk.Cohort.from_pandas(train), quiet=True)
    return model.sample(train.id.nunique(), seed=seed).to_pandas()


def sample_par(train: pd.DataFrame, order: str, seed: int) -> pd.DataFrame:
    """SDV's PAR synthesizer with static fields as context, 60 epochs."""
    del seed
    from sdv.metadata import Metadata  # type: ignore[import-not-found]
    from sdv.sequential import PARSynthesizer  # type: ignore[import-not-found]

    metadata = Metadata.detect_from_dataframe(train)
    metadata.update_column("id", sdtype="id")
    metadata.set_sequence_key("id")
    metadata.set_sequence_index(order)
    counts = train.groupby("id").nunique().max()
    static = [name for name in counts.index if counts[name] <= 1]
    model = PARSynthesizer(metadata, context_columns=static, epochs=60, cuda=False)
    model.fit(train)
    return model.sample(train.id.nunique()).sort_values(["id", order])


def to_numbers(rows: pd.DataFrame, like: pd.DataFrame) -> pd.DataFrame:
    """Texts as codes."""
    found = rows.copy()
    for name in found.columns.drop("id"):
        if not pd.api.types.is_numeric_dtype(like[name]):
            levels = sorted(like[name].dropna().unique())
            found[name] = pd.Categorical(found[name], levels).codes
    return found


def correlate_lags(rows: pd.DataFrame, fields: list[str]) -> pd.Series:
    """Rank correlation of each field with itself some rows later."""
    found = {}
    for field in fields:
        for lag in LAGS:
            later = rows.groupby("id")[field].shift(-lag)
            both = rows[field].notna() & later.notna()
            a, b = rows[field][both], later[both]
            varies = len(a) > 30 and np.ptp(a) > 0 and np.ptp(b) > 0  # noqa: PLR2004
            found[field, lag] = np.corrcoef(rankdata(a), rankdata(b))[0, 1] if varies else np.nan
    return pd.Series(found)


def compute_icc(rows: pd.DataFrame, field: str) -> float:
    """Intraclass correlation of the ranks of a field."""
    known = rows[rows[field].notna()]
    values, groups = rankdata(known[field]), known.groupby("id", sort=False).ngroup().to_numpy()
    sizes, sums = np.bincount(groups), np.bincount(groups, weights=values)
    n, many = len(values), len(sizes)
    if many in (1, n):
        return np.nan
    between = ((sums**2 / sizes).sum() - values.sum() ** 2 / n) / (many - 1)
    within = ((values**2).sum() - (sums**2 / sizes).sum()) / (n - many)
    k = (n - (sizes**2).sum() / n) / (many - 1)
    return (between - within) / (between + (k - 1) * within)


def summarize(rows: pd.DataFrame, static: list[str], fields: list[str]) -> pd.DataFrame:
    """First, last, mean and slope of each varying field of each patient, and how many rows."""
    groups = rows.groupby("id", sort=False)
    size = groups.size()
    parts = [
        groups[fields].first().add_suffix(" first"),
        groups[fields].last().add_suffix(" last"),
        groups[fields].mean().add_suffix(" mean"),
        (groups[fields].last() - groups[fields].first())
        .div(np.maximum(size - 1, 1), axis=0)
        .add_suffix(" slope"),
        groups[static].first(),
        size.rename("rows"),
    ]
    return pd.concat(parts, axis=1)


def compute_auc(x: pd.DataFrame, y: np.ndarray) -> float:
    """Area under the curve of boosted trees, out of fold."""
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    judge = HistGradientBoostingClassifier(max_iter=60, random_state=0)
    return roc_auc_score(y, cross_val_predict(judge, x, y, cv=folds, method="predict_proba")[:, 1])


def measure(
    made: pd.DataFrame, train: pd.DataFrame, held: pd.DataFrame, static: list[str], order: str, label: str
) -> dict[str, float]:
    """All columns of the table for one candidate."""
    made, held, known = (to_numbers(rows, train) for rows in (made, held, train))
    fields = [name for name in train.columns.drop("id") if name not in static]
    followed = [name for name in fields if name != order]
    groups = made.groupby("id", sort=False)
    several = groups.size() > 1
    still = groups[static].nunique(dropna=False).max(axis=1)[several] == 1
    step = groups[order].diff()
    rising = (~(step <= 0)).groupby(made.id, sort=False).all()[several]
    gap = (correlate_lags(made, followed).fillna(0) - correlate_lags(held, followed)).abs()
    icc = [abs(np.nan_to_num(compute_icc(made, f)) - compute_icc(held, f)) for f in followed]
    candidate, real, seen = (summarize(rows, static, fields) for rows in (made, held, known))
    both = pd.concat([real, candidate], ignore_index=True)
    fake = np.repeat([0, 1], [len(real), len(candidate)])
    causes = [name for name in candidate if not name.startswith((label, "futime"))]
    task = HistGradientBoostingClassifier(max_iter=60, random_state=0)
    task.fit(candidate[causes], candidate[label])
    spread = seen.std().replace(0, 1)
    a, b, c = (((one - seen.mean()) / spread).fillna(0) for one in (seen, real, candidate))
    tree = NearestNeighbors(n_neighbors=1).fit(a)
    usual, near = (tree.kneighbors(one)[0][:, 0] for one in (b, c))
    return {
        "n": ks_2samp(groups.size(), held.groupby("id").size()).statistic,
        "constant": still.mean(),
        "rising": rising.mean(),
        "lag mean": gap.mean(),
        "lag max": gap.max(),
        "icc": float(np.nanmean(icc)),
        "C2ST": compute_auc(both, fake),
        "TSTR": roc_auc_score(real[label], task.predict_proba(real[causes])[:, 1]),
        "near": float((near < np.quantile(usual, 0.05)).mean() - 0.05),
    }


def run(data: Path, seeds: int) -> pd.DataFrame:
    """All candidates on all sets: means over seeds, each another split or another training cohort."""
    found = []
    for seed in range(seeds):
        for name, (train, held, static, order, label) in load_sets(data, seed).items():
            candidates = {
                "training patients": lambda train, order, seed: train,  # noqa: ARG005
                "rows exchanged": lambda train, order, seed: exchange_rows(train, seed),  # noqa: ARG005
                "rows alone": sample_rows_alone,
                "whole patients": sample_patients,
            }
            try:
                import sdv  # type: ignore[import-not-found]  # noqa: F401
            except ModuleNotFoundError:
                pass
            else:
                candidates["PAR"] = sample_par
            for candidate, sample in candidates.items():
                start = time.process_time()
                made = sample(train, order, seed)
                cpu = time.process_time() - start
                row = measure(made, train, held, static, order, label)
                found.append({"set": name, "candidate": candidate, "seed": seed, **row, "CPU s": cpu})
    return pd.DataFrame(found).groupby(["set", "candidate"], sort=False).mean().drop(columns="seed")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path, help="the folder of the data sets")
    parser.add_argument("--seeds", type=int, default=2, help="splits, or invented training cohorts")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    table = run(given.data, given.seeds).reset_index().round(3).astype(str)
    print("|".join(["", *table.columns, ""]), "|".join(["", *["---"] * table.shape[1], ""]), sep="\n")
    for row in table.itertuples(index=False):
        print("|".join(["", *row, ""]))
