"""MEDS 0.4: a folder whose `data/` holds Parquet files of events, in any number of parts."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, ClassVar, final

import pyarrow as pa

from manikin.cohort.source_format import SourceFormat
from manikin.core import record_files
from manikin.ehr.code_names import VocabularyOptions, find_code_name
from manikin.ehr.long import read, write
from manikin.ehr.long.validate import drop_unreadable_rows
from manikin.errors import FormatError
from manikin.io.format import Format
from manikin.tables import VALUE_COLUMN, EventColumns

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from manikin.cohort.cohort import Cohort
    from manikin.schema.kinds import Schema

MEDS_VERSION = "0.4.1"
CODES_PATH = "metadata/codes.parquet"
_VISIT_PATTERN = re.compile(r"(visit|encounter|admission|hadm|stay)(_?occurrence)?_?id", re.IGNORECASE)


@final
class Meds(Format):
    """The Medical Event Data Standard: events in `data/`, what is said of codes in `metadata/`."""

    suffixes: ClassVar[tuple[str, ...]] = ()
    can_write_folder: ClassVar[bool] = True
    can_write_file: ClassVar[bool] = False

    def read(self, path: Path, schema: Schema | None, *, skip_bad: bool = False) -> Cohort:
        """Not possible: a dataset is a folder, and its parts are Parquet files."""
        del schema, skip_bad
        raise FormatError("a dataset of MEDS is a folder", path, "name the folder, or one .parquet of it")

    def read_folder(self, path: Path, schema: Schema | None, *, skip_bad: bool = False) -> Cohort:
        """One record for each subject of all parts; splits are taken together."""
        from pyarrow import parquet

        parts, notes, tables = record_files.list_meds_files(path), [], []
        try:
            for part in parts:
                table = parquet.read_table(part)
                columns = _detect_columns(table.column_names, part)
                table, said = drop_unreadable_rows(table, columns, part, skip_bad=skip_bad)
                tables.append(table)
                notes += said
            table = pa.concat_tables(tables, promote_options="permissive")
        except pa.ArrowException as error:
            raise FormatError(f"its parts are no Parquet, or of several layouts ({error})", path) from error
        columns = _detect_columns(table.column_names, path)
        names = VocabularyOptions(names=_read_code_names(path / CODES_PATH))
        origin = SourceFormat("meds").add_options(names)
        cohort = read.build_cohort(table, columns, path, schema, origin, skip_bad=skip_bad)
        known = [*parts, path / CODES_PATH]
        left = [str(file.relative_to(path)) for file in record_files.list_files(path) if file not in known]
        notes += [f"not modelled and left out: {', '.join(left)}"] if left else []
        return cohort.add_notes(*notes)

    def write(self, cohort: Cohort, path: Path) -> None:
        """One part with all events, the codes that it has, and what the dataset is."""
        from pyarrow import parquet

        (path / "data").mkdir(parents=True)
        (path / "metadata").mkdir()
        table = write.cast_to_meds_types(write.to_long_table(cohort))
        parquet.write_table(table, path / "data" / "0.parquet")
        codes = table["code"].unique()
        names = cohort.origin.find_options(VocabularyOptions).names or {}
        told = {
            "code": codes,
            "description": pa.array(
                [find_code_name(names, code) or None for code in codes.to_pylist()], pa.string()
            ),
            "parent_codes": pa.nulls(len(codes)).cast(pa.list_(pa.string())),
        }
        parquet.write_table(pa.table(told), path / CODES_PATH)
        about = {
            "dataset_name": "synthetic, by manikin",
            "meds_version": MEDS_VERSION,
            "etl_name": "manikin",
        }
        (path / "metadata" / "dataset.json").write_text(json.dumps(about, indent=1), encoding="utf-8")


def _detect_columns(names: Sequence[str], path: Path) -> EventColumns:
    """The columns by the names that MEDS gives them; datasets may have others.

    Raises:
        FormatError: One that MEDS asks for is not there.
    """
    if lacking := sorted({"subject_id", "time", "code"} - set(names)):
        raise FormatError(
            "MEDS needs the columns subject_id, time and code", path, f"{lacking[0]} is missing"
        )
    visit = next((name for name in names if _VISIT_PATTERN.fullmatch(name)), "")
    return EventColumns(value=VALUE_COLUMN if VALUE_COLUMN in names else "", visit=visit)


def _read_code_names(path: Path) -> dict[str, str]:
    """What codes are called, as far as the dataset says it.

    Raises:
        FormatError: The file of codes cannot be read.
    """
    from pyarrow import parquet

    if not path.exists():
        return {}
    try:
        told = parquet.read_table(path)
        codes, names = told["code"].to_pylist(), told["description"].to_pylist()
    except (pa.ArrowException, KeyError) as error:
        raise FormatError(f"is no table of codes of MEDS ({error})", path, "leave it out") from error
    return {code: name for code, name in zip(codes, names, strict=True) if code and name}


__plugin__ = Meds
