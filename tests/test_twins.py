"""Records that are equal or nearly equal are found, kept on one side, and refused on both."""

import io

import numpy as np
import pytest
from PIL import Image as Picture
from scipy.ndimage import gaussian_filter

from manikin.cohort.cohort import Cohort
from manikin.cohort.scalar_matrix import ScalarEncoder
from manikin.contracts.split import EvaluationOptions, Sample
from manikin.core.seeds import Key
from manikin.datasets.demo import load_demo
from manikin.errors import UsageError
from manikin.evaluation.inputs import validate_inputs
from manikin.evaluation.measuring.evaluation_data import EvaluationData
from manikin.evaluation.report.histograms import compute_histograms
from manikin.evaluation.report.plot_data import compute_plots
from manikin.features.table import Table
from manikin.io import read
from manikin.schema.kinds import Category, Codes, Image, Number, Schema, Signal, Text, Time


def table(n=600, seed=0):
    g = np.random.default_rng(seed)
    arrays = {
        "age": g.integers(20, 90, n),
        "sex": g.choice(["F", "M"], n).astype(object),
        "sbp": g.normal(130, 15, n).round(1),
        "crp": g.lognormal(1, 1, n).round(2),
        "died": g.integers(0, 2, n),
    }
    kinds = {"age": Number(), "sex": Category(), "sbp": Number(), "crp": Number(), "died": Category()}
    return Cohort.from_arrays(arrays, kinds)


