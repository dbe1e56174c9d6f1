"""A saved model keeps the types of all columns, also of those that Arrow spells but does not read."""

import json

import numpy as np
import pyarrow as pa
import pytest

import manikin as mk
from manikin.schema.kinds import Number, Schema, Text
from manikin.synthesis.persistence import _dump_type, _parse_type

TYPES = [
    pa.list_(pa.string()),
    pa.large_list(pa.list_(pa.date32())),
    pa.list_(pa.field("item", pa.int8(), nullable=False)),
    pa.list_(pa.float64(), 3),
    pa.struct([("code", pa.string()), ("at", pa.timestamp("s", tz="UTC"))]),
    pa.dictionary(pa.int32(), pa.string()),
    pa.decimal128(10, 2),
    pa.binary(4),
    pa.fixed_shape_tensor(pa.float32(), (2, 3)),
    pa.timestamp("us"),
    pa.date32(),
    pa.large_string(),
]


@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_types_come_back(dtype):
    assert _parse_type(json.loads(json.dumps(_dump_type(dtype)))) == dtype


def test_a_model_of_a_table_with_lists_comes_back(tmp_path):
    notes = pa.array([["seen", "well"], None] * 50, type=pa.list_(pa.string()))
    values = pa.array(np.random.default_rng(0).normal(size=100))
    cohort = mk.Cohort(pa.table({"notes": notes, "x": values}), Schema(notes=Text(), x=Number()))
    model = mk.Synthesizer().fit(cohort, quiet=True)
    model.save(tmp_path / "model")
    again = mk.load(tmp_path / "model").sample(20)
    assert again.columns.equals(model.sample(20).columns)
    assert again.columns["notes"].type == notes.type
