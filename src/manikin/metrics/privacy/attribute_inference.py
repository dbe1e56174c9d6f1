"""Attribute: do synthetic records give away more about training patients than about strangers?

Whatever can be said of strangers as well is knowledge of medicine, not of a patient: only the
difference counts (Giomi et al. 2023; El Emam et al. 2022, on attribute disclosure).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from manikin.contracts.metric import ExactResult, MetricDescription, metric
from manikin.contracts.split import Sample, Split, compute_once
from manikin.errors import Unsupported
from manikin.stats.permutation import permute_mean_difference, sample_one_per_subject

if TYPE_CHECKING:
    from collections.abc import Iterator

MIN_HOLDOUT = 20  # held-out records
MAX_ATTACKED = 600  # records of each side that are attacked
MAX_SEARCHED = 10_000  # synthetic records that the attacker searches
MAX_TARGETS = 6  # fields that the attacker guesses
HALVINGS = 4  # ways to split the fields in two
CLOSE_DEVIATIONS = 0.1  # robust deviations within which a guessed quantity counts as right
BLOCK_SIZE = 256  # records at once
STADLER = "Stadler et al. 2022, Synthetic data: anonymisation groundhog day, section 3.2"
WP29 = (
    "Article 29 Working Party 2014, Opinion 05/2014 (WP216), section 2.2.2: linkability; holdout as control"
)


def describe_best_guess(split: Split) -> str:
    """The field that is guessed best of training patients, beside strangers."""
    right, member, names = compute_once(split, _guess_targets)
    gaps = right[member].mean(axis=0) - right[~member].mean(axis=0)
    j = int(np.argmax(gaps))
    inside, outside = right[member, j].mean(), right[~member, j].mean()
    return f"{names[j]}: guessed right for {inside:.0%} of training and {outside:.0%} of other patients"


@metric(
    "privacy",
    MetricDescription(
        "How much more often a value is guessed right for training patients than for strangers.",
        reading="""-1 to 1; 0 is best. The attacker knows all other fields and takes the value of the
        nearest synthetic record, for each sensitive field (where none is declared, the label and
        others). Right is the same level, or within a tenth of a deviation.""",
        blind_spot="It cannot see what is learned of everybody.",
        source=STADLER,
    ),
    better="low",
    feature="table",
    floor="copies",
    reference="whole",
    note=describe_best_guess,
)
def attribute_inference(split: Split) -> ExactResult:
    right, member, _ = compute_once(split, _guess_targets)
    return _test_gap(right.mean(axis=1), member, split, "attribute")


@metric(
    "privacy",
    MetricDescription(
        "How much more often two halves of a training patient's fields meet in one synthetic record.",
        reading="""-1 to 1; 0 is best. Somebody holds one half of the fields, somebody else the other:
        they are linked if the nearest synthetic record is the same for both. The rate of strangers is
        taken off.""",
        blind_spot="It cannot see links through more than one synthetic record.",
        source=WP29,
    ),
    better="low",
    feature="table",
    floor="copies",
    reference="whole",
)
def linkability(split: Split) -> ExactResult:
    linked, member = compute_once(split, _link_halves)
    return _test_gap(linked, member, split, "linkability")


def _test_gap(score: np.ndarray, member: np.ndarray, split: Split, stream: str) -> ExactResult:
    """Members less others, with the interval of a difference of means and the null of relabelling."""
    found = permute_mean_difference(score, member, split.key.child(stream).numpy())
    error = np.sqrt(sum(_estimate_variance(score[side]) / side.sum() for side in (member, ~member)))
    low, high = (float(np.clip(found.value + sign * 1.96 * error, -1, 1)) for sign in (-1, 1))
    return ExactResult(found.value, low, high, found.null_values, found.p_value)


def _estimate_variance(score: np.ndarray) -> float:
    """The variance with one success and one failure more, so that none seen is not none at all."""
    return float(np.var(np.concatenate([score, [score.min(initial=0.0), 1.0]])))


def _choose_attacked(split: Split) -> tuple[Sample, Sample]:
    """Training and held-out records that are attacked.

    Raises:
        Unsupported: There are too few of them, or too few fields.
    """
    if len(split.holdout) < MIN_HOLDOUT or len(split.fields.names) < 3:  # noqa: PLR2004 - to know, to guess
        raise Unsupported(f"needs {MIN_HOLDOUT} held-out records and 3 fields")
    sides = {"train": split.train, "holdout": split.holdout}
    train, holdout = (
        side.take(
            sample_one_per_subject(side.subject, MAX_ATTACKED, split.key.child("asked", name).numpy())
        )
        for name, side in sides.items()
    )
    return train, holdout


def _choose_searched(split: Split) -> Sample:
    """The synthetic records that the attacker searches."""
    rng = split.key.child("known").numpy()
    return split.synthetic.take(np.sort(rng.permutation(len(split.synthetic))[:MAX_SEARCHED]))


def _guess_targets(split: Split) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Which values are guessed right (n, targets), who was in training (n,), and the fields guessed."""
    train, holdout = _choose_attacked(split)
    known = compute_once(split, _choose_searched)
    asked = np.concatenate([train.table, holdout.table])
    targets = _choose_targets(split)
    right = np.empty((len(asked), len(targets)))
    columns = _encode_fields(split.train, np.concatenate([asked, known.table]))
    blocks = [(c[: len(asked)], c[len(asked) :]) for c in columns]
    for rows in _iterate_blocks(len(asked)):
        parts = [_compute_squared_distances(a[rows], b) for a, b in blocks]
        far = sum(parts[1:], start=parts[0])
        for k, j in enumerate(targets):
            guess = known.table[(far - parts[j]).argmin(axis=1), j]
            right[rows, k] = _is_right(asked[rows, j], guess, split, j)
    names = [split.fields.names[j] for j in targets]
    return right, np.arange(len(asked)) < len(train), names


