"""The formulas that a rule of equality states, such as `total = a + b`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from manikin.rules.derivation import Formula
from manikin.rules.equation_solver import count_occurrences, solve_tree
from manikin.rules.expression import Expression
from manikin.schema.kinds import Number, Time

if TYPE_CHECKING:
    from collections.abc import Collection

    from manikin.rules.rule import Rule
    from manikin.schema.kinds import Schema


def extract_formulas(rule: Rule, schema: Schema, free: Collection[str]) -> list[Formula]:
    """The formulas that a rule of equality states, for each free number or time that it can give.

    Equality is `a == expression`, or `abs(a - expression) <= tolerance`.

    Example:
        >>> from manikin.rules.rule import Rule
        >>> from manikin.schema.kinds import Schema
        >>> schema = Schema(admitted=Time(), los=Number(step=1), discharged=Time())
        >>> rule = Rule("stay", "abs(admitted + los - discharged) <= 1e-06")
        >>> [f"{formula.field} = {formula}" for formula in extract_formulas(rule, schema, ["discharged"])]
        ['discharged = admitted + los']
    """
    parsed = Expression(rule.expression)
    sides = _split_equation(parsed.tree)
    if sides is None or not set(parsed.fields) <= set(schema):
        return []
    found = []
    for name in parsed.fields:
        mine = [count_occurrences(parsed, side, name) for side in sides]
        if name not in free or sum(mine) != 1 or not isinstance(schema[name], Number | Time):
            continue
        inside, outside = sides if mine[0] else sides[::-1]
        tree = solve_tree(parsed, inside, name, outside)
        if tree is not None:
            found.append(Formula(name, _drop_zero(parsed.to_text(tree)), when=rule.when))
    return found


def _split_equation(tree: ast.expr) -> tuple[ast.expr, ast.expr] | None:
    match tree:
        case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
            return left, right
        case ast.Compare(
            left=ast.Call(func=ast.Name(id="abs"), args=[inner]),
            ops=[ast.LtE() | ast.Lt()],
            comparators=[ast.Constant()],
        ):
            return inner, ast.Constant(0)
    return None


def _drop_zero(text: str) -> str:
    """The expression without the zero that stood on the other side."""
    for noise in (" - 0", " + 0"):
        text = text.removesuffix(noise)
    return text.removeprefix("0 + ")
