"""The attributes of a DICOM file that become fields, and back: a list of what is allowed.

Nothing else of a header is ever read into a cohort or written from one: no name, date, number, text,
institution or device.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from manikin.cohort.cohort import Cohort
from manikin.schema.kinds import Category, Kind, Number, Schema
from manikin.schema.subject_kind import SUBJECT_NUMBER

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydicom import Dataset


CODE_KEYWORDS = {
    "modality": "Modality",
    "sex": "PatientSex",
    "body_part": "BodyPartExamined",
    "laterality": "Laterality",
    "view": "ViewPosition",
}
QUANTITY_KEYWORDS = {
    "age": ("PatientAge", "years"),
    "weight": ("PatientWeight", "kg"),
    "height": ("PatientSize", "m"),
    "kvp": ("KVP", "kV"),
    "slice_thickness": ("SliceThickness", "mm"),
    "field_strength": ("MagneticFieldStrength", "T"),
    "echo_time": ("EchoTime", "ms"),
    "repetition_time": ("RepetitionTime", "ms"),
    "flip_angle": ("FlipAngle", "deg"),
}
FIELDS = (*CODE_KEYWORDS, *QUANTITY_KEYWORDS)
_CODE_PATTERN = re.compile(r"^[A-Z0-9 _]{1,16}$")
_AGE_PATTERN = re.compile(r"^(\d{3})([DWMY])$")
_MIN_AGE_IN_YEARS = 2
_UNITS_PER_YEAR = {"D": 365.25, "W": 52.18, "M": 12.0, "Y": 1.0}


def parse_age(text: str) -> float | None:
    """An age string in years (PS3.5, 6.2).

    Example:
        >>> parse_age("061Y"), parse_age("006M"), parse_age("old")
        (61.0, 0.5, None)
    """
    found = _AGE_PATTERN.match(text.strip())
    return round(int(found[1]) / _UNITS_PER_YEAR[found[2]], 3) if found else None


def read_allowed_tags(found: Dataset) -> dict[str, str | float | None]:
    """The allowed attributes of one file."""
    codes = {name: _clean_code(found.get(keyword)) for name, keyword in CODE_KEYWORDS.items()}
    codes["laterality"] = codes["laterality"] or _clean_code(found.get("ImageLaterality"))
    numbers = {
        name: parse_age(str(found.get(keyword) or ""))
        if name == "age"
        else _parse_number(found.get(keyword))
        for name, (keyword, _) in QUANTITY_KEYWORDS.items()
    }
    return {**codes, **numbers}


def _clean_code(value: Any) -> str | None:  # noqa: ANN401 - what a header holds
    text = str(value or "").strip().upper()
    return text if _CODE_PATTERN.match(text) else None


def _parse_number(value: Any) -> float | None:  # noqa: ANN401 - what a header holds
    try:
        return float(value) if value not in (None, "") else None
    except (TypeError, ValueError):
        return None  # a header may hold any text here; one that is no number says nothing


def build_tag_table(
    rows: Iterable[Mapping[str, Any]], subjects: list[int], declared: Schema | None
) -> Cohort:
    """Attributes that some file has, one row for each record, and to whom it belongs.

    Args:
        rows: What `read_allowed_tags` gives.
        subjects: Running numbers, never those of the hospital.
        declared: Kinds that a person declared.
    """
    rows = list(rows)
    columns: dict[str, pa.Array] = {"subject": pa.array(subjects)}
    kinds: dict[str, Kind] = {"subject": SUBJECT_NUMBER}
    for name in FIELDS:
        values = [row[name] for row in rows]
        present = {value for value in values if value is not None}
        if present:
            columns[name] = pa.array(values, pa.string() if name in CODE_KEYWORDS else pa.float64())
            kinds[name] = (
                Category(tuple(sorted(map(str, present))))
                if name in CODE_KEYWORDS
                else _build_quantity_kind(name)
            )
    given = {name: kind for name, kind in (declared or {}).items() if name in columns}
    return Cohort.from_table(pa.table(columns), Schema({**kinds, **given}))


def _build_quantity_kind(name: str) -> Number:
    return Number(unit=QUANTITY_KEYWORDS[name][1], low=0)


def to_dicom_tags(record: Mapping[str, Any]) -> dict[str, Any]:
    """DICOM keywords and values of the fields of a record that are allowed; others are left out.

    Example:
        >>> to_dicom_tags({"sex": "F", "age": 61.2, "name": "Jane", "body_part": "lung; Jane Doe"})
        {'PatientSex': 'F', 'PatientAge': '061Y'}
    """
    given: dict[str, Any] = {}
    for name, keyword in CODE_KEYWORDS.items():
        value = _clean_code(record.get(name))
        if (
            value
            and (name != "sex" or value in ("F", "M", "O"))
            and (name != "laterality" or value in "LRB")
        ):
            given[keyword] = value
    for name, (keyword, _) in QUANTITY_KEYWORDS.items():
        value = _parse_number(record.get(name))
        if value is not None and value == value and value >= 0:  # noqa: PLR0124 - NaN differs from itself
            given[keyword] = _format_age(value) if name == "age" else float(f"{value:.6g}")
    return given


def _format_age(years: float) -> str:
    """In years, or of small children in months."""
    if years >= _MIN_AGE_IN_YEARS or years == round(years):
        return f"{min(999, round(years)):03d}Y"
    return f"{round(years * 12):03d}M"
