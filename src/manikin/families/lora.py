"""Low-rank adaptation of a language model that others have trained (Hu et al., 2022, arXiv:2106.09685).

The model stays as it is; beside each of its linear maps a map of low rank is learned, a few thousandths of
all weights, and only these are saved. What is given is a prompt, and the loss counts the tokens of the text
alone. The model is read from its folder again whenever it is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

from manikin.contracts.family import Optimizer
from manikin.contracts.language_model_family import LanguageModelFamily
from manikin.nn.language_model import LowRankAdapters


@final
@dataclass(frozen=True)
class LoRA(LanguageModelFamily):
    """A causal language model with adapters of low rank.

    Args:
        model: A folder in the layout of Hugging Face with weights as safetensors, or a name on its hub.
        rank: Of the adapters.
        alpha: Their scale, over the rank.
        dropout: Share of what goes into them that is dropped in training.
        temperature: Below 1 likelier tokens are drawn still more often.
        nucleus: Tokens are drawn from the likeliest that have this probability together; 1: from all.
        longest: Tokens of a text at most, its end among them; None: as many as the longest in training.
        shortest: The same at least, of what is written.

    Example:
        >>> LoRA(model="models/medical-1b").rank
        8
    """

    model: str = ""
    rank: int = 8
    alpha: int = 16
    dropout: float = 0.05
    temperature: float = 1.0
    nucleus: float = 1.0
    longest: int | None = 512
    shortest: int = 0
    private: ClassVar[bool] = True
    optimizer: ClassVar[Optimizer] = Optimizer(rate=5e-4)
    advice: ClassVar[str] = (
        "a language model is adapted: name its folder, LoRA(model='folder') or lora:folder"
    )

    @property
    def adapters(self) -> LowRankAdapters:
        """The maps that are learned."""
        return LowRankAdapters(self.rank, self.alpha, self.dropout)


__plugin__ = LoRA
