"""Folders of pictures: classes, masks, tables, sizes, bad files, and back to files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import manikin as mk
from manikin.core import arrow
from manikin.imaging.files import raster, write

REAL = Path(__file__).parents[1] / ".." / "shared" / "data" / "imaging"


def draw(path, x):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(x).save(path)


def picture(seed, shape=(6, 8), dtype=np.uint8):
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, shape, dtype=dtype)


@pytest.fixture
def classes(tmp_path):
    """Two classes of two pictures, each with a mask of its name."""
    for i in range(4):
        label = "benign" if i < 2 else "malignant"
        draw(tmp_path / "in/images" / label / f"{i}.png", picture(i))
        draw(tmp_path / "in/masks" / label / f"{i}.png", np.where(picture(i) > 99, 255, 0).astype(np.uint8))
    return tmp_path / "in"


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def same(a, b):
    assert list(a.schema) == list(b.schema)
    for name in a.schema:
        np.testing.assert_array_equal(a[name], b[name])


def test_subfolders_are_classes(classes, tmp_path):
    cohort = mk.read(classes)
    assert list(cohort["label"]) == ["benign", "benign", "malignant", "malignant"]
    assert cohort.schema.find_by_role("label") == "label"
    assert (cohort["image"][3, 0] == picture(3)).all()
    assert (cohort["mask"][3, 0] == (picture(3) > 99)).all()
    assert cohort.schema["mask"].levels == 2
    mk.write(cohort, tmp_path / "out")
    assert files(tmp_path / "out") == [
        f"{kind}/{place}.png"
        for kind in ("images", "masks")
        for place in ("benign/000001", "benign/000002", "malignant/000003", "malignant/000004")
    ]
    assert set(np.unique(np.asarray(Image.open(tmp_path / "out/masks/benign/000001.png")))) == {0, 255}
    same(mk.read(tmp_path / "out"), cohort)


def test_a_table_lists_pictures_by_name(tmp_path):
    for i in range(3):
        draw(tmp_path / f"in/images/a{i}.png", picture(i, (5, 4, 3)))
        draw(tmp_path / f"in/masks/a{i}.png", picture(i, (5, 4)) % 3)
    rows = "".join(f"p{i // 2},{60 + i},a{i}.png,a{i}.png,Clear lungs in view {i}.\n" for i in range(3))
    (tmp_path / "in/list.csv").write_text("patient_id,age,file,mask,report\n" + rows)
    for cohort in (mk.read(tmp_path / "in"), mk.read(tmp_path / "in/list.csv")):
        assert list(cohort.schema) == ["patient_id", "age", "report", "image", "mask"]
        assert isinstance(cohort.schema["report"], mk.Text)
        assert cohort["image"].shape == (3, 3, 5, 4)
        assert (cohort["image"][1] == np.moveaxis(picture(1, (5, 4, 3)), -1, 0)).all()
        assert (cohort["mask"][2, 0] == picture(2, (5, 4)) % 3).all()
        assert cohort.schema["mask"].levels == 3
    mk.write(cohort, tmp_path / "out")
    assert (
        (tmp_path / "out/list.csv")
        .read_text()
        .splitlines()[1]
        .endswith("images/000001.png,masks/000001.png")
    )
    same(mk.read(tmp_path / "out"), cohort)


def test_a_table_lists_pictures_by_number_and_classes_by_subfolder(tmp_path):
    for i in range(4):
        draw(tmp_path / f"in/{'ab'[i % 2]}/scan{i}.png", picture(i))
    rows = "".join(f"scan{i},s{i // 2},{i}\n" for i in (3, 1, 2))
    (tmp_path / "in/who.csv").write_text("id,subject,age\n" + rows)
    cohort = mk.read(tmp_path / "in")
    assert list(cohort["label"]) == ["b", "b", "a"]
    assert cohort.schema["id"].role == "identifier"
    assert (cohort["image"][0, 0] == picture(3)).all()
    assert any("1 pictures that no row names" in note for note in cohort.notes)


def test_a_row_without_its_picture_is_an_error(tmp_path):
    for i in range(3):
        draw(tmp_path / f"images/s{i}.png", picture(i))
    (tmp_path / "who.csv").write_text("id,age\ns0,1\ns1,2\ns2,3\ns3,4\n")
    with pytest.raises(mk.errors.FormatError, match="column 'id' says in record 4"):
        mk.read(tmp_path)


def test_a_plain_table_stays_a_table(tmp_path):
    draw(tmp_path / "plot.png", picture(0))
    (tmp_path / "a.csv").write_text("age,sex\n61,F\n40,M\n")
    assert list(mk.read(tmp_path / "a.csv").schema) == ["age", "sex"]
    with pytest.raises(mk.errors.FormatError, match="one picture"):
        mk.read(tmp_path)


@pytest.mark.parametrize(
    ("suffix", "x"),
    [
        (".png", picture(0, dtype=np.uint16)),
        (".tif", picture(1, dtype=np.uint16)),
        (".tif", np.linspace(-1, 1, 48, dtype=np.float32).reshape(6, 8)),
        (".bmp", picture(2, (6, 8, 3))),
        (".npy", picture(3, dtype=np.int16) - np.int16(1024)),
    ],
)
def test_every_depth_returns(tmp_path, suffix, x):
    for i in range(2):
        path = tmp_path / f"in/{i}{suffix}"
        path.parent.mkdir(exist_ok=True)
        if suffix == ".npy":
            np.save(path, x)
        else:
            Image.fromarray(x).save(path)
    cohort = mk.read(tmp_path / "in")
    assert cohort["image"].dtype == x.dtype
    assert (cohort["image"][1] == (x[None] if x.ndim == 2 else np.moveaxis(x, -1, 0))).all()
    mk.write(cohort, tmp_path / "out")
    assert files(tmp_path / "out") == [f"images/{i:06d}{suffix}" for i in (1, 2)]
    same(mk.read(tmp_path / "out"), cohort)


def test_pages_of_a_tiff_are_a_volume(tmp_path):
    pages = [Image.fromarray(picture(i)) for i in range(3)]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    cohort = mk.read(tmp_path / "a.tif")
    assert cohort["image"].shape == (1, 1, 3, 6, 8)
    assert (cohort["image"][0, 0, 2] == picture(2)).all()


def test_sizes_that_vary_are_brought_together_and_one_odd_size_is_an_error(tmp_path):
    for i in range(10):
        draw(tmp_path / f"vary/{i}.png", np.full((8 + i % 4, 8), i, np.uint8))
        draw(tmp_path / f"odd/{i}.png", np.full((8 if i else 9, 8), i, np.uint8))
    cohort = mk.read(tmp_path / "vary")
    assert cohort["image"].shape == (10, 1, 9, 8)
    assert (cohort["image"][:, 0] == np.arange(10)[:, None, None]).all()
    assert "4 sizes" in cohort.notes[0]
    with pytest.raises(mk.errors.FormatError, match=r"0\.png: differs .* in size \(9 x 8, most 8 x 8\)"):
        mk.read(tmp_path / "odd")
    left = mk.read(tmp_path / "odd", skip_bad=True)
    assert len(left) == 9
    assert "left out 0.png" in left.notes[0]


def test_a_size_in_the_schema(classes):
    cohort = mk.read(classes, mk.Schema(image=mk.Image(size=(3, 4))))
    assert cohort["image"].shape == (4, 1, 3, 4)
    assert cohort["mask"].shape == (4, 1, 3, 4)
    assert set(np.unique(cohort["mask"])) <= {0, 1}
    mean = picture(0)[:2, :2].mean()
    assert abs(cohort["image"][0, 0, 0, 0] - mean) <= 0.5


def test_bad_files_are_named_and_can_be_left_out(classes):
    whole = (classes / "images/benign/0.png").read_bytes()
    (classes / "images/benign/0.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(mk.errors.FormatError, match=r"0\.png: not a readable picture"):
        mk.read(classes)
    cohort = mk.read(classes, skip_bad=True)
    assert len(cohort) == len(cohort["label"]) == len(cohort["mask"]) == 3
    assert (cohort["image"][0, 0] == picture(1)).all()
    assert [note for note in cohort.notes if "left out" in note] == [
        "left out 0.png: not a readable picture, or truncated"
    ]


def test_masks_and_pictures_belong_together(classes):
    draw(classes / "masks/benign/stray.png", picture(9))
    with pytest.raises(mk.errors.FormatError, match=r"stray\.png: a mask that matches no picture"):
        mk.read(classes)
    (classes / "masks/benign/stray.png").unlink()
    draw(classes / "masks/benign/1.png", np.zeros((3, 3), np.uint8))
    with pytest.raises(mk.errors.FormatError, match=r"1\.png: the mask is 3 x 3, its picture 6 x 8"):
        mk.read(classes)
    (classes / "masks/benign/1.png").unlink()
    with pytest.raises(mk.errors.FormatError, match=r"1\.png: has no mask"):
        mk.read(classes)


def test_channels_and_bits_must_agree(tmp_path):
    for i in range(3):
        draw(tmp_path / f"colour/{i}.png", picture(i, (6, 8, 3) if i else (6, 8)))
        draw(tmp_path / f"deep/{i}.png", picture(i, dtype=np.uint16 if i else np.uint8))
    with pytest.raises(
        mk.errors.FormatError, match=r"0\.png: .* channels and axes \(1 and 2, most 3 and 2\)"
    ):
        mk.read(tmp_path / "colour")
    with pytest.raises(mk.errors.FormatError, match=r"0\.png: .* bits"):
        mk.read(tmp_path / "deep")


def test_odd_folders_say_what_to_do(tmp_path):
    with pytest.raises(mk.errors.FormatError, match="folder without a file"):
        mk.read(tmp_path)
    (tmp_path / "notes.docx").write_text("x")
    with pytest.raises(mk.errors.FormatError, match="folder without a picture"):
        mk.read(tmp_path)
    for place in ("benign/adenosis", "benign/cyst", "malignant/ductal", "malignant/lobular"):
        draw(tmp_path / place / "0.png", picture(0))
    held = mk.read(tmp_path)
    assert held.schema["folder"].role == "unclear"
    assert any("subfolders of a subfolder" in note and "folders = [" in note for note in held.notes)


def test_a_table_whose_file_is_missing(tmp_path):
    draw(tmp_path / "0.png", picture(0))
    (tmp_path / "a.csv").write_text("image,age\n0.png,3\n1.png,4\n")
    with pytest.raises(mk.errors.FormatError, match=r"column 'image', record 2: '1\.png'"):
        mk.read(tmp_path / "a.csv")


def test_a_bomb_and_deep_colours_are_refused(tmp_path, monkeypatch):
    draw(tmp_path / "a.png", picture(0))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with pytest.raises(mk.errors.FormatError, match=r"a\.png: too large"):
        mk.read(tmp_path / "a.png")
    monkeypatch.undo()
    data = bytearray((tmp_path / "a.png").read_bytes())
    data[24:26] = bytes((16, 2))
    (tmp_path / "b.png").write_bytes(data)
    with pytest.raises(mk.errors.FormatError, match=r"b\.png: "):
        mk.read(tmp_path / "b.png")


def test_a_lossy_mask_is_cut_at_half(tmp_path):
    x = np.zeros((6, 8), np.uint8)
    x[2:, 3:] = 255
    for i in range(2):
        draw(tmp_path / f"images/{i}.png", picture(i))
        draw(
            tmp_path / f"masks/{i}.png",
            np.abs(x.astype(int) - np.arange(48).reshape(6, 8) % 30).astype(np.uint8),
        )
    cohort = mk.read(tmp_path)
    assert (cohort["mask"][1, 0] == x // 255).all()
    assert any("cut at 128" in note for note in cohort.notes)


def test_a_folder_appears_whole_or_not_at_all(classes, tmp_path, monkeypatch):
    cohort = mk.read(classes)
    monkeypatch.setattr(write, "write_record", fail)
    with pytest.raises(mk.errors.FormatError, match="no room"):
        mk.write(cohort, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["in"]
    monkeypatch.undo()
    mk.write(cohort, tmp_path / "out")
    with pytest.raises(mk.errors.FormatError, match="not empty"):
        mk.write(cohort, tmp_path / "out")


def fail(*_):
    raise OSError(28, "no room")


def test_one_field_of_any_origin_can_be_written(classes, tmp_path):
    cohort = mk.read(classes)
    mk.write(cohort.take([0]).select("image"), tmp_path / "one.png")
    assert (np.asarray(Image.open(tmp_path / "one.png")) == picture(0)).all()
    mk.write(cohort, tmp_path / "all.npz")
    assert (mk.read(tmp_path / "all.npz")["mask"] == cohort["mask"]).all()
    mk.write(cohort.select("label"), tmp_path / "labels.csv")
    with pytest.raises(mk.errors.FormatError, match="one file holds one picture"):
        mk.write(cohort, tmp_path / "all.png")
    with pytest.raises(mk.errors.FormatError, match="holds no arrays"):
        mk.write(cohort, tmp_path / "all.csv")


def test_a_model_learns_pictures_and_writes_them_back(classes, tmp_path):
    cohort = mk.read(classes)
    model = mk.Synthesizer(
        "image", condition=("label", "mask"), family="vae", training=mk.Training(steps=20)
    )
    model.fit(cohort, quiet=True)
    synthetic = model.sample(condition=cohort)
    mk.write(synthetic, tmp_path / "out")
    back = mk.read(tmp_path / "out")
    assert back["image"].shape == cohort["image"].shape
    assert back["image"].dtype == np.uint8
    assert (back["mask"] == cohort["mask"]).all()
    assert list(back["label"]) == list(cohort["label"])


def test_nothing_is_stretched():
    assert raster.can_store(np.zeros((3, 4, 4), np.uint8), ".png")
    assert not raster.can_store(np.zeros((3, 4, 4), np.uint16), ".png")


@pytest.mark.parametrize(
    ("name", "n", "shape", "masked", "subjects"),
    [
        ("dermoscopy_ph2", 200, (3, 192, 256), True, 200),
        ("mammography_minimias", 227, (1, 256, 256), False, 222),
        ("ultrasound_busi", 780, (1, 187, 224), True, 780),
        ("xray_covid_image_report", 149, (1, 238, 256), False, 95),
    ],
)
def test_real_folders(name, n, shape, masked, subjects):
    if not (REAL / name).is_dir():
        pytest.skip("the shared data are not here")
    cohort = mk.read(REAL / name)
    assert len(cohort) == n
    assert cohort["image"].shape == (n, *shape)
    assert cohort["image"].dtype == np.uint8
    assert ("mask" in cohort.schema) == masked
    assert len(set(cohort.subject)) == subjects
    assert not [
        field for field in cohort.schema.modelled_fields if field in ("id", "ref", "file", "filename")
    ]


def test_a_large_folder_lies_in_a_mapped_file(classes, monkeypatch):
    whole = mk.read(classes)
    monkeypatch.setattr(arrow, "MIN_MAPPED_BYTES", 50)
    kinds = []
    allocate_array = arrow.allocate_array

    def watched(*arguments):
        x = allocate_array(*arguments)
        kinds.append(type(x))
        return x

    monkeypatch.setattr(arrow, "allocate_array", watched)
    cohort = mk.read(classes)
    assert set(kinds) == {np.memmap}
    same(cohort, whole)
    assert np.shares_memory(cohort["image"], cohort["image"])
    assert len(cohort.take([3, 0])["image"]) == 2


def test_classes_stay_where_a_table_is_written_beside_their_folders(tmp_path):
    for i in range(24):
        draw(tmp_path / "in" / ("benign", "malignant")[i % 2] / f"P{i // 2:04d}" / f"{i}.png", picture(i))
    cohort = mk.read(tmp_path / "in")
    assert list(cohort.schema) == ["subject", "label", "image"]
    mk.write(cohort, tmp_path / "out")
    again = mk.read(tmp_path / "out")
    assert list(again.schema) == ["subject", "label", "image"]
    assert again["label"].tolist() == cohort["label"].tolist()
    assert (again["image"] == cohort["image"]).all()
