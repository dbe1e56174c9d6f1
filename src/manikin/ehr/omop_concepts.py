"""The vocabulary of OMOP: what its concepts are called, and where they come from."""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING

import pyarrow as pa

from manikin.cohort.histories import extract_histories
from manikin.core import record_files
from manikin.core.arrow import pc
from manikin.ehr.code_names import VocabularyOptions
from manikin.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from manikin.cohort.cohort import Cohort

CONCEPT_COLUMNS = (
    *("concept_id", "concept_name", "domain_id", "vocabulary_id", "concept_class_id", "standard_concept"),
    *("concept_code", "valid_start_date", "valid_end_date", "invalid_reason"),
)
"""The table CONCEPT of OMOP 5.4."""
_CONCEPT_PATTERN = re.compile(r"^[A-Z]+//=?(\d+)")
_ANSWER_PATTERN = re.compile(r"//=(\d+)$")


def read_concepts(folder: Path, codes: Iterable[str]) -> dict[str, list[str]]:
    """The rows of the table CONCEPT by code, for the concepts that these codes are made of.

    It is read piece by piece: a vocabulary can be many gigabytes.

    Raises:
        FormatError: There is a table CONCEPT, and it cannot be read.
    """
    path = next(
        (p for p in record_files.list_files(folder) if record_files.get_table_name(p) == "concept"), None
    )
    if path is None:
        return {}
    wanted = {i: code for code in codes for i in _find_concept_ids(code)}
    rows: dict[str, list[str]] = {}
    try:
        for batch in _iterate_batches(path):
            few = batch.filter(pc.is_in(batch.column(0), value_set=pa.array(list(wanted), pa.string())))
            rows |= {
                row[0]: list(row[1:]) for row in zip(*(c.to_pylist() for c in few.columns), strict=True)
            }
    except (pa.ArrowException, KeyError) as error:
        raise FormatError(f"is no table of concepts ({error})", path, "leave it out") from error
    return {part: [i, *rows[i]] for code in codes for part, i in _find_concepts(code) if i in rows}


def build_concept_table(cohort: Cohort) -> pa.Table:
    """CONCEPT with the concepts that a cohort's histories have, as far as they are known."""
    rows: dict[str, list[str]] = {}
    known = cohort.origin.find_options(VocabularyOptions).concepts or {}
    for code in extract_histories(cohort.columns, cohort.schema).codes.tolist():
        rows |= {i: known[part] for part, i in _find_concepts(code) if part in known}
    columns = (
        zip(*(rows[i] for i in sorted(rows, key=int)), strict=True)
        if rows
        else ((),) * len(CONCEPT_COLUMNS)
    )
    whole = {n: [_format_date(text) for text in x] for n, x in zip(CONCEPT_COLUMNS, columns, strict=True)}
    return pa.table({name: pa.array(texts, pa.string()) for name, texts in whole.items()})


def _format_date(text: str) -> str:
    """A date as OMOP has it; vocabularies write 19700101. Other texts stay."""
    return re.sub(r"^((?:19|20)\d\d)(\d\d)(\d\d)$", r"\1-\2-\3", text) if text else text


def collect_names(rows: dict[str, list[str]]) -> dict[str, str]:
    """What codes are called, by their rows."""
    return {code: row[1] for code, row in rows.items()}


def _find_concepts(code: str) -> Iterator[tuple[str, str]]:
    """The parts of a code that are concepts, and the number of each: what it is about, and its answer."""
    if found := _CONCEPT_PATTERN.match(code):
        yield found[0], found[1]
    if found := _ANSWER_PATTERN.search(code):
        yield found[1], found[1]


def _find_concept_ids(code: str) -> list[str]:
    return [i for _, i in _find_concepts(code)]


def _iterate_batches(path: Path) -> Iterator[pa.RecordBatch]:
    """Its ten columns as text, some rows at a time."""
    if path.suffix == ".parquet":
        from pyarrow import parquet

        with parquet.ParquetFile(path) as file:
            at = {name.lower(): name for name in file.schema_arrow.names}
            for batch in file.iter_batches(columns=[at[name] for name in CONCEPT_COLUMNS]):
                chosen = [batch.column(at[name]).cast(pa.string()) for name in CONCEPT_COLUMNS]
                yield pa.record_batch(chosen, names=list(CONCEPT_COLUMNS))
        return
    from pyarrow import csv

    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
        head = file.readline().decode("utf-8-sig").strip()
    mark = "\t" if "\t" in head else ","
    at = {name.strip('"').lower(): name.strip('"') for name in head.split(mark)}
    order = [at[name] for name in CONCEPT_COLUMNS]
    yield from csv.open_csv(
        path,
        parse_options=csv.ParseOptions(delimiter=mark, quote_char=False if mark == "\t" else '"'),
        convert_options=csv.ConvertOptions(
            column_types=dict.fromkeys(order, pa.string()), include_columns=order
        ),
    )
