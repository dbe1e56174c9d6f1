"""Rows as tokens: bins, point masses, missing values, many levels."""

import json

import numpy as np
import pyarrow as pa
import pytest

from manikin.codecs.rows import RowsCodec, pool_segments
from manikin.cohort.cohort import Cohort
from manikin.core.seeds import Key
from manikin.errors import SchemaError
from manikin.schema.kinds import Category, Number, Schema


def cohort(**columns):
    def kind(values):
        if values.type == pa.string():
            return Category(levels=tuple(sorted(set(values.drop_null().to_pylist()))))
        return Number()

    arrays = {name: pa.array(values) for name, values in columns.items()}
    return Cohort(pa.table(arrays), Schema({name: kind(array) for name, array in arrays.items()}))


@pytest.fixture
def mixed():
    rng = np.random.default_rng(0)
    dose = np.where(rng.random(400) < 0.5, 0.0, rng.gamma(2.0, size=400))
    lab = [None if r < 0.25 else v for r, v in zip(rng.random(400), rng.normal(size=400), strict=True)]
    sex = [None if i % 10 == 0 else "FM"[i % 2] for i in range(400)]
    return cohort(dose=dose, lab=lab, sex=sex)


def test_bins_pool_segments_and_leave_great_ones_alone():
    upper = [0.1, 0.2, 0.7, 0.8, 0.9, 1.0]
    assert pool_segments(upper, bins=5) == [0.0, 0.2, 0.7, 0.9, 1.0]
    assert pool_segments(upper, bins=1) == [0.0, 1.0]
    assert pool_segments([1.0], bins=10) == [0.0, 1.0]
    assert pool_segments([], bins=10) == [0.0]


def test_ten_numbers_in_two_bins():
    table = cohort(age=np.arange(10.0))
    codec = RowsCodec(bins=2, crowd=1).fit(table, ["age"])
    assert codec.spec.ranges == ((0, 2),)
    assert codec.encode(table)[:, 0].tolist() == [0] * 5 + [1] * 5


def test_spec_gives_each_column_its_own_tokens(mixed):
    codec = RowsCodec(bins=8).fit(mixed, ["dose", "lab", "sex"])
    starts, ends = zip(*codec.spec.ranges, strict=True)
    assert starts == (0, *ends[:-1])
    assert codec.spec.vocab == ends[-1]
    assert codec.spec.length == 3
    assert ends[2] - starts[2] == 3  # F, M, missing
    tokens = codec.encode(mixed)
    assert tokens.dtype == np.int64
    assert (tokens >= starts).all()
    assert (tokens < ends).all()


def test_decoded_bins_encode_to_the_same_tokens(mixed):
    codec = RowsCodec().fit(mixed, ["dose", "lab", "sex"])
    tokens = codec.encode(mixed)
    back = Cohort(pa.table(codec.decode(tokens, Key(0))), mixed.schema)
    assert (codec.encode(back) == tokens).all()
    assert (back["sex"] == mixed["sex"]).all()
    assert (np.isnan(back["lab"]) == np.isnan(mixed["lab"])).all()


def test_a_point_mass_is_one_token_and_no_other_value_comes_back(mixed):
    codec = RowsCodec(bins=10).fit(mixed, ["dose"])
    zero = mixed["dose"] == 0
    tokens = codec.encode(mixed)[:, 0]
    assert set(tokens[zero]) == {0}
    assert (tokens[~zero] > 0).all()
    back = codec.decode(tokens[:, None], Key(0))["dose"].to_numpy()
    assert (back[zero] == 0).all()
    assert not set(back[~zero]) & set(mixed["dose"])


def test_marginals_come_back(mixed):
    codec = RowsCodec().fit(mixed, ["dose", "lab"])
    back = codec.decode(codec.encode(mixed), Key(0))
    lab, again = mixed["lab"], back["lab"].to_numpy(zero_copy_only=False)
    shares = np.linspace(0.05, 0.95, 19)
    np.testing.assert_allclose(np.nanquantile(again, shares), np.nanquantile(lab, shares), atol=0.15)


def test_hundreds_of_levels():
    codes = [f"I{i % 700:03d}" for i in range(1400)]
    table = cohort(code=codes)
    codec = RowsCodec().fit(table, ["code"])
    assert codec.spec.vocab == 700
    assert codec.decode(codec.encode(table), Key(0))["code"].to_pylist() == codes


def test_a_column_of_nothing_but_missing():
    table = cohort(lab=pa.array([None] * 20, type=pa.float64()), sex=["F", "M"] * 10)
    codec = RowsCodec().fit(table, ["lab", "sex"])
    assert codec.spec.ranges == ((0, 1), (1, 3))
    assert codec.decode(codec.encode(table), Key(0))["lab"].null_count == 20


def test_state_is_json(mixed):
    codec = RowsCodec(bins=12).fit(mixed, ["dose", "lab", "sex"])
    again = RowsCodec.from_dict(json.loads(json.dumps(codec.to_dict())))
    assert again == codec
    assert (again.encode(mixed) == codec.encode(mixed)).all()


def test_a_level_never_seen_is_an_error(mixed):
    codec = RowsCodec().fit(mixed, ["sex"])
    with pytest.raises(SchemaError, match="'sex'"):
        codec.encode(cohort(sex=["F", "X"]))
