"""Histories: Diabetes 130 as visits, a model of CPU minutes, and HALO's measures beside their null.

    OMP_NUM_THREADS=1 python benchmarks/histories.py --data DATA [--steps 800] [--draws 3] [--family masked]

Of 16,773 patients with two visits or more (the first twelve kept) 12,000 are learned from; as many
histories as there are held-out patients are drawn, given their race, sex and age. Rows: real training
patients, as many of them as are held out (a row for each draw, so that the spread is seen), visits
exchanged between held-out patients (the null), and the model. TSTR: insulin, and heart failure (ICD-9
428), at the last visit from the visits before, by logistic regression. Printed: Markdown.

Below stands how many drawn patients are nearer to training patients than to as many held-out ones, by the
Jaccard distance of their codes counted by visits; beside it the same of other held-out patients.

With --twins: a model that continues histories is asked for both at the last visit of 1,000 held-out
patients, given all visits before, twenty futures each; beside it logistic regression on real patients.

With --lost: every other visit of these patients loses a code, and `masked` finds it; beside it habit.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter, defaultdict
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy import sparse
from scipy.stats import ks_2samp
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score

import manikin as mk
from manikin.checks import ehr
from manikin.data.events import alike, alter, patterns
from manikin.data.events.gather import arranged
from manikin.data.events.history import HIDDEN, Histories

FILE = "tabular/diabetes130/diabetic_data.csv.gz"
GIVEN = ("race", "gender", "age")
HELD, VISITS, LEAST = 4_773, 12, 5
ASKED_OF = 1_000
DRUGS = slice(24, 47)
ASKED = ("DRUG//insulin", "ICD9//428")
HEAD = ("visit R²", "pairs R²", "successive R²", "persistence", "KS visits", "KS length", "TSTR", "CPU s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help=f"a folder with {FILE}")
    parser.add_argument("--steps", type=int, default=800)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--draws", type=int, default=1, help="how often as many as are held out are drawn")
    parser.add_argument("--family", default="autoregressive", choices=("autoregressive", "masked"))
    parser.add_argument(
        "--twins", action="store_true", help="how far futures of given patients can be believed"
    )
    parser.add_argument("--lost", action="store_true", help="how often lost codes are found")
    given = parser.parse_args()
    cohort = diabetes(given.data / FILE)
    train, holdout = cohort.split(HELD / len(cohort), seed=0)
    if given.lost:
        budget = mk.Training(steps=given.steps, patience=0)
        fields = (*GIVEN, "history")
        model = mk.Synthesizer(
            "history", condition=fields, family="masked", seed=given.seed, training=budget
        )
        lost(model.fit(train, quiet=True), train, holdout, given.seed)
        return
    if given.twins:
        twins(train, holdout, given.steps, given.seed)
        return
    learned, held = (Histories.of(side.columns["history"]) for side in (train, holdout))
    null = alter.visits_exchanged(held, np.random.default_rng(given.seed))
    print("| | " + " | ".join(HEAD) + " |\n|" + " --- |" * (len(HEAD) + 1))
    print(row("real training patients", measures(learned, held, learned.codes)))
    for i in range(given.draws):
        some = learned.take(np.random.default_rng(i).permutation(len(learned))[: len(held)])
        print(row("as many real patients", measures(some, held, learned.codes)))
    print(row("visits exchanged", measures(null, held, learned.codes)), flush=True)
    started = time.process_time()
    budget = mk.Training(steps=given.steps, patience=0)
    model = mk.Synthesizer(
        "history", condition=GIVEN, family=given.family, seed=given.seed, training=budget
    )
    model.fit(train, quiet=True)
    trained = time.process_time() - started
    for i in range(given.draws):
        started = time.process_time()
        synthetic = model.sample(condition=holdout.select(*GIVEN), seed=given.seed + i)
        drawn = time.process_time() - started
        found = Histories.of(synthetic.columns["history"])
        print(row(given.family, [*measures(found, held, learned.codes), f"{trained:.0f}"]), flush=True)
    share, chance = (nearer(side, learned, held) for side in (found, None))
    print(f"\nnearer to training patients: {share:.3f}; held-out patients: {chance:.3f}")
    broken = sum(int((~check.holds(synthetic)).sum()) for check in ehr.__plugin__[:3])
    print(f"\n{len(found) / drawn:.0f} patients a CPU second; {broken} break the order of time or codes")


def row(name: str, values: list[str]) -> str:
    return f"| {name} | " + " | ".join([*values, *[""] * (len(HEAD) - len(values))]) + " |"


def diabetes(path: Path) -> mk.Cohort:
    """Visit histories: diagnoses, drugs by what was done with them, A1C, length of stay, readmission."""
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    table = table.assign(order=table["encounter_id"].astype(int)).sort_values(["patient_nbr", "order"])
    table = table[table.groupby("patient_nbr")["order"].transform("size") >= 2].copy()  # noqa: PLR2004
    table["visit"] = table.groupby("patient_nbr").cumcount()
    table = table[table["visit"] < VISITS]
    days = table["time_in_hospital"].astype(int)
    stay = np.select([days <= 2, days <= 4, days <= 7], ["1-2", "3-4", "5-7"], "8+")  # noqa: PLR2004
    diagnoses = {name: table[name] for name in ("diag_1", "diag_2", "diag_3")}
    parts = [events(table, "ICD9//" + x.str.split(".").str[0], x != "?") for x in diagnoses.values()]
    parts += [events(table, f"DRUG//{n}//" + table[n], table[n] != "No") for n in table.columns[DRUGS]]
    parts.append(events(table, "A1C//" + table["A1Cresult"], table["A1Cresult"] != "None"))
    parts += [events(table, "LOS//" + pd.Series(stay, table.index), days > 0)]
    parts.append(events(table, "READM//" + table["readmitted"], days > 0))
    found = pd.concat(parts).drop_duplicates()
    found = found[found.groupby("code")["patient_nbr"].transform("nunique") >= LEAST]
    people = table.drop_duplicates("patient_nbr").set_index("patient_nbr")
    place = pd.Series(np.arange(len(people)), people.index)[found["patient_nbr"]].to_numpy()
    code, names = pd.factorize(found["code"])
    visit = found["visit"].to_numpy()
    histories = arranged(
        place,
        visit.astype(float),
        visit,
        code,
        np.full(len(found), np.nan),
        np.array(names, object),
        len(people),
    )
    columns = {name: pa.array(people[name]) for name in ("race", "gender")}
    columns["age"] = pa.array(people["age"].str.extract(r"(\d+)-")[0].astype(int))
    columns["history"] = histories.column
    levels = {name: mk.Category(tuple(sorted(people[name].unique()))) for name in ("race", "gender")}
    return mk.Cohort(pa.table(columns), mk.Schema(**levels, age=mk.Number(step=10), history=mk.Codes()))


def events(table: pd.DataFrame, code: pd.Series, kept: pd.Series) -> pd.DataFrame:
    return table[["patient_nbr", "visit"]].assign(code=code)[kept]


def measures(found: Histories, held: Histories, codes: np.ndarray) -> list[str]:
    width = len(codes) + 1
    a, b = (side.recoded(codes) for side in (held, found))
    shares = [np.asarray(patterns.bags(side, width).mean(axis=0)).ravel() for side in (a, b)]
    real = shares[0] - shares[0].mean()
    numbers = [
        1 - float(((shares[0] - shares[1]) ** 2).sum() / (real**2).sum()),
        patterns.agreement(patterns.together(a, width), patterns.together(b, width)),
        patterns.agreement(patterns.successive(a, width), patterns.successive(b, width)),
        float(patterns.persistence(b, width)[1].mean()),
        float(ks_2samp(a.visits, b.visits).statistic),  # type: ignore[attr-defined]
        float(ks_2samp(np.bincount(a.place), np.bincount(b.place)).statistic),  # type: ignore[attr-defined]
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
        patterns.visits_of(side.recoded(codes).take(np.arange(min(half, len(side)))), len(codes) + 1)
        for side in sides
    ]
    far = [alike.nearest(rows[0], x, np.arange(x.shape[0]), None).first for x in rows[1:]]
    return float(np.mean((far[0] < far[1]) + 0.5 * (far[0] == far[1])))


def twins(train: mk.Cohort, holdout: mk.Cohort, steps: int, seed: int) -> None:
    """Brier score, expected calibration error (ten bins) and AUROC of what comes at the last visit."""
    model = mk.Synthesizer(
        "history", condition=(*GIVEN, "history"), seed=seed, training=mk.Training(steps=steps, patience=0)
    ).fit(train, quiet=True)
    some = holdout.take(np.random.default_rng(seed).permutation(len(holdout))[:ASKED_OF])
    learned, held = (Histories.of(side.columns["history"]) for side in (train, some))
    (x, known), (z, truth) = (
        last_visit(side.recoded(learned.codes), learned.codes) for side in (learned, held)
    )
    begun = ends_before_last(some).select(*GIVEN, "history")
    print("| asked | happens | by | Brier | ECE | AUROC |\n| --- | --- | --- | --- | --- | --- |")
    for name, y, real in zip(ASKED, known, truth, strict=True):
        logistic = LogisticRegression(C=0.1, solver="liblinear", max_iter=200).fit(x, y)
        futures = mk.histories.chances(model, begun, partial(at_next_visit, name), seed=seed)
        sides = {"frequency": np.full(len(real), y.mean()), "logistic": logistic.predict_proba(z)[:, 1]}
        for by, chance in (sides | {"futures": np.nan_to_num(futures, nan=y.mean())}).items():
            numbers = (
                brier_score_loss(real, chance),
                calibration(real, chance),
                roc_auc_score(real, chance),
            )
            print(
                f"| {name} | {real.mean():.3f} | {by} | " + " | ".join(f"{x:.3f}" for x in numbers) + " |"
            )


def lost(model: mk.Synthesizer, train: mk.Cohort, holdout: mk.Cohort, seed: int, draws: int = 10) -> None:
    """How often a lost code is found: by one draw, by the most frequent of ten, and by habit."""
    rng = np.random.default_rng(seed)
    some = holdout.take(rng.permutation(len(holdout))[:ASKED_OF])
    found = Histories.of(some.columns["history"])
    order = np.lexsort((rng.random(len(found.code)), found.place))
    first = order[np.diff(found.place[order], prepend=-1) != 0]
    asked = np.sort(first[rng.random(len(first)) < 0.5])  # noqa: PLR2004 - every other visit
    code = found.code.copy()
    code[asked] = len(found.codes)
    column = replace(found, code=code, codes=np.append(found.codes, HIDDEN)).column
    at = some.columns.column_names.index("history")
    partly = replace(some, columns=some.columns.set_column(at, "history", column)).select(*GIVEN, "history")
    truth, said = found.codes[found.code[asked]], []
    for i in range(draws):
        whole = Histories.of(model.sample(condition=partly, seed=i).columns["history"])
        said.append(whole.codes[whole.code[asked]])
    votes = [Counter(answers).most_common(1)[0][0] for answers in zip(*said, strict=True)]
    by = {"one draw": np.array(said), "most frequent of ten": votes} | habits(train, found, asked)
    print(f"{len(asked)} codes lost\n\n| by | found |\n| --- | --- |")
    for name, answers in by.items():
        print(f"| {name} | {np.mean(np.asarray(answers, object) == truth):.3f} |")


def habits(train: mk.Cohort, found: Histories, asked: np.ndarray) -> dict[str, list[str]]:
    """The most frequent code that a visit lacks; the same of those that a visit beside it has, if any."""
    learned = Histories.of(train.columns["history"])
    counts = np.bincount(learned.code)
    order = learned.codes[np.argsort(-counts)].tolist()
    known = np.delete(np.arange(len(found.code)), asked)
    bags = defaultdict(set)
    for place, code in zip(found.place[known], found.codes[found.code[known]], strict=True):
        bags[place].add(code)
    out: dict[str, list[str]] = {"most frequent": [], "visits beside": []}
    for place, owner in zip(found.place[asked], found.patient[asked], strict=True):
        near = [p for p in (place - 1, place + 1) if 0 <= p < len(found.owner) and found.owner[p] == owner]
        beside = set().union(*(bags[p] for p in near))
        free = [code for code in order if code not in bags[place]]
        out["most frequent"].append(free[0])
        out["visits beside"].append(next((code for code in free if code in beside), free[0]))
    return out


def ends_before_last(cohort: mk.Cohort) -> mk.Cohort:
    found = Histories.of(cohort.columns["history"])
    column = found.where(found.visit < (found.visits - 1)[found.patient]).column
    at = cohort.columns.column_names.index("history")
    return replace(cohort, columns=cohort.columns.set_column(at, "history", column))


def at_next_visit(code: str, known: np.ndarray, whole: np.ndarray) -> bool | None:
    following = whole["code"][whole["visit"] == known["visit"].max() + 1]
    return (np.char.find(following.astype(str), code) == 0).any() if len(following) else None


def calibration(real: np.ndarray, chance: np.ndarray) -> float:
    """Expected calibration error: the mean gap between chance and frequency over ten bins."""
    place = np.minimum((chance * 10).astype(int), 9)
    size, said, seen = (np.bincount(place, w, minlength=10) for w in (None, chance, real))
    return float(np.abs(said - seen).sum() / size.sum())


def last_visit(found: Histories, codes: np.ndarray) -> tuple[sparse.csr_matrix, list[np.ndarray]]:
    """Codes of the visit before the last and of all before, and whether the last has what is asked for."""
    x = patterns.bags(found, len(codes) + 1)
    last = np.append(np.diff(found.owner) != 0, True)
    at = np.flatnonzero(last & (found.visit[found.opens] > 0))
    earlier = sparse.csr_matrix(
        (~last * 1.0, (found.owner, np.arange(len(last)))), shape=(len(found), len(last))
    )
    total = (earlier @ x).tocsr()[found.owner[at]].log1p()
    visits = sparse.csr_matrix(np.log(found.visits[found.owner[at]])[:, None])
    groups = [[i for i, code in enumerate(codes) if code.startswith(asked)] for asked in ASKED]
    outcomes = [np.asarray(x[at][:, group].sum(axis=1)).ravel() > 0 for group in groups]
    return sparse.hstack([x[at - 1], total, visits]).tocsr(), outcomes


if __name__ == "__main__":
    main()