def _choose_targets(split: Split) -> list[int]:
    """Sensitive fields; where none is declared, the label and others in the order of the schema."""
    names, schema = split.fields.names, split.train.source_cohort.schema
    sensitive = [j for j, name in enumerate(names) if schema[name].role == "sensitive"]
    first = [j for j, name in enumerate(names) if name == split.options.label]
    rest = split.key.child("targets").numpy().permutation(len(names)).tolist()
    return sensitive[:MAX_TARGETS] or list(dict.fromkeys([*first, *rest]))[:MAX_TARGETS]


def _is_right(true: np.ndarray, guess: np.ndarray, split: Split, j: int) -> np.ndarray:
    same = (true == guess) | (np.isnan(true) & np.isnan(guess))
    if split.fields.is_categorical[j]:
        return same
    low, high = np.nanquantile(split.train.table[:, j], (0.25, 0.75))
    return same | (np.abs(true - guess) <= CLOSE_DEVIATIONS * (high - low) / 1.349)


def _link_halves(split: Split) -> tuple[np.ndarray, np.ndarray]:
    """How often the two halves of each record meet (n,), and who was in training (n,)."""
    train, holdout = _choose_attacked(split)
    known = compute_once(split, _choose_searched)
    asked = np.concatenate([train.table, holdout.table])
    columns = _encode_fields(split.train, np.concatenate([asked, known.table]))
    halves = list(_split_fields(len(columns), split))
    linked = np.zeros(len(asked))
    for rows in _iterate_blocks(len(asked)):
        parts = [_compute_squared_distances(c[: len(asked)][rows], c[len(asked) :]) for c in columns]
        for half in halves:
            one, other = (sum((parts[j] for j in side), start=np.float32(0)) for side in half)
            linked[rows] += np.asarray(one).argmin(axis=1) == np.asarray(other).argmin(axis=1)
    return linked / len(halves), np.arange(len(asked)) < len(train)


def _split_fields(p: int, split: Split) -> Iterator[tuple[list[int], list[int]]]:
    rng = split.key.child("halves").numpy()
    for _ in range(HALVINGS):
        order = rng.permutation(p).tolist()
        yield order[: p // 2], order[p // 2 :]


def _encode_fields(train: Sample, table: np.ndarray) -> list[np.ndarray]:
    """Each field of the judge's table as coordinates (n, k): ranks among training values, levels, gaps."""
    found = []
    for j, levels in enumerate(train.fields.levels):
        values, known = table[:, j], np.sort(train.table[~np.isnan(train.table[:, j]), j])
        absent = np.isnan(values)
        if levels is None:
            place = np.searchsorted(known, values) + np.searchsorted(known, values, side="right")
            scaled = np.where(absent, 0.5, place / max(2 * len(known), 1)) * np.sqrt(12)
            found.append(np.column_stack([scaled, absent]).astype(np.float32))
        else:
            codes = np.where(absent, len(levels) + 1, values).astype(int)
            found.append(codes[:, None].astype(np.int32))
    return found


def _compute_squared_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Squared distances in one field, float32 (n, m): 1 between levels."""
    if a.dtype == np.int32:
        return (a != b.T).astype(np.float32)
    return (a[:, :1] - b[:, 0]) ** 2 + (a[:, 1:] != b[:, 1])


def _iterate_blocks(n: int) -> Iterator[slice]:
    return (slice(start, min(start + BLOCK_SIZE, n)) for start in range(0, n, BLOCK_SIZE))


__plugin__ = (attribute_inference, linkability)
