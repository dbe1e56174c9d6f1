"""The shadow-model attack: generators that are known to leak, and one that cannot."""

import numpy as np
import pytest

from manikin.data.cohort import Cohort
from manikin.data.schema import Number
from manikin.errors import UsageError
from manikin.evaluation.shadow import Shadow, over, shadow, shadow_scores


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
    auc, one, ten = shadow_scores(copier, people, refits=8)
    assert [score.name for score in (auc, one, ten)] == ["shadow_auc", "shadow_tpr_1", "shadow_tpr_10"]
    assert auc.value > 0.99
    assert {score.verdict for score in (auc, one, ten)} == {"fail"}


def test_who_learns_nothing_tells_nothing(people):
    values = [over(shadow(forgetter, people, refits=8, seed=s).auc(), 0.5) for s in range(8)]
    assert np.mean([found.value for found in values]) == pytest.approx(0.5, abs=0.025)
    assert sum(found.low <= 0.5 <= found.high for found in values) >= 6
    assert shadow_scores(forgetter, people, refits=8)[0].verdict == "pass"


def test_every_record_is_in_half_of_the_fits(people):
    found = shadow(forgetter, people, refits=8)
    assert set(found.inside.sum(axis=0)) == {4}
    assert found.likely.shape == (8, 120)


def test_the_same_seed_gives_the_same_attack(people):
    first, second = (shadow(copier, people, refits=8, seed=5).likely for _ in range(2))
    assert np.array_equal(first, second)


def test_areas_and_rates_by_hand():
    inside = np.array([[True, True, False, False], [False, False, True, True]])
    likely = np.array([[3.0, 2, 1, 0], [1, 1, 1, 1]])
    assert Shadow(inside, likely).auc().tolist() == [1.0, 0.5]
    assert Shadow(inside, likely).tpr(0.01).tolist() == [1.0, 0.0]


def test_intervals_go_over_pairs():
    assert over(np.array([0.5, 0.7, 0.6, 0.6]), 0.5)[:3] == pytest.approx((0.6, 0.6, 0.6))


@pytest.mark.parametrize("refits", [6, 9])
def test_too_few_or_odd_fits_are_refused(people, refits):
    with pytest.raises(UsageError, match="even number"):
        shadow(copier, people, refits=refits)
