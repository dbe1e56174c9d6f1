"""Names of scores: as a heading, within a sentence, and for those who do not know the metric."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

ACRONYMS = {
    word.lower(): word for word in ("AUC", "AUROC", "C2ST", "TSTR", "TRTS", "TPR", "KM", "PCA", "R2")
}


def format_title(name: str) -> str:
    """A score's name as a heading.

    Example:
        >>> format_title("tstr_auroc"), format_title("subgroup_distance[sex = F]")
        ('TSTR AUROC', 'Subgroup distance, sex = F')
    """
    metric, _, part = name.removesuffix("]").partition("[")
    text = " ".join(ACRONYMS.get(word, word) for word in metric.split("_"))
    return f"{text[:1].upper()}{text[1:]}{', ' if part else ''}{part}"


def format_inline_name(name: str) -> str:
    """A score's name within a sentence.

    Example:
        >>> format_inline_name("exact_copies"), format_inline_name("c2st_auc")
        ('exact copies', 'C2ST AUC')
    """
    text = format_title(name)
    return text if text[1:2].isupper() or text[1:2].isdigit() else text[:1].lower() + text[1:]


def format_plain_name(name: str) -> str:
    """A score's name for those who do not know the metric; its own where it has no other.

    Example:
        >>> format_plain_name("exact_copies"), format_plain_name("a_metric")
        ('copied patients', 'a metric')
        >>> format_plain_name("subgroup_fidelity[sex = F]")
        'likeness within subgroups, sex = F'
    """
    metric, _, part = name.removesuffix("]").partition("[")
    called = read_plain_names().get(metric)
    return f"{called}{', ' if part else ''}{part}" if called else format_inline_name(name)


def format_part(name: str) -> str:
    """The part of a metric that a score speaks of.

    Example:
        >>> format_part("subgroup_distance[sex = F]")
        'sex = F'
    """
    return name.removesuffix("]").partition("[")[2] or format_title(name)


@cache
def read_plain_names() -> dict[str, str]:
    """What scores are called in plain words, the most telling first."""
    return tomllib.loads(Path(__file__).with_name("score_names.toml").read_text(encoding="utf-8"))
