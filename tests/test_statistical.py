"""Families without networks: dependence kept, conditions obeyed, nobody repeated."""

import numpy as np
import pytest

from manikin.core.seeds import Key
from manikin.encoding.spec import Categorical, Continuous, Spec
from manikin.families.copula import Copula
from manikin.families.independent import Independent
from manikin.families.trees import Trees
from manikin.families.trees.design import score_levels
from manikin.families.trees.leaves import find_leaves, resample

SPEC = Spec((Continuous(), Continuous(optional=True), Categorical(3), Continuous()))
FAMILIES = [Independent(), Copula(), Trees()]


def _records(n: int = 1500) -> np.ndarray:
    """Here b follows a; c says which third a lies in; b is missing where c is 2; d is noise."""
    rng = np.random.default_rng(0)
    a = rng.standard_normal(n)
    b = 0.8 * a + 0.6 * rng.standard_normal(n)
    c = np.digitize(a, [-0.43, 0.43]).astype(float)
    b[(c == 2) & (rng.random(n) < 0.9)] = np.nan
    return np.column_stack([a, b, c, rng.standard_normal(n)]).astype(np.float32)


def _drawn(family, n=1500, observed=None, x=None, seed=1):
    real = _records()
    state = family.learn(SPEC, real, 0, np.arange(len(real)), Key(0), lambda _: None)
    x = np.zeros((n, 4), dtype=np.float32) if x is None else x
    observed = np.zeros(x.shape, dtype=bool) if observed is None else observed
    return family.draw(state, SPEC, x, observed, Key(seed))


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: type(f).__name__)
def test_marginals_and_gaps(family):
    real, drawn = _records(), _drawn(family)
    assert np.allclose(np.nanmean(drawn, axis=0), np.nanmean(real, axis=0), atol=0.15)
    assert np.isnan(drawn[:, 1]).mean() == pytest.approx(np.isnan(real[:, 1]).mean(), abs=0.05)
    assert set(np.unique(drawn[:, 2])) == {0, 1, 2}


@pytest.mark.parametrize("family", FAMILIES[1:], ids=lambda f: type(f).__name__)
def test_dependence_of_values_and_of_gaps(family):
    drawn = _drawn(family)
    seen = ~np.isnan(drawn[:, 1])
    assert np.corrcoef(drawn[seen, 0], drawn[seen, 1])[0, 1] > 0.55
    gap = np.isnan(drawn[:, 1])
    assert gap[drawn[:, 2] == 2].mean() > gap[drawn[:, 2] == 0].mean() + 0.4


def test_the_floor_has_no_dependence():
    drawn = _drawn(Independent())
    seen = ~np.isnan(drawn[:, 1])
    assert abs(np.corrcoef(drawn[seen, 0], drawn[seen, 1])[0, 1]) < 0.1


@pytest.mark.parametrize("family", FAMILIES[1:], ids=lambda f: type(f).__name__)
def test_observed_values_are_kept_and_move_the_rest(family):
    means = []
    for value in (-1.5, 1.5):
        x = np.zeros((400, 4), dtype=np.float32)
        x[:, 0] = value
        observed = np.zeros(x.shape, dtype=bool)
        observed[:, 0] = True
        drawn = _drawn(family, observed=observed, x=x)
        assert (drawn[:, 0] == np.float32(value)).all()
        means.append(drawn[:, 2].mean())
    assert means[1] - means[0] > 1.0


def test_trees_infer_backwards():
    """As b stands behind a in the order, a must follow what is given of b."""
    x = np.zeros((300, 4), dtype=np.float32)
    observed = np.zeros(x.shape, dtype=bool)
    observed[:, 1] = True
    low, high = (_drawn(Trees(), observed=observed, x=x + np.float32(v))[:, 0].mean() for v in (-1.2, 1.2))
    assert high - low > 1.0


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: type(f).__name__)
def test_same_seed_same_records(family):
    assert np.array_equal(_drawn(family), _drawn(family), equal_nan=True)
    assert not np.array_equal(_drawn(family), _drawn(family, seed=2), equal_nan=True)


def test_trees_repeat_no_number():
    drawn, real = _drawn(Trees()), _records()
    repeated = set(drawn[:, 0].tolist()) & set(real[:, 0].tolist())
    assert len(repeated) <= 2  # of 1,500 numbers in single precision, so many meet by chance


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: type(f).__name__)
def test_refusals_name_an_alternative(family):
    assert "use '" in family.refusal(Spec((Continuous(),), grid=(8,)))
    assert "use '" in family.refusal(Spec(vocab=5, length=3))
    assert family.refusal(SPEC) is None


def test_leaf_by_hand():
    tree = {
        "left": np.array([1, -1, -1]),
        "right": np.array([2, -1, -1]),
        "feature": np.array([0, -2, -2]),
        "threshold": np.array([0.5, 0, 0]),
    }
    assert find_leaves(tree, np.array([[0.5], [0.6]], dtype=np.float32)).tolist() == [1, 2]


def test_scores_order_levels_by_their_target():
    levels = np.repeat([0, 1, 2], 100)
    target = np.repeat([5.0, -5.0, 0.0], 100)[:, None]
    scores = score_levels(levels, Categorical(3), target)
    assert np.argsort(scores).tolist() in ([1, 2, 0], [0, 2, 1])


def test_resampling_follows_weights():
    rows = resample(np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]), np.random.default_rng(0))
    assert rows.tolist() == [0, 0, 0, 5, 5, 5]
