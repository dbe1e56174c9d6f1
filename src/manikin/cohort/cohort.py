"""Cohort: Arrow columns, one record per row; rows belong to subjects."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from manikin.cohort.duplicate_records import DuplicateRecords, find_duplicates
from manikin.cohort.source_format import SourceFormat
from manikin.core import arrow
from manikin.core.arrow import pc
from manikin.core.deprecation import forward_method
from manikin.errors import SchemaError, UsageError
from manikin.schema.inference.infer import infer_table
from manikin.schema.kinds import Category, Codes, Image, Kind, Number, Schema, Signal, Time

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd


@dataclass(frozen=True)
class Cohort:
    """Records of patients: columns in Arrow, what they are in `schema`.

    Columns keep the type they have in the file (a 0/1 code stays an integer); what they mean
    is in the schema. Arrays (signals, images) are fixed-shape tensor columns.

    Args:
        columns: One column per field, one row per record.
        schema: What each field is, in the order of the columns.
        origin: The format it came in.
        notes: What was noticed on reading, in words, without any patient's value.
        enforced_constraints: Of synthetic records, what sampling enforced
            (`manikin.cohort.enforced_constraints`).
        subject_codes: After a split the codes of subjects before it, beside the columns they belong to.
    """

    columns: pa.Table
    schema: Schema
    origin: SourceFormat = field(default_factory=SourceFormat)
    notes: tuple[str, ...] = ()
    enforced_constraints: tuple[Any, ...] = field(default=(), repr=False, compare=False)
    subject_codes: tuple[pa.Table, np.ndarray] | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        if list(self.schema) != self.columns.column_names:
            message = (
                f"the schema declares {', '.join(self.schema)}; "
                f"the columns are {', '.join(self.columns.column_names)}"
            )
            raise SchemaError(message)

    @classmethod
    def from_table(
        cls,
        table: pa.Table,
        declared: Schema | None = None,
        *,
        spelled: bool = False,
        origin: SourceFormat | None = None,
    ) -> Cohort:
        """A cohort from a table: what `declared` does not say is inferred, and reported in the notes.

        Args:
            table: One row per record.
            declared: Kinds that override inference, for any of the fields.
            spelled: Whether columns of text come from a file that spells everything as text, as csv
                does, so that numerals are numbers.
            origin: The format the table came in.

        Raises:
            SchemaError: A field's values contradict its declaration, mix numbers with other text, or
                have a type that no kind describes.

        Example:
            >>> cohort = Cohort.from_table(pa.table({"age": ["61", "?", "47"]}), spelled=True)
            >>> cohort["age"], cohort.schema["age"].missing
            (array([61., nan, 47.]), ('?',))
        """
        found = infer_table(table, declared, spelled=spelled)
        return cls(found.columns, found.schema, origin or SourceFormat(), found.notes)

    @classmethod
    def from_pandas(cls, frame: pd.DataFrame, schema: Schema | None = None) -> Cohort:
        """A cohort of scalar fields; what `schema` does not declare is inferred.

        Raises:
            SchemaError: Column names repeat, a column holds what no kind describes, or the data
                contradict the schema.
        """
        from manikin.cohort.dataframe import to_arrow  # for frames alone

        table, origin = to_arrow(frame)
        cohort = cls.from_table(table, schema, origin=origin)
        return cohort.add_notes(*cohort.find_duplicates().describe())

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], schema: Mapping[str, Any]) -> Cohort:
        """A cohort from arrays of shape (n, ...), each declared in `schema`.

        A category without levels has those that it shows.

        Example:
            >>> ecg = np.zeros((4, 2, 100), dtype=np.float32)
            >>> cohort = Cohort.from_arrays({"ecg": ecg}, {"ecg": Signal(rate=100.0)})
            >>> cohort["ecg"].shape
            (4, 2, 100)
        """
        columns = {name: arrow.to_arrow_column(values) for name, values in arrays.items()}
        kinds = {name: _add_levels(schema[name], values) for name, values in columns.items()}
        return cls(pa.table(columns), Schema(kinds))

    def to_pandas(self) -> pd.DataFrame:
        """Scalar fields as a frame, in the types of the file or frame they came in; missing is NaN."""
        from manikin.cohort.dataframe import from_arrow  # as above

        names = [n for n, kind in self.schema.items() if not isinstance(kind, Signal | Image)]
        return from_arrow(self.columns.select(names), self.schema, self.origin)

    def __len__(self) -> int:
        return self.columns.num_rows

    def __getitem__(self, name: str) -> np.ndarray:
        """One field as an array.

        Numbers are float64 with NaN for missing, times datetime64 with NaT, categories objects
        with None; histories are objects, each an array of events (time, visit, code, value);
        signals (n, channels, time), images (n, channels, H, W) and (n, channels, D, H, W).
        """
        if name not in self.schema:
            message = f"no field {name!r}; there are {', '.join(self.schema)}"
            raise SchemaError(message)
        if isinstance(self.columns[name].type, pa.FixedShapeTensorType):
            return arrow.to_array(self.columns[name])
        if isinstance(self.schema[name], Codes):
            from manikin.cohort.histories import to_event_arrays  # for histories alone

            return to_event_arrays(self.columns[name])
        values = self.columns[name].combine_chunks()
        match self.schema[name]:
            case Number():
                return values.cast(pa.float64()).to_numpy(zero_copy_only=False)
            case Time():
                return values.cast(pa.timestamp("us"), safe=False).to_numpy(zero_copy_only=False)
            case _:
                return to_object_array(values.to_pylist())

    @property
    def subject(self) -> np.ndarray:
        """To whom each record belongs: codes of shape (n,); without a subject field, itself.

        Codes run from 0 in order of appearance. Both sides of a split keep those of the whole, so that they
        have none in common. Records that share the value of a field that may tell persons apart (role
        "unclear") belong together until somebody says what it is.
        """
        if self.subject_codes is not None and self.subject_codes[0] is self.columns:
            return self.subject_codes[1]
        name = self.schema.find_by_role("subject") or self._unclear_subject_field
        if name is None:
            return np.arange(len(self))
        values = self.columns[name].combine_chunks()
        codes = values.dictionary_encode(null_encoding="mask").indices
        filled = codes.to_numpy(zero_copy_only=False).astype(float)
        unknown = np.isnan(filled)
        filled[unknown] = filled[~unknown].max(initial=-1) + 1 + np.arange(unknown.sum())
        return filled.astype(int)

    @property
    def _unclear_subject_field(self) -> str | None:
        """Of the unclear fields the one of fewest values."""
        unclear = [name for name, kind in self.schema.items() if kind.role == "unclear"]
        return min(unclear, key=lambda name: pc.count_distinct(self.columns[name]).as_py(), default=None)

    def take(self, rows: np.ndarray | Sequence[int]) -> Cohort:
        """The records at these positions, or where a boolean array is true.

        Arrays that follow one another share the memory of this cohort; others are copied, into a
        mapped file where they are large.
        """
        rows = np.asarray(rows)
        positions = np.flatnonzero(rows) if rows.dtype == bool else rows.astype(np.int64)
        taken = {name: _take_rows(self.columns[name], positions) for name in self.schema}
        table = pa.table(taken)
        if self.subject_codes is None or self.subject_codes[0] is not self.columns:
            return replace(self, columns=table)
        return replace(self, columns=table, subject_codes=(table, self.subject_codes[1][positions]))

    def select(self, *names: str) -> Cohort:
        """Only these fields, in this order."""
        if absent := [name for name in names if name not in self.schema]:
            raise SchemaError(f"no field {', '.join(absent)}; there are {', '.join(self.schema)}")
        schema = Schema({name: self.schema[name] for name in names})
        return replace(self, columns=self.columns.select(list(names)), schema=schema)

    def find_duplicates(self) -> DuplicateRecords:
        """Records of different subjects that are equal or nearly equal beyond what chance explains.

        Example:
            >>> from manikin.datasets.demo import load_demo
            >>> load_demo().take([*range(200), 3, 4]).find_duplicates().rows.tolist()
            [[3, 200], [4, 201]]
        """
        return find_duplicates(self.columns, self.schema, self.subject)

    def split(self, fraction: float, seed: int = 0) -> tuple[Cohort, Cohort]:
        """Two disjoint cohorts, the second with `fraction` of the subjects; no subject is in both.

        Subjects with a record that is equal or nearly equal to another's beyond chance (a row that stands
        twice, the same picture in two folders) stand on the side of the first of them.

        Raises:
            UsageError: The fraction is not within (0, 1) or leaves one side empty.
        """
        subjects, first = np.unique(self.subject, return_inverse=True)
        held = round(fraction * len(subjects))
        if not 0 < held < len(subjects):
            message = (
                f"a split of {fraction} leaves one side of {len(subjects)} subjects empty; "
                "give more records or another fraction"
            )
            raise UsageError(message)
        from manikin.core.seeds import Key  # nothing is drawn before a cohort is split

        order = Key(seed).child("split").numpy().permutation(len(subjects))
        chosen = np.zeros(len(subjects), dtype=bool)
        chosen[order[:held]] = True
        family = self.find_duplicates().group_subjects(self.subject)[np.unique(first, return_index=True)[1]]
        chosen = chosen[np.searchsorted(subjects, family)]
        if chosen.all() or not chosen.any():
            raise UsageError(
                "all subjects share records that are equal; a split would leave one side empty"
            )
        return self._take_side(~chosen[first]), self._take_side(chosen[first])

    def _take_side(self, rows: np.ndarray) -> Cohort:
        """These records, whose subjects keep their codes."""
        side = self.take(rows)
        return replace(side, subject_codes=(side.columns, self.subject[rows]))

    noted = forward_method("Cohort.noted", "add_notes")
    levels = forward_method("Cohort.levels", "list_levels")

    def join(self, other: Cohort) -> Cohort:
        """The fields and the notes of both; where both have a field, that of `other` counts.

        Raises:
            SchemaError: Both have fields, but different numbers of records.
        """
        parts = [part for part in (self, other) if part.schema]
        if len({len(part) for part in parts}) > 1:
            raise SchemaError(f"{len(self)} records cannot stand beside {len(other)}")
        columns = {name: part.columns[name] for part in parts for name in part.schema}
        kinds = Schema({**self.schema, **other.schema})
        return replace(self, columns=pa.table(columns), schema=kinds, notes=(*self.notes, *other.notes))

    def add_notes(self, *notes: str) -> Cohort:
        """The same records with more notes."""
        return replace(self, notes=(*notes, *self.notes))

    def list_levels(self, name: str) -> list[Any]:
        """The distinct values present in a field, missing left out, in the order of the schema."""
        kind = self.schema[name]
        present = set(pc.unique(self.columns[name].drop_null()).to_pylist())
        if isinstance(kind, Category):
            return [level for level in kind.levels if level in present]
        return sorted(present)


def to_object_array(values: Sequence[Any]) -> np.ndarray:
    """One object for each record, (n,), whatever the objects are."""
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


def _add_levels(kind: Kind, values: Any) -> Kind:  # noqa: ANN401 - of Arrow
    """A category with its levels: where none are declared, those that are there."""
    if not isinstance(kind, Category) or kind.levels:
        return kind
    found = [value for value in values.unique().to_pylist() if value is not None]
    return replace(kind, levels=tuple(sorted(found)))


def _take_rows(chunks: pa.ChunkedArray, positions: np.ndarray) -> pa.Array | pa.ChunkedArray:
    if isinstance(chunks.type, pa.FixedShapeTensorType):
        return arrow.to_column(arrow.take_rows(arrow.to_array(chunks), positions))
    return chunks.take(pa.array(positions))
