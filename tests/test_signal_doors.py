"""The door of signals: archives, declared rates and filters, damaged headers, values that are none."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyedflib
import pytest
import wfdb

import manikin as mk

WAVES = np.random.default_rng(0).normal(size=(12, 2, 200))


def noted(cohort, words):
    return any(words in note for note in cohort.notes)


def record(folder, name, x, *, rate=100, comments=()):
    """A record of lead II."""
    folder.mkdir(parents=True, exist_ok=True)
    scale = {"fmt": ["16"], "adc_gain": [1000.0], "baseline": [0]}
    values = {"fs": rate, "units": ["mV"], "sig_name": ["II"], "p_signal": np.asarray(x)[:, None]}
    wfdb.wrsamp(name, **values, **scale, comments=list(comments), write_dir=str(folder))


def beats(seconds):
    return np.exp(-(((np.arange(100 * seconds) / 100 % 1 - 0.5) / 0.05) ** 2))


def archive(path, **arrays):
    np.savez(path, **{"signal": WAVES, "fs": np.array(100), **arrays})
    return path


def test_signals_of_an_archive_are_brought_to_the_declared_rate(tmp_path):
    path = archive(tmp_path / "a.npz")
    assert mk.read(path).schema["signal"].rate == 100
    cohort = mk.read(path, mk.Schema(signal=mk.Signal(rate=50, band=(0, 20))))
    assert cohort["signal"].shape == (12, 2, 100)
    assert cohort.schema["signal"].rate == 50
    assert noted(cohort, "resampled from 100 to 50 Hz")
    power = np.abs(np.fft.rfft(cohort["signal"], axis=2)) ** 2
    assert power[..., 45:].mean() < 0.1 * power[..., 5:30].mean()  # beyond 22 Hz
    mk.write(cohort, tmp_path / "b.npz")
    assert float(np.load(tmp_path / "b.npz")["fs"]) == 50
    assert np.array_equal(mk.read(tmp_path / "b.npz")["signal"], cohort["signal"])


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        (mk.Signal(channels=("I", "II", "III")), "3 channels are declared"),
        (mk.Signal(window=0.5), "the records last 2 s"),
    ],
)
def test_an_archive_that_is_not_as_declared_is_refused(tmp_path, kind, says):
    with pytest.raises(mk.errors.SchemaError, match=says):
        mk.read(archive(tmp_path / "a.npz"), mk.Schema(signal=kind))


def test_a_key_that_an_archive_lacks_is_named_beside_those_it_has(tmp_path):
    with pytest.raises(mk.errors.SchemaError, match=r"declares ecg, which .* its keys are signal, label"):
        mk.read(archive(tmp_path / "a.npz", label=np.arange(12) % 2), mk.Schema(ecg=mk.Signal()))


def test_filters_of_an_archive_need_its_rate(tmp_path):
    np.savez(tmp_path / "a.npz", signal=WAVES)
    with pytest.raises(mk.errors.SchemaError, match="need the `rate`"):
        mk.read(tmp_path / "a.npz", mk.Schema(signal=mk.Signal(notch=50)))


def test_archives_say_where_nothing_is_measured_or_nothing_moves(tmp_path):
    waves = WAVES.copy()
    waves[:3, 0] = np.nan
    waves[5, 1] = 1.0
    cohort = mk.read(archive(tmp_path / "a.npz", signal=waves))
    assert noted(cohort, "a channel holds no value in 3 of 12 records")
    assert noted(cohort, "a channel is flat throughout 1 of 12 records")


@pytest.mark.parametrize("value", [np.inf, 1e30, 1e300])
def test_values_that_no_instrument_gives_are_refused(tmp_path, value):
    spoilt = WAVES.copy()
    spoilt[3, 1, 7] = value
    with pytest.raises(mk.errors.FormatError, match=r"a\.npz: signal holds (infinite|values beyond)"):
        mk.read(archive(tmp_path / "a.npz", signal=spoilt))
    rows = [f"1,{i},HR,{value if i == 4 else 80 + i}" for i in range(10)]
    (tmp_path / "long.csv").write_text("\n".join(["subject,hour,parameter,value", *rows]))
    with pytest.raises(
        mk.errors.FormatError, match=r"long\.csv: row 6: the value of HR is infinite or beyond"
    ):
        mk.read(tmp_path / "long.csv")


def test_one_array_of_signals_is_called_as_declared(tmp_path):
    for name, x in (("two", WAVES[:, 0]), ("three", WAVES)):
        np.save(tmp_path / f"{name}.npy", x)
        cohort = mk.read(tmp_path / f"{name}.npy")
        assert isinstance(cohort.schema["signal"], mk.Signal)
        mk.write(cohort, tmp_path / "again.npy")
        assert np.array_equal(np.load(tmp_path / "again.npy"), x)
    cohort = mk.read(tmp_path / "three.npy", mk.Schema(ecg=mk.Signal(rate=100, channels=("I", "II"))))
    assert cohort.schema["ecg"].channels == ("I", "II")


def wide(path, **columns):
    t = np.arange(100) / 50
    cells = {"t_s": t, "II": np.sin(t), **columns}
    rows = zip(*cells.values(), strict=True)
    path.write_text("\n".join([",".join(cells), *(",".join(map(str, row)) for row in rows)]))
    return path


def test_a_wide_table_is_resampled_from_its_own_rate(tmp_path):
    kind = mk.Signal(channels=("II",), rate=25, window=1)
    cohort = mk.read(wide(tmp_path / "a.csv"), mk.Schema(ecg=kind))
    assert cohort["ecg"].shape == (2, 1, 25)
    assert noted(cohort, "channels of 50 Hz are resampled to 25 Hz")
    assert np.abs(cohort["ecg"].ravel()[5:45] - np.sin(np.arange(5, 45) / 25)).max() < 0.01


def test_a_value_that_is_none_names_table_and_subject(tmp_path):
    spoilt = np.sin(np.arange(100) / 50)
    spoilt[60] = 1e300
    path = wide(tmp_path / "a.csv", V1=spoilt, subject=np.arange(100) // 50)
    schema = mk.Schema(ecg=mk.Signal(channels=("II", "V1")))
    with pytest.raises(mk.errors.FormatError, match=r"a\.csv, subject 2: channel V1 holds values"):
        mk.read(path, schema)
    assert len(mk.read(path, schema, skip_bad=True)) == 1


def test_mains_are_taken_out_before_the_rate_becomes_too_low_for_them(tmp_path):
    t = np.arange(6000) / 1000
    hum = np.sin(2 * np.pi * 1 * t) + np.sin(2 * np.pi * 49 * t)
    record(tmp_path, "a", hum, rate=1000)
    cohort = mk.read(tmp_path / "a.hea", mk.Schema(ecg=mk.Signal(rate=100, notch=49, window=6)))
    plain = mk.read(tmp_path / "a.hea", mk.Schema(ecg=mk.Signal(rate=90, notch=49, window=6)))
    for found in (cohort, plain):
        hertz = np.abs(np.fft.rfft(found["ecg"][0, 0]))
        assert hertz[6] > 50 * hertz[12:].max()


def test_several_diagnoses_of_a_header_are_codes_and_return(tmp_path):
    for i, codes in enumerate(("426783006,59118001", "426783006", "164889003,59118001")):
        record(tmp_path / "a", f"r{i}", beats(6), comments=["Age: 74", f"Dx: {codes}"])
    cohort = mk.read(tmp_path / "a")
    assert cohort["diagnosis"].tolist() == ["426783006,59118001", "426783006", "164889003,59118001"]
    mk.write(cohort, tmp_path / "b")
    assert mk.read(tmp_path / "b")["diagnosis"].tolist() == cohort["diagnosis"].tolist()


@pytest.mark.parametrize(
    ("header", "says"),
    [
        (bytes(range(256)), "no header of a WFDB record"),
        (b"r0 1 0 600\nr0.dat 16 200/mV 16 0 0 0 0 II\n", "0 samples a second"),
        (b"r0 1 100 600\n../r1.dat 16 200/mV 16 0 0 0 0 II\n", "not there|no header"),
    ],
)
def test_headers_that_are_none_are_named_or_skipped(tmp_path, header, says):
    record(tmp_path / "a", "r0", beats(6))
    record(tmp_path / "a", "r1", beats(6))
    record(tmp_path, "r1", beats(6))
    (tmp_path / "a" / "r0.hea").write_bytes(header)
    with pytest.raises(mk.errors.FormatError, match=rf"r0\.hea.*({says}).* leave it out with skip_bad"):
        mk.read(tmp_path / "a")
    assert len(mk.read(tmp_path / "a", skip_bad=True)) == 1


def test_a_record_named_without_suffix_is_pointed_out(tmp_path):
    record(tmp_path, "r0", beats(6))
    with pytest.raises(mk.errors.FormatError, match=r"there is a record r0\.hea"):
        mk.read(tmp_path / "r0")


def test_rows_of_a_long_table_that_say_nothing_are_named_or_skipped(tmp_path):
    rows = [f"{i},0{hour}:00,HR,{80 + hour}" for i in range(3) for hour in range(9)]
    rows[4], rows[14] = "0,late,HR,80", "1,05:00,HR,high"
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["subject,time,parameter,value", *rows]))
    with pytest.raises(mk.errors.FormatError, match=r"column 'time' .*\(row 6\)"):
        mk.read(path)
    cohort = mk.read(path, skip_bad=True)
    assert noted(cohort, "left out 2 rows without a time, or whose value is no number")
    assert np.isnan(cohort["series"]).sum() == 2


def test_the_names_of_mimic_are_those_of_a_long_table(tmp_path):
    rows = [f"{i},2150-01-0{1 + i} 0{hour}:00:00,220045,{80 + hour}" for i in range(3) for hour in range(9)]
    (tmp_path / "a.csv").write_text("\n".join(["stay_id,charttime,itemid,valuenum", *rows]))
    assert mk.read(tmp_path / "a.csv")["series"].shape == (3, 1, 8)


def discontinuous(path, seconds=20, later=9):
    """An EDF+ file of one data record a second, of which those from the tenth on come so much later."""
    t = np.arange(100 * seconds) / 100
    with pyedflib.EdfWriter(str(path), 2, file_type=pyedflib.FILETYPE_EDFPLUS) as file:
        header = {
            "dimension": "uV",
            "physical_min": -200,
            "physical_max": 200,
            "transducer": "",
            "prefilter": "",
        }
        header |= {"digital_min": -32768, "digital_max": 32767}
        rates = {"Cz": 100, "Resp": 20}
        file.setSignalHeaders([{**header, "label": k, "sample_frequency": v} for k, v in rates.items()])
        file.setSex(0)
        file.setBirthdate(dt.date(1960, 3, 1))
        file.setStartdatetime(dt.datetime(2020, 1, 1, 12))  # noqa: DTZ001 - EDF knows no zones
        file.writeSamples([100 * np.sin(t), np.cos(t[::5])])
        file.writeAnnotation(2, 5, "REM")
    data = path.read_bytes().replace(b"EDF+C", b"EDF+D")
    for second in range(seconds - 1, 9, -1):
        data = data.replace(b"+%d\x14\x14" % second, b"+%d\x14\x14" % (second + later))
    path.write_bytes(data)
    return t


def test_what_lies_between_data_records_is_missing(tmp_path):
    t = discontinuous(tmp_path / "a.edf")
    cohort = mk.read(tmp_path / "a.edf", mk.Schema(eeg=mk.Signal(window=29)))
    x = cohort["eeg"][0]
    assert x.shape == (2, 2900)
    assert cohort.schema["eeg"].unit == "uV"
    assert np.isnan(x[0, 1000:1900]).all()
    assert np.abs(np.delete(x[0], np.s_[1000:1900]) - 100 * np.sin(t)).max() < 0.01
    assert np.isnan(x).mean() == pytest.approx(9 / 29, abs=0.002)
    assert (cohort["age"][0], cohort["sex"][0], cohort["label"][0]) == (59, "F", "REM")


def test_a_torn_discontinuous_file_is_refused(tmp_path):
    discontinuous(tmp_path / "a.edf")
    data = (tmp_path / "a.edf").read_bytes()
    for broken in (data[: len(data) // 2], data[:400], data.replace(b"+3\x14\x14", b"+1\x14\x14")):
        (tmp_path / "a.edf").write_bytes(broken)
        with pytest.raises(mk.errors.FormatError, match=r"a\.edf: no discontinuous EDF\+ that can be read"):
            mk.read(tmp_path / "a.edf")


@pytest.mark.parametrize("bad", [np.inf, -1e30])
def test_values_that_no_instrument_gives_are_refused_wherever_records_come_from(bad):
    waves = np.random.default_rng(0).standard_normal((30, 1, 32)).astype(np.float32)
    waves[3:5, 0, 7] = bad, np.nan
    broken = mk.Cohort.from_arrays({"ecg": waves}, {"ecg": mk.Signal()})
    said = r"field 'ecg': values that are infinite or beyond 1e\+15, in 1 of 30 records, first in record 3"
    with pytest.raises(mk.errors.SchemaError, match=said):
        mk.Synthesizer("ecg", family="vae").fit(broken, quiet=True)
    good = broken.take(np.arange(10, 30))
    with pytest.raises(mk.errors.SchemaError, match="synthetic: " + said):
        mk.evaluate(broken, good, good.take(np.arange(10)))
