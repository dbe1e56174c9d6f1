"""Fitted: all that a synthesizer knows once it has learned, and the way in and out of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from manikin.cohort.cohort import Cohort
from manikin.errors import Unsupported, UsageError
from manikin.schema.kinds import Schema
from manikin.synthesis.conditions import Conditions
from manikin.synthesis.identifier_surrogates import generate_surrogates
from manikin.synthesis.inverse_recoding import InverseRecoding, is_null_or_nan
from manikin.synthesis.recoding import Recoding
from manikin.synthesis.training_support import TrainingSupport

if TYPE_CHECKING:
    from collections.abc import Mapping

    from manikin.cohort.source_format import SourceFormat
    from manikin.contracts.codec import Codec
    from manikin.core.seeds import Key
    from manikin.synthesis.plan import Plan
    from manikin.training.learner import Parts
    from manikin.training.neural_learner import NeuralLearner
    from manikin.training.statistical_learner import StatisticalLearner


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
    def n_condition_channels(self) -> int:
        """The channels of the encoded row that are the condition's."""
        in_row = self.learner.has_condition_in_row
        return len(self.recoding.list_parts(self.plan.condition)) if in_row else 0

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
        if self.learner.has_condition_in_row:
            x, _ = self.codec.encode_given(cohort, tuple(cohort.schema))
            return {"row": x[:, : self.n_condition_channels]}
        return {
            name: _encode_condition_part(name, codec, cohort)
            for name, codec in self.condition_codecs.items()
        }

    def encode_observed(self, given: Conditions) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Encoded target values, where they are observed, and which fields must not be missing."""
        target, first = self.plan.target, self.n_condition_channels
        wanted = np.zeros((given.n, len(target)), dtype=bool)
        told = self._recode_given(given.columns, given.n)
        observed = [name for name in self.recoding.list_parts(target) if name in told.schema]
        if not observed:
            channels, *grid = self.codec.spec.shape
            shape = (given.n, channels - first, *grid)
            dtype = np.int64 if self.codec.tokens else np.float32
            return np.zeros(shape, dtype=dtype), np.zeros(shape, dtype=bool), wanted
        x, mask = self.codec.encode_given(told.select(*observed), infilling=self.learner.is_infilling)
        for i, name in enumerate(target if self.codec.is_tabular else ()):
            if name in given.columns:
                wanted[:, i] = is_null_or_nan(given.columns[name])
        return x[:, first:], mask[:, first:], wanted

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
        read = self.plan.target if self.recoding.is_identity else self.plan.fields
        here = {name: given.columns[name].take(pa.array(rows)) for name in read if name in given.columns}
        if here:
            told = self._recode_given(here, len(rows))
            columns = self.codec.complete(told, columns, x, infilling=self.learner.is_infilling)
        if not self.recoding.is_identity:
            schema = Schema({name: kind for name, kind in self.schema.items() if name in self.plan.fields})
            back = InverseRecoding(self.recoding, schema, self.arrow_types, here)
            columns = back.compute_fields(columns)
        kept = [name for name in self.schema if name in columns]
        return Cohort(
            pa.table({name: columns[name] for name in kept}), Schema({n: self.schema[n] for n in kept})
        )

    def _recode_given(self, columns: Mapping[str, pa.Array], n: int) -> Cohort:
        """What is given of `n` records, in parts."""
        told, _ = self.recoding.recode_given(columns, n)
        kinds = self.recoding.recode_schema(self.schema)
        return Cohort(pa.table(told), Schema({name: kinds[name] for name in told}))

    def compute_losses(self, records: Cohort, draws: int, key: Key) -> np.ndarray:
        """The loss in training of each record alone, (n,), as of `Learner.compute_losses`."""
        records = self.recoding.recode(records)
        parts = {name: codec.encode(records) for name, codec in self.condition_codecs.items()}
        return self.learner.compute_losses(self.codec.encode(records), parts, draws, key)

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
