"""Histories: Diabetes 130 as visits, a model of CPU minutes, and HALO's measures beside their null.

    OMP_NUM_THREADS=1 python benchmarks/histories.py --data DATA [--steps 1650] [--draws 3] [--twins]
    OMP_NUM_THREADS=1 python benchmarks/histories.py --data DATA --steps 400 --without grammar chapters

Of 16,773 patients with two visits or more (the first twelve kept) 12,000 are learned from; as many
histories as there are held-out patients are drawn, given their race, sex and age. Rows: real training
patients, as many of them as are held out (a row for each draw, so that the spread is seen), visits
exchanged between held-out patients (the null), and the model. TSTR: insulin, and heart failure (ICD-9
428), at the last visit from the visits before, by logistic regression. Printed: Markdown.

Below stands how many drawn patients are nearer to training patients than to as many held-out ones, by the
Jaccard distance of their codes counted by visits; beside it the same of other held-out patients.

With --twins: the same model, which also goes on with histories, is asked for both at the last visit of
1,000 held-out patients, given all visits before, twenty futures each; beside it logistic regression on
real patients. Pooled: the shares of twenty are weighed against what they say of all (`chances(pooled=)`).

With --without: short trainings on three quarters of the training patients, judged on the other quarter,
with all that is known of clinical codes and without a part of it: the grammar, the chapters of ICD and
systems of codes, or the checks of sex and age.

With --lost: every other visit of these patients loses a code, and `masked` finds it; beside it habit.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter, defaultdict
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd
import pyarrow as pa
import torch
from history_measures import ASKED, ASKED_OF, HEAD, calibration, last_visit, measures, nearer, row
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score

import manikin as mk
from manikin.checks import ehr
from manikin.codecs import events as coding
from manikin.cohort.histories import HIDDEN_CODE, Histories
from manikin.ehr import corrupt
from manikin.ehr.build_histories import build_histories
from manikin.nn.history_grammar import GrammarHead, HistoryState
from manikin.synthesis import rejection
from manikin.synthesis.forecast import shrink_to_prior

FILE = "tabular/diabetes130/diabetic_data.csv.gz"
GIVEN = ("race", "gender", "age")
HELD, VISITS, LEAST = 4_773, 12, 5
DRUGS = slice(24, 47)
BROKEN = ("code twice, %", "other sex, %", "other age, %")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help=f"a folder with {FILE}")
    parser.add_argument("--steps", type=int, default=1650)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--draws", type=int, default=1, help="how often as many as are held out are drawn")
    parser.add_argument("--family", default="autoregressive", choices=("autoregressive", "masked"))
    parser.add_argument(
        "--twins", action="store_true", help="how far futures of given patients can be believed"
    )
    parser.add_argument("--without", nargs="+", choices=WITHOUT, help="what clinical knowledge is worth")
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
    if given.without:
        ablation(train, given)
        return
    learned, held = (Histories.from_column(side.columns["history"]) for side in (train, holdout))
    null = corrupt.shuffle_visits(held, np.random.default_rng(given.seed))
    print("| | " + " | ".join(HEAD) + " |\n|" + " --- |" * (len(HEAD) + 1))
    print(row("real training patients", measures(learned, held, learned.codes)))
    for i in range(given.draws):
        some = learned.take(np.random.default_rng(i).permutation(len(learned))[: len(held)])
        print(row("as many real patients", measures(some, held, learned.codes)))
    print(row("visits exchanged", measures(null, held, learned.codes)), flush=True)
    started = time.process_time()
    model = fitted(train, given)
    trained = time.process_time() - started
    for i in range(given.draws):
        started = time.process_time()
        synthetic = model.sample(condition=holdout.select(*GIVEN), seed=given.seed + i)
        drawn = time.process_time() - started
        found = Histories.from_column(synthetic.columns["history"])
        print(row(given.family, [*measures(found, held, learned.codes), f"{trained:.0f}"]), flush=True)
    share, chance = (nearer(side, learned, held) for side in (found, None))
    print(f"\nnearer to training patients: {share:.3f}; held-out patients: {chance:.3f}")
    broken = sum(int((~check.holds(synthetic)).sum()) for check in ehr.__plugin__[:3])
    print(f"\n{len(found) / drawn:.0f} patients a CPU second; {broken} break the order of time or codes")
    unfit = [
        int((~check.holds(side)).sum()) for side in (synthetic, holdout) for check in ehr.__plugin__[3:]
    ]
    print(f"of another sex or age: {unfit[0]} and {unfit[1]} drawn, {unfit[2]} and {unfit[3]} held out")
    if given.twins:
        twins(model, train, holdout, given.seed)


def fitted(train: mk.Cohort, given: argparse.Namespace) -> mk.Synthesizer:
    """A model that draws histories, given race, sex and age, and goes on with those that are given."""
    budget = mk.Training(steps=given.steps, patience=0)
    whole = (*GIVEN, "history") if given.family == "autoregressive" else GIVEN
    return mk.Synthesizer("history", whole, given.family, given.seed, budget).fit(train, quiet=True)


def ablation(train: mk.Cohort, given: argparse.Namespace) -> None:
    """What a short training reaches with all knowledge and without a part of it, on training patients."""
    learn, judge = train.split(0.25, seed=1)
    learned, held = (Histories.from_column(side.columns["history"]) for side in (learn, judge))
    print("| | " + " | ".join((*HEAD[:-1], *BROKEN)) + " |\n|" + " --- |" * (len(HEAD) + len(BROKEN)))
    models: dict[str, mk.Synthesizer] = {}
    for name in ("", *given.without):
        with WITHOUT[name]():
            trained = "" if name == "checks" else name
            if trained not in models:
                models[trained] = fitted(learn, given)
            for i in range(given.draws):
                synthetic = models[trained].sample(condition=judge.select(*GIVEN), seed=given.seed + i)
                found = Histories.from_column(synthetic.columns["history"])
                share = [float((~check.holds(synthetic)).mean()) for check in ehr.__plugin__[2:]]
                values = [*measures(found, held, learned.codes), *(f"{100 * x:.2f}" for x in share)]
                print(
                    f"| {f'without {name}' if name else 'all'} | " + " | ".join(values) + " |", flush=True
                )


def everything(ruled: GrammarHead, state: HistoryState) -> torch.Tensor:
    """No token is forbidden."""
    return torch.ones(*state.token.shape, ruled.grammar.vocab, dtype=torch.bool)


WITHOUT = {
    "": nullcontext,
    "grammar": lambda: patch.object(GrammarHead, "allowed", everything),
    "chapters": lambda: patch.object(coding, "group_codes", lambda _: ()),
    "checks": lambda: patch.object(rejection, "HISTORY_CHECKS", ()),
}
"""What makes a model do without."""


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
    histories = build_histories(
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


def twins(model: mk.Synthesizer, train: mk.Cohort, holdout: mk.Cohort, seed: int) -> None:
    """Brier score, expected calibration error (ten bins) and AUROC of what comes at the last visit."""
    some = holdout.take(np.random.default_rng(seed).permutation(len(holdout))[:ASKED_OF])
    learned, held = (Histories.from_column(side.columns["history"]) for side in (train, some))
    (x, known), (z, truth) = (
        last_visit(side.recode(learned.codes), learned.codes) for side in (learned, held)
    )
    said: list[list[float]] = []

    def asked(before: np.ndarray, whole: np.ndarray) -> bool | None:
        answers = [at_next_visit(name, before, whole) for name in ASKED]
        said.append([np.nan if answer is None else float(answer) for answer in answers])
        return answers[0]

    mk.histories.estimate_event_probabilities(
        model, ends_before_last(some).select(*GIVEN, "history"), asked, seed=seed
    )
    drawn = np.array(said).reshape(-1, len(some), len(ASKED))
    print("\n| asked | happens | by | Brier | ECE | AUROC |\n| --- | --- | --- | --- | --- | --- |")
    for i, (name, y, real) in enumerate(zip(ASKED, known, truth, strict=True)):
        logistic = LogisticRegression(C=0.1, solver="liblinear", max_iter=200).fit(x, y)
        count = (~np.isnan(drawn[..., i])).sum(axis=0)
        share = np.nansum(drawn[..., i], axis=0) / np.where(count, count, np.nan)
        sides = {"frequency": np.full(len(real), y.mean()), "logistic": logistic.predict_proba(z)[:, 1]}
        sides |= {"futures": share, "futures, pooled": shrink_to_prior(share, count)}
        for by, chance in sides.items():
            sure = np.nan_to_num(chance, nan=y.mean())
            numbers = (brier_score_loss(real, sure), calibration(real, sure), roc_auc_score(real, sure))
            told = " | ".join(f"{x:.3f}" for x in numbers)
            print(f"| {name} | {real.mean():.3f} | {by} | {told} |", flush=True)


def lost(model: mk.Synthesizer, train: mk.Cohort, holdout: mk.Cohort, seed: int, draws: int = 10) -> None:
    """How often a lost code is found: by one draw, by the most frequent of ten, and by habit."""
    rng = np.random.default_rng(seed)
    some = holdout.take(rng.permutation(len(holdout))[:ASKED_OF])
    found = Histories.from_column(some.columns["history"])
    order = np.lexsort((rng.random(len(found.code)), found.visit_index))
    first = order[np.diff(found.visit_index[order], prepend=-1) != 0]
    asked = np.sort(first[rng.random(len(first)) < 0.5])  # noqa: PLR2004 - every other visit
    code = found.code.copy()
    code[asked] = len(found.codes)
    column = replace(found, code=code, codes=np.append(found.codes, HIDDEN_CODE)).column
    at = some.columns.column_names.index("history")
    partly = replace(some, columns=some.columns.set_column(at, "history", column)).select(*GIVEN, "history")
    truth, said = found.codes[found.code[asked]], []
    for i in range(draws):
        whole = Histories.from_column(model.sample(condition=partly, seed=i).columns["history"])
        said.append(whole.codes[whole.code[asked]])
    votes = [Counter(answers).most_common(1)[0][0] for answers in zip(*said, strict=True)]
    by = {"one draw": np.array(said), "most frequent of ten": votes} | habits(train, found, asked)
    print(f"{len(asked)} codes lost\n\n| by | found |\n| --- | --- |")
    for name, answers in by.items():
        print(f"| {name} | {np.mean(np.asarray(answers, object) == truth):.3f} |")


def habits(train: mk.Cohort, found: Histories, asked: np.ndarray) -> dict[str, list[str]]:
    """The most frequent code that a visit lacks; the same of those that a visit beside it has, if any."""
    learned = Histories.from_column(train.columns["history"])
    counts = np.bincount(learned.code)
    order = learned.codes[np.argsort(-counts)].tolist()
    known = np.delete(np.arange(len(found.code)), asked)
    bags = defaultdict(set)
    for place, code in zip(found.visit_index[known], found.codes[found.code[known]], strict=True):
        bags[place].add(code)
    out: dict[str, list[str]] = {"most frequent": [], "visits beside": []}
    for place, owner in zip(found.visit_index[asked], found.patient[asked], strict=True):
        near = [
            p
            for p in (place - 1, place + 1)
            if 0 <= p < len(found.visit_patient) and found.visit_patient[p] == owner
        ]
        beside = set().union(*(bags[p] for p in near))
        free = [code for code in order if code not in bags[place]]
        out["most frequent"].append(free[0])
        out["visits beside"].append(next((code for code in free if code in beside), free[0]))
    return out


def ends_before_last(cohort: mk.Cohort) -> mk.Cohort:
    found = Histories.from_column(cohort.columns["history"])
    column = found.select_events(found.visit < (found.visit_counts - 1)[found.patient]).column
    at = cohort.columns.column_names.index("history")
    return replace(cohort, columns=cohort.columns.set_column(at, "history", column))


def at_next_visit(code: str, known: np.ndarray, whole: np.ndarray) -> bool | None:
    following = whole["code"][whole["visit"] == known["visit"].max() + 1]
    return (np.char.find(following.astype(str), code) == 0).any() if len(following) else None


if __name__ == "__main__":
    main()
