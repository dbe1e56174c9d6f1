"""Releasing: all of it or nothing, and never what the gate refuses without a reason given."""

import json
from dataclasses import replace

import numpy as np
import pytest

from manikin.cohort.cohort import Cohort
from manikin.cohort.fingerprint import compute_fingerprint
from manikin.cohort.source_format import SourceFormat
from manikin.errors import FormatError, PrivacyError, UsageError
from manikin.evaluation.card import policy
from manikin.evaluation.score import Score
from manikin.evaluation.scorecard import Scorecard
from manikin.io import read
from manikin.io.write import write
from manikin.publication import release as module
from manikin.publication.release import release
from manikin.publication.round_trip import add_file_hash
from manikin.schema.kinds import Category, Image, Number

POLICY = (
    '[use.controlled]\ntitle = "Controlled"\nkind = "tier"\ntext = "under an agreement"\n'
    '[[limit]]\nscore = "exact_copies"\nmeasure = "found"\nat_most = { controlled = 0 }'
)


@pytest.fixture
def records():
    arrays = {"age": np.array([61.0, 40.0]), "sex": np.array(["F", "M"], dtype=object)}
    return Cohort.from_arrays(arrays, {"age": Number(unit="years"), "sex": Category(levels=("F", "M"))})


@pytest.fixture
def one_limit(tmp_path):
    (tmp_path / "policy.toml").write_text(POLICY)
    return policy.read_policy(tmp_path / "policy.toml")


def card(records, copies=0.0):
    score = Score(
        "exact_copies", "privacy", copies, copies, copies, 1.0, 0.0, 1 - copies, "low", "pass", ""
    )
    hashes = {"train": "a" * 64, "holdout": "b" * 64, "synthetic": compute_fingerprint(records)}
    sizes = {"train": 800, "holdout": 300, "synthetic": 2}
    return Scorecard([score], {"hashes": hashes, "records": sizes, "seed": 4, "generator": "trees"})


def test_what_passes_is_written_whole(tmp_path, records, one_limit):
    folder = tmp_path / "new" / "out"
    decision = release(records, card(records), folder, policy=one_limit)
    assert decision.is_released
    assert sorted(path.name for path in folder.iterdir()) == [
        "provenance.json",
        "schema.toml",
        "scorecard.html",
        "scorecard.json",
        "synthetic.csv",
    ]
    assert compute_fingerprint(read(folder / "synthetic.csv")) == compute_fingerprint(records)
    record = json.loads((folder / "provenance.json").read_text())
    assert record["inputs"] == {"train": {"sha256": "a" * 64}, "holdout": {"sha256": "b" * 64}}
    assert record["outputs"]["synthetic"]["sha256"] == compute_fingerprint(records)
    assert record["release"]["released"] is True
    assert record["intended_use"] == ["Controlled: under an agreement"]
    assert record["files"]["synthetic.csv"]["bytes"] == (folder / "synthetic.csv").stat().st_size
    assert Scorecard.from_json(folder / "scorecard.json").about["release"]["tier"] == "controlled"


def test_what_the_gate_refuses_is_not_written(tmp_path, records, one_limit):
    with pytest.raises(
        PrivacyError, match=r"1 of 2 records equal a training patient.s \[exact_copies\]"
    ) as refusal:
        release(records, card(records, copies=0.5), tmp_path / "out", policy=one_limit)
    assert "must not be released" in str(refusal.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["policy.toml"]


def test_the_default_policy_refuses_what_it_cannot_tell(tmp_path, records):
    with pytest.raises(PrivacyError, match="cannot be released on this evidence"):
        release(records, card(records), tmp_path / "out")


def test_an_accepted_refusal_stands_on_the_card(tmp_path, records, one_limit):
    reason = "teaching set, <reviewed> by two people"
    decision = release(records, card(records, 0.5), tmp_path / "out", accept=reason, policy=one_limit)
    assert not decision.is_released
    page = (tmp_path / "out" / "scorecard.html").read_text()
    assert "Released against the gate (controlled)" in page
    assert "teaching set, &lt;reviewed&gt; by two people" in page
    record = json.loads((tmp_path / "out" / "provenance.json").read_text())
    assert record["release"]["accepted"] == reason
    assert record["intended_use"] == ["None on this evidence."]


def test_a_blank_reason_is_none(tmp_path, records):
    with pytest.raises(UsageError, match="reason in words"):
        release(records, card(records), tmp_path / "out", accept=" ")


def test_a_card_of_other_records_is_refused_even_with_a_reason(tmp_path, records):
    with pytest.raises(PrivacyError, match="other records"):
        release(records.take([1, 0]), card(records), tmp_path / "out", accept="because")


def test_a_release_is_not_mixed_with_other_files(tmp_path, records):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "patients.csv").write_text("x")
    with pytest.raises(UsageError, match="never overwritten"):
        release(records, card(records), tmp_path / "out", accept="because")


def test_an_interrupted_release_leaves_nothing(tmp_path, records, one_limit, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "write_provenance", full)
    with pytest.raises(FormatError, match="No space"):
        release(records, card(records), tmp_path / "out", policy=one_limit)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["policy.toml"]


def test_a_refusal_names_the_tiers_that_allow_the_records_and_no_others(tmp_path, records, one_limit):
    with pytest.raises(PrivacyError, match="no tier of policy allows them") as refusal:
        release(records, card(records, copies=0.5), tmp_path / "out", policy=one_limit)
    assert "more restricted" not in str(refusal.value)
    tiers = '[use.ward]\ntitle = "Ward"\nkind = "tier"\ntext = "on the ward"\n' + POLICY
    (tmp_path / "two.toml").write_text(tiers.replace("= { controlled", "= { ward = 1, controlled"))
    with pytest.raises(PrivacyError, match=r"release to a tier that allows them \(ward\)"):
        release(
            records,
            card(records, copies=0.5),
            tmp_path / "out",
            policy=policy.read_policy(tmp_path / "two.toml"),
        )


def test_records_whose_file_returns_them_with_other_digits_are_released(tmp_path, one_limit):
    rng = np.random.default_rng(0)
    arrays = {"subject": np.array([100, 250]), "image": rng.normal(0, 1, (2, 1, 16, 16)).astype(np.float32)}
    kinds = {"subject": Number(step=1, role="subject"), "image": Image(spacing=(1.0, 1.0))}
    pictures = replace(Cohort.from_arrays(arrays, kinds), origin=SourceFormat("dicom", {}))
    (tmp_path / "out").mkdir()
    write(pictures, tmp_path / "out" / "synthetic")
    again, said = read(tmp_path / "out" / "synthetic"), []
    assert compute_fingerprint(again) != compute_fingerprint(pictures)
    with pytest.raises(PrivacyError, match="other records"):
        release(again, card(pictures), tmp_path / "no", policy=one_limit)
    noted = add_file_hash(card(pictures), tmp_path / "out", said.append)
    assert not said
    assert release(again, noted, tmp_path / "yes", policy=one_limit).is_released
    others = Cohort.from_arrays({**arrays, "image": -arrays["image"]}, kinds)
    with pytest.raises(PrivacyError, match="other records"):
        release(others, noted, tmp_path / "others", policy=one_limit)


def test_a_file_that_cannot_be_read_again_is_said_and_leaves_the_card_alone(tmp_path, records):
    (tmp_path / "synthetic.png").write_bytes(b"no picture")
    said = []
    assert add_file_hash(card(records), tmp_path, said.append) == card(records)
    assert "no release is possible" in said[0]
