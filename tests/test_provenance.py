"""Provenance and digests: the same records, the same fingerprint; one cell changed, another."""

import hashlib
import json

import numpy as np
import pytest

from manikin.cohort.cohort import Cohort
from manikin.cohort.fingerprint import compute_fingerprint
from manikin.errors import FormatError
from manikin.publication.provenance import (
    Cost,
    build_provenance,
    hash_entity,
    write_provenance,
)
from manikin.schema.kinds import Category, Number, Schema, Signal, Text, Time
from manikin.schema.redaction import redact_schema


def cohort(age=(61.0, 40.0), sex=("F", "M")):
    arrays = {"age": np.array(age), "sex": np.array(sex, dtype=object)}
    return Cohort.from_arrays(arrays, {"age": Number(), "sex": Category(levels=("F", "M"))})


def test_a_digest_is_of_values_not_of_types():
    assert compute_fingerprint(cohort(age=(61, 40))) == compute_fingerprint(cohort())
    assert compute_fingerprint(cohort(age=np.array([61, 40], dtype=np.int8))) == compute_fingerprint(
        cohort()
    )
    assert compute_fingerprint(cohort(age=(-0.0, 1.0))) == compute_fingerprint(cohort(age=(0.0, 1.0)))


@pytest.mark.parametrize(
    "other",
    [
        cohort(age=(61.0, 41.0)),
        cohort(age=(61.0, np.nan)),
        cohort(sex=("F", None)),
        cohort(sex=("F", "None")),
        cohort(sex=("FM", "")),
        cohort().take([1, 0]),
        cohort().take([0]),
        cohort().select("sex", "age"),
    ],
)
def test_any_change_changes_the_digest(other):
    assert compute_fingerprint(other) != compute_fingerprint(cohort())


def test_missing_is_not_the_word_for_it():
    assert compute_fingerprint(cohort(sex=("F", None))) != compute_fingerprint(cohort(sex=("F", "None")))


def test_signals_times_and_nothing_have_digests():
    ecg = np.arange(12, dtype=np.float32).reshape(2, 1, 6)
    day = np.array(["2001-01-01", "NaT"], dtype="datetime64[us]")
    both = Cohort.from_arrays({"ecg": ecg, "day": day}, {"ecg": Signal(rate=1.0), "day": Time()})
    changed = Cohort.from_arrays({"ecg": ecg + 1, "day": day}, {"ecg": Signal(rate=1.0), "day": Time()})
    assert compute_fingerprint(both) != compute_fingerprint(changed)
    assert len(compute_fingerprint(both.take(np.array([], dtype=int)))) == 64


def test_a_digest_survives_a_file(tmp_path):
    from manikin.io import read
    from manikin.io.write import write

    before = cohort(age=(61.0, 40.5))
    write(before, tmp_path / "a.csv")
    assert compute_fingerprint(read(tmp_path / "a.csv", before.schema)) == compute_fingerprint(before)


def test_files_and_folders_are_hashed(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"age\n61\n")
    expected = hashlib.sha256(b"age\n61\n").hexdigest()
    assert hash_entity(tmp_path / "a.csv") == {"sha256": expected, "name": "a.csv", "bytes": 7}
    listing = f"{expected}  a.csv\n".encode()
    assert hash_entity(tmp_path)["sha256"] == hashlib.sha256(listing).hexdigest()
    assert hash_entity(tmp_path)["files"] == 1


def test_an_absent_file_is_refused(tmp_path):
    with pytest.raises(FormatError, match=r"no\.csv: no such file"):
        hash_entity(tmp_path / "no.csv")


def test_the_record_holds_what_repeating_needs_and_no_value_of_a_patient(tmp_path):
    people = cohort(age=(61.125, 40.0))
    schema = Schema(mrn=Category(levels=("MRN-000317",), role="identifier"), **people.schema)
    with Cost() as cost:
        record = build_provenance(
            {"train": people}, schema=schema, configuration={"family": "trees"}, seed=3, cost=cost
        )
    write_provenance(record, tmp_path / "provenance.json")
    text = (tmp_path / "provenance.json").read_text()
    read = json.loads(text)
    assert read["synthetic"] is True
    assert read["inputs"]["train"] == {"sha256": compute_fingerprint(people), "records": 2, "fields": 2}
    assert (read["seed"], read["configuration"]) == (3, {"family": "trees"})
    assert {"manikin", "python", "numpy", "pyarrow"} <= set(read["versions"])
    assert read["cost"]["seconds"] >= 0
    assert read["cost"]["peak_memory_mb"] > 1
    assert read["prohibited_use"]
    assert "61.125" not in text
    assert "MRN-000317" not in text


def test_identifiers_keep_their_kind_and_lose_their_values():
    schema = Schema(
        id=Category(levels=("p1",), role="subject"), name=Text(role="identifier"), sex=Category(("F",))
    )
    assert redact_schema(schema).to_dict() == {
        "id": {"kind": "category", "role": "subject"},
        "name": {"kind": "text", "role": "identifier"},
        "sex": {"kind": "category", "levels": ["F"]},
    }


def test_cost_counts_the_processor():
    with Cost() as cost:
        sum(i * i for i in range(200_000))
    assert 0 < cost.cpu_seconds <= cost.seconds * 64
