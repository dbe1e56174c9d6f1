"""Real keys in a column of any kind and role are found; ordinary columns never are."""

from types import SimpleNamespace

import numpy as np
import pytest

from manikin.cohort.cohort import Cohort
from manikin.cohort.normalized_values import normalize_column
from manikin.cohort.value_overlap import (
    estimate_near_hits,
    is_countable,
    is_unguessable,
)
from manikin.metrics.privacy.identifiers import find_identifiers
from manikin.schema.kinds import Category, Number, Schema, Text, Time
from manikin.stats.permutation import compute_fisher_p_value

N, TRAIN, HELD = 400, slice(0, 200), slice(200, 290)
FRESH = slice(290, 400)


def spread(low, high):
    return np.random.default_rng(7).choice(high - low, N, replace=False) + low


SYLLABLES = ["ba", "ber", "der", "do", "gar", "hof", "ka", "ler", "man", "mei", "mul", "rich", "sch", "wal"]


def person(rng):
    return "".join(rng.choice(SYLLABLES, 3)).capitalize()


def keys():
    rng = np.random.default_rng(1)
    big = spread(10**6, 10**7)
    return {
        "national": rng.integers(4 * 10**9, 8 * 10**9, N),
        "whole": spread(10**4, 10**5),
        "running": rng.permutation(N) + 1,
        "float": big.astype(float),
        "padded": [f"{number:09d}" for number in big],
        "trial": [f"ABC01-{rng.integers(100, 110)}-{number}" for number in spread(1000, 9999)],
        "hash": [rng.bytes(8).hex() for _ in range(N)],
        "turned": [f"{person(rng)}, {person(rng)}" for _ in range(N)],
        "name": [f"{person(rng)} {person(rng)}{rng.choice(SYLLABLES)}" for _ in range(N)],
        "folder": [f"sub-{number:04d}" for number in rng.permutation(N)],
    }


def kinds(values):
    words = np.asarray(values).dtype.kind not in "if"
    return [Text(role="identifier"), Category()] if words else [Number(), Category(), Number(role="time")]


def cohort(values, kind, rows):
    """A table of ordinary columns, with one more."""
    rng = np.random.default_rng(2)
    dates = np.datetime64("2012-01-01") + rng.integers(0, 3000, N)
    arrays = {
        "age": rng.integers(18, 95, N),
        "crp": rng.lognormal(1, 1, N).round(1),
        "zip": np.array([f"{z:05d}" for z in rng.choice(spread(10000, 99999)[:40], N)], dtype=object),
        "icd": np.array(
            [f"{c}{int(rng.pareto(0.7)) % 60:02d}" for c in rng.choice(list("ABCI"), N)], object
        ),
        "platelets": rng.normal(250, 70, N).round().astype(int),
        "visited": dates,
        "tag": np.asarray(values, dtype=object if isinstance(values, list) else None),
    }
    schema = {
        "age": Number(),
        "crp": Number(),
        "zip": Category(),
        "icd": Category(),
        "platelets": Number(),
        "visited": Time(),
        "tag": kind,
    }
    return Cohort.from_arrays({name: column[rows] for name, column in arrays.items()}, schema)


def look(values, kind, synthetic):
    train, holdout = cohort(values, kind, TRAIN), cohort(values, kind, HELD)
    sides = (SimpleNamespace(cohort=side) for side in (train, holdout, synthetic))
    return find_identifiers(
        SimpleNamespace(**dict(zip(("train", "holdout", "synthetic"), sides, strict=True)), memo={})
    )


@pytest.mark.parametrize("key", keys())
def test_keys_of_training_are_found_whatever_the_kind(key):
    values = keys()[key]
    for kind in kinds(values):
        leaked = list(values[:110]) if isinstance(values, list) else values[:110]
        ordinary = cohort(values, kind, FRESH)
        place = list(ordinary.schema).index("tag")
        column = cohort(
            [*leaked, *leaked] if isinstance(values, list) else np.tile(leaked, 2), kind, slice(0, 110)
        )
        released = Cohort(
            ordinary.columns.set_column(place, "tag", column.columns["tag"]), Schema(ordinary.schema)
        )
        assert not [text for text in look(values, kind, ordinary).findings if "training" in text]
        assert (
            "tag: values of 110 training patients in 110 records" in look(values, kind, released).findings
        )


