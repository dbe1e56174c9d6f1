"""Dates on reading: days that no calendar has, days that stand for a gap, years far away."""

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import manikin as mk
from manikin.errors import SchemaError


def _days(n=120, seed=0):
    start = dt.date(2020, 1, 1)
    return [str(start + dt.timedelta(int(d))) for d in np.random.default_rng(seed).integers(0, 700, n)]


def _table(folder, days):
    path = folder / "stays.csv"
    rows = [f"{day},{18 + i % 70}" for i, day in enumerate(days)]
    path.write_text("\n".join(["seen,age", *rows]) + "\n")
    return path


@pytest.mark.parametrize(
    ("record", "wrong"), [(17, "2021-02-30"), (0, "2021-02-30"), (0, "2021-13-03"), (3, "2021-04-31")]
)
def test_a_day_that_no_calendar_has_is_refused_by_record(tmp_path, record, wrong):
    days = _days()
    days[record] = wrong
    with pytest.raises(SchemaError, match=rf"1 of 120 dates is no day .* {wrong} in record {record + 1};"):
        mk.read(_table(tmp_path, days))


def test_such_a_day_declared_as_missing_is_missing(tmp_path):
    days = _days()
    days[5] = "2021-02-30"
    schema = mk.Schema.from_dict({"seen": {"kind": "time", "missing": ["2021-02-30"]}})
    cohort = mk.read(_table(tmp_path, days), schema)
    assert cohort.columns["seen"].null_count == 1
    assert np.isnat(cohort["seen"][5])


@pytest.mark.parametrize("gap", ["9999-12-31", "0001-01-01", "1900-01-01"])
def test_days_that_stand_for_a_gap_are_missing_and_written_back(tmp_path, gap):
    days = _days()
    days[2] = days[9] = gap
    cohort = mk.read(_table(tmp_path, days))
    assert cohort.schema.to_dict()["seen"]["missing"] == [gap]
    assert cohort.columns["seen"].null_count == 2
    assert any(note.startswith(f"seen: {gap} in 2 of 120 records") for note in cohort.notes)
    mk.write(cohort, tmp_path / "back.csv")
    assert (tmp_path / "back.csv").read_text() == (tmp_path / "stays.csv").read_text()


def test_old_people_are_born_when_they_were(tmp_path):
    days = ["1900-01-01", *(f"{year}-03-04" for year in range(1905, 2020))]
    assert mk.read(_table(tmp_path, days)).columns["seen"].null_count == 0


def test_typed_columns_lose_them_too_and_get_them_back(tmp_path):
    days = np.array(_days(), dtype="datetime64[us]")
    days[4] = np.datetime64("9999-12-31")
    pq.write_table(pa.table({"seen": days, "age": np.arange(120) % 70 + 0.5}), tmp_path / "in.parquet")
    cohort = mk.read(tmp_path / "in.parquet")
    assert cohort.columns["seen"].null_count == 1
    mk.write(cohort, tmp_path / "out.parquet")
    assert pq.read_table(tmp_path / "out.parquet")["seen"][4].as_py() == dt.datetime(9999, 12, 31)  # noqa: DTZ001


def test_far_years_do_no_harm():
    days = np.array(_days(200), dtype="datetime64[s]")
    days[:40] += np.timedelta64(290 * 365, "D")
    frame = pd.DataFrame({"seen": days, "age": np.arange(200.0) % 70, "sex": ["F", "M"] * 100})
    cohort = mk.Cohort.from_pandas(frame)
    synthetic = mk.Synthesizer(seed=0).fit(cohort, quiet=True).sample(100, seed=0)
    assert synthetic.to_pandas()["seen"].max() <= frame["seen"].max()
