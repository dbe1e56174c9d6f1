"""Solving: a field freed from an expression, and the formula that a rule states."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from manikin.rules.derivation import Formula
from manikin.rules.expression import Expression
from manikin.rules.mining.candidate import quote_field
from manikin.schema.kinds import Number, Time

if TYPE_CHECKING:
    from collections.abc import Collection

    from manikin.rules.rule import Rule
    from manikin.schema.kinds import Schema


def solve_expression(expression: str, operand: str, whole: str) -> str | None:
    """The expression of an operand where `whole` = expression; None: it cannot be freed.

    It can where it stands once, under sums, differences, products, ratios, squares and signs.

    Example:
        >>> bmi = "weight / height ** 2"
        >>> solve_expression(bmi, "weight", "bmi"), solve_expression("a + b", "b", "total")
        ('bmi * height ** 2', 'total - a')
        >>> solve_expression(bmi, "height", "bmi"), solve_expression("a + 2 * a", "a", "b")
        ('sqrt(weight / bmi)', None)
    """
    parsed = Expression(f"({expression}) == {quote_field(whole)}")
    tree = parsed.tree
    if not isinstance(tree, ast.Compare) or _count_occurrences(parsed, tree.left, operand) != 1:
        return None
    found = _solve_tree(parsed, tree.left, operand, tree.comparators[0])
    return parsed.to_text(found) if found is not None else None


def _count_occurrences(parsed: Expression, tree: ast.expr, operand: str) -> int:
    if isinstance(tree, ast.Name | ast.Attribute):
        return int(parsed.resolve_field(tree) == operand)
    return sum(
        _count_occurrences(parsed, part, operand)
        for part in ast.iter_child_nodes(tree)
        if isinstance(part, ast.expr)
    )


def _solve_tree(parsed: Expression, tree: ast.expr, operand: str, whole: ast.expr) -> ast.expr | None:
    match tree:
        case ast.Name() | ast.Attribute():
            return whole
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return _solve_tree(parsed, inner, operand, ast.UnaryOp(ast.USub(), whole))
        case ast.BinOp(left=left, op=op, right=right):
            mine = bool(_count_occurrences(parsed, left, operand))
            rest = _invert_operation(op, whole, right if mine else left, first=mine)
            return None if rest is None else _solve_tree(parsed, left if mine else right, operand, rest)
    return None


def _invert_operation(
    op: ast.operator, whole: ast.expr, other: ast.expr, *, first: bool
) -> ast.expr | None:
    """The side of an operation that is looked for, from its result and its other side."""
    match op:
        case ast.Add():
            return ast.BinOp(whole, ast.Sub(), other)
        case ast.Mult():
            return ast.BinOp(whole, ast.Div(), other)
        case ast.Sub():
            return ast.BinOp(whole, ast.Add(), other) if first else ast.BinOp(other, ast.Sub(), whole)
        case ast.Div():
            return ast.BinOp(whole, ast.Mult(), other) if first else ast.BinOp(other, ast.Div(), whole)
        case ast.Pow() if first and isinstance(other, ast.Constant) and other.value == 2:  # noqa: PLR2004 - a square
            return ast.Call(ast.Name("sqrt"), [whole], [])
    return None


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
        mine = [_count_occurrences(parsed, side, name) for side in sides]
        if name not in free or sum(mine) != 1 or not isinstance(schema[name], Number | Time):
            continue
        inside, outside = sides if mine[0] else sides[::-1]
        tree = _solve_tree(parsed, inside, name, outside)
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
