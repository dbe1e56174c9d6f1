"""Identifiers in made sentences: how many are found, and how many sentences without any are changed.

    OMP_NUM_THREADS=1 python benchmarks/deid.py [--half heldout] [--each 12] [--seed 0] [--show name] [--notes DATA]

Sentences of eight countries (`deidentification/*.txt`) are filled with names, half of them invented from
syllables, with towns, dates and numbers whose check digits are right. The rules were mended on the half
`seen`; the half `heldout` was written before and is counted only. An identifier counts as found where none of
its letters and digits is left; single initials may stay. `--notes` counts what is changed in files of notes
that hold no identifiers. Printed: Markdown.
"""

# ruff: noqa: E501

from __future__ import annotations

import argparse
import re
from collections import defaultdict
from pathlib import Path

import pandas as pd
from deidentification.draws import Draw

from manikin.text.deid.deidentify import detect_identifiers

HERE = Path(__file__).parent / "deidentification"
CASES = {"as written": str, "capitals": str.upper, "small letters": str.lower}


def sentences(half: str, each: int, seed: int) -> list[tuple[str, str, list[tuple[int, int]]]]:
    """Kind, text, and where identifiers stand in it; `each` fillings of every sentence of a half."""
    out = []
    for i, line in enumerate((HERE / f"{half}.txt").read_text("utf-8").splitlines()):
        if line.startswith("#"):
            continue
        locale, kind, template = line.split("|", 2)
        for turn in range(each):
            said, marks, end = "", [], 0
            filled = Draw(locale, f"{seed}-{i}-{turn}").fill(template)
            for match in re.finditer(r"\[\[(.*?)\]\]", filled):
                said += filled[end : match.start()]
                marks.append((len(said), len(said) + len(match[1])))
                said, end = said + match[1], match.end()
            out.append((kind, said + filled[end:], marks))
    return out


def left(text: str, marks: list[tuple[int, int]], kind: str) -> str:
    """What of the identifiers no finder sees."""
    hidden = list(text)
    for span in detect_identifiers(text):
        hidden[span.start : span.end] = "\x00" * (span.end - span.start)
    least = 2 if kind == "name" else 1
    rest = ("".join(hidden[a:b]) for a, b in marks)
    particles = {"de", "van", "der", "den", "von", "md", "dr"}
    words = [word for part in rest for word in re.findall(r"[^\W_]+", part)]
    return " ".join(word for word in words if len(word) >= least and word.lower() not in particles)


def judged(half: str, each: int, seed: int, show: str) -> str:
    """A row per kind: sentences, and the share found as written, in capitals and in small letters."""
    hits: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for kind, text, marks in sentences(half, each, seed):
        hits[kind][0] += 1
        for j, change in enumerate(CASES.values()):
            said = change(text)
            if len(said) != len(text):
                said = text
            rest = (
                " | ".join(said[a:b] for a, b, _ in detect_identifiers(said))
                if kind == "alike"
                else left(said, marks, kind)
            )
            hits[kind][j + 1] += not rest
            if rest and show in (kind, "all"):
                print(f"{kind:9}{rest:30}  {said}")
    found = {kind: row for kind, row in hits.items() if kind != "alike"}
    found["**all**"] = [sum(row[j] for row in found.values()) for j in range(4)]
    rows = [
        f"| {kind} | {n} | {' | '.join(f'{hit / n:.3f}' for hit in some)} |"
        for kind, (n, *some) in found.items()
    ]
    n, *same = hits["alike"]
    rows.append(
        f"| look-alike sentences changed | {n} | {' | '.join(f'{1 - hit / n:.3f}' for hit in same)} |"
    )
    return "\n".join(
        [f"| {half} | sentences | {' | '.join(CASES)} |", "| --- | --- | --- | --- | --- |", *rows]
    )


def changed(path: Path, show: bool) -> str:
    """How many identifiers are seen in the columns of text of a file that holds none."""
    frame = pd.read_csv(path)
    texts = [
        text for name in frame.select_dtypes(include=["object", "string"]) for text in frame[name].dropna()
    ]
    spans = [
        (span.kind, text[span.start : span.end]) for text in texts for span in detect_identifiers(text)
    ]
    for kind, said in spans if show else ():
        print(f"{kind:9}{said!r}")
    return f"| {path.name} | {len(texts)} | {sum(map(len, texts)):,} | {len(spans)} |"


def main() -> None:
    """Print the tables."""
    ask = argparse.ArgumentParser()
    ask.add_argument("--half", default="heldout", choices=("seen", "fresh", "heldout"))
    ask.add_argument("--each", type=int, default=12)
    ask.add_argument("--seed", type=int, default=0)
    ask.add_argument("--show", default="")
    ask.add_argument("--notes", type=Path, nargs="*", default=())
    asked = ask.parse_args()
    print(judged(asked.half, asked.each, asked.seed, asked.show))
    for path in asked.notes:
        print(changed(path, show=bool(asked.show)))


if __name__ == "__main__":
    main()
