"""Text burned into pictures: found, told, held at the gate, never denied, and blanked."""

from __future__ import annotations

import sys
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pydicom
import pytest
from PIL import Image, ImageDraw
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

import manikin as mk
from manikin.cli import main
from manikin.cohort.cohort import Cohort
from manikin.cohort.source_format import SourceFormat
from manikin.evaluation.card.burned_text_check import describe_burned_text, find_burned_text
from manikin.evaluation.card.gate import decide_use
from manikin.evaluation.scorecard import Scorecard
from manikin.imaging.analysis import text_blanking
from manikin.imaging.analysis.text_rows import MIN_TEXT_ROW, has_steady_marks, measure_longest_row


def smooth(seed, side=96):
    """A picture without text: broad hills and fine noise, from 0 to about 150."""
    rng = np.random.default_rng(seed)
    hills = np.kron(rng.random((6, 6)), np.ones((side // 6, side // 6)))
    return (100 * hills + 20 * rng.random((side, side))).astype(np.uint8)


def lettered(seed, text="DOE JANE 4711", side=96):
    picture = Image.fromarray(smooth(seed, side))
    ImageDraw.Draw(picture).text((6, 8), text, fill=255)
    return np.asarray(picture)


def dicom(path, x, **elements):
    found = pydicom.Dataset()
    found.SOPClassUID, found.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.4", generate_uid()
    found.Modality, found.PatientID, found.SeriesInstanceUID = "MR", path.stem, generate_uid()
    found.Rows, found.Columns, found.SamplesPerPixel = *x.shape, 1
    found.PhotometricInterpretation, found.PixelRepresentation = "MONOCHROME2", 0
    found.BitsAllocated, found.BitsStored, found.HighBit = 8, 8, 7
    for keyword, value in elements.items():
        setattr(found, keyword, value)
    found.file_meta = pydicom.FileMetaDataset()
    found.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    found.PixelData = x.tobytes()
    found["PixelData"].VR = "OB"
    path.parent.mkdir(parents=True, exist_ok=True)
    found.save_as(path, enforce_file_format=True)


HEADERS = [
    ({"BurnedInAnnotation": "YES"}, "flagged", "say so in their header"),
    ({"Modality": "US"}, "flagged", "often bears text"),
    ({"Modality": "XA", "BurnedInAnnotation": "NO"}, "flagged", "often bears text"),
    ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"}, "flagged", "often bears text"),
    ({"BurnedInAnnotation": "NO"}, "none", ""),
    ({}, "unknown", ""),
]


@pytest.mark.parametrize(("elements", "state", "words"), HEADERS)
def test_headers_are_read_and_nothing_is_denied(elements, state, words, tmp_path):
    for i in range(3):
        dicom(tmp_path / f"in/{i}.dcm", smooth(i), **elements)
    cohort = mk.read(tmp_path / "in")
    assert cohort.origin.options["burned_in"]["image"]["state"] == state
    notes = [note for note in cohort.notes if "burned" in note]
    assert len(notes) == (state == "flagged")
    assert all(words in note and "3 of 3" in note for note in notes)
    mk.write(cohort.take([0, 1]), tmp_path / "out")
    found = pydicom.dcmread(min((tmp_path / "out").rglob("*.dcm")))
    assert found.get("BurnedInAnnotation") == {"flagged": "YES", "none": "NO", "unknown": None}[state]
    assert found.get("PatientIdentityRemoved") == ("YES" if state == "none" else None)


def test_letters_are_seen_and_plain_pictures_are_not():
    assert all(measure_longest_row(lettered(i)[None]) >= MIN_TEXT_ROW for i in range(5))
    assert all(measure_longest_row(255 - lettered(i)[None]) >= MIN_TEXT_ROW for i in range(5))
    assert not any(measure_longest_row(smooth(i)[None]) >= MIN_TEXT_ROW for i in range(20))
    assert has_steady_marks(np.stack([lettered(i, "KLINIK")[None] for i in range(8)]))
    assert not has_steady_marks(np.stack([smooth(i)[None] for i in range(8)]))


def pictures(folder, texts):
    for i, text in enumerate(texts):
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(lettered(i, text) if text else smooth(i)).save(folder / f"{i}.png")
    return folder


def test_one_picture_with_a_name_is_enough(tmp_path):
    cohort = mk.read(pictures(tmp_path / "in", ["", "", "", "SMITH JOHN 1960", ""]))
    assert find_burned_text(cohort)["image"]["records"] == 1
    assert not find_burned_text(mk.read(pictures(tmp_path / "plain", [""] * 5)))


def card(train):
    found = find_burned_text(train)
    about = {"records": {"train": 300, "holdout": 300, "synthetic": 300}, "subjects": {"holdout": 300}}
    return Scorecard([], about={**about, **({"burned_in": found} if found else {})})


def test_the_gate_holds_until_a_person_looked(tmp_path):
    folder = pictures(tmp_path / "in", ["DOE JANE 4711"] * 5)
    held = card(mk.read(folder))
    for tier in ("internal", "controlled", "open"):
        decision = decide_use(held, tier)
        assert not decision.is_released
        assert any(f.score == "burned_in_text" and f.outcome == "not shown" for f in decision.findings)
    assert "5 of 5 of 'image'" in describe_burned_text(held)
    (folder / "schema.toml").write_text('[image]\nkind = "image"\nburned_in = "none"\n')
    looked = mk.read(folder)
    assert not any("burned" in note for note in looked.notes)
    assert not [f for f in decide_use(card(looked), "open").findings if f.score == "burned_in_text"]
    (folder / "schema.toml").write_text('[image]\nkind = "image"\nburned_in = "looked"\n')
    with pytest.raises(mk.errors.SchemaError, match='burned_in is "none" or "present"'):
        mk.read(folder)


def test_the_flag_travels_from_training_to_the_card_and_to_what_is_written(tmp_path):
    for i in range(12):
        dicom(tmp_path / f"in/{i}.dcm", smooth(i, 24)[:24, :24], Modality="US")
    cohort = mk.read(tmp_path / "in", mk.Schema(image=mk.Image(size=(8, 8))))
    train, holdout = cohort.split(0.5, seed=0)
    assert set(find_burned_text(train)) == {"image"}
    quick = mk.Training(steps=2)
    model = mk.Synthesizer("image", family="vae", training=quick).fit(train, quiet=True)
    model.save(tmp_path / "model")
    synthetic = mk.load(tmp_path / "model").sample(4, seed=1)
    mk.write(synthetic, tmp_path / "out")
    found = pydicom.dcmread(min((tmp_path / "out").rglob("*.dcm")))
    assert found.BurnedInAnnotation == "YES"
    assert "PatientIdentityRemoved" not in found
    del holdout


def test_the_judge_looks_at_arrays_itself():
    x = np.stack([lettered(i)[None] for i in range(6)])
    cohort = Cohort.from_arrays({"scan": x}, {"scan": mk.Image()})
    assert find_burned_text(cohort)["scan"]["records"] == 6
    assert not find_burned_text(Cohort.from_arrays({"scan": x}, {"scan": mk.Image(burned_in="none")}))


def box(_):
    return [(0, 30, 0, 96)]


def test_text_is_blanked_and_counted(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(text_blanking, "find_text", box)
    folder = pictures(tmp_path / "in", ["DOE JANE 4711"] * 3)
    monkeypatch.setattr(sys, "argv", ["manikin", "deidentify", str(folder), "-o", str(tmp_path / "out")])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    told = "".join(capsys.readouterr())
    assert "3 texts in 3 of 3 pictures are blanked" in " ".join(told.split())
    clean = mk.read(tmp_path / "out")
    assert not find_burned_text(clean)
    assert (clean["image"][:, :, 30:] == mk.read(folder)["image"][:, :, 30:]).all()
    cohort = replace(clean, origin=SourceFormat("dicom", {}))
    assert (text_blanking.blank_text(cohort)["image"][:, :, :30].std(axis=(2, 3)) == 0).all()


@pytest.mark.skipif(find_spec("rapidocr") is None, reason="rapidocr (the extra ocr) is not installed")
def test_a_network_finds_rendered_names():
    found = text_blanking.find_text(lettered(0, "DOE JANE 4711", 192)[None])
    assert len(found) == 1
    top, bottom, left, right = found[0]
    assert top < 12
    assert bottom > 18
    assert left < 8
    assert right > 70
    assert not text_blanking.find_text(smooth(0, 192)[None])
