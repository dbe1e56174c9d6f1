"""Release: synthetic records leave with their card and their provenance, or not at all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from manikin.cohort.fingerprint import digest
from manikin.core.atomic import unfinished
from manikin.errors import PrivacyError, UsageError
from manikin.evaluation.card.gate import Decision, gate
from manikin.evaluation.card.policy import Policy, read
from manikin.evaluation.report.decision_reasons import found
from manikin.evaluation.report.wording import plain
from manikin.io.read_write import write
from manikin.publication.provenance import entity, provenance, public, write_provenance
from manikin.publication.round_trip import FILE, is_about
from manikin.schema.kinds import Schema

if TYPE_CHECKING:
    from manikin.cohort.cohort import Cohort
    from manikin.evaluation.card.scorecard import Scorecard


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
    folder, policy = Path(folder), policy or read()
    _check(synthetic, card, accept)
    decision = gate(card, tier, policy)
    if not decision.released and accept is None:
        raise PrivacyError(_refusal(decision, card, policy))
    verdict = {"tier": tier, "released": decision.released, "accepted": accept, "reasons": decision.reasons}
    stamped = replace(card, about={**card.about, "release": verdict})
    with unfinished(folder) as part:
        _fill(part, synthetic, stamped, policy)
    return decision


def _check(synthetic: Cohort, card: Scorecard, accept: str | None) -> None:
    if accept is not None and not accept.strip():
        message = (
            'accept: give the reason in words, it will stand on the card: --accept "reviewed by ..." '
            '(in Python: accept="reviewed by ...")'
        )
        raise UsageError(message)
    if not is_about(card, digest(synthetic)):
        message = (
            "the scorecard was made for other records than these; evaluate these and release with that card"
        )
        raise PrivacyError(message)


def _refusal(decision: Decision, card: Scorecard, policy: Policy) -> str:
    """The reasons, and what can be done: a tier that allows these very records, if there is one."""
    kind = policy.uses[decision.tier].kind
    lines = [f"{decision.tier} {kind}: {decision.verdict}", *_reasons(decision, card)]
    open_to = [tier for tier in policy.named("tier") if gate(card, tier, policy).released]
    way = (
        f"release to a tier that allows them ({', '.join(open_to)})"
        if open_to
        else f"no tier of {policy.name} allows them: mend what stands above and judge again"
    )
    accept = 'give a reason that will stand on the card: --accept "WHY" (in Python: accept="WHY")'
    return "\n".join([*lines, f"{way}; or {accept}"])


def _reasons(decision: Decision, card: Scorecard) -> list[str]:
    """Each limit that is not met, under the name that the first screen gives it and under the metric's."""
    lines = []
    for outcome in ("broken", "not shown"):
        for finding in (one for one in decision.findings if one.outcome == outcome):
            called = plain(finding.score)
            said = found(finding, card) if outcome == "broken" else f"{called}: {finding.detail}"
            remedy = f"; {finding.remedy}" if finding.remedy and outcome == "not shown" else ""
            lines.append(f"  {said}{remedy}{f' [{finding.score}]' if called != finding.score else ''}")
    return lines


def _fill(part: Path, synthetic: Cohort, card: Scorecard, policy: Policy) -> None:
    write(synthetic, part / "synthetic")
    Schema.from_dict(public(synthetic.schema)).write(part / "schema.toml")
    card.to_json(part / "scorecard.json")
    card.to_html(part / "scorecard.html", policy)
    files = {path.name: entity(path) for path in sorted(part.iterdir())}
    write_provenance(_record(synthetic, card, policy, files), part / "provenance.json")


def _record(synthetic: Cohort, card: Scorecard, policy: Policy, files: dict[str, Any]) -> dict[str, Any]:
    about = card.about
    real = {
        side: value
        for side, value in (about.get("hashes") or {}).items()
        if side not in ("synthetic", FILE)
    }
    record = provenance(
        {},
        outputs={"synthetic": synthetic},
        schema=synthetic.schema,
        configuration={"generator": about.get("generator")},
        seed=about.get("seed"),
    )
    allowed = [policy.uses[use] for use in policy.uses if gate(card, use, policy).released]
    return {
        **record,
        "inputs": {side: {"sha256": value} for side, value in real.items()},
        "files": files,
        "privacy": about.get("privacy"),
        "verdicts": card.verdicts,
        "release": {**about["release"], "policy": policy.name},
        "intended_use": [f"{use.title}: {use.text}" for use in allowed] or ["None on this evidence."],
    }
