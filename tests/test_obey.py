"""Drawing again what breaks a rule, and drawing many records in blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from manikin.cohort.cohort import Cohort
from manikin.core.seeds import Key
from manikin.errors import RuleError
from manikin.schema.kinds import Number, Schema
from manikin.synthesis import rejection
from manikin.synthesis.rejection import Requirements, sample_by_rejection

if TYPE_CHECKING:
    from collections.abc import Callable

SCHEMA = Schema(x=Number(), row=Number())


class Even:
    """A rule: x is even."""

    name, fields = "even", ("x",)

    def holds(self, cohort: Cohort) -> np.ndarray:  # noqa: D102 - says the class
        return cohort["x"] % 2 == 0


@dataclass
class Drawing:
    """A proposal that draws by a function, and decodes x and the number of the row."""

    draw: Callable[..., np.ndarray]
    can_redraw_fields: bool = True

    def decode(self, rows: np.ndarray, x: np.ndarray, key: Key) -> Cohort:  # noqa: D102 - the contract's
        del key
        return Cohort(pa.table({"x": pa.array(x[:, 0].astype(float)), "row": pa.array(rows)}), SCHEMA)


def sample(
    draw: Callable[..., np.ndarray], n: int, *rules: Even, wishes: tuple[Even, ...] = ()
) -> pa.Table:
    asked = np.zeros((n, 1), int), np.zeros((n, 1), bool), np.zeros((n, 1), bool)
    requirements = Requirements(("x",), {"x": [0]}, rules, wishes)
    return sample_by_rejection(Drawing(draw), requirements, asked, Key(0))[0]


def test_records_drawn_in_blocks_are_those_that_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rejection, "MAX_BLOCK_CELLS", 1)
    monkeypatch.setattr(rejection, "MIN_BLOCK_RECORDS", 4)
    drawn, keys = [], []

    def draw(rows: np.ndarray, values: np.ndarray, keep: np.ndarray, key: Key) -> np.ndarray:
        del keep
        drawn.append(len(values))
        keys.append(key.integer())
        return rows[:, None] * 10

    table = sample(draw, 10)
    assert drawn == [4, 4, 2]
    assert len(set(keys)) == 3
    assert table["row"].to_pylist() == list(range(10))
    assert table["x"].to_pylist() == [10.0 * i for i in range(10)]


def test_only_what_breaks_a_rule_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rejection, "MAX_BLOCK_CELLS", 1)
    monkeypatch.setattr(rejection, "MIN_BLOCK_RECORDS", 4)
    again = []

    def draw(rows: np.ndarray, values: np.ndarray, keep: np.ndarray, key: Key) -> np.ndarray:
        del keep, key
        first = not again or rows[0] not in again[-1]
        again.append(rows.tolist())
        return rows[:, None] * (1 if first and len(values) > 1 else 2)

    table = sample(draw, 6, Even())
    assert again == [[0, 1, 2, 3], [1, 3], [4, 5], [5]]
    assert table["x"].to_pylist() == [0.0, 2.0, 2.0, 6.0, 4.0, 10.0]
    assert table["row"].to_pylist() == list(range(6))


def test_a_rule_that_is_never_met_is_an_error() -> None:
    with pytest.raises(RuleError, match="2 of 2 records still break it after 60 attempts"):
        sample(lambda rows, *_: 2 * rows[:, None] + 1, 2, Even())


def test_a_wish_is_tried_and_given_up() -> None:
    tried = []

    def draw(rows: np.ndarray, values: np.ndarray, keep: np.ndarray, key: Key) -> np.ndarray:
        del values, keep, key
        tried.append(rows.tolist())
        return np.where(rows == 2, 1, len(tried) + rows)[:, None]  # row 2 is always odd

    table = sample(draw, 3, wishes=(Even(),))
    assert tried[:3] == [[0, 1, 2], [0, 2], [2]]
    assert len(tried) == 1 + rejection.MAX_FIELD_ATTEMPTS
    assert table["x"].to_pylist() == [2.0, 2.0, 1.0]
