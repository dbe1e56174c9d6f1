"""A field freed from an expression: `bmi = weight / height ** 2` solved for the weight."""

from __future__ import annotations

import ast

from manikin.rules.expression import Expression, quote_field


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
    if not isinstance(tree, ast.Compare) or count_occurrences(parsed, tree.left, operand) != 1:
        return None
    found = solve_tree(parsed, tree.left, operand, tree.comparators[0])
    return parsed.to_text(found) if found is not None else None


def count_occurrences(parsed: Expression, tree: ast.expr, operand: str) -> int:
    """How often a field stands in a part of an expression."""
    if isinstance(tree, ast.Name | ast.Attribute):
        return int(parsed.resolve_field(tree) == operand)
    return sum(
        count_occurrences(parsed, part, operand)
        for part in ast.iter_child_nodes(tree)
        if isinstance(part, ast.expr)
    )


def solve_tree(parsed: Expression, tree: ast.expr, operand: str, whole: ast.expr) -> ast.expr | None:
    """The tree of an operand where `whole` = tree; None: it cannot be freed."""
    match tree:
        case ast.Name() | ast.Attribute():
            return whole
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return solve_tree(parsed, inner, operand, ast.UnaryOp(ast.USub(), whole))
        case ast.BinOp(left=left, op=op, right=right):
            mine = bool(count_occurrences(parsed, left, operand))
            rest = _invert_operation(op, whole, right if mine else left, first=mine)
            return None if rest is None else solve_tree(parsed, left if mine else right, operand, rest)
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
