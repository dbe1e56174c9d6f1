"""Histories on which the judge is judged: visits of Diabetes 130, and of the PBC trial with its values."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
from histories import FILE, diabetes

from manikin.cohort.cohort import Cohort
from manikin.cohort.histories import Histories
from manikin.ehr.build_histories import build_histories
from manikin.schema.kinds import Category, Codes, Number, Schema

if TYPE_CHECKING:
    from pathlib import Path

SETS = ("diabetes_visits", "pbcseq")
EARLY = "READM//<30"
SIGNS = ("ascites", "hepato", "spiders", "edema")
VALUES = ("bili", "chol", "albumin", "alk.phos", "ast", "platelet", "protime")
ANSWERS = ("no", "yes")
DIED = 2


@cache
def visits(name: str, data: Path) -> tuple[Cohort, str]:
    """The cohort and its label.

    Diabetes: visits with diagnoses, drugs, length of stay; labelled by whether any was followed by a
    readmission within 30 days. PBC: signs, stage and laboratory values by day, labelled by death.
    """
    return _diabetes(data) if name == "diabetes_visits" else _pbc(data)


def _diabetes(data: Path) -> tuple[Cohort, str]:
    cohort = diabetes(data / FILE)
    found = Histories.from_column(cohort.columns["history"])
    early = np.zeros(len(found), dtype=bool)
    early[found.patient[found.codes[found.code] == EARLY]] = True
    told = np.array([code.startswith("READM") for code in found.codes.tolist()])[found.code]
    at = cohort.columns.column_names.index("history")
    columns = cohort.columns.set_column(at, "history", found.select_events(~told).column)
    return _labelled(replace(cohort, columns=columns), "readmitted_early", early)


def _pbc(data: Path) -> tuple[Cohort, str]:
    table = pd.read_csv(data / "ehr_longitudinal" / "pbcseq" / "pbcseq.csv")
    table["visit"] = table.groupby("id").cumcount()
    table["place"] = pd.factorize(table["id"])[0]
    parts = [_events(table[table[name] > 0], f"FINDING//{name}") for name in SIGNS]
    parts += [_events(table[table[name].notna()], f"LAB//{name}", name) for name in VALUES]
    parts += [_events(table[table["stage"] == stage], f"STAGE//{stage}") for stage in range(1, 5)]
    found = pd.concat(parts).sort_values(["place", "visit", "code"], kind="stable")
    people = table.drop_duplicates("id")
    number, names = pd.factorize(found["code"])
    fields = [found[name].to_numpy() for name in ("place", "time", "visit")]
    value = found["value"].to_numpy(float)
    histories = build_histories(*fields, number, value, np.array(names, object), len(people))
    columns = {"sex": pa.array(people["sex"]), "age": pa.array(people["age"]), "history": histories.column}
    schema = Schema(sex=Category(("f", "m")), age=Number(), history=Codes())
    return _labelled(Cohort(pa.table(columns), schema), "died", (people["status"] == DIED).to_numpy())


def _events(table: pd.DataFrame, code: str, value: str | None = None) -> pd.DataFrame:
    chosen = table[["place", "visit"]].assign(time=table["day"].astype(float), code=code)
    return chosen.assign(value=np.nan if value is None else table[value])


def _labelled(cohort: Cohort, name: str, yes: np.ndarray) -> tuple[Cohort, str]:
    label = pa.array([ANSWERS[int(x)] for x in yes], pa.string())
    columns = cohort.columns.append_column(name, label)
    return Cohort(columns, Schema({**cohort.schema, name: Category(ANSWERS, role="label")})), name
