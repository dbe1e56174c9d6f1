"""Canaries: planted phrases, ranks by hand, a generator that repeats its notes and one that cannot."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import manikin as mk
from manikin.core.seeds import Key
from manikin.datasets.notes import generate_toy_notes
from manikin.errors import Unsupported, UsageError
from manikin.evaluation.attacks.canaries import (
    Canaries,
    compute_canary_score,
    compute_exposure,
    draw_null_exposures,
    plant_canaries,
    score_exposure,
)
from manikin.evaluation.report.glossary import describe_metric


@pytest.fixture(scope="module")
def train() -> mk.Cohort:
    return generate_toy_notes(150, seed=0)


@pytest.fixture(scope="module")
def planted(train: mk.Cohort) -> Canaries:
    return plant_canaries(train, count=10, seed=3)


def test_each_phrase_stands_in_one_note_alone(train: mk.Cohort, planted: Canaries) -> None:
    texts = planted.cohort[planted.field]
    for i, (row,) in enumerate(planted.rows.tolist()):
        having = [place for place, text in enumerate(texts) if planted.phrases[i][0] in text]
        assert having == [row]
        assert texts[row] == f"{planted.phrases[i][0]} {train[planted.field][row]}"
    same = np.setdiff1d(np.arange(len(train)), planted.rows)
    assert texts[same].tolist() == train[planted.field][same].tolist()
    assert len(set(planted.rows.ravel().tolist())) == 10


def test_exposure_is_nine_bits_less_those_of_the_rank(planted: Canaries) -> None:
    """Of 512 losses the planted one is lowest: 9 bits; fourth: 9 - 2; last: 0."""

    def losses(rank: int):
        others = np.r_[np.arange(1, rank), np.arange(rank + 1, 513)]
        return lambda cohort: np.r_[rank, others][: len(cohort)].astype(float)

    for rank, bits in ((1, 9.0), (4, 7.0), (512, 0.0)):
        assert compute_exposure(planted, losses=losses(rank)) == pytest.approx([bits] * 10)
    asked = planted.build_candidates(2)
    assert len(asked) == 512
    assert asked[planted.field][0] == planted.cohort[planted.field][planted.rows[2, 0]]


def test_chance_is_known(planted: Canaries) -> None:
    """The mean of log2(512 / rank) over all ranks."""
    assert planted.chance_exposure == pytest.approx(
        np.mean([np.log2(512 / rank) for rank in range(1, 513)])
    )
    draws = draw_null_exposures(planted, Key(0))
    assert draws.mean() == pytest.approx(planted.chance_exposure, abs=0.02)
    assert score_exposure(planted, np.full(10, planted.chance_exposure), Key(0)).verdict == "pass"
    assert score_exposure(planted, np.full(10, 9.0), Key(0)).verdict == "fail"


def test_who_repeats_notes_is_found_and_who_was_not_told_is_not(train: mk.Cohort) -> None:
    copier: Any = compute_canary_score(lambda cohort, _: cohort, train)
    stranger: Any = compute_canary_score(
        lambda cohort, seed: generate_toy_notes(len(cohort), seed=7 + seed % 2), train
    )
    assert (copier.verdict, copier.value > 8) == ("fail", True)
    assert stranger.verdict != "fail"
    assert abs(stranger.value - 1.43) < 1.0


def test_shared_phrases_do_not_know_what_one_patient_said(train: mk.Cohort) -> None:
    model = mk.Synthesizer("note", condition=("age", "sex"), seed=1).fit(train, quiet=True)
    found: Any = compute_canary_score(model.refit, train)
    assert found.value < 2.6
    with pytest.raises(Unsupported, match="no loss of a single record"):
        model.compute_losses(train)


def test_losses_of_a_model_tell_what_it_has_by_heart(planted: Canaries) -> None:
    """A small network trained long on few notes, asked for one in 32; equal records have equal losses."""
    rows, some = planted.rows.ravel(), [listed[:32] for listed in planted.phrases]
    few = planted.cohort.take(rows)
    again = Canaries(few, planted.field, np.arange(10)[:, None], some, planted.original_cohort.take(rows))
    family = mk.families.Autoregressive(width=64, depth=2, dropout=0.0)
    codec = mk.codecs.Text(anonymous=1, size=400)
    training = mk.Training(steps=150, batch=10)
    model = mk.Synthesizer("note", family=family, codec=codec, training=training).fit(few, quiet=True)
    bits = compute_exposure(again, losses=model.compute_losses)
    assert again.max_exposure == 5
    assert bits.mean() > 2.5
    assert model.compute_losses(few.take(np.arange(3))).tolist() == model.compute_losses(few)[:3].tolist()


def test_what_cannot_be_asked(train: mk.Cohort, planted: Canaries) -> None:
    with pytest.raises(UsageError, match="planted into notes"):
        plant_canaries(train, "age")
    with pytest.raises(UsageError, match="need 400 subjects"):
        plant_canaries(train, count=200, copies=2)
    with pytest.raises(UsageError, match="or its losses"):
        compute_exposure(planted)
    told = describe_metric("canary_exposure")
    assert told is not None
    assert "cannot see" in told.blind_spot
