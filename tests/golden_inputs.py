"""Small inputs of every kind, made by code from fixed seeds: nobody's."""

import numpy as np
import pandas as pd

import manikin as mk

ICD = ("I10", "E11", "I50", "J44", "N18")
PASSING = ("J06", "R51", "M54", "S93")


def rng(seed):
    """Random numbers that are the same on every machine."""
    return np.random.default_rng(seed)


def dirty(n=80) -> str:
    """A csv file as it comes: gaps in several spellings, dates, limits, identifiers, levels, two visits."""
    draw = rng(1)
    lines = ["patient_id;Name;sex;age;CRP;BMI;grade;seen;born;weight (kg);height;sbp;dbp;smoker;flag;death"]
    for i in range(n):
        sbp, height, weight = draw.integers(100, 180), draw.integers(150, 195), draw.integers(50, 110)
        crp = draw.choice(["<0.5", "", "NA", f"{draw.integers(5, 900) / 10}"], p=[0.1, 0.05, 0.05, 0.8])
        bmi = f"{weight / (height / 100) ** 2:.1f}".replace(".", ",")
        name = f"{['Umbrosi', 'Doe', 'Meyer'][i % 3]}, {['Ravel', 'Jane', 'Otto'][i // 3 % 3]}"
        row = [f"P{i // 2:04d}", name, draw.choice(["F", "M"]), draw.integers(18, 90), crp, bmi]
        row += [
            draw.choice(["I", "II", "III", "IV"], p=[0.5, 0.3, 0.18, 0.02]),
            f"{1 + i % 28:02d}.03.2021",
        ]
        row += [
            f"19{30 + i // 2 % 60}-0{1 + i // 2 % 9}-17",
            weight,
            height,
            sbp,
            sbp - draw.integers(20, 50),
        ]
        row += [draw.choice(["no", "yes", "?"]), draw.choice(["True", "False"]), draw.integers(0, 2)]
        lines.append(";".join(map(str, row)))
    return "\n".join(lines) + "\n"


def frame(n=120, seed=0) -> pd.DataFrame:
    """Patients whose blood pressure and disease depend on their age."""
    draw = rng(seed)
    sick = draw.integers(0, 2, n)
    age = 45 + 10 * sick + draw.integers(-12, 13, n)
    sbp = 100 + age // 2 + draw.integers(-9, 10, n)
    crp = np.where(draw.random(n) < 0.15, np.nan, draw.integers(1, 200, n) * (1 + sick) / 10)
    day = np.datetime64("2021-01-01") + draw.integers(0, 300, n).astype("timedelta64[D]")
    return pd.DataFrame(
        {
            "sex": draw.choice(["F", "M"], n),
            "stage": draw.choice(["I", "II", "III"], n),
            "age": age,
            "sbp": sbp,
            "dbp": sbp - draw.integers(20, 50, n),
            "crp": crp,
            "seen": day,
            "sick": np.where(sick == 1, "yes", "no"),
        }
    )


def table(n=120, seed=0) -> mk.Cohort:
    """The same as a cohort."""
    kinds = {
        "sex": mk.Category(levels=("F", "M"), role="sensitive"),
        "stage": mk.Category(levels=("I", "II", "III"), ordered=True),
        "age": mk.Number(step=1, low=0, unit="years"),
        "sbp": mk.Number(step=1),
        "dbp": mk.Number(step=1),
        "crp": mk.Number(step=0.1, low=0),
        "seen": mk.Time(),
        "sick": mk.Category(levels=("no", "yes"), role="label"),
    }
    return mk.Cohort.from_pandas(frame(n, seed), mk.Schema(kinds))


