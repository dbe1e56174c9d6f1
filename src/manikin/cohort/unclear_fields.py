"""Fields that may tell persons apart: nothing is learned from them before somebody says what they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import tomli_w

from manikin.core.arrow import pc
from manikin.errors import SchemaError
from manikin.schema.remark import Remark, list_remarks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from manikin.cohort.cohort import Cohort
    from manikin.schema.kinds import Kind

FOLDER_FIELD = "folder"
"""The field that numbers folders of which nothing tells whether they are patients or classes."""


def describe_unclear_folders(reason: str) -> Remark:
    """Why nobody can tell patients from classes among folders, and the line that settles it."""
    return Remark(reason, FOLDER_FIELD, "unclear folders")


def drop_settled_folders(declared: Mapping[str, Kind] | None) -> dict[str, Kind]:
    """What is declared, without unclear folders that the same schema settles by its key `folders`."""
    told = bool(getattr(declared, "folders", ()))
    return {name: kind for name, kind in (declared or {}).items() if not (told and name == FOLDER_FIELD)}


def raise_if_unclear(cohort: Cohort, fields: Iterable[str] | None = None) -> None:
    """Refuse records among whose fields one may tell persons apart.

    Args:
        cohort: What a model would learn from.
        fields: Those that it would learn or be given; None: all.

    Raises:
        SchemaError: It names the field and shows the lines of `schema.toml` that settle it either way.
    """
    asked = set(cohort.schema if fields is None else fields)
    unclear = [name for name, kind in cohort.schema.items() if kind.role == "unclear" and name in asked]
    if unclear:
        raise SchemaError("\n\n".join(_explain_unclear(cohort, name) for name in unclear))


def _explain_unclear(cohort: Cohort, name: str) -> str:
    """What is unclear of a field, and how to settle it."""
    column = cohort.columns[name]
    reasons = {remark.topic: remark.text for remark in list_remarks(cohort.notes, name)}
    if "unclear folders" in reasons:
        return f"field {name!r}: {reasons['unclear folders']}"
    why = reasons.get("unclear", "it may tell persons apart")
    text = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
    n, k = len(column) - column.null_count, pc.count_distinct(column.drop_null()).as_py()
    role, who = (
        ("subject", "one person in each value") if k < n else ("identifier", "another one in each record")
    )
    key = tomli_w.dumps({name: {"kind": "text" if text else "number", "role": role}})
    other = tomli_w.dumps({name: {"kind": "category" if text else "number"}})
    return (
        f"field {name!r}: {why}.\n"
        f"If it numbers or names persons ({who}), write into schema.toml, instead of what is there:\n\n"
        f"{key}\n"
        f"If it is a {'code' if text else 'quantity'}, write:\n\n{other}\n"
        "In Python: give the same as schema= to read or Cohort.from_pandas."
    )
