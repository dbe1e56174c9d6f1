"""Release: synthetic records leave with their card and their provenance, or not at all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from manikin.cohort.fingerprint import compute_fingerprint
from manikin.core.atomic import open_atomic_folder
from manikin.errors import PrivacyError, UsageError
from manikin.evaluation.card.gate import Decision, decide_use
from manikin.evaluation.card.policy import Policy, read_policy
from manikin.evaluation.report.decision_reasons import describe_finding
from manikin.evaluation.score_names import format_plain_name
from manikin.io.write import write
from manikin.publication.provenance import build_provenance, hash_entity, write_provenance
from manikin.publication.round_trip import FILE_HASH_KEY, is_about
from manikin.schema.redaction import redact_schema

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort
    from manikin.evaluation.scorecard import Scorecard


def release(
    synthetic: Cohort,
    card: Scorecard,
    folder: str | Path,
    accept: str | None = None,
    *,
    tier: str = "controlled",
    policy: Policy | None = None,
) -> Decision:
    """Write synthetic records with their scorecard and provenance, if the gate lets them pass.

    The folder holds the records in the format they came in, `schema.toml`, `scorecard.html`,
    `scorecard.json` and `provenance.json`. It appears whole or not at all.

    What the gate cannot see is written on the card: attacks that find nothing do not prove that
    there is nothing to find. Have two people sign what leaves a hospital.

    Args:
        synthetic: The records.
        card: What `evaluate` said of these very records.
        folder: Where to; it must not exist, or be empty.
        accept: Why to release although the gate refuses; printed on the card and in the provenance.
        tier: "internal", "controlled" or "open", or any use that the policy names.
        policy: The limits; None: those shipped with manikin.

    Returns:
        What the gate decided, check by check.

    Raises:
        PrivacyError: The gate refuses and no reason to accept that is given, or the card was made
            for other records.
        UsageError: The folder holds something, the reason is blank, or there is no such tier.
    """
    folder, policy = Path(folder), policy or read_policy()
    _check_inputs(synthetic, card, accept)
    decision = decide_use(card, tier, policy)
    if not decision.is_released and accept is None:
        raise PrivacyError(_describe_refusal(decision, card, policy))
    verdict = {
        "tier": tier,
        "released": decision.is_released,
        "accepted": accept,
        "reasons": decision.reasons,
    }
    stamped = replace(card, about={**card.about, "release": verdict})
    with open_atomic_folder(folder) as part:
        _write_files(part, synthetic, stamped, policy)
    return decision


def _check_inputs(synthetic: Cohort, card: Scorecard, accept: str | None) -> None:
    if accept is not None and not accept.strip():
        message = (
            'accept: give the reason in words, it will stand on the card: --accept "reviewed by ..." '
            '(in Python: accept="reviewed by ...")'
        )
        raise UsageError(message)
    if not is_about(card, compute_fingerprint(synthetic)):
        message = (
            "the scorecard was made for other records than these; evaluate these and release with that card"
        )
        raise PrivacyError(message)


def _describe_refusal(decision: Decision, card: Scorecard, policy: Policy) -> str:
    """The reasons, and what can be done: a tier that allows these very records, if there is one."""
    kind = policy.uses[decision.tier].kind
    lines = [f"{decision.tier} {kind}: {decision.verdict}", *_list_reasons(decision, card)]
    open_to = [tier for tier in policy.list_uses("tier") if decide_use(card, tier, policy).is_released]
    way = (
        f"release to a tier that allows them ({', '.join(open_to)})"
        if open_to
        else f"no tier of {policy.name} allows them: mend what stands above and judge again"
    )
    accept = 'give a reason that will stand on the card: --accept "WHY" (in Python: accept="WHY")'
    return "\n".join([*lines, f"{way}; or {accept}"])


def _list_reasons(decision: Decision, card: Scorecard) -> list[str]:
    """Each limit that is not met, under the name that the first screen gives it and under the metric's."""
    lines = []
    for outcome in ("broken", "not shown"):
        for finding in (one for one in decision.findings if one.outcome == outcome):
            called = format_plain_name(finding.score)
            said = describe_finding(finding, card) if outcome == "broken" else f"{called}: {finding.detail}"
            remedy = f"; {finding.remedy}" if finding.remedy and outcome == "not shown" else ""
            lines.append(f"  {said}{remedy}{f' [{finding.score}]' if called != finding.score else ''}")
    return lines


def _write_files(part: Path, synthetic: Cohort, card: Scorecard, policy: Policy) -> None:
    write(synthetic, part / "synthetic")
    redact_schema(synthetic.schema).write(part / "schema.toml")
    card.to_json(part / "scorecard.json")
    card.to_html(part / "scorecard.html", policy)
    files = {path.name: hash_entity(path) for path in sorted(part.iterdir())}
    write_provenance(_build_record(synthetic, card, policy, files), part / "provenance.json")


def _build_record(
    synthetic: Cohort, card: Scorecard, policy: Policy, files: dict[str, Any]
) -> dict[str, Any]:
    about = card.about
    real = {
        side: value
        for side, value in (about.get("hashes") or {}).items()
        if side not in ("synthetic", FILE_HASH_KEY)
    }
    record = build_provenance(
        {},
        outputs={"synthetic": synthetic},
        schema=synthetic.schema,
        configuration={"generator": about.get("generator")},
        seed=about.get("seed"),
    )
    allowed = [policy.uses[use] for use in policy.uses if decide_use(card, use, policy).is_released]
    return {
        **record,
        "inputs": {side: {"sha256": value} for side, value in real.items()},
        "files": files,
        "privacy": about.get("privacy"),
        "verdicts": card.verdicts,
        "release": {**about["release"], "policy": policy.name},
        "intended_use": [f"{use.title}: {use.text}" for use in allowed] or ["None on this evidence."],
    }
