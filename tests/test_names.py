"""Functions, predicates and modules are named by the rules of `naming.py`."""

import naming
import pytest


def test_no_function_is_called_by_a_participle_an_adverb_or_a_preposition_alone():
    assert naming.find_bare_names() == []


def test_what_returns_a_bool_says_what_it_asks():
    assert naming.find_odd_predicates() == []


def test_a_module_has_its_name_for_itself_unless_rooms_are_parallel():
    repeated = naming.find_repeated_stems()
    assert {stem: paths for stem, paths in repeated.items() if stem not in naming.PARALLEL_ROOMS} == {}


@pytest.mark.parametrize("name", ["told", "_joined", "apart", "beside", "using", "early", "filling"])
def test_bare_names_are_told(name):
    assert naming.is_bare(name)


@pytest.mark.parametrize(
    "name", ["read", "split", "embed", "join_fields", "to_pandas", "given_rows", "apply"]
)
def test_names_that_say_what_is_done_are_not(name):
    assert not naming.is_bare(name)
