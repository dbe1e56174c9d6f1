"""MEDS 0.4: a folder whose `data/` holds Parquet files of events, in any number of parts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar, final

import pyarrow as pa

from manikin.data import folders
from manikin.data.cohort import Origin
from manikin.data.events import long
from manikin.data.format import Format
from manikin.errors import FormatError

if TYPE_CHECKING:
    from pathlib import Path

    from manikin.data.cohort import Cohort
    from manikin.data.schema import Schema

VERSION = "0.4.1"


@final
class Meds(Format):
    """The Medical Event Data Standard: events in `data/`, what is said of codes in `metadata/`."""

    suffixes: ClassVar[tuple[str, ...]] = ()
    writes_folders: ClassVar[bool] = True
    single: ClassVar[bool] = False

    def read(self, path: Path, schema: Schema | None) -> Cohort:
        """Not possible: a dataset is a folder, and its parts are Parquet files."""
        del schema
        raise FormatError(f"{path}: a dataset of MEDS is a folder; name the folder, or one .parquet of it")

    def read_folder(self, path: Path, schema: Schema | None, *, skip_bad: bool = False) -> Cohort:
        """One record for each subject of all parts; splits are taken together."""
        from pyarrow import parquet

        parts = folders.meds(path)
        try:
            table = pa.concat_tables(
                [parquet.read_table(part) for part in parts], promote_options="permissive"
            )
        except pa.ArrowException as error:
            raise FormatError(
                f"{path}: its parts are no Parquet, or of several layouts ({error})"
            ) from error
        if (columns := long.detected(table.column_names, schema)) is None:
            raise FormatError(f"{parts[0]}: MEDS needs the columns subject_id, time and code")
        cohort = long.cohort(table, columns, path, schema, Origin("meds"), skip_bad=skip_bad)
        left = [str(file.relative_to(path)) for file in folders.files(path) if file not in parts]
        return cohort.noted(f"not modelled and left out: {', '.join(left)}") if left else cohort

    def write(self, cohort: Cohort, path: Path) -> None:
        """One part with all events, the codes that it has, and what the dataset is."""
        from pyarrow import parquet

        (path / "data").mkdir(parents=True)
        (path / "metadata").mkdir()
        table = long.typed(long.laid(cohort))
        parquet.write_table(table, path / "data" / "0.parquet")
        codes = table["code"].unique()
        blank = pa.nulls(len(codes))
        told = {
            "code": codes,
            "description": blank.cast(pa.string()),
            "parent_codes": blank.cast(pa.list_(pa.string())),
        }
        parquet.write_table(pa.table(told), path / "metadata" / "codes.parquet")
        about = {"dataset_name": "synthetic, by manikin", "meds_version": VERSION, "etl_name": "manikin"}
        (path / "metadata" / "dataset.json").write_text(json.dumps(about, indent=1), encoding="utf-8")


__plugin__ = Meds
