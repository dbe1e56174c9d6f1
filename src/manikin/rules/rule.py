"""Clinical rules: named constraints with their source, checked on whole columns.

A `rules.toml` holds one table per rule:

    [pressure]
    expression = "diastolic < systolic"
    source = "physiology"

    [pregnancy]
    when = 'sex == "M"'
    expression = 'pregnant == "no"'
    source = "physiology"
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomli_w

from manikin.core.toml import read_toml
from manikin.core.toml_tables import build_json_schema, parse_table
from manikin.errors import RuleError
from manikin.rules.expression import Expression

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np

    from manikin.cohort.cohort import Cohort


@dataclass(frozen=True)
class Rule:
    """A constraint that every plausible record meets.

    A record that lacks a value which the rule needs satisfies it; `missing(field)` asks for gaps.

    Args:
        name: What reports call it.
        expression: What must be true, in the fields' names.
        source: Where it comes from: a guideline, a textbook, or the data it was seen in.
        when: Only records for which this is true are bound; empty: all.
        support: With a proposed rule, how many records of the data bear on it.

    Example:
        >>> from manikin.cohort.cohort import Cohort
        >>> from manikin.schema.kinds import Number
        >>> import numpy as np
        >>> arrays = {"sbp": np.array([120.0, 80.0, np.nan]), "dbp": np.array([80.0, 90.0, 70.0])}
        >>> cohort = Cohort.from_arrays(arrays, {"sbp": Number(), "dbp": Number()})
        >>> Rule("pressure", "dbp < sbp", "physiology").holds(cohort)
        array([ True, False,  True])
    """

    name: str
    expression: str
    source: str = ""
    when: str = ""
    support: int = 0

    def __post_init__(self) -> None:
        self._parse()

    def _parse(self) -> list[Expression]:
        try:
            parts = [Expression(self.expression), *([Expression(self.when)] if self.when else [])]
            return [part for part in parts if part.tree]
        except RuleError as error:
            raise RuleError(f"rule {self.name!r}: {error}") from error

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that the rule speaks of, in order."""
        return tuple(dict.fromkeys(name for part in self._parse() for name in part.fields))

    @property
    def needed(self) -> tuple[str, ...]:
        """The fields whose value it needs; those only asked whether they are missing are not."""
        asked = {name for part in self._parse() for name in part.fields} - {
            name for part in self._parse() for name in part.required_fields
        }
        return tuple(name for name in self.fields if name not in asked)

    def holds(self, cohort: Cohort) -> np.ndarray:
        """Which records satisfy the rule, (n,) of booleans.

        Raises:
            RuleError: A field is absent, or the expression does not fit its kind.
        """
        what, *condition = self._parse()
        try:
            found = what.evaluate_condition(cohort) | what.has_missing_values(cohort)
            for part in condition:
                found = found | ~part.evaluate_condition(cohort) | part.has_missing_values(cohort)
        except RuleError as error:
            raise RuleError(f"rule {self.name!r}: {error}") from error
        return found

    def __str__(self) -> str:
        return f"{self.expression} when {self.when}" if self.when else self.expression


def read_rules(path: str | Path) -> tuple[Rule, ...]:
    """The rules of a `rules.toml`.

    Raises:
        RuleError: The file is absent or no TOML, or a rule cannot be understood.
    """
    tables = read_toml(path, RuleError)
    try:
        return tuple(
            parse_table(Rule, table, f"rule {name!r}", RuleError, known={"name": name})
            for name, table in tables.items()
        )
    except RuleError as error:
        raise RuleError(f"{path}: {error}") from error


def build_file_schema() -> dict[str, Any]:
    """The JSON schema of `rules.toml`, for editors."""
    return {
        "title": "Clinical rules, one table for each",
        "type": "object",
        "additionalProperties": build_json_schema(Rule, known=("name",)),
    }


def write_rules(rules: Iterable[Rule], path: str | Path) -> None:
    """Write an editable `rules.toml`."""
    tables = {rule.name: {k: v for k, v in asdict(rule).items() if v and k != "name"} for rule in rules}
    Path(path).write_text(tomli_w.dumps(tables), encoding="utf-8")
