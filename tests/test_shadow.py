"""The shadow-model attack: generators that are known to leak, and one that cannot."""

import numpy as np
import pytest

from manikin.cohort.cohort import Cohort
from manikin.errors import UsageError
from manikin.evaluation.attacks import shadow_models as module
from manikin.evaluation.attacks.shadow_models import (
    ShadowAttack,
    average_over_fits,
    compute_shadow_scores,
    run_shadow_attack,
)
from manikin.evaluation.card.compare import compare
from manikin.evaluation.card.gate import decide_use
from manikin.evaluation.report import html_page
from manikin.evaluation.score import Score
from manikin.evaluation.scorecard import Scorecard
from manikin.schema.kinds import Category, Number
from manikin.synthesis.synthesizer import Synthesizer, load
from manikin.training.budget import Training


@pytest.fixture(scope="module")
def people():
    x = np.random.default_rng(0).standard_normal((120, 4))
    return Cohort.from_arrays({f"x{j}": x[:, j] for j in range(4)}, {f"x{j}": Number() for j in range(4)})


def copier(cohort, seed):
    return cohort.take(np.random.default_rng(seed).permutation(len(cohort)))


def forgetter(cohort, seed):
    """Draws from the truth, whatever it was fitted on."""
    x = np.random.default_rng(seed).standard_normal((len(cohort), 4))
    return Cohort.from_arrays({f"x{j}": x[:, j] for j in range(4)}, cohort.schema)


def test_a_copier_is_known_for_sure(people):
    auc, one, ten = compute_shadow_scores(copier, people, refits=8)
    assert [score.name for score in (auc, one, ten)] == ["shadow_auc", "shadow_tpr_1", "shadow_tpr_10"]
    assert auc.value > 0.99
    assert {score.verdict for score in (auc, one, ten)} == {"fail"}


def test_who_learns_nothing_tells_nothing(people):
    values = [
        average_over_fits(run_shadow_attack(forgetter, people, refits=8, seed=s).compute_auroc(), 0.5)
        for s in range(8)
    ]
    assert np.mean([found.value for found in values]) == pytest.approx(0.5, abs=0.025)
    assert sum(found.low <= 0.5 <= found.high for found in values) >= 6
    assert compute_shadow_scores(forgetter, people, refits=8)[0].verdict == "pass"


def test_every_record_is_in_half_of_the_fits(people):
    found = run_shadow_attack(forgetter, people, refits=8)
    assert set(found.membership.sum(axis=0)) == {4}
    assert found.log_ratios.shape == (8, 120)


def test_the_same_seed_gives_the_same_attack(people):
    first, second = (run_shadow_attack(copier, people, refits=8, seed=5).log_ratios for _ in range(2))
    assert np.array_equal(first, second)


def test_areas_and_rates_by_hand():
    inside = np.array([[True, True, False, False], [False, False, True, True]])
    likely = np.array([[3.0, 2, 1, 0], [1, 1, 1, 1]])
    assert ShadowAttack(inside, likely).compute_auroc().tolist() == [1.0, 0.5]
    assert ShadowAttack(inside, likely).compute_tpr(0.01).tolist() == [1.0, 0.0]


def test_intervals_go_over_pairs():
    assert average_over_fits(np.array([0.5, 0.7, 0.6, 0.6]), 0.5)[:3] == pytest.approx((0.6, 0.6, 0.6))


@pytest.mark.parametrize("refits", [6, 9])
def test_too_few_or_odd_fits_are_refused(people, refits):
    with pytest.raises(UsageError, match="even number"):
        run_shadow_attack(copier, people, refits=refits)


def test_of_many_records_some_are_attacked_and_all_are_learned_from(people, monkeypatch):
    monkeypatch.setattr(module, "MAX_ATTACKED_RECORDS", 30)
    found = run_shadow_attack(copier, people, refits=8)
    assert found.log_ratios.shape == found.membership.shape == (8, 30)
    assert found.compute_auroc().mean() > 0.99  # the fits still learn from halves of all 120


def test_the_attack_joins_a_card_and_counts_in_its_gate(people):
    old = Score("shadow_auc", "privacy", 0.5, 0.5, 0.5, 1.0, 0.5, 1.0, "low", "pass", "")
    sizes = {"train": 120, "holdout": 300, "synthetic": 120}
    bare = Scorecard([], {"records": sizes, "subjects": sizes})
    card = Scorecard([old], bare.about).with_scores(*compute_shadow_scores(copier, people, refits=8))
    assert [score.name for score in card.scores] == ["shadow_auc", "shadow_tpr_1", "shadow_tpr_10"]
    assert card.verdicts["privacy"] == "fail"
    broken = [
        finding.score for finding in decide_use(card, "controlled").findings if finding.outcome == "broken"
    ]
    assert broken == ["shadow_auc", "shadow_tpr_1"]
    assert any("evaluate --model" in reason for reason in decide_use(bare, "controlled").reasons)


def test_the_attack_is_explained_in_plain_words(people):
    card = Scorecard(compute_shadow_scores(copier, people, refits=8))
    auc, one, _ = card.scores
    assert auc.note.endswith(
        "a training patient was told from another in 100 % of pairs, by chance in 50 %"
    )
    assert one.note.endswith("100.0 % of training patients were found at 1 % false alarms")
    html = html_page.render_page(card)
    assert "The generator is fitted again and again with and without each patient." in html
    assert "It cannot see a single exposed patient among thousands." in html
    assert "copies of patients" in html
    assert Scorecard.from_dict(card.to_dict()) == card
    assert compare(card, card).list_scores("better") == compare(card, card).list_scores("worse") == []
    assert compare(card, Scorecard([])).list_scores("not comparable") == [
        score.name for score in card.scores
    ]


@pytest.mark.parametrize(
    "where", [{}, {"condition": "sex"}, {"target": ("age", "sex"), "condition": "sex"}]
)
def test_a_synthesizer_is_fitted_anew_and_stays_as_it_is(where):
    rng = np.random.default_rng(0)
    arrays = {"age": rng.normal(60, 9, 80).round(), "sex": rng.choice(["F", "M"], 80).astype(object)}
    cohort = Cohort.from_arrays(arrays, {"age": Number(step=1), "sex": Category(levels=("F", "M"))})
    model = Synthesizer(**where, seed=1).fit(cohort, quiet=True)
    before = model.sample(5, where={"sex": "F"}).to_pandas()
    half = cohort.take(np.arange(40))
    first, again = model.refit(half, 3), model.refit(half, 3)
    assert len(first) == 40
    assert first.columns.equals(again.columns)
    assert set(first.schema) == {"age", "sex"}
    assert model.sample(5, where={"sex": "F"}).to_pandas().equals(before)


def test_a_loaded_model_is_refitted_with_the_budget_that_it_had(tmp_path):
    cohort = Cohort.from_arrays({"x": np.arange(40.0)}, {"x": Number()})
    budget = Training(steps=3, holdout=0.2)
    Synthesizer(family="trees", training=budget).fit(cohort, quiet=True).save(tmp_path / "model")
    assert load(tmp_path / "model").training == budget
