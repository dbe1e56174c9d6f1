"""What stands beside the code of an event in a long table: its system, unit, an answer in words, its name.

System, unit and answer become parts of the code, as MEDS has them: LOINC//8302-2//cm, A//=positive.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np
import pyarrow as pa

from manikin.cohort.histories import BIRTH_CODE, DEATH_CODE
from manikin.core.arrow import pc
from manikin.ehr.assemble import ANSWER_PREFIX, CODE_SEPARATOR
from manikin.schema.vocabulary import MISSING_SPELLINGS

if TYPE_CHECKING:
    from collections.abc import Collection

    from manikin.tables import CodeColumns

MAX_ANSWER_LENGTH = 64
"""Characters of an answer at most; longer texts are notes."""


@final
@dataclass(frozen=True, eq=False)
class ComposedCodes:
    """The codes of a long table with what stands beside them.

    Args:
        code: The whole codes, (m,) of text.
        names: What codes are called.
        units: All units, so that they are known again at the end of a code.
        dropped_count: Texts that are no answers: too long, or beside a number.
    """

    code: pa.Array
    names: dict[str, str]
    units: list[str]
    dropped_count: int = 0


def compose_codes(
    table: pa.Table, column: str, beside: CodeColumns, timed: np.ndarray, value: np.ndarray
) -> ComposedCodes:
    """System, code, unit and answer as one code each; facts without a time and births have no such."""
    plainly = table[column].combine_chunks().cast(pa.string())
    if not any((beside.system, beside.unit, beside.answer, beside.name)):
        return ComposedCodes(plainly, {}, [])
    code = np.array(plainly.to_pylist(), dtype=object)
    system, unit, answer = (
        _read_texts(table, name) for name in (beside.system, beside.unit, beside.answer)
    )
    plain = np.isin(code, (BIRTH_CODE, DEATH_CODE))
    counted = ~np.isnan(value)
    short = np.array([len(text) <= MAX_ANSWER_LENGTH for text in answer], dtype=bool)
    kept = (answer != "") & short & ~counted & ~plain
    lost = int(((answer != "") & ~kept).sum())
    if beside.system:
        system = np.where(system == "", "NONE", system)
    head = np.where(plain | ~timed | (system == ""), "", system + CODE_SEPARATOR)
    unit = np.where(counted & ~plain & timed, unit, "")
    tail = np.where(unit == "", "", CODE_SEPARATOR + unit)
    mark = np.where(timed, CODE_SEPARATOR + ANSWER_PREFIX, CODE_SEPARATOR)
    whole = head + code + np.where(kept, mark + answer, tail)
    names: dict[str, str] = {}
    if beside.name:
        said = _read_texts(table, beside.name)
        for text, name in zip(whole[said != ""].tolist(), said[said != ""].tolist(), strict=True):
            names.setdefault(text, name)
    units = sorted(set(unit[unit != ""].tolist()))
    return ComposedCodes(pa.array(whole.tolist(), pa.string()), names, units, lost)


def split_codes(
    codes: np.ndarray, beside: CodeColumns, units: Collection[str], names: dict[str, str]
) -> dict[str, pa.Array]:
    """The columns that stood beside codes, for each whole code (k,), and "" for what is left of it."""
    parts: dict[str, list[str | None]] = {key: [] for key in ("", "system", "unit", "answer", "name")}
    for whole in codes.tolist():
        code, system, unit, answer = whole, None, None, None
        if beside.answer and CODE_SEPARATOR + ANSWER_PREFIX in code:
            code, _, answer = code.partition(CODE_SEPARATOR + ANSWER_PREFIX)
        elif beside.unit and code.rpartition(CODE_SEPARATOR)[2] in units:
            code, _, unit = code.rpartition(CODE_SEPARATOR)
        if beside.system and CODE_SEPARATOR in code:
            system, _, code = code.partition(CODE_SEPARATOR)
        said = (code, None if system == "NONE" else system, unit, answer, names.get(whole))
        for key, text in zip(parts, said, strict=True):
            parts[key].append(text)
    return {key: pa.array(texts, pa.string()) for key, texts in parts.items()}


def _read_texts(table: pa.Table, column: str) -> np.ndarray:
    """A column as text, (m,) of objects, "" where nothing stands or there is no such column."""
    if not column:
        return np.full(table.num_rows, "", dtype=object)
    texts = pc.utf8_trim_whitespace(table[column].cast(pa.string()).fill_null(""))
    texts = pc.if_else(pc.is_in(texts, value_set=pa.array(sorted(MISSING_SPELLINGS))), "", texts)
    return np.array(pc.replace_substring(texts, CODE_SEPARATOR, "/").to_pylist(), dtype=object)
