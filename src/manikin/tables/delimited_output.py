"""A cohort of scalar fields as lines of delimited text (RFC 4180 and its kin)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from manikin.core.arrow import pc
from manikin.schema.inference.formatting import format_column
from manikin.tables.delimited import DelimitedOptions

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort

_ROWS_PER_BLOCK = 1 << 16


def render_delimited(cohort: Cohort, delimiter: str = ",") -> str:
    """A cohort of scalar fields as delimited text.

    Example:
        >>> from manikin.cohort.cohort import Cohort
        >>> drugs = Cohort.from_table(pa.table({"drug": ["A, B", "C"], "dose": [0.5, None]}))
        >>> print(render_delimited(drugs), end="")
        drug,dose
        "A, B",0.5
        C,
    """
    head = delimiter.join(_quote_texts(pa.array(list(cohort.schema)), delimiter).to_pylist())
    texts = [_render_field(cohort, name, delimiter) for name in cohort.schema]
    body = [
        line
        for start in range(0, len(cohort), _ROWS_PER_BLOCK)
        for line in _join_lines(texts, start, delimiter)
    ]
    return "\n".join((head, *body, ""))


def _render_field(cohort: Cohort, name: str, delimiter: str) -> pa.Array:
    values = cohort.columns[name].combine_chunks()
    text = format_column(values, cohort.schema[name])
    plain = pa.types.is_integer(values.type) or pa.types.is_floating(values.type)
    came = cohort.origin.find_options(DelimitedOptions)
    if pa.types.is_floating(values.type) and delimiter == ";" and came.decimal == ",":
        text = pc.replace_substring(text, ".", ",")
    lone = len(cohort.schema) == 1  # an empty line would be no record
    return text if plain and not lone else _quote_texts(text, delimiter, lone=lone)


def _quote_texts(text: pa.Array, delimiter: str, *, lone: bool = False) -> pa.Array:
    """Text with quotation marks around what would not read back, decided once per distinct word."""
    coded = text.dictionary_encode()
    words = coded.dictionary
    special = r'["\r\n' + ("\\" if delimiter == "|" else "") + delimiter + "]" + ("|^$" if lone else "")
    marks = pc.binary_join_element_wise('"', pc.replace_substring(words, '"', '""'), '"', "")
    return pc.if_else(pc.match_substring_regex(words, special), marks, words).take(coded.indices)


def _join_lines(texts: list[pa.Array], start: int, delimiter: str) -> list[str]:
    parts = [text.slice(start, _ROWS_PER_BLOCK) for text in texts]
    return pc.binary_join_element_wise(*parts, delimiter).to_pylist()
