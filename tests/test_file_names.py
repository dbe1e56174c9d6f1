"""Files whose names say whose they are: kept together, and the names stand nowhere."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

import manikin as mk
from manikin.schema.inference.file_owners import find_owners
from manikin.schema.inference.folder_meaning import interpret_folders

PATIENTS = {
    "names": (["Smith_John_0", "Smith_John_1", "Smith_Mary_0", "Doe_Jane_0"], 3),
    "carets": (["DOE^JANE-1", "DOE^JANE-2", "SMITH^JOHN-1"], 2),
    "lettered": (["P0003_0", "P0003_1", "P0004_0"], 2),
    "bids": (["sub-01_ses-01_T1w", "sub-01_ses-02_T1w", "sub-02_ses-01_T1w"], 2),
    "record numbers": (["4711037_20210304_1", "4711037_20210305_1", "4711954_20210304_1"], 2),
    "padded": (["00000001_000", "00000001_001", "00000002_000"], 2),
    "collection": (["OAS1_0028_MR1_100", "OAS1_0028_MR1_101", "OAS1_0031_MR1_100"], 2),
    "with class": (["person1_virus_6", "person1_virus_7", "person3_bacteria_10"], 2),
    "one is called otherwise": (["P0003_0", "P0003_1", "P0004_0", "P0004_1", "overview"], 3),
}
OTHERS = {
    "classes": ["normal_1", "normal_2", "tumor_1", "tumor_2"],
    "brackets": ["benign (1)", "benign (2)", "malignant (1)"],
    "numbered pictures": ["image_001", "image_002", "scan-01", "scan-02"],
    "one of each": ["Smith_John_0", "Doe_Jane_0", "P0003_1"],
    "collection": ["ISIC_0024306", "ISIC_0024307", "IMD003"],
    "label at the end": ["MCUCXR_0001_0", "MCUCXR_0002_1"],
    "tiles": ["0_1", "0_2", "1_1", "1_2"],
    "plain": ["1", "2", "3"],
}


@pytest.mark.parametrize(("names", "count"), PATIENTS.values(), ids=PATIENTS)
def test_beginnings_of_names_are_subjects(names, count):
    owners = find_owners(names)
    assert len(set(owners)) == count
    assert owners[0] == owners[1]


@pytest.mark.parametrize("names", OTHERS.values(), ids=OTHERS)
def test_other_names_say_of_nobody_whose_the_file_is(names):
    assert find_owners(names) == []


@pytest.mark.parametrize("suffix", [".png", ".npy", ".txt"])
def test_files_of_one_person_stay_on_one_side_and_the_name_is_gone(tmp_path, suffix):
    rng = np.random.default_rng(0)
    for i in range(36):
        name = ("Smith_John", "Doe_Jane", "Okonkwo_Chidi", "Haddad_Rania", "Weber_Uwe", "Kim_Soo")[i % 6]
        path = tmp_path / ("benign", "malignant")[i // 18] / f"{name}_{i}{suffix}"
        path.parent.mkdir(exist_ok=True)
        pixels = rng.integers(0, 255, (16, 16), dtype=np.uint8)
        if suffix == ".png":
            Image.fromarray(pixels).save(path)
        elif suffix == ".npy":
            np.save(path, pixels)
        else:
            path.write_text(f"The patient was seen on day {i}.")
    cohort = mk.read(tmp_path)
    assert cohort["subject"].tolist() == [int(x) for x in cohort.subject + 1]
    assert len(set(cohort["subject"])) == 6
    assert cohort.schema["label"].levels == ("benign", "malignant")
    train, holdout = cohort.split(0.34, seed=0)
    assert not set(train["subject"]) & set(holdout["subject"])
    assert "Smith" not in str((cohort.notes, cohort.origin, cohort.schema))
    assert any("names of files: 6 beginnings" in note for note in cohort.notes)


def test_a_bad_file_is_named_without_the_person(tmp_path):
    for i in range(6):
        Image.fromarray(np.full((8, 8), i, np.uint8)).save(tmp_path / f"Smith_John_{i}.png")
    (tmp_path / "Smith_John_0.png").write_bytes(b"no picture")
    with pytest.raises(mk.errors.FormatError, match=r"\[subject 1\]_0\.png") as refused:
        mk.read(tmp_path)
    assert "Smith" not in str(refused.value)


def test_a_table_that_names_subjects_knows_better(tmp_path):
    rows = ["file,patient_id,age"]
    for i in range(24):
        pixels = np.random.default_rng(i).integers(0, 255, (16, 16), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"P{i // 4:04d}_{i}.png")
        rows.append(f"P{i // 4:04d}_{i}.png,{i // 2 + 100},{40 + i}")
    (tmp_path / "list.csv").write_text("\n".join(rows))
    (tmp_path / "schema.toml").write_text('[patient_id]\nkind = "number"\nrole = "subject"\n')
    cohort = mk.read(tmp_path, tmp_path / "schema.toml")
    assert len(set(cohort.subject)) == 12
    assert not any("names of files" in note for note in cohort.notes)
    plain = tmp_path / "plain"
    plain.mkdir()
    for path in tmp_path.glob("*.png"):
        path.rename(plain / path.name)
    (plain / "list.csv").write_text("\n".join(",".join(row.split(",")[::2]) for row in rows))
    assert len(set(mk.read(plain).subject)) == 6


def test_many_folders_of_numbered_scans_are_kept_whole_and_a_few_visits_are_not():
    found = interpret_folders([(f"IMG_{i:04d}",) for i in range(12) for _ in range(3)])
    assert found.roles == ("subject",)
    assert len(set(found.subjects)) == 12
    assert interpret_folders([(f"week{i}",) for i in range(12) for _ in range(3)]).roles == ("visit",)


def test_volumes_of_persons_with_unequal_counts_are_one_field(tmp_path):
    nibabel = pytest.importorskip("nibabel")
    rng = np.random.default_rng(0)
    for name in ("Smith_John_0", "Smith_John_1", "Doe_Jane_0", "Doe_Jane_1", "Doe_Jane_2"):
        volume = nibabel.Nifti1Image(rng.normal(size=(4, 4, 4)).astype(np.float32), np.eye(4))
        nibabel.save(volume, tmp_path / f"{name}.nii.gz")
    cohort = mk.read(tmp_path)
    assert list(cohort.schema) == ["subject", "image"]
    assert cohort["subject"].tolist() == [1, 1, 1, 2, 2]
