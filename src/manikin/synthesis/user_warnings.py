"""Disclosure: what a user must know of a model and of its records, as warnings, notes and evidence."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from manikin.cohort.level_pooling import count_subjects, describe_pool, pool_levels
from manikin.errors import ManikinWarning
from manikin.schema.kinds import Category, Schema
from manikin.synthesis.conditions import Conditions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from manikin.cohort.cohort import Cohort
    from manikin.cohort.level_pooling import PooledLevels
    from manikin.synthesis.chain import Chain
    from manikin.synthesis.synthesizer import Synthesizer
    from manikin.synthesis.training_support import TrainingSupport

pc: Any = pyarrow.compute  # as elsewhere: unseen by type checkers
UNSUPPORTED_KEY = "unsupported"
"""What the origin of drawn records calls conditions with too few patients behind them."""

POOLED_KEY = "pooled"
"""What it calls the sentences on pooled levels."""

WARNED_ROLES = ("label", "sensitive", "event")
"""Roles of fields of which no level shall go without a warning."""


def warn(*texts: str) -> None:
    """Warn of each of these, at the line of the user that asked."""
    for text in filter(None, texts):
        warnings.warn(text, ManikinWarning, stacklevel=4)


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


def find_pools(model: Synthesizer | Chain) -> dict[str, PooledLevels]:
    """The levels that a model has pooled, by field; of a chain those of all its links."""
    links = getattr(model, "links", None) or ([] if model.chain is None else model.chain.links)  # type: ignore[union-attr]
    if links:
        return {name: pool for link in links for name, pool in find_pools(link).items()}
    return model.support.pools  # type: ignore[union-attr]


def report_pools(model: Synthesizer, judged: Sequence[str]) -> list[str]:
    """What was pooled, a sentence for each field; of the `judged`, a label or a subgroup, it warns too."""
    pools = find_pools(model)
    for name in judged:
        if name in pools and model.models[-1].schema[name].role not in WARNED_ROLES:
            warn(describe_removed_levels(name, pools[name], model.anonymous))
    return [describe_pool(name, pool, model.anonymous) for name, pool in pools.items()]


def find_common_rows(model: Synthesizer, train: Cohort) -> np.ndarray:
    """The training records without a level that was pooled; all where there are none, (n,)."""
    fine = np.ones(len(train), dtype=bool)
    for name, pool in find_pools(model).items():
        words = pc.unique(train.columns[name].drop_null()).to_pylist()
        kept = set(getattr(model.models[-1].schema[name], "levels", ()))
        rare = [word for word in words if word not in kept and pool.find_position(word) is not None]
        found = pc.is_in(train.columns[name], value_set=pa.array(rare, train.columns[name].type))
        fine &= ~found.to_numpy()
    return np.flatnonzero(fine) if fine.any() else np.arange(len(train))


def describe_unknown_columns(names: Sequence[str]) -> str:
    """That columns of a condition are no fields, in words; empty: all are."""
    listed = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")  # noqa: PLR2004
    return f"condition: no field of the model is called {listed}; not read" if names else ""


def annotate_sample(made: Cohort, given: Conditions, support: TrainingSupport, least: int) -> Cohort:
    """Drawn records with what was given as it was given, and what must be known of them."""
    columns = {name: made.columns[name] for name in made.schema}
    kinds = dict(made.schema)
    for name in set(given.original_columns) & set(made.schema):
        columns[name] = given.original_columns[name]
        kinds[name] = _add_levels(kinds[name], given.original_columns[name])
    whole = replace(made, columns=pa.table(columns), schema=Schema(kinds))
    told, much = support.describe(given)
    texts = [describe_unknown_columns(given.unknown_columns), *told]
    warn(*texts)
    pools = [describe_pool(name, pool, least) for name, pool in support.pools.items()]
    return add_evidence(whole, {}, [*filter(None, texts), *pools], list(told) if much else [], pools)


@contextmanager
def silence_warnings() -> Iterator[None]:
    """No warning of what nobody asked for."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ManikinWarning)
        yield


def describe_link_support(
    made: Cohort, support: TrainingSupport, given: Sequence[str], constant: Sequence[str]
) -> tuple[tuple[str, ...], bool]:
    """What of the given fields has too few patients behind it, as of `Support.describe`."""
    columns = {name: made.columns[name].combine_chunks() for name in given if name in made.schema}
    return support.describe(Conditions(len(made), columns, tuple(constant)))


def join_evidence(
    made: Cohort,
    kinds: Mapping[str, Any],
    evidence: Sequence[tuple[tuple[str, ...], bool]],
    pools: Mapping[str, PooledLevels],
    least: int,
) -> Cohort:
    """The records of a chain with what must be known of all its links."""
    told = list(dict.fromkeys(text for texts, _ in evidence for text in texts))
    warn(*told)
    pooled = [describe_pool(name, pool, least) for name, pool in pools.items()]
    much = any(great for _, great in evidence)
    return add_evidence(made, kinds, [*told, *pooled], told if much else (), pooled)


def add_evidence(
    made: Cohort,
    kinds: Mapping[str, Any],
    notes: Sequence[str],
    unsupported: Sequence[str] | None,
    pools: Sequence[str] = (),
) -> Cohort:
    """The cohort with these kinds, notes, and evidence among its options.

    `unsupported` are conditions that lack patients; None: nobody asked for what was given, so that what it
    lacks is no evidence.
    """
    options = dict(made.origin.options)
    if unsupported is None:
        options.pop(UNSUPPORTED_KEY, None)
    for key, texts in ((UNSUPPORTED_KEY, unsupported), (POOLED_KEY, pools)):
        if texts:
            options[key] = list(texts)
    schema = Schema({name: kinds.get(name, kind) for name, kind in made.schema.items()})
    origin = replace(made.origin, options=options)
    return replace(made, schema=schema, origin=origin, notes=(*made.notes, *notes))


def _add_levels(kind: Any, column: pa.Array) -> Any:  # noqa: ANN401 - any kind, the same one back
    """A category with the levels that were given too."""
    if not isinstance(kind, Category):
        return kind
    more = [level for level in pc.unique(column.drop_null()).to_pylist() if level not in kind.levels]
    return replace(kind, levels=(*kind.levels, *more))
