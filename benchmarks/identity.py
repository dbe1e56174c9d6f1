"""Keys of persons in made tables: are real ones released, are persons divided, is anything taken for a key.

Twenty-six kinds of keys, once and on several rows of each person, beside columns that stay the same with a
person (sex, birth, arm), beside sex alone, and beside none; and tables without any key.

    .venv/bin/python benchmarks/identity.py            # every table is learned and sampled
    .venv/bin/python benchmarks/identity.py --quick    # only read and split
"""

from __future__ import annotations

import argparse
import hashlib
import uuid
from collections import Counter
from typing import Any

import numpy as np
import pandas as pd

import manikin as mk
from manikin.errors import SchemaError

PERSONS = 150
COMPANIONS = ("sex, birth and arm", "sex alone", "none")


def keys(n: int, rng: np.random.Generator) -> dict[str, tuple[str, list[Any]]]:
    """Kinds of keys: the name of the column, and one value for each person."""
    wide = rng.choice(9_999_999, n, replace=False)
    sites = np.arange(n) // 20 + 100

    def nhs() -> str:
        while True:
            digits = rng.integers(0, 10, 9)
            check = 11 - int(digits @ np.arange(10, 1, -1)) % 11
            if check != 10:  # noqa: PLR2004 - such numbers are never given
                return "".join(map(str, digits)) + str(check % 11)

    texts = {
        "prefixed": ("subject_label", [f"ABC01-{s}-{1000 + i}" for i, s in enumerate(sites)]),
        "prefixed, no hint": ("x", [f"ABC01-{s}-{1000 + i}" for i, s in enumerate(sites)]),
        "letter and zeros, no hint": ("x", [f"P{i:05d}" for i in rng.permutation(n) * 7]),
        "zeros before, no hint": ("x", [f"{v:08d}" for v in wide]),
        "UUID, no hint": ("x", [str(uuid.UUID(int=int(v) << 90 | int(v))) for v in wide]),
        "hash of 8, no hint": ("x", [hashlib.sha256(str(v).encode()).hexdigest()[:8] for v in wide]),
        "hash of 64, no hint": ("x", [hashlib.sha256(str(v).encode()).hexdigest() for v in wide]),
        "NHS number as text, no hint": ("x", [nhs() for _ in range(n)]),
        "NHS number with blanks": ("nhs", [f"{v[:3]} {v[3:6]} {v[6:]}" for v in (nhs() for _ in range(n))]),
        "categorical text": ("participant", pd.Categorical([f"S{i:04d}" for i in rng.permutation(n)])),
        "pseudonyms, no hint": ("x", ["".join(rng.choice(list("abcdefgh"), 9)) for _ in range(n)]),
        "bytes of UUIDs": ("x", [uuid.UUID(int=int(v) << 90 | int(v)).bytes for v in wide]),
    }
    numbers = {
        f"random, {name}": (name, rng.permutation(wide).tolist())
        for name in ("PT", "SEQN", "ID1", "eid", "hospital_number", "ID_PAT", "Patientennummer", "paciente")
    }
    return {
        **numbers,
        **texts,
        "random, no hint": ("x", wide.tolist()),
        "random of six digits, no hint": ("x", rng.choice(np.arange(100_000, 1_000_000), n, replace=False)),
        "running, no hint": ("x", (rng.permutation(n) + 1).tolist()),
        "site and number, no hint": ("x", (sites * 1000 + np.arange(n) % 20 + 1).tolist()),
        "floats, no hint": ("x", wide.astype(float).tolist()),
        "beyond 64 bits": ("x", [10**25 + int(v) for v in wide]),
        "beyond 53 bits": ("x", (wide + 2**60).tolist()),
        "NHS number as a number": ("nhs_number", [int(nhs()) for _ in range(n)]),
        "record number of REDCap": ("record_id", (np.arange(n) + 1).tolist()),
    }


def exams(
    key: tuple[str, Any] | None, companions: str, *, several: bool, rng: np.random.Generator
) -> tuple[pd.DataFrame, np.ndarray]:
    """A table of exams, and the person of each row."""
    n = PERSONS
    whose = np.repeat(np.arange(n), rng.integers(2, 5, n) if several else 1)
    start = np.r_[0, np.flatnonzero(np.diff(whose)) + 1]
    visit = (
        np.arange(len(whose)) - start[np.searchsorted(start, np.arange(len(whose)), side="right") - 1] + 1
    )
    sex, arm = rng.choice(["F", "M"], n), rng.choice(["placebo", "drug"], n)
    birth = pd.Timestamp("1940-01-01") + pd.to_timedelta(rng.integers(0, 15_000, n), unit="D")
    columns: dict[str, Any] = {}
    if key is not None:
        columns[key[0]] = pd.Series(key[1]).iloc[whose].reset_index(drop=True)
    if companions != "none":
        columns["sex"] = sex[whose]
    if companions == COMPANIONS[0]:
        columns |= {"birth": birth[whose], "arm": arm[whose]}
    columns |= {
        "visit": visit,
        "sbp": rng.normal(135, 15, n)[whose].round() + rng.integers(-8, 9, len(whose)),
        "platelets": np.exp(rng.normal(5.5, 0.3, len(whose))).round().astype(int),
        "creatinine": rng.lognormal(4.3, 0.3, len(whose)).round(1),
    }
    return pd.DataFrame(columns), whose


