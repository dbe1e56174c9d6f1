"""What was found of a table of repeated measures, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from manikin.core.short_lists import list_names
from manikin.panels.layout import PanelLayout

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort
    from manikin.schema.kinds import Schema

MAX_NAMED = 12  # fields named in a sentence


def describe_panel(cohort: Cohort) -> list[str]:
    """What was found of the rows of patients; nothing where rows are learned one by one."""
    layout = PanelLayout.find(cohort)
    return [] if layout is None else describe_layout(layout, cohort.schema)


def describe_layout(layout: PanelLayout, schema: Schema) -> list[str]:
    """What orders the rows of a patient, what stays and what rises; and what a reader should look at.

    No value of a patient is among them.
    """
    order = f"ordered by {layout.order}" if layout.order else "in the order of the file"
    found = [f"rows of a patient ({layout.subject}) are learned together, {order}"]
    if layout.static:
        found.append(f"fields that stay within a patient: {list_names(layout.static, MAX_NAMED)}")
    for name, many in layout.changed.items():
        why = "is declared static" if getattr(schema[name], "static", False) else "stays in all others"
        patients = "patient" if many == 1 else "patients"
        found.append(
            f"{name} changes within {many:,} {patients}, but {why}: the first value is taken for all rows; "
            "correct the file where that is wrong"
        )
    for word, names in (("rise", layout.rising), ("fall", layout.falling)):
        if names:
            found.append(f"only {word} from row to row: {list_names(names, MAX_NAMED)}")
    for name, levels in layout.lasting.items():
        kept = ", ".join(repr(getattr(schema[name], "levels", ())[level]) for level in levels)
        found.append(f"nobody who has {name} = {kept} loses it")
    if layout.tied:
        found.append(
            f"{layout.tied:,} patients have two rows of the same {layout.order}: these are learned in the "
            "order of the file"
        )
    return found
