"""The judge of signals: values known by hand, checks, and the planted defects that each score sees."""

from functools import cache

import numpy as np
import pytest

from manikin.cohort.cohort import Cohort
from manikin.contracts.split import EvaluationOptions
from manikin.core import registry
from manikin.core.seeds import Key
from manikin.errors import Unsupported, UsageError
from manikin.evaluation.evaluate import evaluate
from manikin.evaluation.measuring.views import build_views, find_array_view, is_array_view
from manikin.evaluation.selftest.defects.signals import SIGNAL_DEFECTS
from manikin.evaluation.selftest.defects.tabular import plant
from manikin.metrics.fidelity.conditional import picture_relation
from manikin.metrics.fidelity.signals import (
    autocorrelation_distance,
    channel_correlation_distance,
    forecast_error,
    missing_rate_distance,
)
from manikin.metrics.fidelity.spectrum_intensity import (
    impossible_values,
    intensity_distance,
    spectrum_distance,
)
from manikin.metrics.privacy.transformed_copies import disguised_copies
from manikin.metrics.validity.ecg_intervals import interval_distance, rhythm_distance
from manikin.schema.kinds import Category, Number, Signal
from manikin.stats.permutation import compute_fisher_p_value

CHECKS = {check.name: check for check in registry.find("checks", "signal")}
KIND = Signal(channels=("I", "II", "III"), rate=50.0, unit="mV")


