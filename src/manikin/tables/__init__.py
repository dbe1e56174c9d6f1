"""Tables: what their rows are, by the names of columns and by a schema.

Most tables have a row for each record. Others have one for each coded event of a subject (`EventColumns`),
for each measurement (`SeriesColumns`), or for each moment, with a column for each channel
(`has_channel_columns`).
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, final

from manikin.errors import SchemaError
from manikin.schema.kinds import Codes, Signal

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from manikin.schema.kinds import Schema


def _compile_names(patterns: Mapping[str, str]) -> dict[str, re.Pattern[str]]:
    return {role: re.compile(f"^({pattern})$", re.IGNORECASE) for role, pattern in patterns.items()}


TIME_NAME_PATTERN = re.compile(
    r"^(t|times?|time_?stamp|chart_?time|offset|s|sec|seconds?|min|minutes?|h|hrs?|hours?|days?"
    r"|(time|offset|t)[_ (](s|sec|seconds?|min|minutes?|h|hrs?|hours?|d|days?)\)?)$",
    re.IGNORECASE,
)
"""Names of the column that says when a sample was taken or something was measured."""
_EVENT_PATTERNS = _compile_names(
    {
        "subject": r"(subject|patient|person|record|pid|mrn)(_?(id|no|nbr|number))?",
        "time": r"time|date|date_?time|time_?stamp|start_?(time|date)?|event_?(time|date)|days?|hours?",
        "code": r"code|concept(_?(code|id))?|event(_?code)?|icd_?(9|10)?_?(code|cm)?",
        "value": r"numeric_?value|values?(_?num(eric)?)?|result",
        "visit": r"(visit|encounter|admission|hadm|stay)(_?occurrence)?_?(id|no|nbr|number)",
        "ignored": r"row_?id|type",
    }
)
_CODE_PATTERNS = _compile_names(
    {
        "system": r"system|code_?system|vocabulary(_?id)?",
        "unit": r"units?|value_?uom|uom",
        "answer": r"text_?value|text",
        "name": r"description|display(_?name)?|code_?(name|description|display)",
    }
)
_SERIES_PATTERNS = _compile_names(
    {
        "subject": r"(subject|patient|record|stay|icu_?stay|person|admission|hadm|encounter|case)?_?"
        r"(id|no|number)?|subject|patient|record|stay|person|case|pid|ruid",
        "parameter": r"(parameter|variable|channel|measurement|item|feature|vital(_sign)?|lab|signal)"
        r"(_?name|_?label|_?id)?",
        "value": r"values?|value_?num|val|result|numeric_value",
        "unit": r"units?|value_?uom|uom",
    }
) | {"time": TIME_NAME_PATTERN}
VALUE_COLUMN = "numeric_value"
"""What MEDS calls the column of what was measured."""


@final
@dataclass(frozen=True)
class CodeColumns:
    """Which columns of a table of events say more of a code; "" where there is none."""

    system: str = ""
    unit: str = ""
    answer: str = ""
    name: str = ""

    @classmethod
    def from_names(cls, names: Sequence[str], taken: Collection[str] = ()) -> CodeColumns:
        """The columns by their names.

        Example:
            >>> CodeColumns.from_names(["code", "unit", "text_value"])
            CodeColumns(system='', unit='unit', answer='text_value', name='')
        """
        free = [name for name in names if name not in taken]
        return cls(**{role: _find_name(free, pattern) for role, pattern in _CODE_PATTERNS.items()})


@final
@dataclass(frozen=True)
class EventColumns:
    """Which column of a long table of events is what; "" where there is none."""

    subject: str = "subject_id"
    time: str = "time"
    code: str = "code"
    value: str = VALUE_COLUMN
    visit: str = "visit_id"

    @classmethod
    def from_names(cls, names: Sequence[str], schema: Schema | None) -> EventColumns | None:
        """The columns of a table of coded events; None: it is another table.

        It is one where a field is declared as codes, or where one column is called "code", one names the
        subject, one the time, and no other column is unknown.

        Raises:
            SchemaError: A field is declared as codes, but there is no subject or no time.

        Example:
            >>> EventColumns.from_names(["subject_id", "time", "code", "numeric_value"], None).value
            'numeric_value'
            >>> EventColumns.from_names(["patient_id", "date", "icd10", "age"], None)
        """
        declared = [name for name, kind in (schema or {}).items() if isinstance(kind, Codes)]
        code = next((name for name in declared if name in names), None)
        others = [name for name in names if name != code]
        found = {role: _find_name(others, pattern) for role, pattern in _EVENT_PATTERNS.items()}
        found["code"] = code or found["code"]
        if not (found["subject"] and found["code"] and found["time"]):
            if declared and code is None:
                raise SchemaError(
                    f"{declared[0]!r} is declared as codes, but no columns are called subject_id, time and "
                    "code"
                )
            return None
        if not declared and (found["code"].lower() != "code" or _has_unknown_column(names)):
            return None
        return cls(*(found[role] for role in ("subject", "time", "code", "value", "visit")))


@final
@dataclass(frozen=True)
class SeriesColumns:
    """Which column of a long table of measurements is what.

    Args:
        subject, time, parameter, value: Their names.
        unit: The name of a column of units, or "".
    """

    subject: str
    time: str
    parameter: str
    value: str
    unit: str = ""

    @classmethod
    def from_names(cls, names: Sequence[str]) -> SeriesColumns | None:
        """The columns of a long table by their names; None: it is another table.

        Example:
            >>> SeriesColumns.from_names(["RecordID", "Time", "Parameter", "Value"])
            SeriesColumns(subject='RecordID', time='Time', parameter='Parameter', value='Value', unit='')
            >>> SeriesColumns.from_names(["age", "time", "parameter"])
        """
        found = {role: _find_name(names, pattern) for role, pattern in _SERIES_PATTERNS.items()}
        present = [name for role, name in found.items() if name or role != "unit"]
        if not all(present) or len(set(present)) < len(present) or len(names) != len(present):
            return None
        return cls(**found)


def has_channel_columns(names: Sequence[str], schema: Schema | None) -> bool:
    """Whether a schema says that columns of a table are the channels of a signal.

    Example:
        >>> from manikin.schema.kinds import Schema
        >>> has_channel_columns(["time", "II", "V1"], Schema(ecg=Signal(channels=("II", "V1"))))
        True
    """
    signals = [
        kind for name, kind in (schema or {}).items() if isinstance(kind, Signal) and name not in names
    ]
    return any(kind.channels and set(kind.channels) <= set(names) for kind in signals)


def _find_name(names: Sequence[str], pattern: re.Pattern[str]) -> str:
    """The first name that a pattern matches, else ""."""
    return next((name for name in names if pattern.match(name)), "")


def _has_unknown_column(names: Sequence[str]) -> bool:
    """Whether a column is none of those that a table of events has."""
    known = {name for name in names if any(pattern.match(name) for pattern in _EVENT_PATTERNS.values())}
    beside = CodeColumns.from_names(names, known)
    return len(known | {*asdict(beside).values()} & {*names}) < len(names)