def tried(frame: pd.DataFrame, name: str, whose: np.ndarray, *, quick: bool) -> dict[str, Any]:
    """What became of a table with a key: its role, persons divided by a split, real keys released."""
    cohort = mk.Cohort.from_pandas(frame)
    sides = [set(whose[part]) for part in _sides(cohort)]
    found = {"role": cohort.schema[name].role or "none", "divided": len(sides[0] & sides[1]), "released": 0}
    if not quick:
        real = set(map(str, cohort[name]))
        try:
            model = mk.Synthesizer(seed=0).fit(cohort, quiet=True)
        except SchemaError:
            return {**found, "refused": True}
        found["released"] = sum(str(value) in real for value in model.sample(len(frame), seed=1)[name])
    return found


def _sides(cohort: mk.Cohort) -> tuple[np.ndarray, np.ndarray]:
    """The rows on either side of a split: told by a column that is added for it."""
    subjects = np.unique(cohort.subject)
    chosen = set(np.random.default_rng(0).permutation(subjects)[: len(subjects) // 5].tolist())
    held = np.array([subject in chosen for subject in cohort.subject])
    return ~held, held


def without(seed: int) -> dict[str, pd.DataFrame]:
    """Tables without any key, of 30 to 20,000 rows."""
    rng = np.random.default_rng(seed)
    out = {}
    for n in (30, 60, 150, 500, 2000, 20_000):
        person = np.sort(rng.integers(0, max(n // 3, 10), n))
        born = rng.integers(1930, 2000, n)
        codes = [f"{c}{i:02d}.{d}" for c in "EIJKM" for i in range(30) for d in range(5)]
        out[f"clinic {n}"] = pd.DataFrame(
            {
                "sex": rng.choice(["F", "M"], n),
                "birth_year": born,
                "age": 2024 - born,
                "zip": rng.integers(10_000, 99_999, n),
                "postal_code": rng.choice([f"{v:05d}" for v in rng.integers(500, 9_999, 300)], n),
                "diagnosis": rng.choice(codes, n, p=rng.dirichlet(np.full(len(codes), 0.3))),
                "site": rng.integers(1, 12, n),
                "drug_code": rng.choice(rng.integers(10**7, 10**8, 60), n),
                "platelets": np.exp(rng.normal(12.4, 0.3, n)).astype(int),
                "ferritin": np.exp(rng.normal(4.5, 1, n)).round().astype(int),
                "nt_probnp": np.exp(rng.normal(6.5, 1.4, n)).round().astype(int),
                "ck": np.exp(rng.normal(5, 1.2, n)).round().astype(int),
                "glucose": rng.normal(110, 25, n),
                "steps": np.maximum(rng.normal(7000, 2500, n), 100).round().astype(int),
                "income": np.exp(rng.normal(10.4, 0.7, n)).round().astype(int),
            }
        )
        sex, height = (
            rng.choice(["F", "M"], person.max() + 1),
            rng.normal(170, 10, person.max() + 1).round(),
        )
        out[f"exams {n}"] = pd.DataFrame(
            {
                "sex": sex[person],
                "height": height[person],
                "period": rng.integers(1, 4, n),
                "totchol": rng.normal(220, 40, n).round().astype(int),
                "sysbp": rng.normal(135, 20, n).round(1),
                "weight": rng.normal(75, 12, person.max() + 1)[person] + rng.normal(0, 2, n),
                "crp": rng.lognormal(1, 1, n),
                "days": rng.integers(0, 8000, n),
                "heartrte": rng.normal(75, 12, n).round().astype(int),
            }
        )
    return out


def main() -> None:
    """Print what became of all tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="do not learn, only read and split")
    parser.add_argument("--seeds", type=int, default=1, help="how many draws of every table")
    chosen = parser.parse_args()
    released = divided = tables = refused = 0
    for seed in range(chosen.seeds):
        for kind in keys(3, np.random.default_rng(0)):
            line = []
            for several in (False, True):
                for companions in COMPANIONS:
                    rng = np.random.default_rng([seed, several, len(companions)])
                    key = keys(PERSONS, rng)[kind]
                    frame, whose = exams(key, companions, several=several, rng=rng)
                    found = tried(frame, key[0], whose, quick=chosen.quick)
                    tables += 1
                    released += found["released"]
                    divided += found["divided"]
                    refused += found["role"] == "unclear"
                    line.append(found["role"] + "!" * bool(found["released"] or found["divided"]))
            print(
                f"{kind:30s} once: {', '.join(line[:3]):34s} on several rows: {', '.join(line[3:])}",
                flush=True,
            )
    print(f"{tables} tables with a key: {released} real keys released, {divided} persons divided,", end=" ")
    print(f"{refused} unclear, which nothing is learned from")
    false: Counter[str] = Counter()
    count = 0
    for seed in range(max(chosen.seeds, 3)):
        for name, frame in without(seed).items():
            count += 1
            for field, kind in mk.Cohort.from_pandas(frame).schema.items():
                if kind.role in ("subject", "identifier", "unclear"):
                    false[kind.role] += 1
                    print(f"  false: {name}, {field}: {kind.role}")
    told = ", ".join(f"{false[role]} {role}" for role in ("subject", "identifier", "unclear"))
    print(f"{count} tables without a key: {told}")


if __name__ == "__main__":
    main()
