"""Expressions over the fields of a cohort, such as "diastolic < systolic", on whole columns.

The grammar is Python's own, of which only comparisons, arithmetic, `and`, `or`, `not`, `in`
and a few functions are let through; nothing is executed. Fields whose names are no identifiers
stand in backticks, or with their dots as they are: `d.time` and d.time are the same field.
Dates count as days, so that "discharge - admission <= 30" means what it says.
"""

from __future__ import annotations

import ast
import keyword
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from manikin.errors import RuleError
from manikin.rules.operands import (
    CategoryOperand,
    DateOperand,
    align_operands,
    count_completed_years,
    extract_year,
    is_missing,
    read_operand,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from manikin.cohort.cohort import Cohort

_BINARY_OPERATORS: dict[type, Callable[..., Any]] = {
    ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply, ast.Div: np.divide,
    ast.FloorDiv: np.floor_divide, ast.Mod: np.mod, ast.Pow: np.power,
}  # fmt: skip
_COMPARISON_OPERATORS: dict[type, Callable[..., Any]] = {
    ast.Lt: np.less, ast.LtE: np.less_equal, ast.Gt: np.greater, ast.GtE: np.greater_equal,
    ast.Eq: np.equal, ast.NotEq: np.not_equal,
}  # fmt: skip
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": np.abs, "round": np.round, "floor": np.floor, "ceil": np.ceil, "sqrt": np.sqrt, "log": np.log,
    "exp": np.exp, "years": count_completed_years, "year": extract_year,
    "min": lambda *x: np.minimum.reduce(x), "max": lambda *x: np.maximum.reduce(x),
}  # fmt: skip
_MISSING_FUNCTION = "missing"
_MULTI_ARGUMENT_FUNCTIONS = ("min", "max", "years")


