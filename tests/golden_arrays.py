"""Golden results of files of signals, pictures and volumes."""

import warnings
from pathlib import Path

import golden_inputs as made
import numpy as np
import pandas as pd
from golden_core import case, command
from golden_reading import looked

import manikin as mk


@case(needs=("wfdb", "pyedflib"))
def signals_recorded(found):
    import pyedflib
    import wfdb

    x = made.rng(0).integers(-900, 900, (4, 2, 400)) / 1000
    scale = {"fs": 100, "units": ["mV", "mV"], "sig_name": ["II", "V5"], "fmt": ["16", "16"]}
    scale |= {"adc_gain": [1000.0, 1000.0], "baseline": [0, 0], "comments": ["Age: 61  Sex: F"]}
    for i, each in enumerate(x):
        Path("wfdb").mkdir(exist_ok=True)
        wfdb.wrsamp(f"r{i}", p_signal=each.T, write_dir="wfdb", **scale)
        wfdb.wrann(f"r{i}", "atr", np.arange(50, 400, 100), list("NNVN"), write_dir="wfdb")
    found.cohort("wfdb", mk.read("wfdb"), everywhere=True)
    beats = mk.read("wfdb", mk.Schema(ecg=mk.Signal(window=0.8, around="*")))
    found.cohort("beats", beats, everywhere=True)
    mk.write(beats, "beats")
    found.files("written beats", "beats")
    Path("edf").mkdir()
    with pyedflib.EdfWriter("edf/a.edf", 2, file_type=pyedflib.FILETYPE_EDFPLUS) as file:
        file.setStartdatetime(pd.Timestamp("2020-01-01").to_pydatetime())
        for k, name in enumerate(("Fp1", "Cz")):
            span = {"physical_max": 1, "physical_min": -1, "digital_max": 32767, "digital_min": -32768}
            file.setSignalHeader(k, {"label": name, "dimension": "uV", "sample_frequency": 100, **span})
        file.writeSamples([x[0, 0], x[0, 1]])
    edf = mk.read("edf/a.edf")
    found.cohort("edf", edf, everywhere=True)
    mk.write(edf, "again.edf")
    found.files("written edf", "again.edf")


@case()
def signals_tables(found):
    draw, rows = made.rng(0), ["RecordID,Time,Parameter,Value"]
    for i in range(1, 31):
        rows += [f"{i},00:00,Age,{40 + i}", f"{i},00:00,Height,{-1 if i % 3 == 0 else 170 + i % 9}"]
        rows += [f"{i},{hour:02d}:15,HR,{draw.integers(60, 100)}" for hour in range(24)]
        rows += [f"{i},{hour:02d}:30,Lactate,{draw.integers(5, 50) / 10}" for hour in range(i % 5, 24, 6)]
    Path("stays.csv").write_text("\n".join(rows))
    dead = ["RecordID,In-hospital_death", *(f"{i},{i % 4 == 0:d}" for i in range(1, 31))]
    Path("outcomes.csv").write_text("\n".join(dead))
    stays = looked(found, "stays.csv")
    mk.write(stays, "again.csv")
    found.files("written", "again.csv", everywhere=True)
    ecg = made.waves()
    mk.write(ecg, "ecg.npz")
    found.cohort("npz", mk.read("ecg.npz"))
    slow = mk.read("ecg.npz", mk.Schema(ecg=mk.Signal(rate=25, band=(0, 10))))
    found.cohort("slower", slow, loose=0.01)


@case()
def pictures_written(found):
    import nibabel
    from PIL import Image

    for i, (x, mask, size) in enumerate(
        zip(*(made.pictures(12)[name] for name in ("scan", "mask", "size")), strict=True)
    ):
        Path(f"folder/{size}").mkdir(parents=True, exist_ok=True)
        Image.fromarray(x[0]).save(f"folder/{size}/p{i}.png")
        Image.fromarray(mask[0] * 255).save(f"folder/{size}/p{i}_mask.png")
    Path("nifti").mkdir()
    for i, volume in enumerate(made.volumes(4)["volume"]):
        nibabel.save(
            nibabel.Nifti1Image(volume[0].astype(np.int16), np.diag([2.0, 1, 3, 1])), f"nifti/p{i}.nii.gz"
        )
    np.savez("x.npz", image=made.pictures(12)["scan"][:, 0], label=np.arange(12) % 2)
    for name in ("folder", "nifti", "x.npz"):
        cohort = mk.read(name)
        found.cohort(name, cohort, everywhere=True)
        mk.write(cohort, f"again-{name}")
        found.files(f"written {name}", f"again-{name}")
        back = mk.read(f"again-{name}")
        found.cohort(f"again {name}", back, everywhere=True)
    found.exact("inspect", command("inspect", "folder", "-o", "looked"))


def save_slice(path, x, height, series="1.2.3"):
    """A slice as a scanner might write it."""
    import pydicom

    found = pydicom.Dataset()
    found.SOPClassUID, found.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", f"1.2.9.{height + 1}"
    found.PatientName, found.PatientID, found.PatientBirthDate = "Doe^Jane", "HOSP-4711", "19600102"
    found.Modality, found.PatientSex, found.PatientAge, found.SeriesInstanceUID = "CT", "F", "061Y", series
    found.Rows, found.Columns, found.SamplesPerPixel = *x.shape, 1
    found.PhotometricInterpretation, found.BitsAllocated, found.BitsStored = "MONOCHROME2", 16, 12
    found.HighBit, found.PixelRepresentation, found.RescaleSlope, found.RescaleIntercept = 11, 0, 1, -1024
    found.ImagePositionPatient, found.PixelSpacing = [0, 0, height], [0.5, 0.25]
    found.ImageOrientationPatient, found.InstanceNumber = [1, 0, 0, 0, 1, 0], height + 1
    found.file_meta = pydicom.FileMetaDataset()
    found.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    found.PixelData = x.tobytes()
    found["PixelData"].VR = "OW"
    found.save_as(path, enforce_file_format=True)


@case()
def pictures_dicom(found):
    Path("dicom").mkdir()
    for z in range(4):
        save_slice(f"dicom/{z}.dcm", made.rng(z).integers(0, 4096, (6, 8)).astype(np.uint16), z)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cohort = mk.read("dicom")
        found.cohort("dicom", cohort, everywhere=True)
        mk.write(cohort, "again")
        found.cohort("again", mk.read("again"), everywhere=True)
    found.files("written", "again")
