"""Recordings of WFDB and EDF: windows, rates, gaps, labels, bad files, and back to files."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pyedflib
import pytest
import wfdb

import manikin as mk
from manikin.cohort.source_format import SourceFormat
from manikin.signals.files.header_fields import parse_header_comments

REAL = Path(__file__).parents[1] / ".." / "shared" / "data" / "signals"
RATE = 100.0


def beats(seconds, rate=RATE, gain=200.0):
    """Two channels with one spike each second, on the grid of a recorder."""
    t = np.arange(round(seconds * rate)) / rate
    x = np.exp(-(((t % 1 - 0.5) / 0.02) ** 2))
    return np.rint(np.stack([x, -0.5 * x]) * gain) / gain


def record(folder, name, x, *, symbols=(), rhythms=(), rate=RATE, comments=(), **options):
    """A record on 200 steps for one mV; `symbols` are of the beats at 0.5 s, 1.5 s, ..."""
    folder.mkdir(parents=True, exist_ok=True)
    n = len(x)
    wfdb.wrsamp(
        name,
        fs=rate,
        units=options.get("units", ["mV"] * n),
        sig_name=options.get("channels", ["II", "V5", "V1"][:n]),
        p_signal=np.asarray(x).T.astype(float),
        fmt=["16"] * n,
        adc_gain=[200.0] * n,
        baseline=[0] * n,
        comments=list(comments),
        write_dir=str(folder),
    )
    marks = [(round((i + 0.5) * rate), symbol, "") for i, symbol in enumerate(symbols)]
    marks += [(round(second * rate), "+", f"({name}") for second, name in rhythms]
    if marks:
        places, found, notes = zip(*sorted(marks), strict=True)
        wfdb.wrann(
            name, "atr", np.array(places), list(found), aux_note=list(notes), fs=rate, write_dir=str(folder)
        )


def noted(cohort, words):
    return any(words in note for note in cohort.notes)


def test_windows_around_beats_are_called_after_them(tmp_path):
    for i, symbols in enumerate(("NNVNNN", "NANNVN")):
        record(tmp_path, f"r{i}", beats(6), symbols=symbols, comments=["69 M 1085 1629 x1", "Aldomet"])
    kind = mk.Signal(window=0.6, around="*")
    cohort = mk.read(tmp_path, mk.Schema(ecg=kind))
    assert list(cohort.schema) == ["subject", "age", "sex", "label", "ecg"]
    assert cohort["ecg"].shape == (12, 2, 60)
    assert "".join(cohort["label"]) == "NNVNNNNANNVN"
    assert (cohort["ecg"][:, 0].argmax(axis=1) == 30).all()
    assert cohort.schema["ecg"] == replace(kind, channels=("II", "V5"), rate=RATE, unit="mV")
    assert cohort.schema.find_by_role("label") == "label"
    assert list(cohort["age"]) == [69.0] * 12
    assert list(cohort.subject) == [0] * 6 + [1] * 6
    train, holdout = cohort.split(0.5)
    assert not set(train["subject"]) & set(holdout["subject"])
    only = mk.read(tmp_path, mk.Schema(ecg=replace(kind, around="VA")))
    assert list(only["label"]) == ["V", "A", "V"]


def test_a_beat_too_near_to_an_end_is_left_out(tmp_path):
    record(tmp_path, "a", beats(4), symbols="NNNN")
    cohort = mk.read(tmp_path / "a.hea", mk.Schema(ecg=mk.Signal(window=1.2, around="*")))
    assert len(cohort) == 2
    assert noted(cohort, "2 beats whose window reaches beyond")


def test_fixed_windows_are_called_after_what_is_not_normal(tmp_path):
    record(tmp_path, "a", beats(45), symbols="N" * 12 + "VVA" + "N" * 30)
    cohort = mk.read(tmp_path / "a.hea")
    assert cohort["signal"].shape == (4, 2, 1000)
    assert list(cohort["label"]) == ["N", "V", "N", "N"]
    assert noted(cohort, "cut into windows of 10 s")
    assert noted(cohort, "the commonest mark in each window")


def test_fixed_windows_are_called_after_the_rhythm_that_holds(tmp_path):
    record(tmp_path, "a", beats(20), symbols="N" * 20, rhythms=[(0, "N"), (7, "AFIB"), (16, "N")])
    cohort = mk.read(tmp_path / "a.hea", mk.Schema(ecg=mk.Signal(window=5)))
    assert list(cohort["label"]) == ["N", "AFIB", "AFIB", "N"]
    assert noted(cohort, "the rhythm or state that holds for most")


def test_one_person_alone_is_split_by_time(tmp_path):
    record(tmp_path, "a", beats(40))
    cohort = mk.read(tmp_path, mk.Schema(ecg=mk.Signal(window=1)))
    assert list(cohort["subject"]) == [1 + i // 2 for i in range(40)]
    assert noted(cohort, "all of one person")


def test_recordings_in_the_folder_of_a_patient_are_one_subject(tmp_path):
    for place in ("patient1/a", "patient1/b", "patient2/c"):
        record(tmp_path / place.split("/")[0], place[-1], beats(4))
    assert list(mk.read(tmp_path)["subject"]) == [1, 1, 2]


def test_segments_are_one_record_and_gaps_are_missing(tmp_path):
    for i in range(2):
        record(tmp_path, f"s{i}", beats(4))
    (tmp_path / "m.hea").write_text("m/3 2 100 1000\ns0 400\n~ 200\ns1 400\n")
    cohort = mk.read(tmp_path, mk.Schema(ecg=mk.Signal(window=2.5)))
    assert len(cohort) == 4
    gap = np.isnan(cohort["ecg"][:, 0])
    assert gap.sum(axis=1).tolist() == [0, 100, 100, 0]
    assert not gap[1, :150].any()
    assert noted(cohort, "2 of 4 windows have gaps")
    cohort = mk.read(tmp_path / "m.hea", mk.Schema(ecg=mk.Signal(window=2)))
    assert len(cohort) == 4
    assert noted(cohort, "1 windows that are mostly missing")
    mk.write(cohort, tmp_path / "out")
    assert np.nanmax(abs(mk.read(tmp_path / "out")["signal"] - cohort["ecg"])) < 1e-6


def test_segments_of_a_variable_layout(tmp_path):
    record(tmp_path, "s0", beats(4))
    record(tmp_path, "s1", beats(4)[1:], channels=["V5"])
    (tmp_path / "lay.hea").write_text("lay 2 100 0\n~ 0 200 16 0 0 0 0 II\n~ 0 200 16 0 0 0 0 V5\n")
    (tmp_path / "m.hea").write_text("m/3 2 100 800\nlay 0\ns0 400\ns1 400\n")
    cohort = mk.read(tmp_path, mk.Schema(ecg=mk.Signal(window=4)))
    assert len(cohort) == 1  # the second half lacks a channel
    assert np.abs(cohort["ecg"][0] - beats(4)).max() < 1e-6
    both = mk.read(tmp_path, mk.Schema(ecg=mk.Signal(window=4, channels=("V5",))))
    assert both["ecg"].shape == (2, 1, 400)
    assert np.abs(both["ecg"][1] - beats(4)[1:]).max() < 1e-6


def test_several_rates_become_one(tmp_path):
    t = np.arange(1000) / 100
    wave = [np.sin(t), np.sin(t.reshape(-1, 2).mean(axis=1))]
    wfdb.wrsamp(
        "a", fs=50, units=["mV", "mV"], sig_name=["x", "y"], e_p_signal=wave, samps_per_frame=[2, 1],
        fmt=["16", "16"], adc_gain=[1000.0, 1000.0], baseline=[0, 0], write_dir=str(tmp_path),
    )  # fmt: skip
    cohort = mk.read(tmp_path / "a.hea")
    assert cohort["signal"].shape == (1, 2, 1000)
    assert cohort.schema["signal"].rate == 100
    assert noted(cohort, "channels of 50 Hz are resampled to 100 Hz")
    assert np.abs(cohort["signal"][0, 1, 20:-20] - np.sin(t)[20:-20]).max() < 0.02


def test_the_declared_rate_and_filters_are_applied_and_stated(tmp_path):
    t = np.arange(4000) / 200
    slow, mains = np.sin(2 * np.pi * 5 * t), np.sin(2 * np.pi * 50 * t)
    record(tmp_path, "a", (slow + mains + 3)[None], rate=200.0)
    kind = mk.Signal(rate=100, window=20, band=(0.5, 0), notch=50)
    cohort = mk.read(tmp_path / "a.hea", mk.Schema(ecg=kind))
    assert np.abs(cohort["ecg"][0, 0, 400:-400] - slow[::2][400:-400]).max() < 0.1
    assert noted(cohort, "resampled to 100 Hz")
    assert noted(cohort, "filtered to 0.5 to 0 Hz")
    kind = mk.Signal(window=20, notch=50)
    x = mk.read(tmp_path / "a.hea", mk.Schema(ecg=kind))["ecg"][0, 0]
    assert np.abs(x[400:-400] - 3 - slow[400:-400]).max() < 0.1


def test_signals_of_matlab(tmp_path):
    x = np.rint(beats(4) * 1000).astype("<i2")
    (tmp_path / "a.mat").write_bytes(bytes(24) + x.T.tobytes())
    lines = [f"a.mat 16+24 1000/mV 16 0 {row[0]} 0 0 {name}" for row, name in zip(x, "ab", strict=True)]
    comments = ["#Age: 53", "#Sex: Female", "#Dx: 426783006", "#Name: Doe"]
    (tmp_path / "a.hea").write_text("\n".join(["a 2 100 400", *lines, *comments, ""]))
    for name in ("a.mat", "a.hea"):
        cohort = mk.read(tmp_path / name)
        assert np.abs(cohort["signal"][0] - x / 1000).max() < 1e-6
    assert (cohort["age"][0], cohort["sex"][0], str(cohort["diagnosis"][0])) == (53, "F", "426783006")
    assert "Doe" not in str(cohort)


def test_only_what_is_allowed_of_a_header_is_kept():
    assert parse_header_comments(["<age>: 69 <sex>: M <diagnoses>: Angina"]) == {
        "age": "69",
        "sex": "M",
        "diagnosis": "Angina",
    }
    assert (
        parse_header_comments(["Age: unknown", "Date: 2001", "Diagnosis: " + "x" * 99, "Subject 17"]) == {}
    )


def test_records_return_on_the_grid_of_the_recorder(tmp_path):
    for i in range(2):
        record(tmp_path / "in", f"r{i}", beats(6) + 0.5, symbols="NNVNNN", comments=["Age: 61  Sex: F"])
    cohort = mk.read(tmp_path / "in", mk.Schema(signal=mk.Signal(window=0.6, around="*")))
    rng = np.random.default_rng(0)
    noise = (cohort["signal"] + rng.normal(0, 0.02, cohort["signal"].shape)).astype(np.float32)
    names = [name for name in cohort.schema if name != "signal"]
    arrays = {**{name: cohort[name] for name in names}, "signal": noise}
    drawn = replace(mk.Cohort.from_arrays(arrays, cohort.schema), origin=cohort.origin)
    mk.write(drawn, tmp_path / "out")
    back = mk.read(tmp_path / "out")
    assert back["signal"].shape == (12, 2, 60)
    assert np.abs(back["signal"] - noise).max() <= 0.5 / 200 + 1e-6
    assert np.abs(back["signal"] * 200 - np.rint(back["signal"] * 200)).max() < 1e-3
    assert list(back["label"]) == list(cohort["label"])
    assert back.schema.find_by_role("label") == "label"
    assert list(back["subject"]) == list(cohort["subject"])
    header = (tmp_path / "out" / "000003.hea").read_text()
    assert "Synthetic data" in header
    found = wfdb.rdann(str(tmp_path / "out" / "000003"), "atr")
    assert (found.symbol, list(found.sample)) == (["V"], [30])
    (tmp_path / "out" / "records.csv").unlink()
    bare = mk.read(tmp_path / "out")
    assert list(bare["label"]) == list(cohort["label"])
    assert list(bare["sex"]) == ["F"] * 12


def test_a_table_beside_the_records_tells_more(tmp_path):
    for i in range(7):
        record(tmp_path / "data", f"r{i}", beats(4))
    rows = "".join(f"data/r{i},p{i // 2},{20 + i}.5,{'ab'[i % 2]}\n" for i in range(6))
    (tmp_path / "list.csv").write_text(f"file,patient_id,bmi,label\n{rows}")
    cohort = mk.read(tmp_path)
    assert list(cohort.schema) == ["patient_id", "bmi", "label", "signal"]
    assert list(cohort["label"]) == ["a", "b"] * 3
    assert cohort.schema.find_by_role("subject") == "patient_id"
    assert noted(cohort, "1 recordings that no row")


DAMAGE = {
    r"r1\.dat: has no header": lambda folder: (folder / "r1.hea").unlink(),
    r"r1\.hea: names r1\.dat": lambda folder: (folder / "r1.dat").unlink(),
    r"r1\.dat: is truncated, 99 bytes of 1600": lambda folder: (folder / "r1.dat").write_bytes(bytes(99)),
    r"r1\.hea: no header": lambda folder: (folder / "r1.hea").write_text("no header"),
    r"r1\.atr: no annotations": lambda folder: (folder / "r1.atr").write_text("x"),
    r"r1\.hea: has no channel II": lambda folder: record(folder, "r1", beats(4), channels=["I", "V5"]),
    r"r1\.hea: has no channel V5": lambda folder: record(folder, "r1", beats(4)[:1]),
    r"r1\.hea: has 3 channels": lambda folder: record(folder, "r1", [*beats(4), beats(4)[0]]),
    r"r1\.hea: values in uV": lambda folder: record(folder, "r1", beats(4), units=["uV", "mV"]),
    r"r1\.hea: channel V5 holds": lambda folder: record(folder, "r1", beats(4) * [[1], [np.nan]]),
}


def test_a_table_is_read_with_the_recordings_that_it_names(tmp_path):
    for i in range(6):
        record(tmp_path / "records100", f"r{i}", beats(4) * (i + 1))
    rows = "".join(f"p{i // 2},{50 + i}.5,records100/r{i}\n" for i in (5, 4, 3, 2, 1, 0))
    (tmp_path / "ptb.csv").write_text(f"patient_id,weight,filename_lr\n{rows}")
    cohort = mk.read(tmp_path / "ptb.csv", mk.Schema(ecg=mk.Signal(channels=("V5",))))
    assert list(cohort.schema) == ["patient_id", "weight", "ecg"]
    assert cohort["ecg"].shape == (6, 1, 400)
    assert np.allclose(
        cohort["ecg"].min(axis=(1, 2)), [-0.5 * (i + 1) for i in (5, 4, 3, 2, 1, 0)], atol=0.02
    )
    assert cohort.schema.find_by_role("subject") == "patient_id"
    (tmp_path / "records100/r3.hea").unlink()
    with pytest.raises(mk.errors.FormatError, match=r"'filename_lr', record 3: names no recording"):
        mk.read(tmp_path / "ptb.csv")
    assert len(mk.read(tmp_path / "ptb.csv", skip_bad=True)) == 5


@pytest.mark.parametrize("says", DAMAGE)
def test_bad_records_are_named_or_skipped(tmp_path, says):
    for i in range(4):
        record(tmp_path, f"r{i}", beats(4))
    DAMAGE[says](tmp_path)
    with pytest.raises(mk.errors.FormatError, match=says):
        mk.read(tmp_path)
    cohort = mk.read(tmp_path, skip_bad=True)
    assert len(cohort) == 3
    assert noted(cohort, "left out r1")


def test_a_recording_shorter_than_the_window_is_refused(tmp_path):
    record(tmp_path, "long", beats(20))
    record(tmp_path, "short", beats(1))
    with pytest.raises(mk.errors.FormatError, match=r"short\.hea: lasts 1 s, but a window of 10 s"):
        mk.read(tmp_path, mk.Schema(ecg=mk.Signal(window=10)))
    assert len(mk.read(tmp_path, mk.Schema(ecg=mk.Signal(window=10)), skip_bad=True)) == 2


def test_what_is_no_recording_is_refused(tmp_path):
    (tmp_path / "a.edf").write_text("no recording at all\n" * 99)
    (tmp_path / "b.dat").write_bytes(bytes(99))
    (tmp_path / "empty").mkdir()
    record(tmp_path / "flat", "a", beats(4))
    for name, says in (("a.edf", "no EDF"), ("b.dat", "no header"), ("empty", "without a file")):
        with pytest.raises(mk.errors.FormatError, match=says) as error:
            mk.read(tmp_path / name)
        assert name in str(error.value)
    with pytest.raises(mk.errors.FormatError, match="no beat 'Q' is annotated"):
        mk.read(tmp_path / "flat", mk.Schema(ecg=mk.Signal(around="Q")))
    with pytest.raises(mk.errors.SchemaError, match="declares weight, which the recordings do not have"):
        mk.read(tmp_path / "flat", mk.Schema(weight=mk.Number()))
    cohort = mk.read(tmp_path / "flat")
    with pytest.raises(mk.errors.FormatError, match="several files"):
        mk.write(cohort, tmp_path / "x.hea")
    with pytest.raises(mk.errors.FormatError, match="the rate of 'signal'"):
        mk.write(
            replace(cohort, schema=mk.Schema({**cohort.schema, "signal": mk.Signal()})), tmp_path / "out"
        )
    assert not (tmp_path / "out").exists()


def sleep(path, *, seconds=90, events=(), name="X"):
    """An EDF+ of two channels of different rates."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with pyedflib.EdfWriter(str(path), 2, file_type=pyedflib.FILETYPE_EDFPLUS) as file:
        for i, (label, unit, rate) in enumerate((("Fpz-Cz", "uV", 100), ("Temp", "degC", 1))):
            file.setSignalHeader(i, {
                "label": label, "dimension": unit, "sample_frequency": rate, "physical_min": -250.0,
                "physical_max": 250.0, "digital_min": -32768, "digital_max": 32767, "transducer": "",
                "prefilter": "",
            })  # fmt: skip
        file.setPatientName(name)
        file.setSex(0)
        file.setStartdatetime(datetime(2001, 5, 1, 22, 0))  # noqa: DTZ001 - EDF knows no zone
        file.setBirthdate(datetime(1950, 6, 1))  # noqa: DTZ001 - as above
        t = np.arange(seconds * 100) / 100
        file.writeSamples(
            [100 * np.sin(2 * np.pi * 10 * t), np.full(seconds, 36.5) + np.arange(seconds) / 100]
        )
        for start, last, text in events:
            file.writeAnnotation(start, last, text)


