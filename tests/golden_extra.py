"""Golden results of derived columns, survival, planted defects, national numbers, wide tables."""

from pathlib import Path

import golden_inputs as made
import golden_learning as tiny
import numpy as np
import pandas as pd
from golden_core import case, command, sha
from golden_judging import judged

import manikin as mk

DEFECTS = "exact_copies jittered_copies shifted_copies leak_10 leak_outliers collapse dropped_subgroup "
DEFECTS += (
    "flipped_labels implausible_values independent_marginals noise duplicated_rows leaked_identifiers "
)
DEFECTS += "shifted_pictures mirrored_pictures leak_pictures leak_disguised_pictures leak_altered_pictures "
DEFECTS += "dropped_class blurred_pictures checkerboard_pictures marked_pictures mismatched_pictures "
DEFECTS += "shifted_signals scaled_signals leak_signals leak_shifted_signals leaked_subject shuffled_time "
DEFECTS += "swapped_leads wrong_rate spiked_signals shuffled_visits truncated_histories lost_events "
DEFECTS += "duplicated_patients swapped_sex events_after_death leaked_patients copied_paragraphs "
DEFECTS += "template_collapse negation_flips inserted_persons swapped_notes swapped_facts leaked_notes"


@case()
def planted_all(found):
    cohorts = {
        "table": made.table(),
        "signal": made.waves(),
        "picture": made.pictures(),
        "history": tiny.events(),
        "note": made.told(),
    }
    for kind, cohort in cohorts.items():
        train, fresh = cohort.split(0.5, seed=1)
        for defect in DEFECTS.split():
            try:
                worse = mk.plant(fresh, defect, seed=1, train=train)
            except mk.errors.ManikinError as error:
                found.same(f"{kind} {defect}", f"{type(error).__name__}: {error}")
            else:
                found.exact(
                    f"{kind} {defect}", [sha(repr(worse.columns[n].to_pylist())) for n in worse.schema]
                )


def stays(n=150, seed=0) -> pd.DataFrame:
    """Stays with what follows from other columns: days, index of mass, sums; two of a patient; survival."""
    draw = made.rng(seed)
    admitted = np.datetime64("2020-01-01") + draw.integers(0, 500, n).astype("timedelta64[D]")
    days, height, weight = draw.integers(1, 20, n), draw.integers(150, 195, n), draw.integers(50, 110, n)
    motor, verbal = draw.integers(1, 7, n), draw.integers(1, 6, n)
    return pd.DataFrame(
        {
            "patient_id": np.arange(n) // 2 + 1000 * (seed + 1),
            "admitted": admitted,
            "discharged": admitted + days.astype("timedelta64[D]"),
            "los": days,
            "height": height,
            "weight": weight,
            "bmi": (weight / (height / 100) ** 2).round(1),
            "motor": motor,
            "verbal": verbal,
            "score": motor + verbal,
            "ward": draw.choice(["ICU", "ward", "rare"], n, p=[0.4, 0.58, 0.02]),
            "time": draw.integers(1, 900, n),
            "event": draw.integers(0, 2, n),
        }
    )


def _sides():
    for seed, name in enumerate(("train", "holdout", "fresh")):
        stays(200 if seed == 0 else 120, seed).to_csv(f"{name}.csv", index=False)
    return [mk.read(f"{name}.csv") for name in ("fresh", "train", "holdout")]


@case(slow=True)
def judge_survival(found):
    rule = mk.Rule("sum", "score == motor + verbal", "definition")
    judged(found, _sides(), rules=[rule], subgroups=("ward",))


@case()
def derived(found):
    _sides()
    found.exact("inspect", command("inspect", "train.csv", "-o", "looked"))
    found.files("looked", "looked", everywhere=True)
    train = mk.read("train.csv", "looked/schema.toml")
    rules = mk.read_rules("looked/rules.toml")
    for family in ("trees", "copula", "vae"):
        model = mk.Synthesizer(family=family, seed=1, training=tiny.FEW).fit(train, quiet=True)
        found.cohort(family, model.sample(30, seed=2), loose=1.0)
        found.exact(f"{family}: facts", sha(tiny.facts(model)))
    model = mk.Synthesizer(family="trees", seed=1).fit(train, quiet=True)
    obedient = model.sample(120, rules=rules, seed=3)
    found.same("obeyed", [bool(rule.holds(obedient).all()) for rule in rules])
    found.cohort("refit", model.refit(train, seed=2), loose=1.0)
    mk.write(obedient, "obedient.csv")
    found.files("written", "obedient.csv")


