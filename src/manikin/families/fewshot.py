"""A language model that others have trained, shown a few notes and asked for one more (Brown et al., 2020).

Nothing is learned: the baseline against which adapters have to show what they are worth. Each prompt has
some training records with their notes before the record for which a note is wanted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

from manikin.contracts.language_model_family import LanguageModelFamily


@final
@dataclass(frozen=True)
class FewShot(LanguageModelFamily):
    """A causal language model, prompted with examples.

    The examples are real notes, which are kept with the model and which it may repeat: for use inside only.

    Args:
        model: A folder in the layout of Hugging Face with weights as safetensors, or a name on its hub.
        shots: Training records shown with their notes.
        temperature: Below 1 likelier tokens are drawn still more often.
        nucleus: Tokens are drawn from the likeliest that have this probability together; 1: from all.
        longest: Tokens of a text at most, its end among them; None: as many as the longest in training.
        shortest: The same at least, of what is written.

    Example:
        >>> FewShot(model="models/medical-1b").turns
        ()
    """

    model: str = ""
    shots: int = 4
    temperature: float = 1.0
    nucleus: float = 0.95
    longest: int | None = 512
    shortest: int = 0
    turns: ClassVar[tuple[str, ...]] = ()
    advice: ClassVar[str] = (
        "a language model is prompted: name its folder, FewShot(model='folder') or fewshot:folder"
    )


__plugin__ = FewShot