@dataclass(frozen=True)
class Expression:
    """A parsed expression.

    Example:
        >>> Expression('0 <= `d.time` and (death == 1 or not missing(cause))').fields
        ('d.time', 'death', 'cause')
    """

    text: str

    @cached_property
    def _quoted_fields(self) -> list[str]:
        return re.findall(r"`([^`]+)`", self.text)

    @cached_property
    def tree(self) -> ast.expr:
        """The syntax tree.

        Raises:
            RuleError: What is written is no expression, or uses more than is let through.
        """
        numbers = iter(range(len(self._quoted_fields)))
        plain = re.sub(r"`[^`]+`", lambda _: f"_quoted_{next(numbers)}", self.text.strip())
        try:
            tree = ast.parse(plain, mode="eval").body
        except (SyntaxError, ValueError) as error:
            raise RuleError(
                f"{self.text!r} is no expression; write for example diastolic < systolic, with names "
                "such as `heart rate` or `lambda` in backticks"
            ) from error
        for node in ast.walk(tree):
            _raise_if_forbidden(node, self.text)
        return tree

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """All fields that occur, in order."""
        return tuple(dict.fromkeys(self._collect_names(self.tree, inside=True)))

    @cached_property
    def required_fields(self) -> tuple[str, ...]:
        """The fields whose value is needed; those only asked whether they are missing are not."""
        return tuple(dict.fromkeys(self._collect_names(self.tree, inside=False)))

    def _collect_names(self, node: ast.AST, *, inside: bool) -> list[str]:
        if isinstance(node, ast.Call):
            asks = isinstance(node.func, ast.Name) and node.func.id == _MISSING_FUNCTION
            parts = [] if asks and not inside else node.args
            return [name for part in parts for name in self._collect_names(part, inside=inside)]
        if isinstance(node, ast.Name | ast.Attribute):
            return [self.resolve_field(node)]
        return [
            name for part in ast.iter_child_nodes(node) for name in self._collect_names(part, inside=inside)
        ]

    def resolve_field(self, node: ast.AST) -> str:
        """The field that a name of the tree stands for."""
        if isinstance(node, ast.Attribute):
            return f"{self.resolve_field(node.value)}.{node.attr}"
        if not isinstance(node, ast.Name):
            raise RuleError(f"{self.text!r}: a dot belongs to a field's name")
        quoted = re.fullmatch(r"_quoted_(\d+)", node.id)
        return self._quoted_fields[int(quoted[1])] if quoted else node.id

    def evaluate_condition(self, cohort: Cohort) -> np.ndarray:
        """Whether the expression is true, (n,) of booleans; where a value is missing, either.

        Raises:
            RuleError: A field is absent, or of a kind that the expression cannot use.
        """
        if absent := [name for name in self.fields if name not in cohort.schema]:
            raise RuleError(f"no field {', '.join(absent)}; there are {', '.join(cohort.schema)}")
        with np.errstate(all="ignore"):
            found = self._evaluate_condition(self.tree, cohort)
        return np.broadcast_to(found, (len(cohort),))

    def evaluate_number(self, cohort: Cohort) -> np.ndarray:
        """What the expression comes to, (n,) of floats; dates count as days; NaN where a value is missing.

        Raises:
            RuleError: A field is absent, or of a kind that has no number.
        """
        if absent := [name for name in self.fields if name not in cohort.schema]:
            raise RuleError(f"no field {', '.join(absent)}; there are {', '.join(cohort.schema)}")
        with np.errstate(all="ignore"):
            found = np.asarray(self._evaluate_number(self.tree, cohort), dtype=float)
        return np.broadcast_to(found, (len(cohort),)).copy()

    def to_text(self, tree: ast.expr) -> str:
        """A part of this expression, or one made of its parts, as text."""
        return re.sub(
            r"_quoted_(\d+)", lambda found: f"`{self._quoted_fields[int(found[1])]}`", ast.unparse(tree)
        )

    def has_missing_values(self, cohort: Cohort) -> np.ndarray:
        """Where a value that is needed is missing, (n,) of booleans."""
        masks = [is_missing(cohort, name) for name in self.required_fields]
        return np.logical_or.reduce([np.zeros(len(cohort), dtype=bool), *masks])

    def _evaluate_condition(self, node: ast.expr, cohort: Cohort) -> np.ndarray:
        match node:
            case ast.BoolOp():
                join = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
                return join.reduce(
                    [np.broadcast_to(self._evaluate_condition(v, cohort), len(cohort)) for v in node.values]
                )
            case ast.UnaryOp(op=ast.Not()):
                return ~self._evaluate_condition(node.operand, cohort)
            case ast.Compare():
                return self._compare(node, cohort)
            case ast.Call(func=ast.Name(id="missing")):
                return is_missing(cohort, self._read_missing_argument(node))
        value = np.asarray(self._evaluate_number(node, cohort))
        if value.dtype == bool or np.isin(value[~np.isnan(value)], (0, 1)).all():
            return value == 1
        raise RuleError(f"{self.text!r} is neither true nor false; compare with something")

    def _read_missing_argument(self, node: ast.Call) -> str:
        if len(node.args) != 1 or not isinstance(node.args[0], ast.Name | ast.Attribute):
            raise RuleError(f"{self.text!r}: write missing(FIELD)")
        return self.resolve_field(node.args[0])

    def _compare(self, node: ast.Compare, cohort: Cohort) -> np.ndarray:
        sides = [node.left, *node.comparators]
        found = [
            self._compare_pair(left, op, right, cohort)
            for left, op, right in zip(sides[:-1], node.ops, sides[1:], strict=True)
        ]
        return np.logical_and.reduce(np.broadcast_arrays(*found))

    def _compare_pair(self, left: ast.expr, op: ast.cmpop, right: ast.expr, cohort: Cohort) -> np.ndarray:
        if isinstance(op, ast.In | ast.NotIn):
            members = [
                self._compare_pair(left, ast.Eq(), member, cohort)
                for member in _list_members(right, self.text)
            ]
            inside = np.logical_or.reduce(np.broadcast_arrays(*members))
            return inside if isinstance(op, ast.In) else ~inside
        a, b = self._evaluate_side(left, cohort), self._evaluate_side(right, cohort)
        return _COMPARISON_OPERATORS[type(op)](*align_operands(a, b, op, self.text))

    def _evaluate_side(self, node: ast.expr, cohort: Cohort) -> Any:  # noqa: ANN401 - a column or a constant
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Name | ast.Attribute):
            return read_operand(cohort, self.resolve_field(node))
        if isinstance(node, ast.Compare | ast.BoolOp) or _is_missing(node):
            return self._evaluate_condition(node, cohort)
        return self._evaluate_number(node, cohort)

    def _evaluate_number(self, node: ast.expr, cohort: Cohort) -> Any:  # noqa: ANN401 - an array or a number
        match node:
            case ast.Constant(value=bool() | int() | float() as value):
                return np.float64(value)
            case ast.Name() | ast.Attribute():
                return _to_numbers(read_operand(cohort, self.resolve_field(node)), self.resolve_field(node))
            case ast.BinOp():
                return _BINARY_OPERATORS[type(node.op)](
                    self._evaluate_number(node.left, cohort), self._evaluate_number(node.right, cohort)
                )
            case ast.UnaryOp(op=ast.USub() | ast.UAdd()):
                value = self._evaluate_number(node.operand, cohort)
                return -value if isinstance(node.op, ast.USub) else value
            case ast.Call(func=ast.Name(id=name)) if name in _FUNCTIONS:
                return _FUNCTIONS[name](*(self._evaluate_number(part, cohort) for part in node.args))
        raise RuleError(f"{self.text!r}: {ast.unparse(node)} is no number")