def test_edf_keeps_units_and_levels_and_forgets_who(tmp_path):
    stages = ("Sleep stage W", "Sleep stage 2", "Sleep stage W")
    for i in range(3):
        events = [(30 * j, 30, stage) for j, stage in enumerate(stages)]
        sleep(tmp_path / f"in/{i}.edf", events=[*events, (3, 0, f"Mr Doe turns {i}")], name="Doe")
    cohort = mk.read(tmp_path / "in", mk.Schema(eeg=mk.Signal(window=30)))
    assert list(cohort.schema) == ["subject", "sex", "age", "label", "eeg"]
    assert cohort["eeg"].shape == (9, 2, 3000)
    assert cohort.schema["eeg"].unit == "uV,degC"
    assert list(cohort["label"][:3]) == list(stages)
    assert list(cohort["age"][:3]) == [50, 50, 50]
    assert noted(cohort, "channels of 1 Hz are resampled to 100 Hz")
    assert noted(cohort, "3 annotations met seldom may be prose")
    assert abs(cohort["eeg"][0, 0, 125] - 0) < 0.01
    assert np.abs(cohort["eeg"][1, 1, 100:-100] - np.linspace(36.8, 37.1, 3000)[100:-100]).max() < 0.05
    assert "Doe" not in str(cohort)
    slow = mk.read(tmp_path / "in", mk.Schema(temperature=mk.Signal(("Temp",), window=30)))
    assert slow["temperature"].shape == (9, 1, 30)
    assert slow.schema["temperature"].unit == "degC"
    mk.write(cohort, tmp_path / "out")
    data = (tmp_path / "out/000001.edf").read_bytes()
    assert b"Doe" not in data
    assert b"2001" not in data
    assert b"1950" not in data
    with pyedflib.EdfReader(str(tmp_path / "out/000002.edf")) as file:
        assert file.getSignalLabels() == ["Fpz-Cz", "Temp"]
        assert file.getPhysicalDimension(1) == "degC"
        assert np.abs(file.readSignal(0) - cohort["eeg"][1, 0]).max() < 0.5 * 500 / 65535 + 1e-3
        assert list(file.readAnnotations()[2]) == ["Sleep stage 2"]
        assert "synthetic" in file.getRecordingAdditional()
    back = mk.read(tmp_path / "out")
    assert list(back["label"]) == list(cohort["label"])
    assert list(back["subject"]) == list(cohort["subject"])