def long(n=60, seed=0) -> str:
    """A long table of events: chronic codes that stay, passing ones, a value, visits."""
    draw, lines = rng(seed), ["subject_id,time,code,numeric_value,visit_id"]
    for i in range(n):
        lines.append(f"{i},,sex//{'FM'[draw.integers(2)]},,")
        chronic = [code for code in ICD if draw.random() < 0.4]
        day = np.datetime64("2015-01-01") + draw.integers(0, 900)
        for visit in range(draw.integers(1, 5)):
            codes = [*chronic, str(draw.choice(PASSING))]
            lines += [f"{i},{day}T10:00:00,ICD10//{code},,{i}-{visit}" for code in codes]
            glucose = draw.integers(40, 70) / 10 + 4 * ("E11" in chronic)
            lines.append(f"{i},{day + 1}T09:00:00,LOINC//2345-7//mmol/L,{glucose:.1f},{i}-{visit}")
            day += draw.integers(20, 200)
    return "\n".join(lines) + "\n"


def notes(n=60, seed=0) -> pd.DataFrame:
    """Short notes that say what their records say."""
    draw = rng(seed)
    sex, pain = draw.choice(["F", "M"], n), draw.choice(["back", "chest", "knee"], n)
    word, fever = np.where(sex == "F", "woman", "man"), draw.choice(["No fever.", "Has a fever."], n)
    note = [
        f"The {w} has pain in the {p}. {f} Lungs are clear."
        for w, p, f in zip(word, pain, fever, strict=True)
    ]
    return pd.DataFrame({"sex": sex, "pain": pain, "note": note})


def told(n=60, seed=0) -> mk.Cohort:
    """The same as a cohort."""
    pains = ("back", "chest", "knee")
    schema = {"sex": mk.Category(levels=("F", "M")), "pain": mk.Category(levels=pains)}
    return mk.Cohort.from_pandas(notes(n, seed), mk.Schema({**schema, "note": mk.Text(role="note")}))


def waves(n=48, seed=0) -> mk.Cohort:
    """Two leads of 64 samples with a beat, higher in the sick."""
    draw = rng(seed)
    sick, at = draw.integers(0, 2, n), draw.integers(20, 40, n)
    bump = np.maximum(0, 1 - np.abs(np.arange(64) - at[:, None]) / 6) * (1 + sick[:, None])
    x = np.stack([bump, bump / 2], axis=1) + draw.integers(-50, 51, (n, 2, 64)) / 1000
    kinds = {
        "sick": mk.Category(levels=("no", "yes"), role="label"),
        "ecg": mk.Signal(("I", "II"), rate=50),
    }
    said = np.where(sick == 1, "yes", "no").astype(object)
    return mk.Cohort.from_arrays({"sick": said, "ecg": x.astype(np.float32)}, kinds)


def pictures(n=48, seed=0, side=8) -> mk.Cohort:
    """Grey pictures with a bright square of which the mask tells the place, and its size as a class."""
    draw = rng(seed)
    large, x, y = draw.integers(0, 2, n), draw.integers(0, side - 4, n), draw.integers(0, side - 4, n)
    mask = np.zeros((n, 1, side, side), np.uint8)
    for i in range(n):
        mask[i, 0, y[i] : y[i] + 2 + 2 * large[i], x[i] : x[i] + 2 + 2 * large[i]] = 1
    scan = draw.integers(20, 80, mask.shape).astype(np.uint8) + 120 * mask
    said = np.where(large == 1, "large", "small").astype(object)
    kinds = {
        "size": mk.Category(levels=("large", "small"), role="label"),
        "scan": mk.Image(),
        "mask": mk.Image(levels=2),
    }
    return mk.Cohort.from_arrays({"size": said, "scan": scan, "mask": mask}, kinds)


def volumes(n=24, seed=0) -> mk.Cohort:
    """Small volumes with a bright ball, and the age."""
    draw = rng(seed)
    age = 10 * draw.integers(2, 5, n)
    line = np.abs(np.arange(8) - 3.5)
    far = np.maximum(np.maximum(line[:, None, None], line[None, :, None]), line[None, None, :])
    x = (far[None] < 1 + age[:, None, None, None] / 30) * 100 + draw.integers(0, 9, (n, 8, 8, 8))
    kinds = {"age": mk.Number(step=1), "volume": mk.Image(spacing=(2.0, 1.0, 1.0))}
    return mk.Cohort.from_arrays({"age": age, "volume": x[:, None].astype(np.float32)}, kinds)
