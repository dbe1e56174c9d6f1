"""Metrics and checks of pictures: values known by hand, and the defects that each is there for."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from manikin.cohort.cohort import Cohort
from manikin.contracts.split import EvaluationOptions
from manikin.core import registry
from manikin.errors import Unsupported
from manikin.evaluation.measuring.views import build_views
from manikin.evaluation.selftest.defects.tabular import plant
from manikin.imaging.analysis.distortions import distort_images
from manikin.metrics.diversity.manifold import class_coverage
from manikin.metrics.fidelity.conditional import picture_relation
from manikin.metrics.fidelity.frechet import frechet_distance, kernel_distance
from manikin.metrics.fidelity.spectrum_intensity import (
    impossible_values,
    intensity_distance,
    spectrum_distance,
)
from manikin.metrics.privacy.transformed_copies import (
    describe_copied_patients,
    disguised_copies,
    find_matches,
)
from manikin.metrics.utility.image_translation import shuffle_targets, translation_psnr
from manikin.metrics.utility.segmentation import segmentation_dice, shuffle_masks
from manikin.schema.kinds import Category, Image, Number

CHECKS = {check.name: check for check in registry.find("checks", "image")}


def cohort(n, seed, side=20):
    """Bright discs on noise: their size follows the age, their brightness the label."""
    rng = np.random.default_rng(seed)
    age, label = rng.uniform(30, 90, n), rng.integers(0, 2, n)
    centre = rng.uniform(0.35, 0.65, (n, 2)) * side
    far = np.hypot(
        *(np.indices((side, side))[None] - centre.T[:, :, None, None].transpose(1, 0, 2, 3)).transpose(
            1, 0, 2, 3
        )
    )
    x = 60 + 20 * rng.standard_normal((n, side, side))
    x += (far < age[:, None, None] / 90 * side / 3) * (50 + 60 * label)[:, None, None]
    arrays = {"scan": np.clip(x, 0, 255).astype(np.uint8)[:, None], "age": age, "label": label}
    schema = {"scan": Image(), "age": Number(), "label": Category(levels=(0, 1), role="label")}
    return Cohort.from_arrays(arrays, schema)


TRAIN, HOLDOUT, FRESH = cohort(160, 0), cohort(80, 1), cohort(80, 2)


def split(defect=None, view="radiomics"):
    planted = FRESH if defect is None else plant(FRESH, defect, train=TRAIN, label="label")
    return build_views((TRAIN, HOLDOUT, planted), EvaluationOptions("label"))[view].full_split


@pytest.mark.parametrize("view", ["radiomics", "encoder"])
@pytest.mark.parametrize("metric", [frechet_distance, kernel_distance])
def test_distances_of_encoders_see_blur(metric, view):
    assert metric(split("blurred_pictures", view)) > 3 * abs(metric(split(view=view)))


def test_the_frechet_distance_of_a_sample_from_itself_is_nought():
    sides = build_views((TRAIN, HOLDOUT, HOLDOUT), EvaluationOptions())["radiomics"].full_split
    assert frechet_distance(sides) == pytest.approx(0, abs=1e-6)


def test_the_frechet_distance_of_shifted_vectors_is_the_square_of_the_shift():

    sides = build_views((TRAIN, HOLDOUT, HOLDOUT), EvaluationOptions())["radiomics"].full_split
    moved = replace(
        sides.synthetic, x=sides.synthetic.x + np.eye(1, sides.synthetic.x.shape[1])[0] * 2, memo={}
    )
    assert frechet_distance(replace(sides, synthetic=moved, memo={})) == pytest.approx(4, rel=1e-4)


@pytest.mark.parametrize("defect", ["blurred_pictures", "checkerboard_pictures"])
def test_the_spectrum_sees_blur_and_checkerboards(defect):
    assert spectrum_distance(split(defect)) > 2 * spectrum_distance(split())


def test_a_difference_in_brightness_is_told_in_shares_of_the_range():
    brighter = np.minimum(HOLDOUT["scan"].astype(int) + 20, 255).astype(np.uint8)
    arrays = {"scan": brighter, "age": HOLDOUT["age"], "label": HOLDOUT["label"]}
    shifted = Cohort.from_arrays(arrays, HOLDOUT.schema)
    sides = build_views((TRAIN, HOLDOUT, shifted), EvaluationOptions())["radiomics"].full_split
    span = float(TRAIN["scan"].max()) - float(TRAIN["scan"].min())
    assert intensity_distance(sides) == pytest.approx(20 / span, rel=0.1)


@pytest.mark.parametrize("defect", ["flipped_labels", "mismatched_pictures"])
def test_a_label_or_age_of_another_picture_is_seen(defect):
    assert picture_relation(split()) > 0.6
    assert picture_relation(split(defect)) < picture_relation(split()) - 0.2


def test_a_lost_class_is_covered_by_nothing():
    assert class_coverage(split("dropped_class")) == 0
    assert class_coverage(split()) > 0.4


@pytest.mark.parametrize("defect", ["shifted_pictures", "mirrored_pictures"])
def test_copies_in_disguise_are_counted(defect):
    sides = split(defect)
    found = disguised_copies(sides)
    assert found.value > 0.8
    assert found.p_value < 1e-6
    assert "of 160 training patients" in describe_copied_patients(sides)


def test_fresh_pictures_are_no_copies():
    assert disguised_copies(split()).p_value > 0.05


def test_values_that_cannot_be_are_counted():
    half = np.where(np.arange(80) < 20, 3000, HOLDOUT["scan"][:, 0, 0, 0].astype(int))
    x = HOLDOUT["scan"].astype(np.int16)
    x[:, 0, 0, 0] = half
    arrays = {"scan": x, "age": HOLDOUT["age"], "label": HOLDOUT["label"]}
    wrong = Cohort.from_arrays(arrays, HOLDOUT.schema)
    found = impossible_values(
        build_views((TRAIN, HOLDOUT, wrong), EvaluationOptions())["radiomics"].full_split
    )
    assert found.value == pytest.approx(0.25)
    assert found.p_value < 1e-3


def test_a_table_of_label_maps_has_no_intensities():
    masks = {"mask": (TRAIN["scan"] > 120).astype(np.uint8)}
    only = Cohort.from_arrays(masks, {"mask": Image(levels=2)})
    sides = build_views((only, only, only), EvaluationOptions())["radiomics"].full_split
    with pytest.raises(Unsupported, match="label maps only"):
        intensity_distance(sides)


def checked(name, x, **kind):
    return CHECKS[name].holds(Cohort.from_arrays({"x": x}, {"x": Image(**kind)})).tolist()


def test_empty_pictures_are_implausible_and_empty_masks_are_another_matter():
    x = np.zeros((2, 1, 4, 4))
    x[1, 0, 0, 0] = 1
    assert checked("picture_not_empty", x) == [False, True]
    assert checked("picture_not_empty", x, levels=2) == [True, True]
    assert checked("mask_not_empty", x, levels=2) == [False, True]


def test_hounsfield_units_need_body_and_nothing_thinner_than_air():
    x = np.full((3, 1, 4, 4), -1000.0)
    x[0, 0, :2] = 40
    x[2, 0, 0, 0] = -3000
    assert checked("hounsfield_units", x, unit="HU") == [True, False, False]
    assert checked("hounsfield_units", x) == [True, True, True]


def test_the_body_lies_inside_the_field_of_view():
    x = np.full((3, 1, 32, 32), -1000.0)
    x[:, 0, 8:24, 8:24] = 40
    x[1, 0, :4, :4] = 40  # one corner may be anything
    x[2, 0, :4] = 40
    assert checked("within_field_of_view", x, unit="HU") == [True, True, False]
    assert checked("within_field_of_view", x) == [True, True, True]
    volumes = np.stack([x[0, 0], x[2, 0]])[:, None, None].repeat(3, axis=2)
    assert checked("within_field_of_view", volumes, unit="HU") == [True, False]


@pytest.mark.parametrize("left", ["L", "R"])
def test_breasts_lie_on_their_side(left):
    """Whichever side the chest wall is on, as long as L and R differ."""
    sides = np.array(["L", "R"] * 10, dtype=object)
    x = np.zeros((20, 1, 8, 8))
    for i, side in enumerate(sides):
        x[i, 0, :, slice(0, 4) if side == left else slice(4, 8)] = 100
    x[3] = x[3, :, :, ::-1]
    schema = {"x": Image(), "laterality": Category(levels=("L", "R"))}
    found = CHECKS["side_as_said"].holds(Cohort.from_arrays({"x": x, "laterality": sides}, schema))
    assert np.flatnonzero(~found).tolist() == [3]


def test_pictures_without_sides_are_not_asked():
    assert checked("side_as_said", np.zeros((2, 1, 4, 4))) == [True, True]


def test_tissue_is_not_blue():
    x = np.zeros((2, 3, 4, 4))
    x[0, 0], x[1, 2] = 200, 200
    assert checked("colour_of_tissue", x) == [True, False]


def test_a_mask_beside_the_picture_is_implausible():
    x, mask = np.zeros((2, 1, 6, 6)), np.zeros((2, 1, 6, 6), dtype=np.uint8)
    x[:, 0, :3] = 5
    mask[0, 0, 1:3], mask[1, 0, 4:] = 1, 1
    both = Cohort.from_arrays({"x": x, "mask": mask}, {"x": Image(), "mask": Image(levels=2)})
    assert CHECKS["mask_within_picture"].holds(both).tolist() == [True, False]


def test_a_segmenter_learns_regions_from_the_records_and_none_from_strayed_masks():
    def with_masks(records):
        x = records["scan"]
        mask = (x > 110).astype(np.uint8)
        return Cohort.from_arrays({"scan": x, "mask": mask}, {"scan": Image(), "mask": Image(levels=2)})

    sides = build_views(tuple(map(with_masks, (TRAIN, HOLDOUT, FRESH))), EvaluationOptions())["radiomics"]
    assert segmentation_dice(sides.full_split) > 0.8
    bad = replace(sides.full_split, synthetic=sides.to_sample(shuffle_masks(sides.full_split)), memo={})
    assert segmentation_dice(bad) < 0.6


def twins(cohort, second):
    """The scan and a second picture that is made of it."""
    arrays = {"scan": cohort["scan"], "second": second(cohort["scan"])}
    return Cohort.from_arrays(arrays, {"scan": Image(), "second": Image()})


def test_translation_is_learned_from_pairs_that_fit():
    inverted = [twins(side, lambda x: 255 - x) for side in (TRAIN, HOLDOUT, FRESH)]
    sides = build_views(tuple(inverted), EvaluationOptions())["radiomics"]
    assert translation_psnr(sides.full_split) > 30  # the same place tells it
    bad = replace(sides.full_split, synthetic=sides.to_sample(shuffle_targets(sides.full_split)), memo={})
    assert translation_psnr(bad) < 20


def test_what_another_picture_does_not_tell_is_not_translated():
    noise = [
        twins(side, lambda x: np.random.default_rng(5).choice([0, 200], x.shape))
        for side in (TRAIN, HOLDOUT)
    ]
    sides = build_views((noise[0], noise[1], noise[0]), EvaluationOptions())["radiomics"]
    assert translation_psnr(sides.full_split) == pytest.approx(
        20 * np.log10(2), abs=0.5
    )  # the mean: 100 off of 200


def test_translation_needs_two_pictures():
    with pytest.raises(Unsupported, match="no two pictures"):
        translation_psnr(split())


def test_segmentation_needs_a_label_map():
    with pytest.raises(Unsupported, match="no label map"):
        segmentation_dice(split())


def blobs(n, seed, grain=2.0, side=32):
    """Smooth random pictures, or, with wide grain, pictures that are all alike."""
    x = gaussian_filter(
        np.random.default_rng(seed).standard_normal((n, 1, side, side)), (0, 0, grain, grain)
    )
    return np.rint(128 + 40 * x / x.std()).clip(0, 255).astype(np.uint8)


def judged_pictures(made, train, holdout):
    cohorts = [Cohort.from_arrays({"scan": x}, {"scan": Image()}) for x in (train, holdout, made)]
    return build_views(tuple(cohorts), EvaluationOptions())["radiomics"].full_split


def test_altered_copies_are_found_beside_twins_among_real_pictures():
    train, holdout, made = blobs(60, 0), blobs(60, 1), blobs(60, 2)
    holdout[:2] = np.rint(0.95 * train[:2] + 3)  # the same patients in the holdout
    made[:6] = np.rint(distort_images(train[10:16], np.random.default_rng(0)))
    found = find_matches(judged_pictures(made, train, holdout))[0]
    assert found.matches.real_match_count >= 2
    assert set(range(6)) <= set(found.rows[found.matches.hits])
    assert disguised_copies(judged_pictures(made, train, holdout)).p_value < 0.05


def test_pictures_that_are_all_alike_are_not_assessed():
    noise = np.random.default_rng(5)
    alike = [
        np.rint(blobs(1, 0, 4.0) + noise.normal(0, 2, (40, 1, 32, 32))).clip(0, 255).astype(np.uint8)
        for _ in range(3)
    ]
    with pytest.raises(Unsupported, match="no power"):
        disguised_copies(judged_pictures(*alike))


def test_score_axis_gate_and_suspects_agree_on_copies():
    from manikin.evaluation.card.gate import decide_use
    from manikin.evaluation.evaluate import evaluate
    from manikin.evaluation.suspected_copies import find_suspected_copies

    train, holdout, fresh = (blobs(30, seed, side=20) for seed in range(3))
    right = {0: ("pass", "met"), 1: ("not assessed", "not shown"), 8: ("fail", "broken")}
    for count, (verdict, outcome) in right.items():
        made = fresh.copy()
        made[:count] = 255 - train[:count, ..., ::-1]
        sides = [Cohort.from_arrays({"scan": x}, {"scan": Image()}) for x in (made, train, holdout)]
        card = evaluate(*sides, seed=4)
        assert card["disguised_copies"].verdict == verdict
        assert card.verdicts["privacy"] == verdict
        said = [f.outcome for f in decide_use(card, "internal").findings if f.score == "disguised_copies"]
        assert said == [outcome]
        assert find_suspected_copies(*sides, seed=4).records.tolist() == list(range(count))
