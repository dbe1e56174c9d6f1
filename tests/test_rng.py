"""Streams are named, repeatable and leave the process's random state alone."""

import numpy as np
import torch

from manikin.core.seeds import Key


def test_same_name_same_numbers_other_name_others():
    a = Key(7).child("noise").numpy().random(5)
    assert np.array_equal(a, Key(7).child("noise").numpy().random(5))
    assert not np.array_equal(a, Key(7).child("order").numpy().random(5))
    assert not np.array_equal(a, Key(8).child("noise").numpy().random(5))


def test_children_nest_by_name_not_by_concatenation():
    assert Key(0).child("a", "b") == Key(0).child("a").child("b")
    assert Key(0).child("ab").integer() != Key(0).child("a", "b").integer()


def test_process_state_is_untouched():
    before = np.random.get_state()[1].copy(), torch.random.get_rng_state()  # noqa: NPY002 - must not change
    Key(3).child("x").numpy().random(10)
    torch.rand(3, generator=Key(3).torch())
    assert np.array_equal(before[0], np.random.get_state()[1])  # noqa: NPY002 - as above
    assert torch.equal(before[1], torch.random.get_rng_state())
