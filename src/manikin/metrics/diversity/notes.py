"""Notes: how many different phrases they have, and how much each repeats the others."""

from __future__ import annotations

import numpy as np

from manikin.contracts.metric import MetricDescription, metric
from manikin.contracts.split import Split, compute_per_record
from manikin.errors import Unsupported
from manikin.text.note_fields import tokenize_notes
from manikin.text.self_bleu import compute_self_bleu

MIN_NOTES = 20  # notes, or runs of words, that say anything
MAX_REPEATED = 200  # notes among which repeats are looked for
TRIGRAM_WORDS = 3


@metric(
    "diversity",
    MetricDescription(
        "How many different runs of three words there are, over those of real notes with as many words.",
        reading="""Around 1 for real notes, less where the same phrases come again and again. Random
        words score high too: read it beside perplexity_distance.""",
        source="Li et al. 2016, A diversity-promoting objective function, section 5",
    ),
    better="high",
    feature="text",
    floor="collapsed",
)
def distinct_trigrams(split: Split) -> float:
    real, made = (
        compute_per_record(side, tokenize_notes).hash_ngrams(TRIGRAM_WORDS)[0]
        for side in (split.holdout, split.synthetic)
    )
    count = min(len(real), len(made))
    if count < MIN_NOTES:
        raise Unsupported("the notes are too short for runs of three words")
    return len(np.unique(made[:count])) / len(np.unique(real[:count]))


@metric(
    "diversity",
    MetricDescription(
        "How much each note repeats the others: the mean BLEU-4 of 200 notes against one another.",
        reading="0 to 1; real notes repeat each other too, the ceiling says how much.",
        blind_spot="It sees templates; it cannot see whether what is repeated is true.",
        source="Zhu et al. 2018, Texygen, section 3; Papineni et al. 2002",
    ),
    better="low",
    feature="text",
    floor="collapsed",
)
def self_bleu4(split: Split) -> float:
    some = compute_per_record(split.synthetic, tokenize_notes)[
        np.arange(min(len(split.synthetic), MAX_REPEATED))
    ]
    found = compute_self_bleu(some)
    if np.sum(~np.isnan(found)) < MIN_NOTES:
        raise Unsupported(f"fewer than {MIN_NOTES} notes of four words or more")
    return float(np.nanmean(found))


__plugin__ = (distinct_trigrams, self_bleu4)
