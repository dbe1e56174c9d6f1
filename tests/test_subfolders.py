"""What subfolders are: patients, whose names stand nowhere, or classes."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

import manikin as mk
from manikin.schema.inference.folder_meaning import interpret_folders

PATIENTS = {
    "names": ["Smith_John", "Doe_Jane", "Kim_Soo", "Okonkwo_Ada"],
    "carets": ["DOE^JANE", "SMITH^JOHN", "KIM^SOO"],
    "surnames": ["Smith", "Garcia", "Okafor", "Miller"],
    "small letters": ["john.smith", "jane.doe", "wei.chen"],
    "bids": [f"sub-{i:02d}" for i in range(8)],
    "patients": [f"patient{i}" for i in range(1, 6)],
    "letters": [f"P{i:04d}" for i in range(1, 4)],
    "record numbers": [str(4711000 + 37 * i) for i in range(6)],
    "prefixed": [f"MRN{4711000 + 37 * i}" for i in range(6)],
    "dates": [f"2024-02-{i:02d}" for i in range(1, 9)],
    "running": [str(i) for i in range(1, 31)],
    "padded": [f"{i:03d}" for i in range(1, 9)],
    "sites": [f"TCGA-05-{4000 + i}" for i in range(4)],
    "uuid": [f"3f2504e0-4f89-11d3-9a0c-0305e82c33{i:02d}" for i in range(4)],
    "lettered": ["Patient_A", "Patient_B", "Patient_C"],
    "recordings": [f"chb{i:02d}" for i in range(1, 13)],
    "birth": ["Smith_1960", "Doe_19700102", "Garcia_1950"],
}
CLASSES = {
    "plain": ["benign", "malignant"],
    "letters": ["AD", "CN", "MCI"],
    "numbers": ["0", "1"],
    "scale": [str(i) for i in range(7)],
    "grades": [f"grade_{i}" for i in range(1, 5)],
    "roman": ["I", "II", "III", "IV"],
    "scores": [f"BI-RADS {i}" for i in range(1, 6)],
    "stages": ["T1", "T2", "T3"],
    "words": ["MildDemented", "ModerateDemented", "NonDemented", "VeryMildDemented"],
    "chest": ["COVID", "Lung_Opacity", "Normal", "Viral Pneumonia"],
    "skin": ["akiec", "bcc", "bkl", "df", "mel", "nv", "vasc"],
    "bowel": ["dyed-lifted-polyps", "esophagitis", "normal-cecum", "ulcerative-colitis"],
    "small": ["a", "b"],
}
UNCLEAR = {
    "codes": [f"{a}{b}" for a, b in zip("kqxzvbnmtrwp", "iououaeioaue", strict=True)],
    "initials": ["JS", "MK", "TT", "QB"],
    "unknown names": ["Xoquent_Blarvo", "Zindrik_Quome", "Vrelmont_Tazik"],
    "a patient among classes": ["benign", "malignant", "normal", "Smith_John"],
}


@pytest.mark.parametrize("names", PATIENTS.values(), ids=PATIENTS)
def test_folders_of_patients_are_subjects(names):
    found = interpret_folders([(name,) for name in names for _ in range(3)])
    assert found.roles == ("subject",)
    assert found.subjects == tuple(np.repeat(np.arange(len(names)) + 1, 3))
    assert not found.labels
    assert not any(name in str(found.notes) for name in names if len(name) > 3)


@pytest.mark.parametrize("names", CLASSES.values(), ids=CLASSES)
def test_folders_of_classes_are_labels(names):
    found = interpret_folders([(name,) for name in names for _ in range(40)])
    assert found.roles == ("label",)
    assert set(found.labels) == set(names)


@pytest.mark.parametrize("names", UNCLEAR.values(), ids=UNCLEAR)
def test_what_is_not_plain_is_refused_with_the_line_that_cures_it(names):
    above = [(name,) for name in names for _ in range(12)]
    with pytest.raises(mk.errors.FormatError, match=r'folders = \["subject"\]') as refused:
        interpret_folders(above)
    assert not any(name in str(refused.value) for name in names if len(name) > 2)
    assert interpret_folders(above, ["subject"]).subjects
    assert interpret_folders(above, ["label"]).labels


LEVELS = [
    ([("benign", f"P{i:03d}") for i in range(5)] + [("malignant", f"P{i:03d}") for i in range(5, 9)], "ls"),
    ([(c, str(i)) for c in ("benign", "malignant") for i in range(4)], "ls"),
    ([(f"Smith_{n}", c) for n in ("John", "Jane", "Mary") for c in ("benign", "malignant")], "sl"),
    ([(f"sub-{i:02d}", f"ses-{v}") for i in range(6) for v in (1, 2)], "sv"),
    ([(f"{n}_Smith", f"2020-01-0{v}") for n in ("John", "Jane") for v in (1, 2)], "sv"),
    ([(f"site{s}", f"{1000 + i}") for s in (1, 2) for i in range(6)], "ns"),
    ([(c, f"P{i:03d}", f"visit{v}") for c in ("AD", "CN") for i in range(4) for v in (1, 2)], "lsv"),
]


@pytest.mark.parametrize(("above", "roles"), LEVELS)
def test_levels_below_one_another(above, roles):
    words = {"l": "label", "s": "subject", "v": "visit", "n": "none"}
    found = interpret_folders([parts for parts in above for _ in range(3)])
    assert found.roles == tuple(words[role] for role in roles)
    assert "level 2" in found.notes[0]


def draw(path, seed):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, (6, 8), dtype=np.uint8)).save(path)


@pytest.fixture
def ward(tmp_path):
    for i, name in enumerate(PATIENTS["names"]):
        for j in range(5):
            draw(tmp_path / "in" / name / f"slice{j}.png", 10 * i + j)
    return tmp_path / "in"


def test_a_patient_stays_on_one_side_and_is_named_nowhere(ward, tmp_path):
    cohort = mk.read(ward)
    assert list(cohort.schema) == ["subject", "image"]
    assert cohort.schema["subject"].role == "subject"
    train, holdout = cohort.split(0.25, seed=0)
    assert not set(train["subject"]) & set(holdout["subject"])
    mk.write(cohort, tmp_path / "out")
    cohort.schema.write(tmp_path / "schema.toml")
    texts = [str(cohort), str(cohort.origin), (tmp_path / "schema.toml").read_text()]
    texts += [str(path) + path.read_bytes().decode("latin-1") for path in (tmp_path / "out").rglob("*.csv")]
    assert not any(word in text for text in texts for word in ("Smith", "Doe", "Okonkwo"))
    assert mk.read(ward, tmp_path / "schema.toml")["subject"].tolist() == cohort["subject"].tolist()


def test_errors_and_notes_do_not_name_a_patient(ward):
    (ward / "Doe_Jane" / "slice9.png").write_bytes(b"no picture")
    with pytest.raises(mk.errors.FormatError, match=r"\[subject 1\]/slice9") as refused:
        mk.read(ward)
    assert "Doe" not in str(refused.value)
    (ward / "Doe_Jane" / "slice9.png").rename(ward / "Doe_Jane" / "Doe_Jane_9.png")
    cohort = mk.read(ward, skip_bad=True)
    assert len(cohort) == 20
    assert any("left out" in note for note in cohort.notes)
    assert "Doe" not in str(cohort.notes)


def test_the_schema_says_what_a_level_is(ward):
    (ward / "schema.toml").write_text('folders = ["label"]\n')
    assert set(mk.read(ward)["label"]) == set(PATIENTS["names"])
    (ward / "schema.toml").write_text('folders = ["label", "subject"]\n')
    with pytest.raises(mk.errors.SchemaError, match="2 levels are declared"):
        mk.read(ward)
    (ward / "schema.toml").write_text('folders = ["patient"]\n')
    with pytest.raises(mk.errors.SchemaError, match="one of subject, label, visit, none"):
        mk.read(ward)


def test_notes_and_tables_have_patients_too(tmp_path):
    for name in PATIENTS["names"]:
        (tmp_path / "notes" / name).mkdir(parents=True)
        for j in range(3):
            (tmp_path / "notes" / name / f"{j}.txt").write_text(f"Seen on the ward, visit {j}.")
    notes = mk.read(tmp_path / "notes")
    assert len(set(notes["subject"])) == 4
    assert "label" not in notes.schema
    mk.write(notes, tmp_path / "out")
    assert mk.read(tmp_path / "out")["subject"].tolist() == notes["subject"].tolist()
    rows = ["file,age"]
    for i, name in enumerate(PATIENTS["names"]):
        for j in range(2):
            draw(tmp_path / "listed" / name / f"{j}.png", 10 * i + j)
            rows.append(f"{name}/{j}.png,{40 + i}")
    (tmp_path / "listed" / "list.csv").write_text("\n".join(rows))
    listed = mk.read(tmp_path / "listed")
    assert len(set(listed.subject)) == 4
    assert "Smith" not in str(listed)


def test_pictures_of_others_are_judged_without_folders(ward, tmp_path):
    for i in range(12):
        draw(tmp_path / "made" / f"{i}.png", i)
    made = mk.read(tmp_path / "made", mk.read(ward).schema)
    assert list(made.schema) == ["image"]
    assert any("each is its own" in note for note in made.notes)


def test_volumes_in_folders_of_patients(tmp_path):
    import nibabel

    for i, name in enumerate(PATIENTS["names"]):
        for j, kind in enumerate(("FLAIR", "T1")):
            (tmp_path / name).mkdir(exist_ok=True)
            x = np.full((4, 4, 4), 10 * i + j, np.int16)
            nibabel.save(nibabel.Nifti1Image(x, np.eye(4)), tmp_path / name / f"{kind}.nii.gz")
    cohort = mk.read(tmp_path)
    assert list(cohort.schema) == ["subject", "FLAIR", "T1"]
    assert len(set(cohort["subject"])) == 4
    assert (cohort["T1"] - cohort["FLAIR"] == 1).all()
    assert "Smith" not in str(cohort)


def test_recordings_in_folders_of_people_are_of_one_person(tmp_path):
    wfdb = pytest.importorskip("wfdb")
    rng = np.random.default_rng(0)
    for name in PATIENTS["names"]:
        (tmp_path / name).mkdir()
        for j in range(3):
            x = rng.normal(size=(200, 1))
            wfdb.wrsamp(
                f"r{j}",
                fs=100,
                units=["mV"],
                sig_name=["I"],
                p_signal=x,
                fmt=["16"],
                write_dir=str(tmp_path / name),
            )
    cohort = mk.read(tmp_path)
    assert len(set(cohort.subject)) == 4
    assert len(cohort) == 12
    assert "Smith" not in str(cohort)


def test_nothing_is_learned_of_folders_that_are_not_plain(tmp_path):
    for i, name in enumerate(UNCLEAR["codes"]):
        for j in range(12):
            draw(tmp_path / "in" / name / f"{j}.png", 20 * i + j)
    held = mk.read(tmp_path / "in")
    assert list(held.schema) == ["folder", "image"]
    assert held["folder"].tolist() == np.repeat(np.arange(12) + 1, 12).tolist()
    with pytest.raises(mk.errors.SchemaError, match=r'folders = \["subject"\]'):
        mk.Synthesizer(family="vae", training=mk.Training(steps=1)).fit(held, quiet=True)
    held.schema.write(tmp_path / "schema.toml")
    assert mk.read(tmp_path / "in", tmp_path / "schema.toml").schema["folder"].role == "unclear"
    text = (tmp_path / "schema.toml").read_text()
    (tmp_path / "schema.toml").write_text('folders = ["subject"]\n' + text)
    assert list(mk.read(tmp_path / "in", tmp_path / "schema.toml").schema) == ["subject", "image"]
    for place in ("ax1", "bq7", "cz9"):
        (tmp_path / "notes" / place).mkdir(parents=True)
        (tmp_path / "notes" / place / "a.txt").write_text("Seen on the ward.")
    assert mk.read(tmp_path / "notes").schema["folder"].role == "unclear"
