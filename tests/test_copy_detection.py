"""Strangers: copies are matches, twins among real records neither hide them nor accuse anybody."""

import numpy as np
import pytest

from manikin.stats.copy_detection import NeighborComparison, fit_tail, judge_matches
from manikin.stats.nearest_neighbors import NearestNeighbors

N = 120


def far(n, seed, dimension=8):
    """The neighbours of strangers: distances whose power is uniform, each of another reference."""
    rng = np.random.default_rng(seed)
    first, second = np.sort(rng.random((2, n)) ** (1 / dimension), axis=0)
    return NearestNeighbors(np.arange(n), first, second)


def with_twins(near, count, *, place=None, share=0.01):
    """The first records at a share of their distance."""
    some = np.arange(len(near.positions)) < count
    first = np.where(some, near.distances * share, near.distances)
    return NearestNeighbors(
        near.positions if place is None else np.where(some, place, near.positions),
        first,
        near.second_distances,
    )


def judge(near, real):
    return judge_matches(NeighborComparison(near, N), real, [NeighborComparison(real, N)])


@pytest.mark.parametrize("seed", range(20))
def test_strangers_match_hardly_ever_and_are_never_accused(seed):
    found = judge(far(60, seed), far(N, 100 + seed))
    assert found.hits.sum() <= 1
    assert found.p_value > 0.025


@pytest.mark.parametrize("twins", [0, 1, 2])
def test_copies_are_found_beside_real_twins(twins):
    found = judge(with_twins(far(60, 0), 6), with_twins(far(N, 1), twins))
    assert found.hits.nonzero()[0].tolist() == list(range(6))
    assert found.real_match_count == twins
    assert found.p_value < 0.03


def test_as_many_twins_as_real_records_have_are_named_and_accuse_nobody():
    found = judge(with_twins(far(60, 0), 3), with_twins(far(N, 1), 8))
    assert found.hits.sum() == 3
    assert found.p_value > 0.2


def test_ten_copies_of_one_patient_are_no_chance():
    near = with_twins(far(60, 0), 10, place=7)
    assert (
        judge(
            near._replace(distances=np.where(near.positions == 7, 1e-6, near.distances)), far(N, 1)
        ).p_value
        < 0.01
    )


def test_one_match_repeated_is_one():
    found = judge(with_twins(far(60, 0), 10, place=7, share=0.22), far(N, 1))
    assert found.hits.sum() == 10
    assert found.p_value > 0.05


def test_a_copy_whose_patient_has_a_twin_is_found_by_the_distance_itself():
    near = far(60, 0)
    some = np.arange(60) < 6
    first = np.where(some, 0.01, near.distances)
    found = judge(
        NearestNeighbors(near.positions, first, np.where(some, 0.011, near.second_distances)),
        far(N, 1),
    )
    assert found.hits[:6].all()
    assert found.p_value < 0.01


def test_twins_do_not_shape_the_tail():
    x = far(N, 0).distances
    plain, spoilt = fit_tail(x), fit_tail(np.concatenate([x, [0.01, 0.012, 0.02, 0.03]]))
    assert spoilt.twin_count == 4
    assert spoilt.rate == pytest.approx(plain.rate, rel=0.15)
    assert spoilt.compute_limit(1e-3) == pytest.approx(plain.compute_limit(1e-3), rel=0.15)


def test_pairs_of_one_side_count_once():
    near = NearestNeighbors(np.array([1, 0, 3]), np.array([0.0, 0.0, 1.0]), np.ones(3))
    both = NeighborComparison(near, 3, np.arange(3))
    assert both.count_matches((0.5, -1.0)) == 1
    assert both.pair_count == pytest.approx(4.5)
    assert NeighborComparison(near, 3).count_matches((0.5, -1.0)) == 2
