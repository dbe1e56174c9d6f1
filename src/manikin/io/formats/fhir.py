"""FHIR R4: bundles and lines of resources, in files and folders; new ones are tagged as test data."""

from __future__ import annotations

import gzip
import json
from contextlib import ExitStack
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, ClassVar, cast, final

from manikin.cohort.histories import list_history_fields
from manikin.cohort.source_format import SourceFormat, SourceOptions
from manikin.core import record_files
from manikin.core.text_files import read_bytes, write_bytes
from manikin.ehr import assemble
from manikin.ehr.code_names import VocabularyOptions
from manikin.ehr.fhir.read import FhirReader
from manikin.ehr.fhir.write import build_patient_resources
from manikin.errors import FormatError
from manikin.io.format import Format
from manikin.io.formats.jsonl import JsonLines, is_plain_jsonl

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from manikin.cohort.cohort import Cohort
    from manikin.schema.kinds import Schema

SUBJECT_FIELD = "patient"


@final
@dataclass(frozen=True)
class FhirOptions(SourceOptions):
    """Whether resources came as "bundles", or as "ndjson", a file of lines for each kind."""

    layout: str | None = None


@final
class Fhir(Format):
    """HL7 FHIR R4 (4.0.1) as JSON: a bundle, one resource on each line, or a folder of these."""

    suffixes: ClassVar[tuple[str, ...]] = record_files.FHIR_SUFFIXES
    can_write_folder: ClassVar[bool] = True
    has_many_records: ClassVar[bool] = True

    def read(self, path: Path, schema: Schema | None, *, skip_bad: bool = False) -> Cohort:
        """All patients of one file; lines of JSON that are no resources are records of any kind.

        With `skip_bad` bad resources, and lines that are no JSON, are left out and counted.
        """
        if _is_ndjson(path) and is_plain_jsonl(_read_text(path)):
            return JsonLines().read(path, schema, skip_bad=skip_bad)
        return _read_cohort([path], path, schema, skip_bad=skip_bad)

    def read_folder(self, path: Path, schema: Schema | None, *, skip_bad: bool = False) -> Cohort:
        """All patients of the files of a folder; with `skip_bad` what is bad is left out and counted."""
        paths = [
            file
            for file in record_files.list_files(path)
            if record_files.detect_file_format(file) == "fhir"
        ]
        return _read_cohort(paths, path, schema, skip_bad=skip_bad)

    def write(self, cohort: Cohort, path: Path) -> None:
        """A bundle of all, a line for each resource, or a folder with a bundle or files of lines."""
        if not list_history_fields(cohort.schema) and _is_ndjson(path):
            JsonLines().write(cohort, path)
            return
        if not list_history_fields(cohort.schema):
            raise FormatError("there is no history to write", path, "name a table, such as .csv")
        if _is_ndjson(path):
            with ExitStack() as stack:
                lines = _open_lines(path, stack)
                lines.writelines(
                    _format_line(resource)
                    for patient in build_patient_resources(cohort)
                    for resource in patient
                )
        elif path.name.lower().removesuffix(".gz").endswith(".json"):
            whole = [resource for patient in build_patient_resources(cohort) for resource in patient]
            write_bytes(path, json.dumps(_build_bundle(whole), indent=1).encode())
        else:
            _write_folder(cohort, path)


def _read_cohort(paths: list[Path], where: Path, schema: Schema | None, *, skip_bad: bool) -> Cohort:
    found = FhirReader(skip_bad)
    for path in paths:
        for resource, place in _parse_file(path, found):
            found.add_resources(resource, place)
    rows, notes = found.to_rows(str(where))
    lines = all(_is_ndjson(path) for path in paths)
    layout = FhirOptions("ndjson" if lines else "bundles")
    origin = SourceFormat("fhir").add_options(VocabularyOptions(names=found.names), layout)
    return assemble.assemble_cohort(rows, SUBJECT_FIELD, schema, origin, notes, skip_bad=skip_bad)


def _is_ndjson(path: Path) -> bool:
    """Whether a file holds one JSON object on each line, by its name."""
    return path.name.lower().removesuffix(".gz").endswith(".ndjson")


def _parse_file(path: Path, found: FhirReader) -> Iterator[tuple[Any, str]]:
    text = _read_text(path)
    lines = [(1, text)]
    if _is_ndjson(path):
        lines = [(i, line) for i, line in enumerate(text.splitlines(), 1) if line.strip()]
    for number, line in lines:
        try:
            line.encode()
            whole = json.loads(line, parse_constant=_reject_constant)
        except json.JSONDecodeError as error:
            found.skip_or_raise(f"{path}: line {number + error.lineno - 1}: no JSON ({error.msg})")
        except UnicodeEncodeError as error:
            at = number + line.count("\n", 0, error.start)
            found.skip_or_raise(f"{path}: line {at}: not in UTF-8, as all JSON is")
        except (
            ValueError,
            RecursionError,
        ) as error:  # NaN, a number of thousands of digits, endless brackets
            found.skip_or_raise(f"{path}: line {number}: no JSON ({error})")
        else:
            yield whole, f"{path}, line {number}" if len(lines) > 1 else str(path)


def _reject_constant(name: str) -> float:
    """JSON has no such numbers, though Python reads them.

    Raises:
        ValueError: Always.
    """
    raise ValueError(f"{name} is no number")


def _read_text(path: Path) -> str:
    """The text of a file; bytes that are not in UTF-8 stay apart as lone surrogates."""
    return read_bytes(path).decode("utf-8-sig", errors="surrogateescape")


def _write_folder(cohort: Cohort, path: Path) -> None:
    path.mkdir()
    if cohort.origin.find_options(FhirOptions).layout == "ndjson":
        with ExitStack() as stack:  # a patient at a time: all resources together can be many gigabytes
            kinds: dict[str, IO[bytes]] = {}
            for resource in (
                resource for patient in build_patient_resources(cohort) for resource in patient
            ):
                kind = resource["resourceType"]
                if kind not in kinds:
                    kinds[kind] = _open_lines(path / f"{kind}.ndjson", stack)
                kinds[kind].write(_format_line(resource))
        return
    for i, patient in enumerate(build_patient_resources(cohort), 1):
        write_bytes(path / f"patient-{i:06d}.json", json.dumps(_build_bundle(patient), indent=1).encode())


def _open_lines(path: Path, stack: ExitStack) -> IO[bytes]:
    """A file for lines of bytes, compressed if its name ends in ".gz"; the same lines, the same file."""
    plain = stack.enter_context(path.open("wb"))
    zipped = path.name.lower().endswith(".gz")
    if not zipped:
        return plain
    return cast("IO[bytes]", stack.enter_context(gzip.GzipFile("", "wb", fileobj=plain, mtime=0)))


def _format_line(resource: dict[str, Any]) -> bytes:
    return (json.dumps(resource) + "\n").encode()


def _build_bundle(listed: list[dict[str, Any]]) -> dict[str, Any]:
    entries = [
        {
            "fullUrl": f"urn:uuid:{resource['id']}",
            "resource": resource,
            "request": {"method": "PUT", "url": f"{resource['resourceType']}/{resource['id']}"},
        }
        for resource in listed
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


__plugin__ = Fhir
