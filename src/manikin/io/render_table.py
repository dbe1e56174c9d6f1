"""A cohort as the delimited text of a table: a row for each record, event, measurement or moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from manikin.ehr.long.write import render_long_table as render_events
from manikin.io.format import raise_if_not_scalar
from manikin.schema.kinds import Codes, Signal
from manikin.signals.files.long_table import render_long_table
from manikin.signals.files.wide_table import render_wide_table
from manikin.tables.delimited_output import render_delimited
from manikin.tables.layout_options import LongLayout, SeriesOptions

if TYPE_CHECKING:
    from pathlib import Path

    from manikin.cohort.cohort import Cohort


def render_table(cohort: Cohort, delimiter: str, path: Path) -> str:
    """The rows of a cohort in the layout that it came in.

    Raises:
        FormatError: A field is an array that came in no table; the message names the file.
    """
    if any(isinstance(kind, Codes) for kind in cohort.schema.values()):
        return render_events(cohort, delimiter)
    layout = cohort.origin.find_options(SeriesOptions).series
    if layout is not None and any(isinstance(kind, Signal) for kind in cohort.schema.values()):
        if isinstance(layout, LongLayout):
            return render_long_table(cohort, layout, delimiter)
        return render_wide_table(cohort, layout, delimiter)
    raise_if_not_scalar(cohort, path)
    return render_delimited(cohort, delimiter)
