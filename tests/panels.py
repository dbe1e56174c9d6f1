"""An invented table of repeated measures whose truth is known."""

import numpy as np
import pandas as pd


def invent_panel(n: int, seed: int = 0) -> pd.DataFrame:
    """Visits of `n` patients: 1 to 8 each, pressure with a level of each patient's and a memory of .6.

    `sex` and `age` stay, `day` rises from 0, `diabetes` once "yes" stays, `bmi` is missing in a fifth of
    visits, `dose` rises with pressure, and who has a high pressure leaves earlier.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for patient in range(n):
        age, sex = round(rng.normal(60, 10), 2), rng.choice(["F", "M"])
        level = 120 + 0.5 * (age - 60) + rng.normal(0, 10)
        bmi, diabetes, day, noise = rng.normal(27, 3), rng.random() < 0.15, 0, rng.normal(0, 8)
        for _ in range(8):
            pressure = level + noise
            dose = 10 + 0.2 * (pressure - 120) + rng.normal(0, 1)
            rows.append(
                (
                    f"P{patient:05d}",
                    day,
                    age,
                    sex,
                    round(pressure, 1),
                    np.nan if rng.random() < 0.2 else round(bmi + rng.normal(0, 0.5), 1),
                    "yes" if diabetes else "no",
                    round(dose, 1),
                )
            )
            if rng.random() < 0.15 + 0.01 * max(pressure - 120, 0):
                break
            noise = 0.6 * noise + rng.normal(0, 8 * np.sqrt(1 - 0.36))
            diabetes, day = diabetes or rng.random() < 0.05, day + int(rng.integers(60, 240))
    names = ["patient_id", "day", "age", "sex", "pressure", "bmi", "diabetes", "dose"]
    return pd.DataFrame(rows, columns=names)