_ALLOWED_NODES = (
    ast.Compare, ast.BoolOp, ast.UnaryOp, ast.BinOp, ast.Name, ast.Attribute, ast.Constant, ast.Tuple,
    ast.List, ast.Set, ast.Call, ast.Load, ast.And, ast.Or, ast.Not, ast.USub, ast.UAdd, ast.In, ast.NotIn,
    *_BINARY_OPERATORS, *_COMPARISON_OPERATORS,
)  # fmt: skip


def _raise_if_forbidden(node: ast.AST, text: str) -> None:
    """Refuse what is not on the list, so that a rule can only compare and calculate."""
    if not isinstance(node, _ALLOWED_NODES):
        raise RuleError(f"{text!r}: {type(node).__name__} is not allowed in a rule")
    if isinstance(node, ast.Constant) and not isinstance(node.value, str | int | float):
        raise RuleError(f"{text!r}: {node.value!r} is not allowed in a rule")
    if isinstance(node, ast.Call):
        known = (*_FUNCTIONS, _MISSING_FUNCTION)
        if not isinstance(node.func, ast.Name) or node.func.id not in known or node.keywords:
            raise RuleError(f"{text!r}: the functions are {', '.join(known)}")
        if not node.args or (len(node.args) > 1) != (node.func.id in _MULTI_ARGUMENT_FUNCTIONS):
            raise RuleError(f"{text!r}: {node.func.id} takes {'several' if len(node.args) < 2 else 'one'}")  # noqa: PLR2004


def _to_numbers(values: Any, field: str) -> np.ndarray:  # noqa: ANN401 - a column
    if isinstance(values, CategoryOperand):
        raise RuleError(f"field {field!r} holds text; compare it with a level")
    return values.days if isinstance(values, DateOperand) else values


def _is_missing(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == _MISSING_FUNCTION
    )


def _list_members(node: ast.expr, text: str) -> list[ast.expr]:
    if not isinstance(node, ast.Tuple | ast.List | ast.Set) or not node.elts:
        raise RuleError(f'{text!r}: write FIELD in ("a", "b")')
    return node.elts


def quote_field(field: str) -> str:
    """A field as an expression spells it.

    Example:
        >>> quote_field("d.time"), quote_field("mean radius"), quote_field("lambda")
        ('d.time', '`mean radius`', '`lambda`')
    """
    parts = field.split(".")
    plain = all(re.fullmatch(r"[A-Za-z_]\w*", part) and not keyword.iskeyword(part) for part in parts)
    return field if plain else f"`{field}`"