def made(n, seed, gaps=0.0):
    """Three leads that obey Einthoven, of beats at some pace; in class 1 they are faster and higher."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 2, n)
    t = np.arange(250) / 50
    pace = rng.uniform(1, 1.5, (n, 1)) + 0.4 * label[:, None]
    phase = (t * pace + rng.uniform(0, 1, (n, 1))) % 1
    beat = np.exp(-(((phase - 0.5) / 0.04) ** 2)) * (1 + label[:, None])
    wave = 0.3 * rng.uniform(0.5, 1.5, (n, 1)) * np.sin(2 * np.pi * (phase + 0.1))
    first, second = 0.4 * beat + wave, beat - 0.2 * wave
    x = np.stack([first, second, second - first], axis=1) + 0.01 * rng.standard_normal((n, 3, 250))
    x[rng.random(x.shape) < gaps] = np.nan
    schema = {"ecg": KIND, "label": Category(levels=(0, 1), role="label")}
    return Cohort.from_arrays({"ecg": x.astype(np.float32), "label": label}, schema)


TRAIN, HOLDOUT, FRESH = made(100, 0), made(60, 1), made(60, 2)


def split(candidate, sides=(TRAIN, HOLDOUT)):
    return build_views((*sides, candidate), EvaluationOptions("label"))["dynamics"].full_split


def planted(defect):
    return plant(FRESH, defect, train=TRAIN, label="label")


@cache
def seen(defect=None):
    return split(FRESH if defect is None else planted(defect))


def test_signals_are_seen_by_their_dynamics_and_by_the_encoder():
    found = build_views((TRAIN, HOLDOUT, FRESH), EvaluationOptions())
    assert list(found) == ["table", "dynamics", "encoder"]
    assert [is_array_view(sides) for sides in found.values()] == [False, True, True]
    assert find_array_view(found) == "dynamics"


def test_of_the_same_records_nothing_is_far():
    same = split(HOLDOUT)
    for metric in (
        autocorrelation_distance,
        channel_correlation_distance,
        spectrum_distance,
        intensity_distance,
    ):
        assert metric(same) == 0
    assert set(rhythm_distance(same).values()) == {0.0}


@pytest.mark.parametrize(
    ("metric", "defect"),
    [
        (autocorrelation_distance, "shuffled_time"),
        (spectrum_distance, "shuffled_time"),
        (forecast_error, "shuffled_time"),
        (spectrum_distance, "wrong_rate"),
        (channel_correlation_distance, "swapped_leads"),
    ],
)
def test_each_defect_is_seen_by_its_score(metric, defect):
    assert metric(seen(defect)) > 2 * metric(seen())


def test_a_wrong_rate_is_a_wrong_heart_rate():
    assert rhythm_distance(seen("wrong_rate"))["heart rate"] > 0.4
    assert rhythm_distance(seen())["heart rate"] < 0.25


def test_intervals_are_those_of_the_same_records_and_not_of_shuffled_time():
    assert set(interval_distance(split(HOLDOUT)).values()) == {0.0}
    assert max(interval_distance(seen("shuffled_time")).values()) > 0.5


def test_the_difference_of_missing_rates_is_that_of_the_shares():
    real, few = made(80, 3, gaps=0.2), made(80, 4, gaps=0.5)
    found = missing_rate_distance(split(few, sides=(real, made(80, 5, gaps=0.2))))
    assert found == pytest.approx(0.3, abs=0.02)
    with pytest.raises(Unsupported, match="no gaps"):
        missing_rate_distance(seen())


def test_a_forecast_of_what_follows_from_the_past_has_no_error():
    t = np.arange(60)
    phase = np.random.default_rng(0).uniform(0, 7, (40, 1, 1))
    waves = Cohort.from_arrays({"x": np.sin(t / 3 + phase)}, {"x": Signal()})
    assert forecast_error(split(waves, sides=(waves, waves))) < 0.02
    noise = Cohort.from_arrays(
        {"x": np.random.default_rng(1).standard_normal((40, 1, 60))}, {"x": Signal()}
    )
    assert forecast_error(split(noise, sides=(noise, noise))) == pytest.approx(np.sqrt(2 / np.pi), rel=0.1)


def test_fresh_records_have_no_relation_that_was_learned_from_them():
    rng = np.random.default_rng(0)
    sides = [
        Cohort.from_arrays(
            {"x": rng.standard_normal((n, 4, 32)), "age": rng.standard_normal(n)},
            {"x": Signal(), "age": Number()},
        )
        for n in (120, 60, 60)
    ]
    _, fresh = build_views(tuple(sides), EvaluationOptions())["dynamics"].draw("holdout", 0, Key(0))
    assert abs(picture_relation(fresh)) < 0.3


@pytest.mark.parametrize("defect", ["shifted_signals", "scaled_signals"])
def test_copies_that_begin_elsewhere_are_counted(defect):
    found = disguised_copies(seen(defect))
    assert found.value > 0.8
    assert found.p_value < 1e-6


def test_fresh_signals_are_no_copies_and_a_few_leaked_ones_are_found():
    assert disguised_copies(seen()).p_value > 0.05
    found = disguised_copies(seen("leak_shifted_signals"))
    assert found.value == pytest.approx(3 / 60)
    assert found.p_value < 0.025


def test_amplitudes_five_times_too_large_are_impossible():
    found = impossible_values(seen("spiked_signals"))
    assert found.value == pytest.approx(3 / 60)
    assert impossible_values(seen()).value < 0.02


def test_few_patients_with_impossible_values_are_told_from_training_not_from_few_held_out_ones():
    few, fresh = made(12, 1), made(32, 2)
    rows = np.arange(32) % 16 < 3  # six patients, against none of twelve
    x = np.where(rows[:, None, None], 5, 1) * fresh["ecg"]
    spiked = Cohort.from_arrays({"ecg": x.astype(np.float32), "label": fresh["label"]}, fresh.schema)
    assert impossible_values(split(spiked, (TRAIN, few))).p_value < 0.01
    assert compute_fisher_p_value(6, 32, 0, 12) > 0.05
    assert impossible_values(split(fresh, (TRAIN, few))).p_value > 0.05


def test_extremes_are_not_compared_where_a_patient_has_more_occasions():
    few, fresh = made(12, 1), made(32, 2)
    x = np.where((np.arange(32) % 16 < 3)[:, None, None], 5, 1) * fresh["ecg"]
    schema = {**fresh.schema, "who": Number(role="subject")}

    def owned(records, x, each):
        who = np.arange(len(records)) // each
        return Cohort.from_arrays(
            {"who": who, "ecg": x.astype(np.float32), "label": records["label"]}, schema
        )

    sides = tuple(owned(side, side["ecg"], 1) for side in (TRAIN, few))
    assert impossible_values(split(owned(fresh, x, 2), sides)).p_value > 0.05


def test_a_leaked_patient_with_one_record_comes_again():
    shown = planted("leaked_subject")
    found = disguised_copies(seen("leaked_subject"))
    assert found.value == pytest.approx(0.1)  # all six: nothing explains a match away
    assert found.p_value < 0.05
    same = (shown["ecg"] == FRESH["ecg"]).all(axis=(1, 2))
    assert (~same).sum() == 6


@pytest.mark.parametrize("defect", SIGNAL_DEFECTS)
def test_a_planted_defect_keeps_schema_size_and_seed(defect):
    once, again = planted(defect), planted(defect)
    assert once.schema == FRESH.schema
    assert len(once) == len(FRESH)
    np.testing.assert_array_equal(once["ecg"], again["ecg"])
    assert once["ecg"].dtype == np.float32
    assert not np.array_equal(once["ecg"], FRESH["ecg"])


def test_one_channel_cannot_be_swapped_and_a_table_has_no_signal():
    one = Cohort.from_arrays({"x": FRESH["ecg"][:, :1]}, {"x": Signal()})
    with pytest.raises(UsageError, match="one channel"):
        plant(one, "swapped_leads")
    with pytest.raises(UsageError, match="no signal"):
        plant(FRESH.select("label"), "shuffled_time")


def checked(name, x, **kind):
    return CHECKS[name].holds(Cohort.from_arrays({"x": x}, {"x": Signal(**kind)})).tolist()


def test_a_flat_channel_of_a_waveform_is_implausible_and_one_of_a_series_is_not():
    x = np.random.default_rng(0).standard_normal((2, 2, 30))
    x[0, 1] = 4
    assert checked("signal_not_flat", x, rate=100.0) == [False, True]
    assert checked("signal_not_flat", x, rate=1 / 3600) == [True, True]


def test_amplitudes_of_an_ecg_are_told_in_its_unit():
    x = np.random.default_rng(0).standard_normal((2, 1, 30))
    x[1, 0, 3] = 12
    assert checked("amplitude_of_ecg", x, channels=("II",), unit="mV") == [True, False]
    assert checked("amplitude_of_ecg", x, channels=("II",), unit="uV") == [True, True]
    assert checked("amplitude_of_ecg", x, channels=("HR",), unit="mV") == [True, True]


def test_limb_leads_obey_einthoven():
    x = FRESH["ecg"][:2].copy()
    x[1, 2] += 1
    assert checked("einthoven", x, channels=KIND.channels, unit="mV") == [True, False]
    assert checked("einthoven", x[:, [1, 0, 2]], channels=("MLII", "I", "III"), unit="mV") == [True, False]


def test_an_ecg_has_a_heart_rate():
    x = np.concatenate([FRESH["ecg"][:1], np.zeros((1, 3, 250), dtype=np.float32)])
    assert checked("heart_rate_of_ecg", x, channels=KIND.channels, rate=50.0) == [True, False]
    assert checked("heart_rate_of_ecg", x[..., :90], channels=KIND.channels, rate=50.0) == [True, True]


def test_parameters_of_intensive_care_have_ranges_and_an_order():
    x = np.full((3, 4, 5), np.nan)
    x[:, :, 2] = [37.0, 60.0, 80.0, 120.0]
    x[1, 0, 2] = 60
    x[2, 1, 2] = 90
    names = ("Temp", "DiasABP", "MAP", "SysABP")
    assert checked("range_of_parameter", x, channels=names) == [True, False, True]
    assert checked("order_of_pressures", x, channels=names) == [True, True, False]


@pytest.fixture(scope="module")
def card():
    return evaluate(FRESH, TRAIN, HOLDOUT)


def test_fresh_signals_pass_every_axis(card):
    assert not {axis for axis, verdict in card.verdicts.items() if verdict in ("warn", "fail")}
    for name in ("c2st_auc[encoder]", "coverage[dynamics]", "tstr_auroc[dynamics]", "disguised_copies"):
        assert card[name].verdict == "pass", name


def test_the_card_shows_synthetic_signals_and_summaries_of_real_ones(card, tmp_path):
    (field,) = card.plots["signals"]
    assert field["channels"] == ["I", "II", "III"]
    assert [group["group"] for group in field["groups"]] == ["label 0", "label 1"]
    group = field["groups"][1]
    rows = TRAIN["label"].astype(int) == 1, HOLDOUT["label"].astype(int) == 1
    real = np.concatenate([TRAIN["ecg"][rows[0]], HOLDOUT["ecg"][rows[1]]])
    assert group["real"]["mean"][1][0] == pytest.approx(real[:, 1, 0].mean(), rel=1e-3)
    assert field["missing"] is None
    card.to_html(tmp_path / "card.html")
    page = (tmp_path / "card.html").read_text(encoding="utf-8")
    assert "4 synthetic signals, II, label 1" in page
    assert "Power of II by frequency" in page


def test_nothing_of_few_people_is_summed_up_and_no_copy_is_shown():
    same = evaluate_traces(TRAIN.take(np.arange(60)))
    assert all(not group["traces"] for group in same["groups"])
    few = np.flatnonzero(TRAIN["label"].astype(int) == 0)[:8]
    known = Cohort.from_arrays(
        {"ecg": TRAIN["ecg"], "label": np.where(np.isin(np.arange(100), few), 0, 1)}, TRAIN.schema
    )
    found = evaluate_traces(FRESH, known, HOLDOUT.take(np.flatnonzero(HOLDOUT["label"].astype(int) == 1)))
    assert [group["real"] is None for group in found["groups"]] == [True, False]


def evaluate_traces(synthetic, train=TRAIN, holdout=HOLDOUT):
    from manikin.evaluation.report.signal_examples import collect_signal_examples

    return collect_signal_examples(
        build_views((train, holdout, synthetic), EvaluationOptions("label"))["dynamics"], Key(0)
    )[0]
