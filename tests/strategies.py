"""Hypothesis strategies: tables, frames, schemas, rules and conditions that somebody might bring."""

import csv
import datetime as dt
import decimal
import io

import numpy as np
import pandas as pd
from hypothesis import strategies as st

NAMES = (
    "id",
    "patient_id",
    "USUBJID",
    "age",
    "sex",
    "label",
    "date",
    "admitted",
    "discharged",
    "los",
    "time",
    "event",
    "code",
    "value",
    "subject_id",
    "image",
    "note",
    "x",
    "heart rate",
    "d.time",
    "",
    "file",
    "name",
    "größe",
    'a"b',
    "a,b",
    "1",
    "True",
    "kind",
    "__index__",
    "numeric_value",
    "icd10",
    "zip",
)
ODD = (
    "",
    " ",
    "NA",
    "?",
    "-999",
    "nan",
    "inf",
    "-inf",
    "1e400",
    "<0.01",
    ">90",
    "90+",
    "1,5",
    "1.234,5",
    "0x1F",
    "007",
    "00",
    "1e5",
    "-0",
    "+3",
    "1_000",
    "½",
    "٣",
    "12:30",
    "24:00",
    "2021-02-30",
    "9999-12-31",
    "0001-01-01",
    "31/12/2020",
    "12/31/2020",
    "2020-06-01T12:00:00+02:00",
    "2020-06-01T12:00:00",
    "20200601",
    "01062020",
    "Jan 2020",
    "true",
    "False",
    "yes",
    "n/a",
    "low 90s",
    "120/80",
    "5 mg",
    "\x00",
    "\ufeff",
    "a\nb",
    '"',
    "'",
    "a/b/c.png",
    "http://a.b/c",
    "=1+1",
    "10" * 15,
    "9" * 400,
    "x" * 5000,
    "\u202e",
    "🙂",
    "..",
    "/",
    "C:\\x",
)
SPELLED = {
    "code": st.integers(0, 3).map(str),
    "whole": st.integers(-(10**4), 10**4).map(str),
    "huge": st.integers(-(10**30), 10**30).map(str),
    "key": st.integers(10**8, 10**9).map(str),
    "real": st.floats(allow_nan=True, allow_infinity=True).map(repr),
    "measure": st.decimals(-100, 300, places=1).map(str),
    "level": st.sampled_from(["F", "M", "U"]),
    "date": st.dates().map(dt.date.isoformat),
    "near": st.dates(dt.date(2019, 1, 1), dt.date(2021, 1, 1)).map(lambda d: d.strftime("%d.%m.%Y")),
    "moment": st.datetimes().map(lambda d: d.isoformat(" ")),
    "word": st.text(max_size=12),
    "odd": st.sampled_from(ODD),
    "same": st.just("7"),
    "empty": st.just(""),
}


def columns(n):
    """One column of `n` spelled values: of one sort, with some odd ones among them."""

    def spoil(draw_values):
        values, odd, places = draw_values
        for place in places:
            values[place % n] = odd
        return values

    whole = st.sampled_from(sorted(SPELLED)).flatmap(
        lambda sort: st.lists(SPELLED[sort], min_size=n, max_size=n)
    )
    odd = st.tuples(whole, SPELLED["odd"], st.lists(st.integers(0, n - 1), min_size=1, max_size=3)).map(
        spoil
    )
    return st.one_of(whole, whole, whole, odd)


@st.composite
def tables(draw, smallest=1, largest=40):
    """The text of a csv file, mostly well formed."""
    n = draw(st.integers(smallest, largest))
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=5, unique=True))
    cells = [draw(columns(n)) for _ in names]
    out = io.StringIO()
    mark = draw(st.sampled_from([",", ",", ",", ";", "\t", "|"]))
    writer = csv.writer(out, delimiter=mark, lineterminator=draw(st.sampled_from(["\n", "\r\n"])))
    writer.writerow(names)
    writer.writerows(zip(*cells, strict=True))
    text = out.getvalue()
    if draw(st.integers(0, 19)) == 0:  # cut off somewhere, as a broken download is
        text = text[: draw(st.integers(0, len(text)))]
    return text


def _numbers(n):
    kinds = [
        "int8",
        "uint64",
        "int64",
        "float32",
        "float64",
        "Int64",
        "Float64",
        "bool",
        "boolean",
        "complex128",
    ]
    few = st.lists(st.integers(0, 1), min_size=n, max_size=n) | st.lists(
        st.integers(0, 100), min_size=n, max_size=n
    )
    return st.tuples(few, st.sampled_from(kinds)).map(
        lambda pair: pd.Series(pair[0]).astype(
            pair[1] if max(pair[0]) < 2 or "bool" not in pair[1] else "int16"
        )
    )


def _objects(n):
    one = st.one_of(
        st.none(),
        st.integers(),
        st.floats(),
        st.text(max_size=5),
        st.booleans(),
        st.dates(),
        st.datetimes(),
        st.decimals(allow_nan=False),
        st.binary(max_size=3),
        st.timedeltas(),
        st.lists(st.integers(), max_size=2),
        st.just(pd.NaT),
        st.just(pd.NA),
        st.just(decimal.Decimal("1.5")),
        st.dictionaries(st.text(max_size=1), st.integers(), max_size=1),
    )
    mixed = st.lists(one, min_size=n, max_size=n)
    alike = st.sampled_from(range(8)).flatmap(
        lambda k: st.lists(
            [
                st.integers(),
                st.text(max_size=4),
                st.dates(),
                st.datetimes(),
                st.booleans(),
                st.floats(),
                st.binary(min_size=16, max_size=16),
                st.lists(st.text(max_size=2), max_size=2),
            ][k],
            min_size=n,
            max_size=n,
        )
    )
    return st.one_of(mixed, alike).map(lambda values: pd.Series(values, dtype=object))


