"""Synthesizer: learns p(target | condition) of a cohort and samples from it."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pyarrow as pa

from manikin.data.cohort import Cohort, Origin
from manikin.data.schema import SCALARS, Schema
from manikin.errors import NotFitted, SchemaError, Unsupported, UsageError
from manikin.family import Family, Statistical
from manikin.rng import Key
from manikin.synthesis.budget import Training
from manikin.synthesis.conditions import Conditions
from manikin.synthesis.learner import Learner, Neural, Parts, Tabular
from manikin.synthesis.obey import Obedience
from manikin.synthesis.plan import Plan, codec_for
from manikin.synthesis.progress import bar
from manikin.synthesis.surrogates import surrogate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from manikin.codec import Codec
    from manikin.synthesis.progress import Report


@dataclass(frozen=True)
class Fitted:
    """All that a fitted synthesizer knows.

    Args:
        plan: Which fields stand where.
        schema: The fields of the training records, identifiers without their values.
        types: Their Arrow types.
        origin: The format in which samples are written back.
        codec: Encodes the target; for a statistical family the condition and the target.
        givens: Encode the parts of the condition, for a family with networks.
        learner: What was learned.
    """

    plan: Plan
    schema: Schema
    types: dict[str, pa.DataType]
    origin: Origin
    codec: Codec
    givens: dict[str, Codec]
    learner: Learner


@dataclass
class Synthesizer:
    """Learns the target fields of a cohort, given the condition fields, and samples new records.

    Args:
        target: The field or fields to model; None: all that are not in `condition`.
        condition: Fields that will be given at sampling. A field that stands in both means that
            any observed part of it may be given.
        family: A family by name or as an object; None: the best default for the kind of the target
            (trees for tables, diffusion for signals and images).
        seed: The same seed and records give the same model.
        training: The budget of a family with networks; None: one for the kind and size of the data.
        codec: How records become arrays; None: by the kind of the target.

    Example:
        >>> import numpy as np
        >>> from manikin.data.schema import Category, Number
        >>> age = np.arange(60.0) % 30 + 40
        >>> sex = np.array(["F", "M"] * 30, dtype=object)
        >>> cohort = Cohort.from_arrays(
        ...     {"age": age, "sex": sex}, {"age": Number(step=1), "sex": Category(levels=("F", "M"))}
        ... )
        >>> model = Synthesizer(seed=1).fit(cohort)
        >>> synthetic = model.sample(5, where={"sex": "F"})
        >>> len(synthetic), set(synthetic["sex"])
        (5, {'F'})
    """

    target: str | Sequence[str] | None = None
    condition: str | Sequence[str] = ()
    family: str | Family | Statistical | None = None
    seed: int = 0
    training: Training | None = None
    codec: Codec | None = None
    fitted: Fitted | None = field(default=None, repr=False, compare=False)

    def fit(
        self,
        train: Cohort | pd.DataFrame,
        *,
        checkpoint: str | Path | None = None,
        quiet: bool = False,
    ) -> Self:
        """Learn from training records; identifiers and free text are left out.

        Ctrl-C keeps the best weights so far (families with networks).

        Args:
            train: The records to learn from. Never show it the holdout.
            checkpoint: A file in which the state of training is kept and from which it resumes.
            quiet: No progress bar.

        Raises:
            UsageError: Fewer than two records, or nothing to model.
            Unsupported: A combination without meaning; the message names the alternative.
        """
        train = train if isinstance(train, Cohort) else Cohort.from_pandas(train)
        if len(train) < 2:  # noqa: PLR2004 - one record has no distribution
            message = f"{len(train)} training record: at least 2 are needed, and a few hundred to be of use"
            raise UsageError(message)
        plan = Plan.of(train.schema, self.target, self.condition, self.family)
        statistical = isinstance(plan.family, Statistical)
        encode = (*plan.condition, *plan.target) if statistical else plan.target
        codec = self.codec or codec_for(train.schema, encode, tokens=getattr(plan.family, "tokens", False))
        codec = codec.fit(train, list(encode))
        if reason := plan.family.refusal(codec.spec):
            raise Unsupported(reason)
        givens = {} if statistical else _givens(train, plan.condition)
        key = Key(self.seed).child("fit")
        with _shown(f"learning {len(plan.target)} fields", quiet=quiet) as report:
            learner = self._learn(plan, codec, givens, train, key, report, checkpoint)
        types = {name: train.columns[name].type for name in train.schema}
        public = Schema.from_dict(_public(train.schema))
        self.fitted = Fitted(plan, public, types, train.origin, codec, givens, learner)
        return self

    def _learn(  # noqa: PLR0913 - the two ways to learn part here
        self,
        plan: Plan,
        codec: Codec,
        givens: dict[str, Codec],
        train: Cohort,
        key: Key,
        report: Report,
        checkpoint: str | Path | None,
    ) -> Learner:
        from pathlib import Path

        if isinstance(plan.family, Statistical):
            x = codec.encode(train)
            return Tabular.learn(plan.family, codec.spec, x, len(plan.condition), key, report)
        x = codec.encode(train, key.child("encode"))
        parts = {name: given.encode(train) for name, given in givens.items()}
        specs = {name: given.spec for name, given in givens.items()}
        given = (specs, parts, bool(plan.observed))
        training = self.training or Training()
        where = None if checkpoint is None else Path(checkpoint)
        return Neural.learn(plan.family, codec.spec, x, train.subject, given, training, key, report, where)

    def sample(
        self,
        n: int | None = None,
        *,
        condition: Cohort | pd.DataFrame | None = None,
        where: Mapping[str, Any] | None = None,
        rules: Sequence[Any] = (),
        seed: int = 0,
    ) -> Cohort:
        """New records.

        Args:
            n: How many; left out where `condition` says it.
            condition: One record is drawn for each given one. Besides the fields of the model's
                condition it may hold target fields: their values are kept, and where they are missing a
                value is filled in.
            where: Fields with the same value in all records.
            rules: Clinical rules that every record must meet; offending fields are drawn again.
            seed: The same seed gives the same records.

        Raises:
            NotFitted: Nothing was learned yet.
            SchemaError: A field or level that the model does not know.
            RuleError: A rule that the model can hardly meet.
        """
        known = self._fitted
        given = Conditions.of(known.schema, known.types, n, condition, where)
        _admit(given, known)
        _check_rules(rules, known)
        parts = _parts(given, known)
        values, mask, wanted = _observed(given, known)
        plan = known.plan

        def draw(rows: np.ndarray, x: np.ndarray, keep: np.ndarray, key: Key) -> np.ndarray:
            return known.learner.draw({k: part[rows] for k, part in parts.items()}, x, keep, key)

        def decode(rows: np.ndarray, x: np.ndarray, key: Key) -> Cohort:
            before = given.cohort(known.schema, plan.condition).take(rows) if plan.condition else None
            return _decoded(known, before, x, key)

        obedience = Obedience(plan.target, rules, draw, decode, _partly(known))
        key = Key(seed).child("sample", self.seed)
        table = obedience.sample(values, mask, wanted, key)
        return _finished(known, table, given.n)

    def save(self, folder: str | Path) -> None:
        """Write the fitted model to a folder: TOML, JSON and safetensors, nothing executable.

        Raises:
            NotFitted: Nothing was learned yet.
            UsageError: The folder holds something that is no model.
        """
        from manikin.synthesis.store import save

        save(self, self._fitted, folder)

    @property
    def _fitted(self) -> Fitted:
        if self.fitted is None:
            raise NotFitted("the synthesizer has learned nothing yet; call fit(train) first")
        return self.fitted


def _givens(train: Cohort, condition: tuple[str, ...]) -> dict[str, Codec]:
    """A codec for the scalar part of a condition, and one for each array in it."""
    rows = [name for name in condition if isinstance(train.schema[name], SCALARS)]
    arrays = [name for name in condition if name not in rows]
    groups = {**({"row": rows} if rows else {}), **{name: [name] for name in arrays}}
    return {
        name: codec_for(train.schema, fields, tokens=False).fit(train, fields) for name, fields in groups.items()
    }


@contextmanager
def _shown(title: str, *, quiet: bool) -> Iterator[Report]:
    with nullcontext(lambda _: None) if quiet else bar(title) as report:
        yield report


def _public(schema: Schema) -> dict[str, Any]:
    tables = schema.to_dict()
    hidden = set(schema) - set(schema.modelled)
    return {
        name: {k: v for k, v in table.items() if name not in hidden or k in ("kind", "role", "unit")}
        for name, table in tables.items()
    }


def _admit(given: Conditions, known: Fitted) -> None:
    allowed = {*known.plan.condition, *known.plan.target}
    if strange := [name for name in given.columns if name in given.constant and name not in allowed]:
        message = f"{', '.join(strange)}: not part of this model; it knows {', '.join(sorted(allowed))}"
        raise SchemaError(message)


def _check_rules(rules: Sequence[Any], known: Fitted) -> None:
    here = {*known.plan.condition, *known.plan.target}
    for rule in rules:
        if absent := [name for name in rule.fields if name not in here]:
            message = f"rule {rule.name!r} speaks of {', '.join(absent)}, which this model does not make"
            raise SchemaError(message)


def _parts(given: Conditions, known: Fitted) -> Parts:
    """The encoded condition."""
    plan = known.plan
    if not plan.condition:
        return {}
    cohort = given.cohort(known.schema, plan.condition)
    if not known.givens:  # a statistical family: the first channels of its row
        filled = _filled(known, {f: cohort.columns[f] for f in plan.condition}, given.n, plan)
        return {"row": known.codec.encode(filled)[:, : len(plan.condition)]}
    return {name: codec.encode(cohort) for name, codec in known.givens.items()}


def _observed(given: Conditions, known: Fitted) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Encoded target values, where they are observed, and which cells must not be missing."""
    plan = known.plan
    here = {name: given.columns[name] for name in plan.target if name in given.columns}
    skip = len(plan.condition) if not known.givens and isinstance(plan.family, Statistical) else 0
    shape = (given.n, known.codec.spec.shape[0] - skip, *known.codec.spec.shape[1:])
    if not here:
        blank = np.zeros(shape, dtype=np.int64 if known.codec.tokens else np.float32)
        never = np.zeros((given.n, len(plan.target)), dtype=bool)
        return blank, np.zeros(shape, dtype=bool), never
    if not isinstance(known.schema[plan.target[0]], SCALARS):
        cohort = given.cohort(known.schema, plan.target)
        x = known.codec.encode(cohort)
        return x, ~np.isnan(x), np.zeros((given.n, 1), dtype=bool)
    values = known.codec.encode(_filled(known, here, given.n, plan))[:, skip:]
    mask, wanted = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    for i, name in enumerate(plan.target):
        if name in here:
            wanted[:, i] = here[name].is_null(nan_is_null=True).to_numpy(zero_copy_only=False)
            mask[:, i] = ~wanted[:, i]
    return values, mask, wanted