def test_two_names_tell_a_person_together():
    rng = np.random.default_rng(3)
    first, last = (rng.choice([person(rng) for _ in range(40)], N).astype(object) for _ in range(2))

    def sides(rows):
        return Cohort.from_arrays(
            {"first": first[rows], "second": last[rows]}, {"first": Category(), "second": Category()}
        )

    def found(synthetic):
        parts = zip(("train", "holdout", "synthetic"), (sides(TRAIN), sides(HELD), synthetic), strict=True)
        return find_identifiers(
            SimpleNamespace(**{side: SimpleNamespace(cohort=c) for side, c in parts}, memo={})
        ).findings

    assert found(sides(FRESH)) == ()
    assert found(sides(slice(0, 110)))[0].startswith("first with second: values of")


def test_a_number_of_training_in_another_column_is_found():
    values = keys()["national"]
    ordinary = cohort(values, Number(), FRESH)
    moved = ordinary.columns.set_column(
        4, "platelets", cohort(values, Number(), slice(0, 110)).columns["tag"]
    )
    assert (
        "platelets: identifiers of training patients in 110 records"
        in look(values, Number(), Cohort(moved, ordinary.schema)).findings
    )


def test_folders_named_like_persons_are_marks_even_where_the_split_divided_them():
    rng = np.random.default_rng(4)
    label = np.array([f"sub-{number:02d}" for number in rng.integers(0, 30, N)], dtype=object)
    found = look(list(label), Category(), cohort(list(label), Category(), FRESH))
    assert found.findings == ("tag: marks of persons in 110 records",)
    grades = [f"pT{number % 4}" for number in range(N)]
    assert look(grades, Category(), cohort(grades, Category(), FRESH)).findings == ()


def test_one_spelling_for_a_key():
    def words(values, kind):
        spelled = normalize_column(Cohort.from_arrays({"key": values}, {"key": kind}), "key")
        return () if spelled is None else spelled.values

    assert words(np.array(["NHS 485-777", "nhs485777"], dtype=object), Text()) == ("nhs485777",)
    assert words(np.array(["007", "7"], dtype=object), Text()) == ("7",)
    assert words(np.array([7.0, np.nan]), Number()) == ("7",)
    assert words(np.array(["2020-01-02"], dtype="datetime64[us]"), Time()) == ("18263",)
    assert words(np.array([True, False]), Category()) == ()


def test_coincidences_by_hand():
    assert compute_fisher_p_value(3, 3, 0, 1) == pytest.approx(1 / 4)
    assert estimate_near_hits(["11", "12", "19"], {"10"}) == pytest.approx(2 / 10)
    assert is_countable({"4", "5", "7"})
    assert not is_countable({"north"})
    assert not is_unguessable({str(number) for number in range(100)})


@pytest.mark.parametrize("many", [0, 30, 60])
def test_a_few_pairs_of_names_of_patients_are_found_where_columns_are_called_so(many):
    rng = np.random.default_rng(5)
    first, last = ([person(rng) + person(rng).lower() for _ in range(count)] for count in (60, 2000))
    names = {
        "first_name": rng.choice(first, 1000).astype(object),
        "last_name": rng.choice(last, 1000).astype(object),
    }

    def sides(rows):
        kinds = {"first_name": Text(role="identifier"), "last_name": Category()}
        return Cohort.from_arrays({name: values[rows] for name, values in names.items()}, kinds)

    rows = np.r_[0:many, 700 : 1000 - many]
    cohorts = zip(
        ("train", "holdout", "synthetic"), map(sides, (slice(0, 450), slice(450, 700), rows)), strict=True
    )
    found = find_identifiers(
        SimpleNamespace(**{side: SimpleNamespace(cohort=c) for side, c in cohorts}, memo={})
    ).findings
    assert any("last_name with first_name: values of" in said for said in found) == (many > 0), found