@case()
def national_numbers(found):
    texts = [
        "NHS number 943 476 5919, born 17.03.1954 in Leeds; tel. +44 20 7946 0958.",
        "Patientin Müller, geb. 03.11.1961, Fallnummer 4711-22, IBAN DE89 3704 0044 0532 0130 00.",
        "M. Dupont, NIR 1 85 05 78 006 084 91, 12 rue de la Paix, 75002 Paris.",
        "DNI 12345678Z, Calle Mayor 5, Madrid. BSN 111222333. Personnummer 19811218-9876.",
        "UMBROSI, RAVEL ADMITTED ON 04-MAR-2021 AT ST. MARY HOSPITAL. SSN 123-45-6789.",
        "Seen 3/4/21 by Dr. Ruiz, MRN 00123; glucose 120/80 mg, GCS 14/15, Wilson disease.",
        "Codice fiscale RSSMRA85T10A562S; card 4111 1111 1111 1111; IP 10.0.0.1; www.ward.org.",
        "<p>Mrs. Green, 93 years old, will return in May.</p> Fax (617) 555-0101.",
    ]
    frame = pd.DataFrame({"patient": np.arange(8) // 2, "note": texts, "phone": ["030 1234567"] * 8})
    schema = mk.Schema(patient=mk.Number(role="subject"), note=mk.Text(role="note"), phone=mk.Text())
    clean = mk.deidentify(mk.Cohort.from_pandas(frame, schema), seed=3)
    found.cohort("clean", clean, everywhere=True)
    found.same("texts", clean["note"].tolist())


@case()
def wide_signals(found):
    x = made.waves(30)["ecg"][:, 0].round(3)
    table = pd.DataFrame(x, columns=[f"t{k}" for k in range(x.shape[1])])
    table.insert(0, "label", np.arange(30) % 2)
    table.to_csv("wide.csv", index=False)
    rows = [
        {"time": k / 50, "I": x[i, k], "II": -x[i, k], "subject": i} for i in range(20) for k in range(40)
    ]
    pd.DataFrame(rows).to_csv("rows.csv", index=False)
    moments = mk.Schema(subject=mk.Number(role="subject"), ecg=mk.Signal(channels=("I", "II")))
    for name, schema in (("wide.csv", None), ("rows.csv", None), ("rows.csv", moments)):
        cohort = mk.read(name, schema)
        called = name if schema is None else "moments"
        found.cohort(called, cohort, everywhere=True)
        mk.write(cohort, f"again-{called}.csv")
        found.files(f"written {called}", f"again-{called}.csv", everywhere=True)


@case()
def checkpoints(found):
    model = mk.Synthesizer("scan", "size", tiny.SMALL["diffusion"], seed=1, training=mk.Training(steps=12))
    model.fit(made.pictures(), checkpoint="state", quiet=True)
    found.same("left", sorted(path.name for path in Path().iterdir()))
    found.cohort("sample", model.sample(4, where={"size": "large"}, seed=1), loose=1.0)


@case()
def several_rows_and_declared_kinds(found):
    Path("dirty.csv").write_text(made.dirty())
    kinds = {
        "CRP": mk.Number(low=0, unit="mg/L"),
        "sex": mk.Category(role="sensitive"),
        "death": mk.Category(role="label"),
        "Name": mk.Text(role="identifier"),
    }
    cohort = mk.read("dirty.csv", mk.Schema(kinds))
    found.cohort("declared", cohort, everywhere=True)
    model = mk.Synthesizer(family="trees", seed=2, anonymous=1).fit(cohort, quiet=True)
    found.cohort("sample", model.sample(20, seed=1), loose=1.0)


@case(slow=True)
def self_test(found):
    for seed, name in enumerate(("train", "holdout", "any")):
        made.frame(120, seed)[["age", "sex", "sbp", "sick"]].to_csv(f"{name}.csv", index=False)
    sides = ("any.csv", "--train", "train.csv", "--holdout", "holdout.csv", "-o", "card", "--self-test")
    found.exact("evaluate", command("evaluate", *sides))
    found.files("card", "card")