def test_one_edf_file_returns_as_one_file(tmp_path):
    sleep(tmp_path / "a.edf", seconds=20, events=[(0, 20, "W")])
    cohort = mk.read(tmp_path / "a.edf", mk.Schema(eeg=mk.Signal(window=20)))
    mk.write(cohort, tmp_path / "b")
    back = mk.read(tmp_path / "b.edf", mk.Schema(eeg=mk.Signal(window=20)))
    assert np.abs(back["eeg"] - cohort["eeg"]).max() < 0.01
    assert list(back["label"]) == ["W"]
    many = mk.read(tmp_path / "a.edf", mk.Schema(eeg=mk.Signal(window=0.8)))
    mk.write(many, tmp_path / "c")
    again = mk.read(tmp_path / "c")
    assert again["signal"].shape == (25, 2, 80)
    assert again.schema["signal"].rate == 100


def test_edf_refuses_what_it_cannot_hold(tmp_path):
    sleep(tmp_path / "a.edf", seconds=20)
    x = np.full((1, 1, 100), np.nan, np.float32)
    x[0, 0, 0] = 1
    cohort = mk.Cohort.from_arrays({"eeg": x}, {"eeg": mk.Signal(rate=100.0)})
    with pytest.raises(mk.errors.FormatError, match=r"/b\.edf: EDF has no missing values"):
        mk.write(replace(cohort, origin=SourceFormat("edf")), tmp_path / "b.edf")
    data = (tmp_path / "a.edf").read_bytes()
    (tmp_path / "cut.edf").write_bytes(data[: len(data) // 2])
    with pytest.raises(mk.errors.FormatError, match=r"cut\.edf: no EDF or BDF file"):
        mk.read(tmp_path / "cut.edf")


@pytest.mark.skipif(not REAL.is_dir(), reason="the shared recordings are not beside the project")
def test_a_record_of_mit_bih():
    cohort = mk.read(REAL / "mitdb_100_wfdb", mk.Schema(ecg=mk.Signal(window=0.8, around="*")))
    assert cohort["ecg"].shape == (2271, 2, 288)
    found, counts = np.unique(cohort["label"].astype(str), return_counts=True)
    assert dict(zip(found, counts.tolist(), strict=True)) == {"A": 33, "N": 2237, "V": 1}
    assert cohort["ecg"][:, 0, 144].mean() > 0.8  # the R peak, in mV


@pytest.mark.skipif(not REAL.is_dir(), reason="the shared recordings are not beside the project")
def test_beats_of_an_archive():
    cohort = mk.read(REAL / "mitbih_beats" / "mitbih_beats.npz")
    assert cohort.schema.find_by_role("subject") == "record"
    assert cohort.schema.find_by_role("label") == "y"


def test_beats_are_learned_drawn_written_and_read_again(tmp_path):
    for i in range(5):
        record(tmp_path / "in", f"r{i}", beats(12) * (1 + i / 10), symbols="NNVNNNNVNNNN")
    cohort = mk.read(tmp_path / "in", mk.Schema(ecg=mk.Signal(window=0.32, around="*")))
    train, holdout = cohort.split(0.2)
    training = mk.Training(steps=20)
    model = mk.Synthesizer(target="ecg", condition="label", family="vae", training=training).fit(train)
    drawn = model.sample(condition=holdout.select("label"))
    mk.write(drawn, tmp_path / "out")
    back = mk.read(tmp_path / "out")
    assert back["signal"].shape == (12, 2, 32)
    assert list(back["label"]) == list(holdout["label"])
    assert np.abs(back["signal"] - drawn["ecg"]).max() <= 0.5 / 200 + 1e-6


@pytest.mark.parametrize(("package", "name"), [("wfdb", "a.hea"), ("pyedflib", "a.edf")])
def test_an_absent_package_is_named(tmp_path, monkeypatch, package, name):
    record(tmp_path, "a", beats(4))
    sleep(tmp_path / "a.edf")
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(mk.errors.MissingExtra, match=rf"need the package {package}.*manikin\[signals\]"):
        mk.read(tmp_path / name)
