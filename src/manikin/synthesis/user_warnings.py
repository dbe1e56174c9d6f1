"""Disclosure: what a user must know of a model and of its records, as warnings, notes and evidence."""

from __future__ import annotations

import inspect
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from manikin.cohort.level_pooling import count_subjects, describe_pool, pool_levels
from manikin.cohort.sample_evidence import SampleEvidence
from manikin.core.arrow import pc
from manikin.errors import ManikinWarning
from manikin.schema.kinds import Category, Schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from manikin.cohort.cohort import Cohort
    from manikin.cohort.enforced_constraints import EnforcedConstraint
    from manikin.cohort.level_pooling import PooledLevels
    from manikin.schema.kinds import Kind
    from manikin.synthesis.conditions import Conditions
    from manikin.synthesis.training_support import TrainingSupport

WARNED_ROLES = ("label", "sensitive", "event")
"""Roles of fields of which no level shall go without a warning."""


def warn(*texts: str) -> None:
    """Warn of each of these, at the line of the user that asked: the first outside of this package."""
    frame, level = inspect.currentframe(), 1
    while frame and frame.f_globals.get("__name__", "").partition(".")[0] == "manikin":
        frame, level = frame.f_back, level + 1
    for text in filter(None, texts):
        warnings.warn(text, ManikinWarning, stacklevel=level - 1)


def pool_rare_levels(
    train: Cohort, fields: Sequence[str], condition: Sequence[str], least: int
) -> tuple[Cohort, dict[str, PooledLevels]]:
    """The training records without levels of fewer than `least` patients, and what became of these.

    Where they are of a label, of a condition or of a sensitive field, or none is left, it warns.
    """
    people = count_subjects(train)
    if people < 2 * least and least > 1 and any(isinstance(train.schema[f], Category) for f in fields):
        warn(f"{people} patients are too few to pool levels that fewer than {least} share: all stay")
    kept, pools = pool_levels(train, fields, least)
    for name, pool in pools.items():
        if train.schema[name].role in WARNED_ROLES or name in condition or pool.pooled == pool.levels:
            warn(describe_removed_levels(name, pool, least))
    return kept, pools


def describe_removed_levels(name: str, pool: PooledLevels, least: int) -> str:
    """That levels which somebody may need are gone, and how to keep them."""
    return (
        f"{describe_pool(name, pool, least)}: no synthetic record will have them; where nobody can be hurt "
        "keep them with Synthesizer(anonymous=1), on the command line --anonymous 1"
    )


def count_pooled_levels(facts: Mapping[str, Any], pools: Mapping[str, PooledLevels]) -> dict[str, Any]:
    """The facts of a codec, with how many levels of each field were pooled."""
    found = {
        name: {"levels": pool.levels, "pooled": pool.pooled, "records": pool.records}
        for name, pool in pools.items()
    }
    return {"codec": {**facts.get("codec", {}), "pooled": found}} if found else {}


def describe_unknown_columns(names: Sequence[str]) -> str:
    """That columns of a condition are no fields, in words; empty: all are."""
    listed = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")  # noqa: PLR2004
    return f"condition: no field of the model is called {listed}; not read" if names else ""


@contextmanager
def silence_warnings() -> Iterator[None]:
    """No warning of what nobody asked for."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ManikinWarning)
        yield


@dataclass
class SampleRemarks:
    """What must be known of records that one or several models draw.

    Args:
        asked: The fields that the user gives; those that a model drew since are taken out.
        constant_fields: Those of one value in all records.
    """

    asked: set[str]
    constant_fields: tuple[str, ...]
    unknown: str = ""
    unsupported: list[str] = field(default_factory=list)
    is_evidence: bool = False
    pools: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, Kind] = field(default_factory=dict)
    constraints: tuple[EnforcedConstraint, ...] = ()

    def add(self, made: Cohort, given: Conditions, support: TrainingSupport, least: int) -> Cohort:
        """What one model drew, with pooled levels as they were given.

        Args:
            made: The records.
            given: What was given with them, by the user or by models before.
            support: What the training records of that model hold.
            least: Patients who had to share a level.
        """
        texts, is_evidence = support.describe(given.select(self.asked, self.constant_fields))
        self.unsupported = list(dict.fromkeys([*self.unsupported, *texts]))
        self.is_evidence |= is_evidence
        self.unknown = describe_unknown_columns(given.unknown_columns)
        self.pools |= {name: describe_pool(name, pool, least) for name, pool in support.pools.items()}
        self.constraints += made.enforced_constraints
        self.asked -= set(made.schema) - set(given.columns)
        whole = _restore_given_levels(made, given)
        self.kinds |= dict(whole.schema)
        return whole

    def annotate(self, records: Cohort) -> Cohort:
        """The whole records with these remarks, of which the user is warned."""
        texts = [text for text in (self.unknown, *self.unsupported) if text]
        warn(*texts)
        evidence, pools = self.unsupported if self.is_evidence else [], list(self.pools.values())
        whole = replace(records, enforced_constraints=self.constraints)
        return add_evidence(whole, self.kinds, [*texts, *pools], evidence, pools)


def _restore_given_levels(made: Cohort, given: Conditions) -> Cohort:
    """Drawn records with pooled levels as they were given."""
    columns, kinds = {name: made.columns[name] for name in made.schema}, dict(made.schema)
    for name in set(given.original_columns) & set(made.schema):
        columns[name] = given.original_columns[name]
        kinds[name] = _add_levels(kinds[name], given.original_columns[name])
    return replace(made, columns=pa.table(columns), schema=Schema(kinds))


def add_evidence(
    made: Cohort,
    kinds: Mapping[str, Any],
    notes: Sequence[str],
    unsupported: Sequence[str],
    pools: Sequence[str] = (),
) -> Cohort:
    """The cohort with these kinds, notes and evidence: conditions that lack patients, and pooled levels."""
    evidence = SampleEvidence([*unsupported] or None, [*pools] or None)
    schema = Schema({name: kinds.get(name, kind) for name, kind in made.schema.items()})
    origin = made.origin.add_options(evidence)
    return replace(made, schema=schema, origin=origin, notes=(*made.notes, *notes))


def forget_unsupported(made: Cohort) -> Cohort:
    """Records drawn for conditions that nobody asked for: what these lack is no evidence."""
    evidence = replace(made.origin.find_options(SampleEvidence), unsupported=None)
    return replace(made, origin=made.origin.replace_options(evidence))


def _add_levels(kind: Any, column: pa.Array) -> Any:  # noqa: ANN401 - any kind, the same one back
    """A category with the levels that were given too."""
    if not isinstance(kind, Category):
        return kind
    more = [level for level in pc.unique(column.drop_null()).to_pylist() if level not in kind.levels]
    return replace(kind, levels=(*kind.levels, *more))
