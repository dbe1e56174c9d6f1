"""Fitted: all that a synthesizer knows once it has learned, and the way in and out of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from manikin.codecs.events import Events
from manikin.cohort.cohort import Cohort
from manikin.cohort.histories import Histories
from manikin.core.arrow import pc
from manikin.core.seeds import Key
from manikin.ehr.corrupt import append_continuation
from manikin.encoding.grammar import END, OPEN, STEP
from manikin.errors import Unsupported, UsageError
from manikin.schema.kinds import SCALAR_TYPES, Image, Schema, Signal
from manikin.synthesis.conditions import Conditions
from manikin.synthesis.given_values import fill_in, keep_given, overlay
from manikin.synthesis.history_imputation import impute_hidden_events
from manikin.synthesis.identifier_surrogates import generate_surrogates
from manikin.synthesis.inverse_recoding import InverseRecoding, is_null_or_nan
from manikin.synthesis.recoding import Recoding
from manikin.synthesis.training_support import TrainingSupport
from manikin.training.learner import NeuralLearner, Parts, StatisticalLearner

if TYPE_CHECKING:
    from collections.abc import Mapping

    from manikin.cohort.source_format import SourceFormat
    from manikin.contracts.codec import Codec
    from manikin.synthesis.plan import Plan


@dataclass(frozen=True)
class FittedModel:
    """What was learned, and how fields of the file become encoded records and back.

    Args:
        plan: Which fields stand where.
        schema: The fields of the training records, identifiers without their values.
        arrow_types: Their Arrow types.
        origin: The format in which samples are written back.
        codec: Encodes the target; for a statistical family the condition before the target.
        condition_codecs: Encode the parts of the condition, for a family with networks.
        learner: What was learned.
        surrogate_starts: Where surrogate numbers start, per identifier.
        recoding: How the fields become the parts that were learned, and what is computed.
        support: How many training patients stand behind what may be given.
    """

    plan: Plan
    schema: Schema
    arrow_types: dict[str, pa.DataType]
    origin: SourceFormat
    codec: Codec
    condition_codecs: dict[str, Codec]
    learner: StatisticalLearner | NeuralLearner
    surrogate_starts: dict[str, int]
    recoding: Recoding = field(default_factory=Recoding)
    support: TrainingSupport = field(default_factory=TrainingSupport)

    @property
    def has_condition_in_row(self) -> bool:
        """Whether the condition stands in the same encoded row as the target."""
        return isinstance(self.learner, StatisticalLearner)

    @property
    def n_condition_channels(self) -> int:
        """The channels of the encoded row that are the condition's."""
        return len(self.recoding.list_parts(self.plan.condition)) if self.has_condition_in_row else 0

    @property
    def can_redraw_fields(self) -> bool:
        """Whether single fields can be drawn given the others."""
        learner = self.learner
        return (
            not isinstance(learner, NeuralLearner)
            or learner.can_observe_any_field
            or learner.given_spec.observed
        )

    @property
    def input_fields(self) -> tuple[str, ...]:
        """The fields that a given table is read for.

        With a condition those of the condition, so that a whole cohort can be given without its
        target being copied; without one all, so that the gaps of a table can be filled in.
        """
        plan = self.plan
        return (*plan.condition, *plan.observed) or plan.target

    @property
    def complete_fields(self) -> frozenset[str]:
        """The fields that were never missing in training."""
        parts = self.codec.complete_fields.union(
            *(codec.complete_fields for codec in self.condition_codecs.values())
        )
        return frozenset(name for name in self.schema if self.recoding.find_main_part(name) in parts)

    def read_conditions(
        self, n: int | None, table: pa.Table | None, where: Mapping[str, Any] | None
    ) -> Conditions:
        """What is given of its fields, by a table or as one value for all records.

        Raises:
            UsageError: No number of records follows, or a condition is missing that never was in training.
            SchemaError: A field that is not modelled, or a value that it cannot have.
        """
        read, pools = self.input_fields, self.support.pools
        given = Conditions.from_inputs(self.schema, self.arrow_types, n, table, where, read, pools)
        given.check_complete(self.complete_fields, self.plan.target)
        return given

    def replace_sampling_options(self, options: Mapping[str, Any]) -> FittedModel:
        """The same with other options of its family, which concern sampling alone.

        Raises:
            UsageError: A value without meaning.
            Unsupported: An option says nothing about such data.
        """
        try:
            family = replace(self.plan.family, **options)  # type: ignore[type-var] - all families are dataclasses
            reason = family.refusal(self.codec.spec)
        except TypeError as error:
            told = ", ".join(f"{name}={value!r}" for name, value in options.items())
            raise UsageError(f"{told}: a value of another type is wanted ({error})") from error
        if reason:
            raise Unsupported(reason)
        plan, learner = replace(self.plan, family=family), replace(self.learner, family=family)
        return replace(self, plan=plan, learner=learner)

    def encode_condition(self, given: Conditions) -> Parts:
        """The encoded condition."""
        if not self.plan.condition:
            return {}
        cohort = self.recoding.recode(given.to_cohort(self.schema, self.plan.condition))
        if self.has_condition_in_row:
            row = self._build_row(
                {name: cohort.columns[name] for name in self.recoding.list_parts(self.plan.condition)},
                given.n,
            )
            return {"row": self.codec.encode(row)[:, : self.n_condition_channels]}
        return {
            name: _encode_condition_part(name, codec, cohort)
            for name, codec in self.condition_codecs.items()
        }

    def encode_observed(self, given: Conditions) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Encoded target values, where they are observed, and which fields must not be missing."""
        target = self.plan.target
        here = {name: given.columns[name] for name in target if name in given.columns}
        parts = self.recoding.list_parts(target)
        channels, *grid = self.codec.spec.shape
        shape = (given.n, channels - self.n_condition_channels, *grid)
        wanted = np.zeros((given.n, len(target)), dtype=bool)
        if not here:
            dtype = np.int64 if self.codec.tokens else np.float32
            return np.zeros(shape, dtype=dtype), np.zeros(shape, dtype=bool), wanted
        if not isinstance(self.schema[target[0]], SCALAR_TYPES):
            x = self.codec.encode(given.to_cohort(self.schema, target))
            if not self.codec.spec.has_end_token:
                return x, ~np.isnan(x), wanted
            self._check_hidden_events(x)
            begun = here[target[0]].is_valid().to_numpy(zero_copy_only=False)
            return x, (x != END) & begun[:, None], wanted
        told, _ = self.recoding.recode_given(given.columns, given.n)
        values = self.codec.encode(self._build_row(told, given.n))[:, self.n_condition_channels :]
        mask = np.zeros(shape, dtype=bool)
        for i, name in enumerate(parts):
            if name in told:
                mask[:, i] = ~is_null_or_nan(told[name])
        for i, name in enumerate(target):
            if name in here:
                wanted[:, i] = is_null_or_nan(here[name])
        return values, mask, wanted

    def decode_records(self, given: Conditions, rows: np.ndarray, x: np.ndarray, key: Key) -> Cohort:
        """Given and drawn fields of these rows, as a cohort."""
        blank = np.zeros((len(x), self.n_condition_channels), dtype=x.dtype)
        columns = self.codec.decode(
            np.concatenate([blank, x], axis=1) if self.n_condition_channels else x, key
        )
        if self.plan.condition:
            before = given.to_cohort(self.schema, self.plan.condition).take(rows)
            columns = self.codec.reconcile_given(columns, before)
            columns |= {name: before.columns[name] for name in self.plan.condition}
        columns = self._invert_recoding(given, rows, columns)
        columns |= {
            name: keep_given(given.columns[name], rows, columns[name])
            for name in self._list_given_scalars(given)
        }
        columns |= {
            name: overlay(given.columns[name], rows, columns[name])
            for name in self._list_given_arrays(given)
        }
        for name in self._list_given_histories(given):
            columns[name] = self._complete_histories(given, rows, columns[name], x)
        kept = [name for name in self.schema if name in columns]
        return Cohort(
            pa.table({name: columns[name] for name in kept}), Schema({n: self.schema[n] for n in kept})
        )

    def _invert_recoding(
        self, given: Conditions, rows: np.ndarray, columns: dict[str, pa.Array]
    ) -> dict[str, pa.Array]:
        """The fields of the file from their parts; what is given of parts is kept to the digit."""
        if self.recoding == Recoding():
            return columns
        here = {name: column.take(pa.array(rows)) for name, column in given.columns.items()}
        told, _ = self.recoding.recode_given(here, len(rows))
        parts = {name: pc.coalesce(told[name], c) if name in told else c for name, c in columns.items()}
        made = [name for name in self.schema if name in (*self.plan.condition, *self.plan.target)]
        schema = Schema({name: self.schema[name] for name in made})
        return InverseRecoding(self.recoding, schema, self.arrow_types, here).compute_fields(parts)

    def _list_given_scalars(self, given: Conditions) -> list[str]:
        """The target fields of one value that are given."""
        return [
            name
            for name in self.plan.target
            if name in given.columns and isinstance(self.schema[name], SCALAR_TYPES)
        ]

    def _list_given_arrays(self, given: Conditions) -> list[str]:
        """The target fields that are signals or pictures of which a part is given."""
        return [
            name
            for name in self.plan.target
            if name in given.columns and isinstance(self.schema[name], Signal | Image)
        ]

    def _list_given_histories(self, given: Conditions) -> list[str]:
        """The target fields whose beginning, or all but some codes, is given."""
        return [name for name in self.plan.target if name in given.columns and self.codec.spec.grammar]

    def _check_hidden_events(self, x: np.ndarray) -> None:
        """Check that hidden codes and values are given only to a family that finds them."""
        if (x == self.codec.spec.vocab).any() and not self._can_fill_hidden:
            raise Unsupported(
                f"{self.plan.target[0]!r} is given with events that have no code, or lack the value that "
                "their code always had; only 'masked' finds them, 'autoregressive' goes on where a history "
                "stops: leave these events out"
            )

    @property
    def _can_fill_hidden(self) -> bool:
        """Whether hidden codes of given histories are found, rather than what comes after them."""
        return isinstance(self.learner, NeuralLearner) and self.learner.family.is_infilling

    def _complete_histories(
        self, given: Conditions, rows: np.ndarray, drawn: pa.Array, x: np.ndarray
    ) -> pa.Array:
        """What is given of histories as it stands; what is hidden of it, or comes after, is drawn."""
        cohort = given.to_cohort(self.schema, self.plan.target).take(rows)
        begun = Histories.from_column(cohort.columns[self.plan.target[0]], hidden=True)
        opened, found, grammar = (
            self.codec.encode(cohort),
            Histories.from_column(drawn),
            self.codec.spec.grammar,
        )
        if grammar is None or not isinstance(self.codec, Events):
            raise Unsupported("histories without a grammar cannot be completed")
        if self._can_fill_hidden:
            return impute_hidden_events(
                begun, found, opened, x, grammar, self.codec.find_missing_values(begun)
            ).column
        first, last = (grammar.starts[kind] for kind in (OPEN, STEP))
        visits = ((opened >= first) & (opened < last)).sum(axis=1)
        return append_continuation(begun, found, visits).column

    def finalize_table(self, table: pa.Table) -> Cohort:
        """All fields in the order of the file; identifiers are surrogates where all else is there."""
        whole = set(self.schema.modelled_fields) <= set(table.column_names)
        hidden = [name for name in self.schema if name not in self.schema.modelled_fields and whole]
        columns = {name: table[name] for name in table.column_names}
        columns |= {
            name: generate_surrogates(self.arrow_types[name], table.num_rows, self.surrogate_starts[name])
            for name in hidden
        }
        kept = [name for name in self.schema if name in columns]
        schema = Schema({name: self.schema[name] for name in kept})
        return Cohort(pa.table({name: columns[name] for name in kept}), schema, self.origin)

    def _build_row(self, here: Mapping[str, Any], n: int) -> Cohort:
        """A cohort with all fields of the codec; cells that are not given hold some valid value."""
        before, after = (self.recoding.list_parts(part) for part in (self.plan.condition, self.plan.target))
        fields = (*before, *after) if self.has_condition_in_row else after
        kinds = self.recoding.recode_schema(self.schema)
        dtype = np.int64 if self.codec.tokens else np.float32
        start = [low for low, _ in self.codec.spec.ranges] or [0] * len(fields)
        some = self.codec.decode(np.array([start], dtype=dtype), Key(0))
        columns = {
            name: here[name] if name in here and name in before else fill_in(here.get(name), some[name], n)
            for name in fields
        }
        return Cohort(pa.table(columns), Schema({name: kinds[name] for name in fields}))


def _encode_condition_part(name: str, codec: Codec, cohort: Cohort) -> np.ndarray:
    """One part of the condition, encoded.

    Raises:
        UsageError: Values are NaN that never were missing in training.
    """
    x = codec.encode(cohort)
    gaps = any(getattr(block, "optional", False) for block in codec.spec.blocks)
    if not gaps and x.dtype.kind == "f" and (torn := np.isnan(x).reshape(len(x), -1).any(axis=1)).any():
        message = (
            f"field {name!r}: NaN in {int(torn.sum())} of {len(x)} given records, never in training; a "
            "part of a field may be given only where the field stands in target and condition"
        )
        raise UsageError(message)
    return x
