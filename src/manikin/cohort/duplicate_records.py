"""Twins: records of different subjects that are equal or nearly equal beyond what chance explains.

The same patient registered twice, a picture in two folders, a row that was exported two times. Subjects
that share a twin are one person as far as anybody can tell, and stand on one side of a split.

Rows of a table are equal by chance where its fields are few and coarse. There, many more pairs agree in all
fields but one: if a field agrees by chance in a share q of pairs, there are (1 - q) / q pairs that agree in
all other fields for each pair that agrees in all. Where nothing lies so near, equal rows are twins.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from manikin.core import arrow
from manikin.schema.kinds import Codes, Image, Signal, Text
from manikin.schema.vocabulary import WORD_PATTERN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from manikin.schema.kinds import Schema

MIN_VARYING_FIELDS = 3  # that vary, below which rows are equal by chance
MAX_AGREEMENT_SHARE = 0.6  # of the pairs, in which a field agrees: more, and one pair less says nothing
DEPENDENCE_FACTOR = 3  # times as often as apart, fields may agree together
MIN_NOTE_WORDS = 30  # of a note, below which it may be written twice
MIN_HISTORY_EVENTS = 8  # of a history, below which two patients may have the same
MAX_TEMPLATE_RECORDS = 3  # records with one note, above which it is a template
"""Records of more subjects than this that are nearly equal are a kind of picture, not twins."""
MAX_CROWD_SHARE = 0.1
Pairs = np.ndarray
"""Positions of two records each, int (pairs, 2)."""
_CACHE: dict[
    int, tuple[weakref.ref[pa.Table], DuplicateRecords]
] = {}  # what was found in columns that still exist


@dataclass(frozen=True, eq=False)
class DuplicateRecords:
    """Which records are twins, by what shows it.

    Args:
        rows: Pairs of equal rows.
        notes: Pairs of equal notes.
        histories: Pairs of equal histories.
        arrays: Pairs of equal or nearly equal pictures or signals.
        equal_rows: Pairs of rows that are equal, those that chance may explain among them.
        expected_by_chance: How many pairs of equal rows chance explains.
    """

    rows: Pairs
    notes: Pairs
    histories: Pairs
    arrays: Pairs
    equal_rows: Pairs
    expected_by_chance: float = 0.0

    @property
    def pairs_by_kind(self) -> dict[str, Pairs]:
        """The pairs by what is equal, in words of one record and of several."""
        return {
            "row": self.rows,
            "note": self.notes,
            "history": self.histories,
            "picture or signal": self.arrays,
        }

    @property
    def pairs(self) -> Pairs:
        """All pairs."""
        return np.concatenate(list(self.pairs_by_kind.values()))

    def describe(self) -> list[str]:
        """What was found, in a sentence for each kind; counts only."""
        said = []
        for kind, pairs in self.pairs_by_kind.items():
            if len(pairs):
                count = len(np.unique(pairs))
                near = " or nearly equals" if kind == "picture or signal" else ""
                said.append(
                    f"{count} records whose {kind} equals{near} that of another subject, beyond chance: "
                    "a split keeps them on one side"
                )
        return said

    def group_subjects(self, subject: np.ndarray) -> np.ndarray:
        """The first of the subjects that share a twin, for each record, (n,); else its own subject.

        Args:
            subject: To whom each record belongs, (n,).
        """
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        pairs = self.pairs
        if not len(pairs):
            return subject
        codes, place = np.unique(subject, return_inverse=True)
        a, b = place[pairs.T]
        graph = coo_array((np.ones(len(a)), (a, b)), shape=(len(codes), len(codes)))
        _, family = connected_components(graph, directed=False)
        return codes[np.unique(family, return_index=True)[1]][family][place]


def find_duplicates(columns: pa.Table, schema: Schema, subject: np.ndarray) -> DuplicateRecords:
    """Records of different subjects that are equal or nearly equal, looked for once for each table.

    Args:
        columns: One column per field, one row per record.
        schema: What each field is.
        subject: To whom each record belongs, (n,).
    """
    known = _CACHE.get(id(columns))
    if known is not None and known[0]() is columns:
        return known[1]
    rows, equal, chance = _find_equal_rows(columns, schema, subject)
    found = DuplicateRecords(
        rows,
        _find_equal_notes(columns, schema, subject),
        _find_equal_histories(columns, schema, subject),
        _find_near_arrays(columns, schema, subject),
        equal,
        chance,
    )
    key = id(columns)
    _CACHE[key] = (weakref.ref(columns, lambda _: _CACHE.pop(key, None)), found)
    return found


def _find_equal_rows(columns: pa.Table, schema: Schema, subject: np.ndarray) -> tuple[Pairs, Pairs, float]:
    """Pairs of rows that are twins, pairs that are equal, and how many chance explains."""
    codes = [_encode_field(columns[name]) for name in schema.scalar_fields]
    codes = [column for column in codes if column.max(initial=0) > 0]
    none = np.zeros((0, 2), dtype=int)
    if len(codes) < MIN_VARYING_FIELDS or len(columns) < 2:  # noqa: PLR2004 - a pair
        return none, none, 0.0
    keys = [_hash_values(column, j) for j, column in enumerate(codes)]
    whole = np.asarray(np.sum(keys, axis=0, dtype=np.uint64))
    groups = _group_records(whole, subject)
    if not groups:
        return none, none, 0.0
    first = np.array([group[0] for group in groups])
    near = np.zeros(len(groups))
    chance = np.nan
    for column, key in zip(codes, keys, strict=True):
        rest = whole - key
        same = np.unique(rest, return_counts=True)
        near += same[1][np.searchsorted(same[0], rest[first])] - [len(group) for group in groups]
        q = float(np.sum((np.bincount(column) / len(column)) ** 2))
        if q <= MAX_AGREEMENT_SHARE:
            beside = _count_pairs(same[1]) - _count_pairs(np.unique(whole, return_counts=True)[1])
            chance = np.fmax(chance, DEPENDENCE_FACTOR * beside * q / (1 - q))
    alone = [group for group, others in zip(groups, near, strict=True) if others < len(group) - 1]
    if not len(alone) > chance:  # nor where no field tells what chance does
        return none, _pair_with_first(groups), float(np.nan_to_num(chance))
    return _pair_with_first(alone), _pair_with_first(groups), float(chance)


def _find_equal_notes(columns: pa.Table, schema: Schema, subject: np.ndarray) -> Pairs:
    found = [np.zeros((0, 2), dtype=int)]
    for name, kind in schema.items():
        if isinstance(kind, Text) and kind.role in (None, "note"):
            texts = [" ".join(str(text or "").casefold().split()) for text in columns[name].to_pylist()]
            long = np.array([len(WORD_PATTERN.findall(text)) >= MIN_NOTE_WORDS for text in texts])
            groups = _group_records(_hash_bytes(text.encode() for text in texts), subject, long)
            found.append(
                _pair_with_first([group for group in groups if len(group) <= MAX_TEMPLATE_RECORDS])
            )
    return np.concatenate(found)


def _find_equal_histories(columns: pa.Table, schema: Schema, subject: np.ndarray) -> Pairs:
    found = [np.zeros((0, 2), dtype=int)]
    for name, kind in schema.items():
        column: Any = columns[name]
        if isinstance(kind, Codes) and pa.types.is_list(column.type):
            cells = column.combine_chunks()
            lengths = cells.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
            plain = (str(events).encode() for events in cells.to_pylist())
            found.append(
                _pair_with_first(_group_records(_hash_bytes(plain), subject, lengths >= MIN_HISTORY_EVENTS))
            )
    return np.concatenate(found)


def _find_near_arrays(columns: pa.Table, schema: Schema, subject: np.ndarray) -> Pairs:
    found = [np.zeros((0, 2), dtype=int)]
    for name, kind in schema.items():
        if isinstance(kind, Signal) or (isinstance(kind, Image) and not kind.levels):
            from manikin.stats import near_duplicate_arrays  # for signals and pictures alone

            x = arrow.to_array(columns[name])
            pairs = near_duplicate_arrays.find_near_pairs(x, near_duplicate_arrays.compute_thumbnails(x))
            apart = pairs[subject[pairs[:, 0]] != subject[pairs[:, 1]]]
            found.append(_drop_crowded(apart, len(columns)))
    return np.concatenate(found)


def _drop_crowded(pairs: Pairs, n: int) -> Pairs:
    """Pairs without those of records that are like very many others."""
    often = np.bincount(pairs.ravel(), minlength=n) > max(MAX_TEMPLATE_RECORDS, MAX_CROWD_SHARE * n)
    return pairs[~often[pairs].any(axis=1)]


def _encode_field(values: pa.ChunkedArray) -> np.ndarray:
    """The distinct values of a field as codes, missing one of them, (n,)."""
    encoded = values.combine_chunks().dictionary_encode(null_encoding="encode")
    return encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)


def _hash_values(codes: np.ndarray, field: int) -> np.ndarray:
    """A 64-bit number for each value of a field, (n,): always the same, as if drawn at random."""
    rng = np.random.default_rng(field)
    return rng.integers(0, 2**63, size=int(codes.max(initial=0)) + 1, dtype=np.uint64)[codes]


def _hash_bytes(parts: Iterator[bytes]) -> np.ndarray:
    return np.array([int.from_bytes(blake2b(part, digest_size=8).digest()) for part in parts], np.uint64)


def _group_records(
    keys: np.ndarray, subject: np.ndarray, among: np.ndarray | None = None
) -> list[np.ndarray]:
    """Positions of the records with one key, of at least two subjects."""
    rows = np.arange(len(keys)) if among is None else np.flatnonzero(among)
    if not len(rows):
        return []
    order = rows[np.argsort(keys[rows], kind="stable")]
    parts = np.split(order, np.flatnonzero(np.diff(keys[order])) + 1)
    return [part for part in parts if len(part) > 1 and len(np.unique(subject[part])) > 1]


def _pair_with_first(groups: list[np.ndarray]) -> Pairs:
    """Each record of a group beside its first one."""
    pairs = [np.stack([np.full(len(group) - 1, group[0]), group[1:]], axis=1) for group in groups]
    found = np.concatenate([np.zeros((0, 2), dtype=int), *pairs])
    return found[np.argsort(found[:, 1], kind="stable")]


def _count_pairs(sizes: np.ndarray) -> int:
    return int((sizes * (sizes - 1) // 2).sum())
