"""Low-rank adaptation of a language model that others have trained (Hu et al., 2022, arXiv:2106.09685).

The model stays as it is; beside each of its linear maps a map of low rank is learned, a few thousandths of
all weights, and only these are saved. What is given is a prompt, and the loss counts the tokens of the text
alone. The model is read from its folder again whenever it is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast, final

from manikin.contracts.family import Family, Optimizer
from manikin.core import registry
from manikin.core.extras import require
from manikin.encoding.decoding_options import OPTION_NAMES, DecodingOptions
from manikin.nn.language_model import LanguageModel, explain_refusal, load_language_model

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from manikin.contracts.codec import Codec
    from manikin.encoding.spec import Spec
    from manikin.nn.conditioning import ConditionBatch, ConditionSpec


@final
@dataclass(frozen=True)
class LoRA(Family):
    """A causal language model with adapters of low rank.

    Args:
        model: A folder in the layout of Hugging Face with weights as safetensors, or a name on its hub.
        rank: Of the adapters.
        alpha: Their scale, over the rank.
        dropout: Share of what goes into them that is dropped in training.
        temperature: Below 1 likelier tokens are drawn still more often.
        nucleus: Tokens are drawn from the likeliest that have this probability together; 1: from all.
        longest: Tokens of a text at most, its end among them.
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
    longest: int = 512
    shortest: int = 0
    private: ClassVar[bool] = True
    tokens: ClassVar[bool] = True
    is_for_notes: ClassVar[bool] = True
    sampling: ClassVar[frozenset[str]] = OPTION_NAMES | {"nucleus"}
    optimizer: ClassVar[Optimizer] = Optimizer(rate=5e-4)

    def __post_init__(self) -> None:
        self.decoding_options.check()

    @property
    def codec(self) -> Codec | None:
        """The model's own tokenizer."""
        made = registry.find("codecs", "pretrained")
        return made(self.model, self.longest) if self.model else None

    @property
    def decoding_options(self) -> DecodingOptions:
        """How tokens are drawn."""
        return DecodingOptions(self.temperature, self.shortest, self.longest, self.nucleus)

    def refusal(self, spec: Spec) -> str | None:
        """Only text, and only with a model."""
        nameless = (
            "a language model is adapted: name its folder, LoRA(model='folder') or lora:folder; from "
            "scratch learn 'templates' or 'autoregressive'"
        )
        return explain_refusal(self.model, spec, nameless)

    def networks(self, spec: Spec, given: ConditionSpec) -> dict[str, nn.Module]:  # noqa: ARG002 - a prompt is text
        """The model with fresh adapters."""
        return {"model": add_adapters(self)}

    def loss(
        self,
        nets: dict[str, nn.Module],
        turn: str,
        spec: Spec,  # noqa: ARG002 - the contract's
        x: Tensor,
        given: ConditionBatch,
        rng: torch.Generator,  # noqa: ARG002 - dropout draws from the process's, which the engine seeds
    ) -> Tensor:
        """Mean -log p of a token of the texts and of their ends, in nats."""
        return cast("LanguageModel", nets[turn]).nll(x, given)

    def sample(
        self,
        nets: dict[str, nn.Module],
        spec: Spec,
        n: int,
        given: ConditionBatch,
        rng: torch.Generator,
    ) -> Tensor:
        """Tokens (n, length): what is observed of the text, and what follows."""
        return cast("LanguageModel", nets["model"]).generate(
            n, spec.length, given, self.decoding_options, rng.device
        )


def add_adapters(family: LoRA) -> LanguageModel:
    """A language model of which only fresh adapters are parameters."""
    what = "language models need transformers and peft"
    peft = require("peft", "transformers", what=what, extra="llm")
    whole = load_language_model(family.model)
    config = peft.LoraConfig(
        r=family.rank,
        lora_alpha=family.alpha,
        lora_dropout=family.dropout,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
        fan_in_fan_out=any(type(part).__name__ == "Conv1D" for part in whole.modules()),
    )
    base = peft.get_peft_model(whole, config)
    return LanguageModel(base, {n: p for n, p in base.named_parameters() if p.requires_grad})


__plugin__ = LoRA
