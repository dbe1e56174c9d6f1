"""Entities: findings that a family labels in the reports it writes, as training data of a tagger.

    OMP_NUM_THREADS=1 python benchmarks/entities.py --data DATA [--families templates]

Reports of chest X-rays (Indiana). The labels are made by rules, for want of a set labelled by people: words
for 25 findings, `denied` where a rule after NegEx says so, else `said`. A quarter is held out. A tagger of
words learns from as many synthetic reports as there are training reports; its F1 on held-out ones (start,
end and kind all right) stands beside that of a tagger that learned from the real ones. Tags lost: those
without their other half. Minutes are CPU minutes. Printed: Markdown.
"""

from __future__ import annotations

import argparse
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from clock import processor
from lines import line
from text_sets import labelled

import manikin as mk
from manikin.downstream.entity_tagger import Tagger, compute_f1
from manikin.text.deid.deidentify import Span
from manikin.text.inline_tags import TAG_PATTERN
from manikin.text.negation import tag_negation
from manikin.text.tokenize import SENTENCE_PATTERN

if TYPE_CHECKING:
    from collections.abc import Iterator

FINDINGS = re.compile(
    r"\b(?:effusions?|pneumothora(?:x|ces)|opacit(?:y|ies)|cardiomegaly|atelectasis|granulomas?|"
    r"consolidations?|edema|nodules?|infiltrates?|fractures?|scoliosis|emphysema|calcifications?|scarring|"
    r"pneumonia|congestion|osteophytes?|spondylosis|kyphosis|hernia|thickening|mass(?:es)?|fibrosis|lesions?)\b",
    re.IGNORECASE,
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="data")
    parser.add_argument("--families", default="templates")
    parser.add_argument("--minutes", type=float, default=6)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    processor()
    cohort = labelled("indiana", Path(given.data))
    bare = [
        not TAG_PATTERN.search(text) for text in cohort["note"]
    ]  # one report holds a word in angle brackets
    cohort = cohort.take(np.flatnonzero(bare))
    spans = [list(entities(text)) for text in cohort["note"]]
    train, holdout = mk.tag_entities(cohort, "note", spans).split(0.25, seed=given.seed)
    print(line(("", "entities", "F1", "share of real", "tags lost, %", "fit s", "notes/s")))
    print(line(["---"] * 7))
    real, size = scored(train, holdout)
    print(line(("*real*", f"{size:,}", f"{real:.3f}", "", "", "", "")), flush=True)
    for family in given.families.split(","):
        clock, budget = [time.process_time()], mk.Training(minutes=given.minutes)
        model = mk.Synthesizer("note", "label", family, training=budget, seed=given.seed)
        model.fit(train, quiet=True)
        clock.append(time.process_time())
        drawn = model.sample(condition=train.select("label"), seed=given.seed)
        clock.append(time.process_time())
        fit, draw = clock[1] - clock[0], clock[2] - clock[1]
        value, size = scored(drawn, holdout)
        tags = sum(len(TAG_PATTERN.findall(text or "")) for text in drawn["note"])
        lost, speed = 100 * (1 - 2 * size / tags), len(drawn) / draw
        shown = (f"{value:.3f}", f"{100 * value / real:.0f} %", f"{lost:.1f}", f"{fit:.0f}", f"{speed:.0f}")
        print(line((f"`{family}`", f"{size:,}", *shown)), flush=True)


def entities(text: str) -> Iterator[Span]:
    """Findings by rules, and whether they are denied."""
    start = 0
    for end in [*(match.end() for match in SENTENCE_PATTERN.finditer(text)), len(text)]:
        denied = dict(tag_negation(text[start:end]))
        for match in FINDINGS.finditer(text, start, end):
            kind = "denied" if denied.get(match[0].lower()) else "said"
            yield Span(match.start(), match.end(), kind)
        start = end


def scored(learn: mk.Cohort, test: mk.Cohort) -> tuple[float, int]:
    """The F1 on one side of a tagger that learned from the other, and the entities it learned from."""
    (plain, spans), (held, true) = (mk.untag_entities(side, "note") for side in (learn, test))
    tagger = Tagger.fit([text or "" for text in plain["note"]], spans)
    return compute_f1(tagger.find(held["note"].tolist()), true), sum(map(len, spans))


if __name__ == "__main__":
    main()