def _special(n):
    def category(values):
        return pd.Series(pd.Categorical(values, categories=["x", "y", "z"]))

    return st.one_of(
        st.lists(st.sampled_from(["x", "y", None]), min_size=n, max_size=n).map(category),
        st.just(pd.Series(pd.Categorical([None] * n, categories=["x", "y"]))),
        st.just(pd.Series(pd.Categorical([None] * n))),
        st.just(pd.Series([pd.NaT] * n)),
        st.just(pd.Series(pd.date_range("2020", periods=n, tz="Europe/Berlin"))),
        st.just(pd.Series(pd.date_range("2020", periods=n, freq="s"))),
        st.just(pd.Series(pd.period_range("2020-01", periods=n, freq="M"))),
        st.just(pd.Series(pd.timedelta_range("1h", periods=n))),
        st.just(pd.Series(pd.arrays.SparseArray([0.0] * n))),
        st.just(pd.Series(pd.interval_range(0, n))),
        st.just(pd.Series(np.arange(n) + 2**54)),
        st.just(pd.Series([2**64 - 1] * n, dtype="uint64")),
        st.just(pd.Series([1.0, np.inf] * n, dtype=float)[:n]),
        st.just(pd.Series(["a"] * n, dtype="string")),
    )


@st.composite
def frames(draw, smallest=1, largest=40):
    """A frame of pandas, with columns of any type, and now and then an index of its own."""
    n = draw(st.integers(smallest, largest))
    one = st.one_of(st.sampled_from(NAMES), st.integers(0, 30), st.none())
    names = draw(st.lists(one, min_size=1, max_size=5, unique=draw(st.integers(0, 9)) > 0))
    made = [
        draw(st.one_of(_numbers(n), _objects(n), _special(n), columns(n).map(pd.Series))) for _ in names
    ]
    frame = pd.concat(made, axis=1) if made else pd.DataFrame(index=range(n))
    frame.columns = names
    match draw(st.integers(0, 5)):
        case 0:
            frame.index = pd.Index([i // 2 for i in range(n)], name="patient_id")
        case 1:
            frame.index = pd.MultiIndex.from_arrays([range(n), range(n)], names=["a", None])
        case 2:
            frame.index = [0] * n
    return frame


@st.composite
def usual_frames(draw, smallest=4, largest=16):
    """Frames that read well: whole numbers, measurements, levels, dates, with gaps."""
    n = draw(st.integers(smallest, largest))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    start = np.datetime64("2020-01-01")
    frame = pd.DataFrame(
        {
            "age": rng.integers(18, 95, n),
            "crp": np.round(rng.lognormal(1, 1, n), 1),
            "sex": rng.choice(["F", "M"], n),
            "stage": rng.choice(["I", "II", "III"], n, p=[0.8, 0.15, 0.05]),
            "seen": start + rng.integers(0, 400, n).astype("timedelta64[D]"),
            "dead": rng.integers(0, 2, n),
            "same": 1,
        }
    )
    kept = draw(st.lists(st.sampled_from(list(frame)), min_size=1, unique=True))
    frame = frame[kept].astype({name: object for name in kept if name in ("sex", "stage")})
    for name in kept:
        if draw(st.integers(0, 3)) == 0:
            frame[name] = frame[name].where(rng.random(n) > draw(st.sampled_from([0.2, 0.9, 1.0])))
    return frame


FIELDS = ["age", "crp", "sex", "stage", "seen", "dead", "same", "none"]
VALUES = st.one_of(
    st.none(),
    st.integers(-(10**20), 10**20),
    st.floats(),
    st.booleans(),
    st.text(max_size=4),
    st.sampled_from(
        ["F", "II", "2020-03-01", 50, 3.5, np.datetime64("2020-03-01"), np.nan, pd.NaT, [1], {}, b"x"]
    ),
)
WHERES = st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=3)
TERMS = st.sampled_from(
    [
        "age",
        "crp",
        "sex",
        "stage",
        "seen",
        "dead",
        "same",
        "none",
        "1",
        "0",
        "1e308",
        '"F"',
        "'2020-03-01'",
        "missing(age)",
        "`age`",
        "()",
    ]
)
OPERATORS = st.sampled_from(
    [
        " < ",
        " <= ",
        " == ",
        " != ",
        " + ",
        " - ",
        " * ",
        " / ",
        " // ",
        " % ",
        " ** ",
        " and ",
        " or ",
        " in ",
    ]
)
EXPRESSIONS = st.lists(st.tuples(TERMS, OPERATORS), min_size=1, max_size=3).flatmap(
    lambda parts: TERMS.map(lambda last: "".join(a + b for a, b in parts) + last)
)
KIND = st.sampled_from(["number", "category", "time", "text", "codes", "signal", "image", "nonsense"])
OTHERS = st.dictionaries(
    st.sampled_from(
        [
            "kind",
            "role",
            "role",
            "low",
            "high",
            "step",
            "unit",
            "levels",
            "ordered",
            "missing",
            "format",
            "rate",
            "nonsense",
        ]
    ),
    st.one_of(
        st.sampled_from(["subject", "identifier", "label", "note", "day", "s", "%Y", "%d.%m.%Y"]),
        VALUES,
        st.lists(st.one_of(st.integers(0, 3), st.sampled_from(["F", "M", ""])), max_size=3),
    ),
    max_size=3,
)
OPTIONS = st.tuples(KIND, OTHERS).map(lambda pair: {"kind": pair[0], **pair[1]})
SCHEMAS = st.dictionaries(st.sampled_from(FIELDS), OPTIONS, max_size=3)