def _filled(known: Fitted, here: Mapping[str, Any], n: int, plan: Plan) -> Cohort:
    """A cohort with all fields of the codec; cells that are not given hold some valid value."""
    fields = (*plan.condition, *plan.target) if isinstance(plan.family, Statistical) else plan.target
    columns = {}
    for name in fields:
        blank = known.codec.decode(np.zeros((1, len(fields)), dtype=np.int64 if known.codec.tokens else np.float32), Key(0))[name]
        columns[name] = here[name] if name in here and name in plan.condition else _patched(here.get(name), blank, n)
    return Cohort(pa.table(columns), Schema({name: known.schema[name] for name in fields}))


def _patched(values: Any, blank: pa.Array, n: int) -> pa.Array:  # noqa: ANN401 - an Arrow array or None
    if values is None:
        return pa.concat_arrays([blank] * 1).take(pa.array(np.zeros(n, dtype=np.int64)))
    return values.fill_null(blank[0]) if blank[0].is_valid else values


def _partly(known: Fitted) -> bool:
    """Whether single fields can be drawn given the others."""
    learner = known.learner
    if isinstance(learner, Neural):
        return learner.anytime or learner.given_spec.observed
    return True


def _decoded(known: Fitted, before: Cohort | None, x: np.ndarray, key: Key) -> Cohort:
    """Given and drawn fields, as a cohort."""
    plan = known.plan
    if isinstance(plan.family, Statistical) and plan.condition:
        x = np.concatenate([np.zeros((len(x), len(plan.condition)), dtype=x.dtype), x], axis=1)
    columns = known.codec.decode(x, key)
    if before is not None:
        columns = {**columns, **{name: before.columns[name] for name in plan.condition}}
    kept = [name for name in known.schema if name in columns]
    return Cohort(pa.table({name: columns[name] for name in kept}), Schema({n: known.schema[n] for n in kept}))


def _finished(known: Fitted, table: pa.Table, n: int) -> Cohort:
    """All fields in the order of the file, identifiers replaced by surrogates."""
    whole = not set(known.schema.modelled) - set(table.column_names)
    hidden = [name for name in known.schema if name not in known.schema.modelled and whole]
    columns = {name: table[name] for name in table.column_names}
    columns |= {name: surrogate(name, known.schema[name], known.types[name], n) for name in hidden}
    kept = [name for name in known.schema if name in columns]
    schema = Schema({name: known.schema[name] for name in kept})
    return replace(Cohort(pa.table({name: columns[name] for name in kept}), schema), origin=known.origin)
