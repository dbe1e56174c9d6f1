"""The table codec keeps marginals, grids and types, and no value of a single person."""

import datetime as dt
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from manikin.codecs.table import TableCodec, fit_segments
from manikin.cohort.cohort import Cohort
from manikin.core.seeds import Key
from manikin.errors import SchemaError
from manikin.schema.kinds import Category, Number, Schema, Time


def _codec(cohort: Cohort) -> TableCodec:
    return TableCodec().fit(cohort, list(cohort.schema))


def _decoded(codec: TableCodec, x: np.ndarray) -> dict:
    return {name: column.to_pylist() for name, column in codec.decode(x, Key(0)).items()}


def test_segments_by_hand():
    values = np.array([0.0] * 5 + [1.0, 2.0, 3.0, 4.0, 5.0])
    upper, start, end = fit_segments(values, None, None)
    assert upper == [0.5, 1.0]
    assert (start[0], end[0]) == (0.0, 0.0)  # five zeros are an atom
    assert start[1] == 0.5  # half way between the atom and the first rare value
    assert (start[1] + end[1]) / 2 == pytest.approx(np.mean([1, 2, 3, 4, 5]), abs=0.3)


def test_no_value_of_one_person_is_stored():
    rng = np.random.default_rng(0)
    values = rng.normal(size=200)
    cohort = Cohort.from_arrays({"x": values}, {"x": Number()})
    stored = _codec(cohort).to_dict()["x"]
    inner = {*stored["start"][1:], *stored["end"][:-1]}
    assert not inner & set(values.tolist())


def test_round_trip_of_numbers_levels_gaps_and_types():
    rng = np.random.default_rng(1)
    half = rng.integers(0, 20, 400) / 2
    frame = {
        "half": pa.array(half),
        "count": pa.array(rng.poisson(0.4, 400).astype(np.int64)),
        "sex": pa.array(rng.choice(["F", "M", None], 400).tolist()),
        "dead": pa.array(rng.integers(0, 2, 400)),
        "day": pa.array([dt.date(2020, 1, 1) + dt.timedelta(int(d)) for d in rng.integers(0, 30, 400)]),
    }
    schema = Schema(
        half=Number(step=0.5),
        count=Number(step=1),
        sex=Category(("F", "M")),
        dead=Category((0, 1)),
        day=Time(),
    )
    cohort = Cohort(pa.table(frame), schema)
    codec = _codec(cohort)
    back = pa.table(codec.decode(codec.encode(cohort), Key(0)))
    for name in ("half", "sex", "dead", "day"):
        assert back[name].to_pylist() == cohort.columns[name].to_pylist(), name
    assert [back[name].type for name in schema] == [cohort.columns[name].type for name in schema]


def test_scores_are_standard_normal_when_spread():
    rng = np.random.default_rng(2)
    values = np.concatenate([np.zeros(600), rng.exponential(size=1400)])
    cohort = Cohort.from_arrays({"x": values}, {"x": Number(low=0.0)})
    z = _codec(cohort).encode(cohort, Key(0))[:, 0]
    assert abs(z.mean()) < 0.05
    assert abs(z.std() - 1) < 0.05
    assert np.unique(_codec(cohort).encode(cohort)[values == 0]).size == 1  # without a key: one score


def test_grid_and_bounds_hold_for_any_score():
    cohort = Cohort.from_arrays(
        {"x": np.random.default_rng(3).integers(1, 400, 300) / 10},
        {"x": Number(low=0.1, high=39.9, step=0.1)},
    )
    codec = _codec(cohort)
    z = np.linspace(-6, 6, 1001, dtype=np.float32)[:, None]
    values = np.array(_decoded(codec, z)["x"])
    assert values.min() >= 0.1
    assert values.max() <= 39.9
    assert np.array_equal(values, np.round(values, 1))  # no binary dust


def test_months_moments_and_narrow_types_come_back():
    rng = np.random.default_rng(5)
    months = np.datetime64("2001-01", "M") + rng.integers(0, 90, 300)
    moments = np.datetime64("2020-01-01T00:00", "s") + rng.integers(0, 10**6, 300)
    frame = {
        "month": pa.array(months.astype("datetime64[s]")).cast(pa.date32()),
        "seen": pa.array(moments).cast(pa.timestamp("s", tz="UTC")),
        "small": pa.array(rng.integers(0, 5, 300).astype(np.int8)),
    }
    cohort = Cohort(
        pa.table(frame), Schema(month=Time(unit="month"), seen=Time(unit="s"), small=Number(step=1))
    )
    codec = _codec(cohort)
    back = pa.table(codec.decode(codec.encode(cohort, Key(1)), Key(0)))
    assert back["month"].to_pylist() == cohort.columns["month"].to_pylist()
    assert {day.day for day in back["month"].to_pylist()} == {1}
    assert back["small"].to_pylist() == cohort.columns["small"].to_pylist()
    assert back.schema.types == cohort.columns.schema.types
    assert max(back["seen"].to_pylist()) <= max(cohort.columns["seen"].to_pylist())


def test_all_missing_and_constant_columns():
    cohort = Cohort(
        pa.table({"gone": pa.nulls(20, pa.float64()), "same": pa.array([7] * 20)}),
        Schema(gone=Number(), same=Number(step=1)),
    )
    codec = _codec(cohort)
    back = _decoded(codec, codec.encode(cohort, Key(0)))
    assert back["gone"] == [None] * 20
    assert back["same"] == [7] * 20


def test_unseen_level_is_named():
    cohort = Cohort.from_pandas(pd.DataFrame({"sex": ["F", "M"] * 10}))
    strange = Cohort(pa.table({"sex": pa.array(["X"])}), cohort.schema)
    with pytest.raises(SchemaError, match=r"'sex'.*levels are F, M"):
        _codec(cohort).encode(strange)


def test_infinite_values_are_refused():
    cohort = Cohort(pa.table({"x": pa.array([1.0, np.inf, 2.0])}), Schema(x=Number()))
    with pytest.raises(SchemaError, match="infinite"):
        _codec(cohort)


def test_state_is_plain_json():
    cohort = Cohort.from_pandas(pd.DataFrame({"a": [1.5, None, 2.5] * 10, "b": ["x", "y", None] * 10}))
    codec = _codec(cohort)
    assert TableCodec.from_dict(json.loads(json.dumps(codec.to_dict()))) == codec
