"""Notes on which the judge is judged: sections of visits, reports of chest X-rays, notes made by code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from manikin.cohort.cohort import Cohort
from manikin.datasets.notes import generate_toy_notes
from manikin.schema.kinds import Category, Schema, Text

if TYPE_CHECKING:
    from pathlib import Path

SETS = ("mts_dialog", "indiana", "made_notes")
OTHER = "other"  # sections of fewer notes than so many
FEWEST = 50
MADE = 1_500


def notes(name: str, data: Path) -> tuple[Cohort, str]:
    """The cohort and its label.

    MTS-Dialog: the text of a section of a visit, labelled by the section. Indiana: findings and impression
    of a report, labelled normal or not. Made: invented notes beside age, sex, blood pressure, diagnosis.
    """
    if name == "made_notes":
        return generate_toy_notes(MADE, seed=0), "diagnosis"
    if name == "mts_dialog":
        frame = _sections(data)
        label = frame["section_header"].where(
            frame.groupby("section_header")["ID"].transform("size") >= FEWEST, OTHER
        )
        return _cohort({"note": frame["section_text"]}, label), "label"
    frame = pd.read_csv(data / "text" / "indiana_reports" / "indiana_reports.csv.gz")
    label = pd.Series(np.where(frame["Problems"] == "normal", "normal", "other"), frame.index)
    return _cohort({part: frame[part] for part in ("findings", "impression")}, label), "label"


def labelled(name: str, data: Path) -> Cohort:
    """One note and its label, however rare: the section of MTS-Dialog, of Indiana the first finding."""
    if name == "mts_dialog":
        frame = _sections(data)
        texts, label = frame["section_text"], frame["section_header"]
    else:
        frame = pd.read_csv(data / "text" / "indiana_reports" / "indiana_reports.csv.gz")
        frame = frame[frame["findings"].notna()]
        texts, label = frame["findings"], frame["Problems"].str.split(";").str[0]
    return _cohort({"note": texts}, label)


def _sections(data: Path) -> pd.DataFrame:
    parts = sorted((data / "text" / "mts_dialog").glob("*.csv"))
    return pd.concat([pd.read_csv(part) for part in parts]).drop_duplicates("dialogue")


def _cohort(texts: dict[str, pd.Series], label: pd.Series) -> Cohort:
    columns = {name: pa.array(values, type=pa.string(), from_pandas=True) for name, values in texts.items()}
    known = np.logical_or.reduce([np.asarray(column.is_valid()) for column in columns.values()])
    levels = tuple(sorted(label.unique()))
    schema = Schema({**dict.fromkeys(texts, Text()), "label": Category(levels, role="label")})
    found = Cohort(pa.table({**columns, "label": pa.array(label.to_list(), pa.string())}), schema)
    return found.take(np.flatnonzero(known))
