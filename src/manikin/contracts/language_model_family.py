"""The family of language models that others have trained, under prompts, with adapters or without."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from manikin.contracts.codec import PretrainedTokens
from manikin.contracts.family import Batch, Family, SingleNetwork
from manikin.encoding.decoding_options import OPTION_NAMES, HasDecodingOptions
from manikin.nn.language_model import LanguageModel, LowRankAdapters

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from manikin.encoding.spec import Spec
    from manikin.nn.conditioning import ConditionBatch, ConditionSpec


class LanguageModelFamily(HasDecodingOptions, Family[SingleNetwork[LanguageModel]]):
    """Notes by a causal language model under a prompt, as its own tokens.

    A subclass is a frozen dataclass with the options of `HasDecodingOptions`, `model`, and the options of
    its `adapters`, or `shots`.

    Attributes:
        model: A folder in the layout of Hugging Face with weights as safetensors, or a name on its hub.
        shots: Training records that each prompt shows with their notes.
        advice: What to do where no model is named.
    """

    model: str
    shots: int = 0
    advice: ClassVar[str]
    tokens: ClassVar[bool] = True
    is_for_notes: ClassVar[bool] = True
    sampling: ClassVar[frozenset[str]] = OPTION_NAMES | {"nucleus"}

    @property
    def adapters(self) -> LowRankAdapters | None:
        """What is learned beside the model's own weights; None: nothing."""
        return None

    @property
    def codec_request(self) -> PretrainedTokens | None:
        """The model's own tokenizer and prompts with examples; without a model `refusal` comes instead."""
        return PretrainedTokens(self.model, self.longest, self.shots) if self.model else None

    def refusal(self, spec: Spec) -> str | None:
        """Only text, and only with a model."""
        if not self.model:
            return f"{self.advice}; from scratch learn 'templates' or 'autoregressive'"
        if spec.tokens and spec.ragged:
            return None
        return "a language model writes text only; use 'diffusion' or 'autoregressive'"

    def build_networks(self, spec: Spec, given: ConditionSpec) -> SingleNetwork[LanguageModel]:
        """The model with fresh adapters, or as it is; what is given is a prompt, and shapes nothing."""
        return SingleNetwork(spec, LanguageModel.load(self.model, self.adapters))

    def compute_loss(self, nets: SingleNetwork[LanguageModel], batch: Batch) -> Tensor:
        """Mean -log p of a token of the texts and of their ends after the prompt, in nats."""
        return nets.model.nll(batch.x, batch.given)

    def sample(
        self, nets: SingleNetwork[LanguageModel], n: int, given: ConditionBatch, rng: torch.Generator
    ) -> Tensor:
        """Tokens (n, length): what is observed of the text, and what follows."""
        return nets.model.generate(n, nets.spec.length, given, self.decoding_options, rng.device)
