"""Origin: is it on record how the records were made, and is the record about these records?

The one score that no measurement gives: it reads what the maker declared (`provenance.json`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from manikin.contracts.metric import MetricDescription
from manikin.evaluation.score import Score, Verdict

SCORE_NAME = "provenance_record"
SCORE_DESCRIPTIONS = {
    SCORE_NAME: MetricDescription(
        "Share of what must be known of the making of the records that is on record.",
        reading="""0 to 1: the hash of what was learned from, the configuration, the seed, the
        versions, and the prohibited uses. 0 where the record is about other records than these, by
        their hash.""",
        blind_spot="It cannot see whether what was declared is true.",
        source="W3C PROV-DM 2013: entity, activity, agent",
    )
}


def score_provenance(about: Mapping[str, Any], record: Mapping[str, Any]) -> Score:
    """The score of the provenance record: how much of what must be known of the making is on record.

    Args:
        about: What the card says of the records (`EvaluationResults.about`).
        record: What the maker declared, as `provenance.json` holds it.
    """
    hashes = about.get("hashes") or {}
    declared = _find_hash(record.get("outputs"), "synthetic")
    if declared != hashes.get("synthetic"):
        note = (
            "the provenance is about other records than these"
            if declared
            else "the provenance bears no hash of the records"
        )
        return _build_score(0.0, "fail", note)
    entries = {
        "what was learned from": _has_training_inputs(record, hashes),
        "configuration": bool(record.get("configuration")),
        "seed": record.get("seed") is not None,
        "versions": bool(record.get("versions")),
        "prohibited use": bool(record.get("prohibited_use")),
    }
    absent = [name for name, known in entries.items() if not known]
    share = 1 - len(absent) / len(entries)
    return _build_score(
        share, "warn" if absent else "pass", f"not on record: {', '.join(absent)}" if absent else ""
    )


def _has_training_inputs(record: Mapping[str, Any], hashes: Mapping[str, Any]) -> bool:
    """Whether the training records are on record, and are those of the card."""
    train = _find_hash(record.get("inputs"), "train")
    return train is not None and train == hashes.get("train")


def _find_hash(entities: Any, name: str) -> str | None:  # noqa: ANN401 - a file may hold anything
    entity = entities.get(name) if isinstance(entities, Mapping) else None
    return entity.get("sha256") if isinstance(entity, Mapping) else None


def _build_score(share: float, verdict: Verdict, note: str) -> Score:
    return Score(
        name=SCORE_NAME,
        axis="provenance",
        value=share,
        low=None,
        high=None,
        floor=0.0,
        ceiling=1.0,
        calibrated=share,
        better="high",
        verdict=verdict,
        note=note,
    )
