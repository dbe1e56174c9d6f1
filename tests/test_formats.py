"""Files: what is read, what is written, what is refused."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from manikin.cohort.cohort import Cohort
from manikin.cohort.summary import summarize_fields
from manikin.core import registry
from manikin.errors import FormatError, ManikinError, SchemaError
from manikin.io import read
from manikin.io.formats import SHIPPED_FORMATS, FileMarks, load_format, map_suffixes
from manikin.io.write import write
from manikin.schema.inference.formatting import count_decimals, format_column
from manikin.schema.kinds import Category, Image, Number, Schema, Text, Time

SHARED = Path(__file__).parents[2] / "shared" / "data"


def put(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def patients(n: int = 120) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "patient_id": rng.integers(100, 160, n),
            "sex": rng.choice(["F", "M"], n),
            "age": rng.integers(18, 95, n),
            "sbp": rng.integers(90, 180, n).astype(float),
            "bmi": rng.normal(26, 4, n).round(1),
            "dose": rng.integers(0, 9, n) / 2,
            "smoker": rng.choice(["no", "yes", None], n),
            "grade": rng.choice(["I", "II", "III"], n),
            "flag": rng.choice([True, False], n),
            "seen": [f"2020-0{1 + i % 9}-{1 + i % 28:02d}" for i in range(n)],
            "note": rng.choice(["one, two", 'say "aah"', "line\nbreak", "plain"], n),
            "code": rng.integers(1, 7, n),
        }
    )
    table.loc[::7, "bmi"] = None
    return table


@pytest.mark.parametrize(
    "name", ["x.csv", "x.tsv", "x.csv.gz", "x.parquet", "x.feather", "x.arff", "x.parquet.gz"]
)
def test_what_is_written_reads_back_the_same(tmp_path, name):
    put(tmp_path, "first.csv", patients().to_csv(index=False))
    write(read(tmp_path / "first.csv"), tmp_path / name)
    first = read(tmp_path / name)
    write(first, tmp_path / f"again-{name}")
    again = read(tmp_path / f"again-{name}")
    assert again.columns.equals(first.columns)
    assert again.schema == first.schema
    assert again.notes == first.notes
    if "csv" in name:
        assert (tmp_path / name).read_bytes() == (tmp_path / f"again-{name}").read_bytes()


def test_csv_holds_the_same_values_as_pandas_reads(tmp_path):
    path = put(tmp_path, "a.csv", patients().to_csv(index=False))
    ours, theirs = read(path).to_pandas(), pd.read_csv(path)
    for name in theirs.columns.drop(["seen", "flag"]):
        pd.testing.assert_series_equal(ours[name], theirs[name])


def test_missing_is_written_as_it_was_spelled(tmp_path):
    path = put(
        tmp_path,
        "a.csv",
        "a,b,c\n1,?,-999\n2,x,3\n?,y,4\n" + "".join(f"{i},x,{i}\n" for i in range(5, 90)) + "4,x,-999\n",
    )
    cohort = read(path)
    assert [cohort.schema[name].missing for name in "abc"] == [("?",), ("?",), ("-999",)]
    write(cohort, tmp_path / "b.csv")
    assert (tmp_path / "b.csv").read_text() == path.read_text()


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_and_kept(tmp_path, mark):
    text = patients()[["sex", "age", "bmi"]].to_csv(index=False, sep=mark)
    path = put(tmp_path, "a.csv", text)
    cohort = read(path)
    assert list(cohort.schema) == ["sex", "age", "bmi"]
    write(cohort, tmp_path / "b.csv")
    assert mark in (tmp_path / "b.csv").read_text().splitlines()[0] or mark == "\t"


def test_decimal_commas_beside_semicolons(tmp_path):
    path = put(tmp_path, "a.csv", "a;b\n1,5;2\n2,25;3\n")
    cohort = read(path)
    assert cohort["a"].tolist() == [1.5, 2.25]
    write(cohort, tmp_path / "b.csv")
    assert (tmp_path / "b.csv").read_text() == path.read_text()


def test_decimal_commas_among_limits(tmp_path):
    numbers = [f"{0.5 + i / 4}".replace(".", ",") for i in range(30)]
    path = put(tmp_path, "a.csv", "a;b\n" + "".join(f"{word};2\n" for word in (*numbers, "<0,5", "> 9")))
    cohort = read(path)
    assert cohort["a"].tolist()[:2] == [0.5, 0.75]
    assert cohort["a"].tolist()[-2:] == [0.4, 10]
    write(cohort, tmp_path / "b.csv")
    again = (tmp_path / "b.csv").read_text().splitlines()
    assert again[-2:] == ["<0,5;2", "> 9;2"]
    assert again[2] == "0,75;2"


def test_numbers_are_written_on_their_grid_without_noise():
    noisy = pa.array([0.1 + 0.2, 0.7, None, 12.123456789])
    assert format_column(noisy, Number(step=0.1)).to_pylist() == ["0.3", "0.7", "", "12.123456789"]
    assert format_column(pa.array([1.0, 2.0]), Number(step=1)).to_pylist() == ["1.0", "2.0"]
    assert format_column(pa.array([1e-7, 3.0]), Number()).to_pylist() == ["1e-7", "3"]
    assert format_column(pa.array([True, None]), Category((False, True))).to_pylist() == ["True", ""]
    assert [count_decimals(step) for step in (1, 10, 0.5, 0.25, 1e-05)] == [0, 0, 1, 2, 5]


@pytest.mark.parametrize("layout", ["%d/%m/%Y", "%Y-%m-%d %H:%M:%S", "%d-%b-%Y", None])
def test_dates_are_written_in_their_format(layout):
    moment = pa.array([np.datetime64("2020-03-25T00:00:00", "s")])
    expected = {"%d/%m/%Y": "25/03/2020", "%d-%b-%Y": "25-Mar-2020", None: "2020-03-25"}
    text = format_column(moment, Time("day", layout)).to_pylist()
    assert text == [expected.get(layout, "2020-03-25 00:00:00")]


def test_encodings(tmp_path):
    text = "naam,b\nJosé,1\nAn,2\n"
    for name, data, note in (
        ("u.csv", text.encode(), ()),
        ("b.csv", text.encode("utf-8-sig"), ()),
        ("l.csv", text.encode("latin-1"), ("the file is not in UTF-8; read as Latin-1",)),
        ("w.csv", text.encode("utf-16"), ("the file is in UTF-16",)),
    ):
        cohort = read(put(tmp_path, name, data))
        assert cohort["naam"].tolist() == ["José", "An"]
        assert cohort.notes[: len(note)] == note


def test_line_endings_and_columns_without_a_name(tmp_path):
    for ending in ("\n", "\r\n", "\r"):
        cohort = read(put(tmp_path, "a.csv", f",a{ending}1,2{ending}2,4{ending}3,9{ending}"))
        assert (list(cohort.schema), cohort["a"].tolist()) == (["unnamed", "a"], [2, 4, 9])
        assert cohort.schema["unnamed"].role == "identifier"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", "", "empty"),
        ("a.csv", " \n\n", "empty"),
        ("a.csv", "a,b\n", "a header but no record"),
        ("a.csv", "a,b", "a header but no record"),
        ("a.csv", bytes(range(256)), "binary"),
        ("a.csv", b"\x89PNG\r\n\x1a\n\x00\x00", "binary"),
        ("a.csv", "%PDF-1.7", "is a PDF"),
        ("a.csv", b"PK\x03\x04....", "Excel"),
        ("a.csv", b"PAR1....", "holds parquet"),
        ("a.csv", "a,a,b\n1,2,3\n", "names repeat: a"),
        ("a.csv", "63.0,1,145\n67.0,1,160\n", "first line holds values"),
        (
            "a.csv",
            "a,b,c\n1,2,3\n4,5\n6,7,8,9\n",
            r"row 3 has 2 values, the header \(row 1\) has 3 .*1 more",
        ),
        ("a.csv", 'a,b\n"x,1\ny,2\n', "open quotation mark"),
        ("a.csv.gz", b"\x1f\x8b0000", "damaged gzip"),
        ("a.csv.gz", gzip.compress(b"", mtime=0), "empty"),
        ("a.doc", "a,b\n1,2\n", "suffix '.doc' is not known; there are .arff"),
        ("a.txt", "a,b\n1,2\n", "looks like a table; rename it to .csv"),
        ("a", "a,b\n1,2\n", "without suffix"),
        ("a.parquet", "a,b\n1,2\n", "not a readable Parquet"),
        ("a.feather", "a,b\n1,2\n", "not a readable Feather"),
        ("a.arff", "a,b\n1,2\n", r"line \d: the layout is not that of ARFF"),
        ("a.arff", "@relation r\n@attribute a numeric\n@data\n", "no record"),
        ("a.arff", "@relation r\n@attribute a {x,y}\n@data\nsecret\n", "line 4: a value is not among"),
        ("a.arff", "@relation r\n@attribute a numeric\n@data\nsecret\n", "line 4: a value of a numeric"),
        ("a.arff", "@relation r\n@attribute a date\n@data\n1\n", "line 2: an attribute's type"),
    ],
)
def test_files_that_cannot_be_read(tmp_path, name, content, words):
    path = put(tmp_path, name, content)
    with pytest.raises(FormatError, match=words) as caught:
        read(path)
    assert str(path) in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_folder_and_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FormatError, match="no such file"):
        read(tmp_path / "none.csv")
    with pytest.raises(FormatError, match="is a folder"):
        read(tmp_path)


def test_schema_errors_name_the_file(tmp_path):
    path = put(tmp_path, "a.csv", "w\n" + "".join(f"{w} kg\n" for w in range(50, 80)))
    with pytest.raises(SchemaError, match=r"a\.csv: field 'w': numbers with a unit"):
        read(path)


def test_a_schema_beside_the_data_is_used(tmp_path):
    path = put(tmp_path, "a.csv", "x\n1\n2\n")
    Schema(x=Category(("1", "2"))).write(tmp_path / "schema.toml")
    cohort = read(path)
    assert cohort.schema["x"] == Category(("1", "2"))
    assert cohort.notes[0] == "schema.toml beside the data overrides what was inferred"
    assert read(path, Schema(x=Number())).schema["x"] == Number(step=1)
    Schema(y=Number()).write(tmp_path / "schema.toml")
    with pytest.raises(SchemaError, match="move it away"):
        read(path)
    with pytest.raises(SchemaError, match="cannot be read"):
        read(path, tmp_path / "none.toml")


def test_writing_is_whole_or_not_at_all(tmp_path):
    cohort = read(put(tmp_path, "a.csv", "x,y\n1,a\n2,b\n"))
    with pytest.raises(FormatError, match="cannot be written"):
        write(cohort, tmp_path / "absent" / "a.csv")
    with pytest.raises(FormatError, match="is not known"):
        write(cohort, tmp_path / "a.xls")
    arrays = {"x": np.zeros((2, 1, 4, 4), dtype=np.float32)}
    with pytest.raises(FormatError, match="holds no arrays; leave out x"):
        write(Cohort.from_arrays(arrays, {"x": Image()}), tmp_path / "b.csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv"]


def test_without_a_suffix_the_format_stays(tmp_path):
    write(read(put(tmp_path, "a.csv.gz", gzip.compress(b"x,y\n1,a\n2,b\n"))), tmp_path / "b")
    assert read(tmp_path / "b.csv.gz")["x"].tolist() == [1, 2]


def test_one_column_with_gaps(tmp_path):
    cohort = read(put(tmp_path, "a.csv", 'x\na\n""\nb\n'))
    write(cohort, tmp_path / "b.csv")
    assert read(tmp_path / "b.csv")["x"].tolist() == ["a", None, "b"]


def test_typed_files_keep_their_types(tmp_path):
    table = patients().astype(
        {"age": "int16", "sbp": "float32", "grade": "category", "smoker": "string", "code": "Int64"}
    )
    table["seen"] = pd.to_datetime(table["seen"])
    table["gap"] = np.where(np.arange(len(table)) % 9 == 0, -999, np.arange(len(table)) * 7 % 50)
    for suffix, save, load in (
        ("parquet", "to_parquet", pd.read_parquet),
        ("feather", "to_feather", pd.read_feather),
    ):
        getattr(table, save)(tmp_path / f"a.{suffix}")
        cohort = read(tmp_path / f"a.{suffix}")
        assert cohort.schema["grade"] == Category(("I", "II", "III"))
        assert cohort.schema["gap"].missing == ("-999",)
        write(cohort, tmp_path / f"b.{suffix}")
        pd.testing.assert_frame_equal(load(tmp_path / f"b.{suffix}"), table)


def test_an_index_that_pandas_left_behind_is_no_field(tmp_path):
    patients()[["age", "sex"]].sample(50, random_state=0).to_parquet(tmp_path / "a.parquet")
    assert list(read(tmp_path / "a.parquet").schema) == ["age", "sex"]


def test_arff_nominal_levels_keep_their_order(tmp_path):
    text = (
        "@relation r\n@attribute 'tumour grade' {III,I,II}\n@attribute cause {External Causes,Other}\n"
        "@attribute time numeric\n@attribute x real\n"
        "@data\nI,External Causes,12,1\nIII,?,?,2\nI,Other,7,3\n"
    )
    cohort = read(put(tmp_path, "a.arff", text))
    assert cohort.schema["tumour grade"].levels == ("III", "I", "II")
    assert cohort["cause"].tolist() == ["External Causes", None, "Other"]
    assert [str(cohort.columns[name].type) for name in ("time", "x")] == ["int64", "double"]
    write(cohort, tmp_path / "b.arff")
    again = read(tmp_path / "b.arff")
    assert (again.columns.equals(cohort.columns), again.schema) == (True, cohort.schema)
    assert "?" in (tmp_path / "b.arff").read_text()


def test_each_suffix_belongs_to_one_format():
    assert map_suffixes()[".tsv"] == "csv"
    assert set(map_suffixes().values()) >= {"csv", "parquet", "feather", "arff"}


def test_the_table_of_suffixes_says_what_each_format_declares():
    declared = {name: load_format(name) for name in registry.list_plugins("io.formats")}
    found = {name: FileMarks(format_.suffixes, format_.signature) for name, format_ in declared.items()}
    assert found == SHIPPED_FORMATS


def test_describe_shows_levels_but_no_other_value(tmp_path):
    rows = {
        row.field: row
        for row in summarize_fields(read(put(tmp_path, "a.csv", patients().to_csv(index=False))))
    }
    assert (rows["sex"].kind, rows["sex"].detail) == ("category", "F, M")
    assert rows["dose"].detail == "at least 0, in steps of 0.5, seen 0 to 4"
    assert rows["grade"].kind == "ordered category"
    assert rows["patient_id"].role == "subject"
    assert rows["bmi"].missing == pytest.approx(18 / 120)
    assert rows["seen"].detail == "to the day, %Y-%m-%d"


@pytest.mark.skipif(not SHARED.exists(), reason="the shared real tables are not here")
@pytest.mark.parametrize(
    "name",
    ["support2/support2.csv.gz", "flchain/flchain.arff", "gbsg2/GBSG2.arff", "rotterdam/rotterdam.csv"],
)
def test_real_tables_return_as_they_came(tmp_path, name):
    cohort = read(SHARED / "tabular" / name)
    write(cohort, tmp_path / "again")
    again = read(next(tmp_path.iterdir()))
    assert again.columns.equals(cohort.columns)
    assert (again.schema, again.notes) == (cohort.schema, cohort.notes)


@pytest.mark.skipif(not SHARED.exists(), reason="the shared real tables are not here")
def test_diabetes_hospital_stays():
    cohort = read(SHARED / "tabular" / "diabetes130" / "diabetic_data.csv.gz")
    assert (len(cohort), len(cohort.schema)) == (101_766, 50)
    assert cohort.schema.find_by_role("subject") == "patient_nbr"
    assert cohort.schema.find_by_role("identifier") == "encounter_id"
    assert len(cohort.schema["diag_1"].levels) == 716
    assert cohort.schema["weight"].missing == ("?",)
    assert isinstance(cohort.schema["admission_type_id"], Category)
    with pytest.raises(ManikinError, match="63 values are numbers and 2 are text"):
        read(SHARED / "tabular" / "diabetes130" / "IDs_mapping.csv")


def test_free_text_is_text(tmp_path):
    lines = "".join(f'{i % 3},"the patient {i} was seen, and all was well with him"\n' for i in range(60))
    assert read(put(tmp_path, "a.csv", "x,report\n" + lines)).schema["report"] == Text(role="identifier")
