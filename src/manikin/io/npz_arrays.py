"""What the arrays of an archive are, by key, shape and schema."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from manikin.cohort.cohort import Cohort
from manikin.cohort.source_format import SourceFormat
from manikin.core import arrow, record_files
from manikin.errors import FormatError, SchemaError
from manikin.imaging import label_maps
from manikin.imaging.analysis import burned_in_text
from manikin.imaging.files import resize
from manikin.imaging.label_maps import LabelMapOptions
from manikin.io import npz_signals as traces
from manikin.io.npz_layout import MEDMNIST_KEYS, ArchiveLayout, ArchiveOptions
from manikin.schema.kinds import Category, Image, Kind, Schema, Signal
from manikin.schema.remark import Remark

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_MEDMNIST_KEY = re.compile(r"^(train|val|test)_(images|labels)$")
_SIGNAL_KEY = re.compile(r"^(signals?|ecg|eeg|emg|ppg|waveforms?)(_|$)")
_IMAGE_KEY = re.compile(r"^(images?|pictures?|volumes?|slices?|scans?)(_|$)")
_LABEL_KEY = re.compile(r"^labels?(_|$)")
_MIN_SIGNAL_LENGTH, _MAX_CHANNELS, _MIN_ASPECT = 32, 16, 8
"""Rows of so many values are signals; a signal has at most so many channels, and is so much longer."""
_COLOUR_CHANNELS = (3, 4)
_RATE_KEYS = ("rate", "fs", "sampling_rate")
_MAX_CLASSES = 100


def build_cohort_from_arrays(arrays: Mapping[str, np.ndarray], schema: Schema | None, path: Path) -> Cohort:
    """The records of an archive.

    Raises:
        FormatError: Keys differ in their number of records, or an array is no record, signal or image.
        SchemaError: A field contradicts its declaration.
    """
    parted = bool(arrays) and all(_MEDMNIST_KEY.match(key) for key in arrays)
    arrays, notes = _join_parts(arrays) if parted else (arrays, ())
    constants = {key: x.item() for key, x in arrays.items() if x.ndim == 0}
    records = {key: x for key, x in arrays.items() if x.ndim}
    _check_records(records, path)
    declared = Schema(schema or {})
    forms = {key: _infer_form(key, x, declared, path) for key, x in records.items()}
    whole = {
        key: _move_channels_first(x, forms[key])
        for key, x in records.items()
        if forms[key] not in ("scalar", "columns")
    }
    kinds = {key: _choose_kind(key, forms[key], declared) for key in whole}
    own = next((float(constants[name]) for name in _RATE_KEYS if name in constants), None)
    finished = {key: _conform_array(key, x, kinds[key], own, path) for key, x in whole.items()}
    flat = _flatten_scalars({key: x for key, x in records.items() if key not in whole}, forms)
    if absent := [key for key in declared if key not in flat and key not in whole]:
        raise SchemaError(
            f"the schema declares {', '.join(absent)}, which the archive does not have; its keys are "
            f"{', '.join(records)}"
        )
    scalars = _infer_scalars(flat, declared, whole)
    constants |= _update_rate(constants, [kind for _, kind, _, _ in finished.values()])
    cohort = Cohort.from_arrays(
        {key: x for key, (x, _, _, _) in finished.items()},
        {key: kind for key, (_, kind, _, _) in finished.items()},
    )
    cohort = cohort if scalars is None else scalars.join(cohort)
    tables = {key: table for key, (_, _, table, _) in finished.items() if table}
    layout = ArchiveLayout(forms, constants, parted)
    told = tuple(Remark(note, key) for key, (_, _, _, note) in finished.items() if note)
    pictures = {key: x for key, (x, kind, _, _) in finished.items() if isinstance(kind, Image)}
    state, seen = burned_in_text.detect_burned_in_text(pictures, cohort.schema, {})
    options = ArchiveOptions(layout), LabelMapOptions(tables), burned_in_text.BurnedInOptions(state)
    origin = SourceFormat("npz").add_options(*options)
    return replace(cohort, origin=origin, notes=(*notes, *cohort.notes, *told, *seen))


def _join_parts(arrays: Mapping[str, np.ndarray]) -> tuple[dict[str, np.ndarray], tuple[str, ...]]:
    """The parts of MedMNIST one after another."""
    parts = [part for part in ("train", "val", "test") if f"{part}_images" in arrays]
    counts = ", ".join(f"{len(arrays[f'{part}_images'])} of {part}" for part in parts)
    fields = {
        name: np.concatenate([arrays[f"{part}_{key}"] for part in parts if f"{part}_{key}" in arrays])
        for name, key in MEDMNIST_KEYS.items()
        if any(f"{part}_{key}" in arrays for part in parts)
    }
    return fields, (f"the parts of MedMNIST in this order: {counts}",)


def _check_records(records: Mapping[str, np.ndarray], path: Path) -> None:
    lengths = {key: len(x) for key, x in records.items()}
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{key} {n}" for key, n in lengths.items())
        raise FormatError(f"the first axis is the record, but the keys differ in length: {listed}", path)
    if not lengths or not min(lengths.values()):
        raise FormatError("holds no record", path)
    for key, x in records.items():
        if x.dtype.kind not in "biufUSM":
            raise FormatError(f"{key} holds {x.dtype}", path, "save numbers or text")
        if (
            x.dtype.kind == "f"
            and x.ndim > 1
            and any(np.isinf(block).any() for block in arrow.iterate_blocks(x))
        ):
            raise FormatError(
                f"{key} holds infinite values", path, "leave these records out or correct them"
            )


def _infer_form(key: str, x: np.ndarray, declared: Schema, path: Path) -> str:
    """How an array is laid out: by its declaration, its name, its shape."""
    kind, name, shape = declared.get(key), key.lower(), x.shape[1:]
    signal = isinstance(kind, Signal) or (kind is None and bool(_SIGNAL_KEY.match(name)))
    image = isinstance(kind, Image) or (
        kind is None and bool(_IMAGE_KEY.match(name) or record_files.is_label_map_name(name))
    )
    match x.ndim:
        case 1:
            return "scalar"
        case 2:
            long = (
                kind is None
                and shape[0] >= _MIN_SIGNAL_LENGTH
                and x.dtype.kind in "iuf"
                and not _LABEL_KEY.match(name)
            )
            return "trace" if signal or long else "scalar" if shape[0] == 1 else "columns"
        case 3 if signal or (not image and _is_elongated(shape)):
            return "first" if shape[0] <= shape[1] else "last"
        case 3:
            return "plane"
        case 4:
            return _infer_channel_form(shape, kind)
        case 5:
            return "last" if shape[-1] in _COLOUR_CHANNELS and shape[0] not in _COLOUR_CHANNELS else "first"
    raise FormatError(
        f"{key} has {x.ndim} axes", path, "records have at most channels, depth, height and width"
    )


def is_signal_shape(shape: tuple[int, ...]) -> bool:
    """Whether a record of this shape looks like a signal: long, with few channels."""
    return shape[0] >= _MIN_SIGNAL_LENGTH if len(shape) == 1 else len(shape) == 2 and _is_elongated(shape)  # noqa: PLR2004


def _is_elongated(shape: tuple[int, ...]) -> bool:
    return min(shape) <= _MAX_CHANNELS and max(shape) >= _MIN_ASPECT * min(shape)


def _infer_channel_form(shape: tuple[int, ...], kind: Kind | None) -> str:
    """Of four axes: pictures with channels first or last, or volumes without channels."""
    count = len(kind.channels) if isinstance(kind, Image) else 0
    if isinstance(kind, Image) and len(kind.size or kind.spacing) == 3:  # noqa: PLR2004 - a volume
        return "volume"
    if shape[0] == (count or 1) or (not count and shape[0] in (2, *_COLOUR_CHANNELS)):
        return "first"
    return "last" if shape[-1] in ((count,) if count else (1, *_COLOUR_CHANNELS)) else "volume"


def _move_channels_first(x: np.ndarray, form: str) -> np.ndarray:
    """Channels first, in a type that Arrow knows."""
    if form in ("trace", "plane", "volume"):
        x = x[:, None]
    x = np.moveaxis(x, -1, 1) if form == "last" else x
    wide = {"b": np.dtype(np.uint8)}.get(x.dtype.kind, x.dtype.newbyteorder("="))
    return x.astype(np.float32 if wide == np.float16 else wide, copy=False)


def _choose_kind(key: str, form: str, declared: Schema) -> Image | Signal:
    kind = declared.get(key)
    if kind is not None and not isinstance(kind, Image | Signal):
        raise SchemaError(
            f"field {key!r}: declared {kind.name}, but the archive holds an array for each record"
        )
    return kind or (Signal() if form == "trace" or _SIGNAL_KEY.match(key.lower()) else Image())


def _conform_array(
    key: str, x: np.ndarray, kind: Image | Signal, rate: float | None, path: Path
) -> tuple[np.ndarray, Kind, list[int], str]:
    """At the size or rate that is asked for; label maps as levels."""
    if isinstance(kind, Signal) or x.ndim == 3:  # noqa: PLR2004 - (n, channels, time)
        try:
            y, signal, told = traces.conform_signals(
                x, kind if isinstance(kind, Signal) else Signal(), rate
            )
        except FormatError as error:
            raise FormatError(f"{key} {error}", path) from error
        except SchemaError as error:
            raise SchemaError(f"field {key!r}: {error}") from error
        return y, signal, [], "; ".join(told)
    mask = bool(kind.levels) or (
        kind == replace(Image(), size=kind.size) and record_files.is_label_map_name(key)
    )
    x, kind = resize.conform_images(x, kind, labels=mask)
    if not mask:
        return x, kind, [], ""
    x, table, note = label_maps.to_levels(x, key, kind.levels)
    return x, replace(kind, levels=len(table)), table, note


def _update_rate(constants: Mapping[str, Any], kinds: Sequence[Kind]) -> dict[str, float]:
    """The rate of the archive as it is now, where it has one and its signals agree."""
    rates = {kind.rate for kind in kinds if isinstance(kind, Signal) and kind.rate}
    named = next((name for name in _RATE_KEYS if name in constants), None)
    return {named: rates.pop()} if named and len(rates) == 1 and rates != {constants[named]} else {}


def _flatten_scalars(records: Mapping[str, np.ndarray], forms: Mapping[str, str]) -> dict[str, np.ndarray]:
    """Scalar fields; a short row of values becomes one field each."""
    table: dict[str, np.ndarray] = {}
    for key, x in records.items():
        if forms[key] == "columns":
            table |= {f"{key}_{i}": x[:, i - 1] for i in range(1, x.shape[1] + 1)}
        else:
            table[key] = x.reshape(len(x))
    return table


def _infer_scalars(
    table: Mapping[str, np.ndarray], declared: Schema, arrays: Mapping[str, Any]
) -> Cohort | None:
    if not table:
        return None
    kinds: dict[str, Kind] = {name: kind for name, kind in declared.items() if name not in arrays}
    for name, x in table.items():
        if (
            _LABEL_KEY.match(name.lower())
            and name not in kinds
            and x.dtype.kind in "biuUS"
            and len(set(x.tolist())) <= _MAX_CLASSES
        ):
            role = "label" if name.lower() in ("label", "labels") else None
            kinds[name] = Category(tuple(sorted(set(x.tolist()))), role=role)
    return Cohort.from_table(pa.table({name: _to_arrow(x) for name, x in table.items()}), Schema(kinds))


def _to_arrow(x: np.ndarray) -> pa.Array:
    if x.dtype.kind == "S":
        x = np.char.decode(x, "utf-8")
    x = x.astype(np.float32) if x.dtype == np.float16 else x
    return (
        pa.array(x.tolist(), pa.string())
        if x.dtype.kind == "U"
        else pa.array(x.astype(x.dtype.newbyteorder("=")), from_pandas=True)
    )
