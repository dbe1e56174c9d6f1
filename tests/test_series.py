"""Series in tables: long ones on a grid with their descriptors, wide ones as recordings, and back."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

import manikin as mk

REAL = Path(__file__).parents[1] / ".." / "shared" / "data" / "signals" / "physionet2012_set_a"

STAYS = """RecordID,Time,Parameter,Value
7,00:00,RecordID,7
7,00:00,Age,54
7,00:00,Gender,0
7,00:00,Height,-1
7,00:00,Weight,80.5
7,00:07,HR,73
7,00:37,HR,77
7,02:00,HR,60
7,10:30,Weight,81
9,00:00,RecordID,9
9,00:00,Age,76
9,00:00,Gender,1
9,00:00,Height,175.3
9,00:00,Weight,-1
9,01:59,Temp,35.1
9,02:10,Temp,-1
9,12:00,HR,90
"""
OUTCOMES = "RecordID,SAPS-I,In-hospital_death\n9,12,1\n7,-1,0\n8,3,1\n"


def noted(cohort, words):
    return any(words in note for note in cohort.notes)


@pytest.fixture
def stays(tmp_path):
    folder = tmp_path / "icu"
    folder.mkdir()
    (folder / "long.csv.gz").write_bytes(gzip.compress(STAYS.encode()))
    (folder / "Outcomes.txt").write_text(OUTCOMES)
    return folder / "long.csv.gz"


def test_a_long_table_is_a_grid_with_descriptors_and_outcome(stays):
    cohort = mk.read(stays)
    fields = ["RecordID", "Age", "Gender", "Height", "Weight", "SAPS-I", "In-hospital_death", "series"]
    assert list(cohort.schema) == fields
    x, kind = cohort["series"], cohort.schema["series"]
    assert kind == mk.Signal(("HR", "Temp", "Weight"), rate=1 / 3600, window=12 * 3600.0)
    assert x.shape == (2, 3, 12)
    assert np.nan_to_num(x[0, 0, :4], nan=-9).tolist() == [75, -9, 60, -9]  # the mean of 73 and 77
    assert x[0, 2, 10] == 81
    assert x[1, 1, 1] == np.float32(35.1)
    assert x[1, 0, 11] == 90  # at 12:00, the very end
    assert np.isfinite(x).sum() == 5
    assert cohort.columns["Weight"].to_pylist() == [80.5, None]
    assert cohort.columns["Height"].to_pylist() == [None, 175.3]
    assert list(cohort["In-hospital_death"]) == [0, 1]
    assert cohort.schema.find_by_role("label") == "In-hospital_death"
    assert cohort.schema.find_by_role("subject") == "RecordID"
    assert noted(cohort, "93.1% of the cells hold no measurement")
    assert noted(cohort, "20.0% of the others (1) hold the mean of several")
    assert noted(cohort, "Temp: -1, the only negative value, is taken for a gap in 1 measurements")
    assert noted(cohort, "RecordID: repeats the number of the subject")
    assert noted(cohort, "joined from Outcomes.txt by RecordID")


def test_a_long_table_returns(stays, tmp_path):
    cohort = mk.read(stays)
    mk.write(cohort, tmp_path / "out")
    text = gzip.decompress((tmp_path / "out.csv.gz").read_bytes()).decode().splitlines()
    assert text[0] == "RecordID,Time,Parameter,Value"
    assert text[1:5] == ["7,00:00,Age,54", "7,00:00,Gender,0", "7,00:00,Height,-1", "7,00:00,Weight,80.5"]
    assert text[7:9] == ["7,00:30,HR,75", "7,02:30,HR,60"]
    back = mk.read(tmp_path / "out.csv.gz")
    assert list(back.schema) == list(cohort.schema)
    for name in cohort.schema:
        np.testing.assert_array_equal(back[name], cohort[name])


def test_a_schema_decides_the_grid_and_the_channels(stays):
    kind = mk.Signal(channels=("Temp", "HR"), rate=1 / 1800, window=3 * 3600)
    cohort = mk.read(stays, mk.Schema(vitals=kind, Age=mk.Number(unit="years")))
    x = cohort["vitals"]
    assert x.shape == (2, 2, 6)
    assert [x[0, 1, i] for i in (0, 1, 4)] == [73, 77, 60]
    assert x[1, 0, 3] == np.float32(35.1)
    assert cohort.schema["Age"].unit == "years"
    assert noted(cohort, "1 measurements outside the grid are left out")


@pytest.mark.parametrize(
    ("head", "times", "rate"),
    [
        ("patient,seconds,variable,value,unit", ("0", "2", "4", "6"), 0.5),
        ("patient,time_min,variable,value,unit", ("0", "0.5", "1", "1.5"), 1 / 30),
        ("patient,charttime,variable,value,unit", [f"2001-05-01 10:0{i}:00" for i in range(4)], 1 / 60),
    ],
)  # fmt: skip
def test_times_have_units_and_no_dates_return(tmp_path, head, times, rate):
    rows = [
        f"{who},{time},{what},{i}.5,mV"
        for who in "ab"
        for i, time in enumerate(times)
        for what in ("x", "y")
    ]
    (tmp_path / "a.csv").write_text("\n".join([head, *rows, ""]))
    cohort = mk.read(tmp_path / "a.csv")
    assert cohort.schema["series"].rate == pytest.approx(rate)
    assert cohort.schema["series"].unit == "mV,mV"
    assert cohort["series"][1, 1].tolist() == [0.5, 1.5, 3.0]  # the last moment ends the last cell
    mk.write(cohort, tmp_path / "b.csv")
    assert "2001" not in (tmp_path / "b.csv").read_text()
    np.testing.assert_array_equal(
        mk.read(tmp_path / "b.csv")["series"][:, :, :2], cohort["series"][:, :, :2]
    )


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("HR,60", "HR,sixty", "row 9: the value of HR is no number"),
        ("02:00,HR", "soon,HR", "'Time' holds what is no time"),
        ("02:00,HR", ",HR", "'Time' has rows without a time"),
        ("02:00,HR,60", "02:00,,60", "no RecordID or no Parameter"),
    ],
)
def test_bad_rows_are_named(tmp_path, old, new, says):
    (tmp_path / "a.csv").write_text(STAYS.replace(old, new))
    with pytest.raises(mk.errors.FormatError, match=says) as error:
        mk.read(tmp_path / "a.csv")
    assert "a.csv" in str(error.value)


def test_channels_that_nothing_measures_are_refused(stays):
    with pytest.raises(mk.errors.FormatError, match="measures no SpO2"):
        mk.read(stays, mk.Schema(series=mk.Signal(channels=("HR", "SpO2"))))
    with pytest.raises(mk.errors.SchemaError, match="no waveform"):
        mk.read(stays, mk.Schema(series=mk.Signal(notch=50.0)))


def wide(path, *, drop=()):
    rows = ["patient,sex,t,ii,v5,state"]
    for i, who in enumerate("abc"):
        rows += [
            f"{who},{'FMF'[i]},{k / 50},{k % 7 + i},{-k},{'rest' if k < 100 else 'walk'}"
            for k in range(200)
            if k not in drop
        ]
    path.write_text("\n".join((*rows, "")))


def test_a_wide_table_is_cut_into_windows(tmp_path):
    wide(tmp_path / "a.csv", drop=(60,))
    (tmp_path / "schema.toml").write_text(
        '[patient]\nkind = "text"\nrole = "subject"\n[state]\nkind = "category"\nrole = "label"\n'
        '[ecg]\nkind = "signal"\nchannels = ["ii", "v5"]\nwindow = 1\nunit = "mV"\n'
    )
    cohort = mk.read(tmp_path / "a.csv")
    assert list(cohort.schema) == ["label", "patient", "sex", "ecg"]
    assert cohort["ecg"].shape == (12, 2, 50)
    assert cohort.schema["ecg"].rate == 50
    assert cohort["ecg"][5, 0].tolist()[:9] == [(50 + k) % 7 + 1 for k in range(9)]
    assert list(cohort["label"][:4]) == ["rest", "rest", "walk", "walk"]
    assert list(cohort["patient"]) == [who for who in "abc" for _ in range(4)]
    assert np.argwhere(np.isnan(cohort["ecg"][:, 0])).tolist() == [[1, 10], [5, 10], [9, 10]]
    mk.write(cohort, tmp_path / "out" if (tmp_path / "out").mkdir() else tmp_path / "b")
    head = (tmp_path / "b.csv").read_text().splitlines()
    assert head[0] == "label,patient,sex,t,ii,v5"
    assert head[51].startswith("rest,a,F,1,")
    schema = mk.Schema(patient=mk.Text(role="subject"), ecg=mk.Signal(channels=("ii", "v5"), window=1))
    back = mk.read(tmp_path / "b.csv", schema)
    np.testing.assert_array_equal(back["ecg"], cohort["ecg"])
    assert list(back["label"]) == list(cohort["label"])


def test_wide_tables_need_a_rate_and_regular_moments(tmp_path):
    (tmp_path / "a.csv").write_text("ii,v5\n" + "1,2\n3,5\n" * 99)
    kind = mk.Signal(channels=("ii", "v5"))
    with pytest.raises(mk.errors.SchemaError, match="declare `rate`"):
        mk.read(tmp_path / "a.csv", mk.Schema(ecg=kind))
    cohort = mk.read(tmp_path / "a.csv", mk.Schema(ecg=mk.Signal(channels=("v5",), rate=9.0, window=2.0)))
    assert cohort["ecg"].shape == (11, 1, 18)
    (tmp_path / "b.csv").write_text("time,ii\n0,1\n0.1,2\n0.2,3\n0.25,4\n0.35,5\n")
    with pytest.raises(mk.errors.FormatError, match="do not follow 10 Hz"):
        mk.read(tmp_path / "b.csv", mk.Schema(ecg=mk.Signal(channels=("ii",))))


@pytest.mark.skipif(not REAL.is_dir(), reason="the shared stays are not beside the project")
def test_the_stays_of_physionet_2012():
    cohort = mk.read(REAL / "set-a_long.csv.gz")
    assert cohort["series"].shape == (4000, 37, 48)
    assert cohort["In-hospital_death"].mean() == pytest.approx(0.1385)
    assert cohort.schema["Height"].missing == ("-1",)
    assert np.isnan(cohort["Height"]).sum() == 1894
    row = list(cohort["RecordID"]).index(132539)
    assert cohort["series"][row, cohort.schema["series"].channels.index("HR"), :3].tolist() == [75, 60, 62]


def test_stays_are_learned_drawn_written_and_read_again(tmp_path):
    rng = np.random.default_rng(0)
    rows = ["RecordID,Time,Parameter,Value"]
    for i in range(40):
        rows += [f"{i},00:00,Age,{40 + i}", f"{i},00:00,Died,{i % 2}"]
        rows += [
            f"{i},{hour:02d}:{rng.integers(1, 60):02d},{what},{rng.normal(level, 5):.0f}"
            for hour in range(12)
            for what, level in (("HR", 80), ("MAP", 75), ("Lactate", 30))
            if rng.random() < (0.9 if what != "Lactate" else 0.2)
        ]
    (tmp_path / "a.csv").write_text("\n".join((*rows, "")))
    train, holdout = mk.read(tmp_path / "a.csv").split(0.25)
    training = mk.Training(steps=20)
    model = mk.Synthesizer(target="series", condition="Died", family="vae", training=training).fit(train)
    drawn = model.sample(condition=holdout.select("Died"))
    missing = np.isnan(drawn["series"])
    assert 0 < missing.mean() < 1
    mk.write(drawn, tmp_path / "b.csv")
    schema = mk.Schema(series=mk.Signal(drawn.schema["series"].channels, window=12 * 3600.0))
    back = mk.read(tmp_path / "b.csv", schema)
    np.testing.assert_array_equal(np.isnan(back["series"]), missing)
    assert np.nanmax(np.abs(back["series"] - drawn["series"])) < 0.006
    assert list(back["Died"]) == list(holdout["Died"])


def test_a_folder_of_stays_is_one_cohort(tmp_path):
    folder = tmp_path / "set-a"
    folder.mkdir()
    rows = STAYS.splitlines()[1:]
    for who in "79":
        own = [row.partition(",")[2] for row in rows if row.startswith(who)]
        (folder / f"{who}.txt").write_text("\n".join(("Time,Parameter,Value", *own, "")))
    (tmp_path / "Outcomes.txt").write_text(OUTCOMES)
    (tmp_path / "long.csv").write_text(STAYS)
    whole, cohort = mk.read(tmp_path / "long.csv"), mk.read(folder)
    assert list(cohort.schema) == list(whole.schema)
    for name in cohort.schema:
        np.testing.assert_array_equal(cohort[name], whole[name])
    (folder / "8.txt").write_text("Time,Parameter,Value\nsoon,HR,1\n")
    with pytest.raises(mk.errors.FormatError, match=r"8\.txt: column 'Time' holds what is no time"):
        mk.read(folder)
    assert len(mk.read(folder, skip_bad=True)) == 2


def test_a_folder_with_a_long_table_is_read_by_it(stays):
    assert len(mk.read(stays.parent)) == 2


def test_a_folder_of_other_tables_is_refused(tmp_path):
    (tmp_path / "a.csv").write_text("age,sex\n1,F\n")
    with pytest.raises(mk.errors.FormatError, match="name one file"):
        mk.read(tmp_path)


def test_a_declared_signal_that_is_nowhere_is_an_error(tmp_path):
    (tmp_path / "a.csv").write_text("age,sex\n1,F\n2,M\n")
    with pytest.raises(mk.errors.SchemaError, match="declares ecg, which the data do not have"):
        mk.read(tmp_path / "a.csv", mk.Schema(ecg=mk.Signal(channels=("ii",))))


def test_what_is_given_of_a_series_comes_back_as_it_is():
    rng = np.random.default_rng(0)
    weight = np.repeat(rng.normal(70, 12, (60, 1)).round(1), 24, axis=1)
    weight[:, 6:] += 0.1  # a change so small that a drawn one would not be made
    x = np.stack([rng.normal(80, 9, (60, 24)).round(), weight], axis=1)
    x[rng.random(x.shape) < 0.4] = np.nan
    kinds = {"series": mk.Signal(channels=("HR", "Weight"))}
    stays = mk.Cohort.from_arrays({"series": x.astype(np.float32)}, kinds)
    quick = mk.Training(steps=3)
    model = mk.Synthesizer("series", "series", "diffusion", training=quick).fit(stays, quiet=True)
    given = stays.take(np.arange(8))["series"].copy()
    given[:, :, 12:] = np.nan
    asked = mk.Cohort.from_arrays({"series": given}, kinds)
    drawn, known = model.sample(condition=asked, seed=1)["series"], np.isfinite(given)
    assert (drawn[known] == given[known]).all()
    assert np.isfinite(drawn[:, :, 12:]).any()


def test_a_number_of_the_subject_that_stands_among_the_values_is_no_field_however_it_is_written(stays):
    floats = STAYS.replace("RecordID,7\n", "RecordID,7.0\n").replace("RecordID,9\n", "RecordID,9.0\n")
    stays.write_bytes(gzip.compress(floats.encode()))
    cohort = mk.read(stays)
    assert cohort["RecordID"].tolist() == [7, 9]
    assert noted(cohort, "joined from Outcomes.txt by RecordID")
    assert cohort["In-hospital_death"].tolist() == [0, 1]


def test_a_table_beside_that_fits_no_subject_is_told(stays):
    (stays.parent / "Outcomes.txt").write_text(OUTCOMES.replace("\n9", "\n109").replace("\n7", "\n107"))
    cohort = mk.read(stays)
    assert "In-hospital_death" not in cohort.schema
    assert noted(cohort, "Outcomes.txt: not joined, none of its RecordID is a subject's")


def test_a_parameter_in_words_is_left_out_whole_and_counted(tmp_path):
    path = tmp_path / "stays.csv"
    words = "".join(f"{who},0{hour}:00,AVPU,{'AVPU'[hour % 4]}\n" for who in (7, 9) for hour in range(1, 9))
    path.write_text(STAYS + words)
    cohort = mk.read(path)
    assert "AVPU" not in cohort.schema["series"].channels
    assert noted(cohort, "AVPU: none of its 16 values is a number")
