"""Beside: files to be judged are read as the training records say, and may lack what no model learns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from manikin.errors import AbsentField
from manikin.io import read
from manikin.publication.pipeline import relax_schema
from manikin.schema.kinds import Schema

if TYPE_CHECKING:
    from pathlib import Path

    from manikin.cohort.cohort import Cohort


def read_for_evaluation(path: Path, schema: Schema) -> Cohort:
    """The records of a file to be judged beside those of a schema; what no model learns may lack.

    Many tools leave numbers of patients out. The card says which fields were not there.

    Args:
        path: The file.
        schema: What the training records say of their fields.

    Raises:
        SchemaError: A field that is modelled lacks, or holds values that are not of its kind.
    """
    wanted = relax_schema(schema)
    try:
        return read(path, wanted)
    except AbsentField as error:
        if not error.absent or set(error.absent) & set(wanted.modelled_fields):
            raise
        rest = {name: kind for name, kind in wanted.items() if name not in error.absent}
    return read(path, Schema(rest))