def coarse(n=2000):
    g = np.random.default_rng(1)
    arrays = {f"flag {j}": g.integers(0, 2 + j // 4, n) for j in range(8)}
    return Cohort.from_arrays(arrays, dict.fromkeys(arrays, Category()))


def pictures(n=40):
    g = np.random.default_rng(2)
    smooth = gaussian_filter(g.normal(0, 1, (n, 72, 72)), (0, 6, 6)) * 600
    x = np.clip(120 + smooth + g.normal(0, 3, (n, 72, 72)), 0, 255)
    return x.astype(np.uint8)[:, None]


def compressed(picture, quality=40, size=72):
    file = io.BytesIO()
    Picture.fromarray(picture[0]).resize((size, size)).save(file, "JPEG", quality=quality)
    return np.asarray(Picture.open(file).resize((72, 72)))[None]


def of_pictures(x):
    return Cohort.from_arrays(
        {"image": x, "grade": np.arange(len(x)) % 2}, {"image": Image(), "grade": Category()}
    )


# finding


def test_repeated_rows_are_found_and_nothing_else():
    cohort = table()
    assert len(cohort.find_duplicates().pairs) == 0
    assert cohort.take([*range(600), 7, 8, 9]).find_duplicates().rows.tolist() == [
        [7, 600],
        [8, 601],
        [9, 602],
    ]


def test_rows_that_chance_makes_equal_are_no_twins():
    found = coarse().find_duplicates()
    assert len(found.rows) == 0
    assert found.expected_by_chance > 100


def test_a_picture_that_stands_twice_is_found_also_compressed_and_resized():
    x = pictures()
    assert len(of_pictures(x).find_duplicates().pairs) == 0
    others = np.stack([x[3], compressed(x[5]), compressed(x[9], 90, 64)])
    found = of_pictures(np.concatenate([x, others])).find_duplicates()
    assert sorted(found.arrays.tolist()) == [[3, 40], [5, 41], [9, 42]]


def test_empty_pictures_and_slices_that_only_resemble_each_other_are_no_twins():
    x = pictures(20)
    blank = np.zeros_like(x[:5])
    mixed = (0.8 * x[:5] + 0.2 * x[5:10]).astype(np.uint8)
    assert len(of_pictures(np.concatenate([x, blank, mixed])).find_duplicates().pairs) == 0


def test_equal_signals_notes_and_histories_are_found():
    g = np.random.default_rng(3)
    wave = g.standard_normal((30, 2, 400)).cumsum(axis=2)
    words = [
        " ".join(g.choice(["left", "right", "lung", "clear", "heart", "normal"], 40)) for _ in range(30)
    ]
    codes = [[f"{letter}{number}" for letter in "ABCDEFGH"] for number in range(30)]
    wave[29], words[28], codes[27] = wave[4] + 1e-6, words[5], codes[6]
    arrays = {"ecg": wave, "note": np.array(words, dtype=object), "codes": np.empty(30, dtype=object)}
    arrays["codes"][:] = codes
    found = Cohort.from_arrays(
        arrays, {"ecg": Signal(), "note": Text(role="note"), "codes": Codes()}
    ).find_duplicates()
    assert (found.arrays.tolist(), found.notes.tolist(), found.histories.tolist()) == (
        [[4, 29]],
        [[5, 28]],
        [[6, 27]],
    )


def test_a_template_is_nobody_s_note():
    normal = "No acute finding. " * 12
    notes = np.array([normal] * 20 + [f"{number} {normal}" for number in range(20)], dtype=object)
    assert (
        len(Cohort.from_arrays({"note": notes}, {"note": Text(role="note")}).find_duplicates().notes) == 0
    )


def test_records_of_one_subject_are_not_twins_of_each_other():
    cohort = table(50)
    whose = np.array([*range(50), 7, 8])
    twice = cohort.take(whose)
    named = Cohort(
        twice.columns.append_column("id", [whose]), Schema({**twice.schema, "id": Number(role="subject")})
    )
    assert len(named.find_duplicates().pairs) == 0


def test_twins_are_told_on_reading_without_names(tmp_path):
    x = pictures(12)
    for number, picture in enumerate([*x, x[4]]):
        folder = tmp_path / ("ill" if number % 2 else "well")
        folder.mkdir(exist_ok=True)
        Picture.fromarray(picture[0]).save(folder / f"scan{number}.png")
    note = next(note for note in read(tmp_path).notes if "equals" in note)
    assert note.startswith(
        "2 records whose picture or signal equals or nearly equals that of another subject"
    )
    assert "scan" not in note


# splitting


def test_a_split_keeps_twins_on_one_side_and_all_others_where_they_were():
    cohort = table(300)
    before = cohort.split(0.3, seed=4)
    doubled = cohort.take([*range(300), *range(20)])
    for seed in range(5):
        sides = doubled.split(0.3, seed=seed)
        rows = [set(map(tuple, side.to_pandas().to_numpy().tolist())) for side in sides]
        assert not rows[0] & rows[1]
        assert len(sides[0]) + len(sides[1]) == 320
    again = cohort.split(0.3, seed=4)
    assert all(a.columns.equals(b.columns) for a, b in zip(before, again, strict=True))


def test_without_twins_the_split_is_the_permutation_of_subjects():
    cohort = table(100)
    order = Key(5).child("split").numpy().permutation(100)
    held = cohort.split(0.2, seed=5)[1]
    assert held.columns.equals(cohort.take(np.sort(order[:20])).columns)


def test_subjects_with_a_twin_are_one_family():
    cohort = table(20).take([0, 1, 2, 3, 1, 2])
    assert cohort.find_duplicates().group_subjects(cohort.subject).tolist() == [0, 1, 2, 3, 1, 2]
    assert cohort.find_duplicates().describe()[0].startswith("4 records whose row equals")
    assert len(np.unique(coarse().find_duplicates().group_subjects(coarse().subject))) == 2000


# the judge's door


def test_training_rows_in_the_holdout_are_refused_with_their_count():
    cohort = table()
    train, holdout = cohort.take(range(420)), cohort.take(range(420, 600))
    synthetic = table(300, seed=9)
    validate_inputs(synthetic, train, holdout)
    mixed = cohort.take([*range(420, 600), *range(100)])
    with pytest.raises(UsageError, match=r"^100 of 280 held-out records have a row equal"):
        validate_inputs(synthetic, train, mixed)


def test_equal_rows_of_a_coarse_table_are_not_refused():
    cohort = coarse()
    validate_inputs(cohort.take(range(700)), cohort.take(range(700, 1500)), cohort.take(range(1500, 2000)))


def test_pictures_on_both_sides_are_refused_and_real_twins_are_not():
    x = pictures(60)
    leaked = np.stack([compressed(picture) for picture in x[:6]])
    synthetic, train = of_pictures(pictures(30)[::-1].copy()), of_pictures(x[:40])
    with pytest.raises(UsageError, match=r"^6 of 26 held-out records have a picture or signal"):
        validate_inputs(synthetic, train, of_pictures(np.concatenate([x[40:], leaked])))
    habit = of_pictures(np.concatenate([x[:34], x[:6]]))  # twins within training as well
    validate_inputs(synthetic, habit, of_pictures(np.concatenate([x[40:], x[6:9]])))


def visits(schema, subjects):
    g = np.random.default_rng(6)
    number = g.choice(10**9, 80, replace=False) + 4 * 10**9
    rows = [(number[s], s % 2, visit, g.normal()) for s in subjects for visit in range(6)]
    who, sex, visit, value = (np.array(column) for column in zip(*rows, strict=True))
    arrays = {"eid": who, "sex": sex, "visit": visit, "value": value}
    return Cohort.from_arrays(arrays, {**schema, "sex": Category(), "visit": Number(), "value": Number()})


@pytest.mark.parametrize("kind", [Number(), Category(), Number(role="subject"), Number(role="identifier")])
def test_a_person_on_both_sides_is_refused_whatever_the_schema_says(kind):
    train, holdout = visits({"eid": kind}, range(50)), visits({"eid": kind}, range(40, 70))
    apart = visits({"eid": kind}, range(50, 80))
    message = "10 subjects are both" if kind.role == "subject" else "10 values of 'eid' are both in train"
    with pytest.raises(UsageError, match=message):
        validate_inputs(apart, train, holdout)
    validate_inputs(apart, train, apart)


def test_a_person_on_both_sides_is_refused_also_where_synthetic_records_lack_the_number():
    kind = {"eid": Number(role="subject")}
    train, holdout = visits(kind, range(50)), visits({"eid": Number()}, range(40, 70))
    fields = ("sex", "visit", "value")
    with pytest.raises(UsageError, match="10 subjects are both"):
        validate_inputs(train.select(*fields), train, holdout)
    sides = validate_inputs(train.select(*fields), train, visits(kind, range(50, 80)))
    assert [len(np.unique(side.subject)) for side in sides] == [50, 30, 300]


def test_codes_of_things_may_stand_on_both_sides():
    g = np.random.default_rng(8)
    number = g.choice(10**8, 40, replace=False) + 10**8

    def side(n):
        sex, age = g.integers(0, 2, n), g.integers(18, 90, n)
        arrays = {"ward": number[g.integers(0, 40, n)], "sex": sex, "age": age, "crp": g.normal(size=n)}
        return Cohort.from_arrays(
            arrays, {"ward": Number(), "sex": Category(), "age": Number(), "crp": Number()}
        )

    validate_inputs(side(200), side(400), side(300))


def test_running_text_and_diagnoses_may_stand_on_both_sides():
    g = np.random.default_rng(11)
    number = g.pareto(0.6, 900).astype(int) % 300
    words = g.choice(
        ["opacity", "lung", "right", "left", "base", "nodule", "calcified", "granuloma"], (900, 3)
    )
    arrays = {
        "diagnosis": np.array([f"{code:03d}.{code % 7}" for code in number], dtype=object),
        "glucose": np.where(g.random(900) < 0.05, g.integers(0, 4, 900), np.nan),
        "findings": np.array(["/".join(row) for row in words], dtype=object),
        "sex": g.integers(0, 2, 900),
    }
    kinds = {"diagnosis": Category(), "glucose": Number(), "findings": Text(role="identifier")}
    cohort = Cohort.from_arrays(arrays, {**kinds, "sex": Category()})
    validate_inputs(cohort.take(range(600, 900)), cohort.take(range(300)), cohort.take(range(300, 600)))


# nothing where something is expected


def test_fields_without_a_frequent_level_or_any_value_are_shown():
    g = np.random.default_rng(9)
    arrays = {
        "code": np.array([f"c{number}" for number in range(60)], dtype=object),
        "one": np.full(60, "x", dtype=object),
        "none": np.full(60, np.nan),
        "day": np.full(60, np.datetime64("2020-01-01")),
    }
    cohort = Cohort.from_arrays(
        arrays, {"code": Category(), "one": Category(), "none": Number(), "day": Time()}
    )
    fields = ScalarEncoder.fit(cohort)
    sample = Sample(cohort, np.arange(60), g.normal(size=(60, 1)), fields.encode(cohort), fields)
    found = compute_histograms(sample, sample)
    assert found["code"]["levels"] == ["other"]
    assert found["one"]["real"] == [1.0]
    assert list(found) == ["code", "one", "day"]


def test_one_direction_makes_no_plane():
    train, holdout, synthetic = (table(60, seed).select("sbp") for seed in range(3))
    feature = Table().fit(train)
    sides = EvaluationData.from_cohorts(
        feature, ScalarEncoder.fit(train), (train, holdout, synthetic), EvaluationOptions()
    )
    assert {"neighbours"} == {"embedding", "neighbours"} & set(compute_plots(sides, [], Key(0)))


def test_the_demo_has_no_twins():
    assert len(load_demo().find_duplicates().pairs) == 0
