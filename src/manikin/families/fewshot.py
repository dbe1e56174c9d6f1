"""A language model that others have trained, shown a few notes and asked for one more (Brown et al., 2020).

Nothing is learned: the baseline against which adapters have to show what they are worth. Each prompt has
some training records with their notes before the record for which a note is wanted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast, final

from manikin.contracts.family import Family
from manikin.core import registry
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
class FewShot(Family):
    """A causal language model, prompted with examples.

    The examples are real notes, which are kept with the model and which it may repeat: for use inside only.

    Args:
        model: A folder in the layout of Hugging Face with weights as safetensors, or a name on its hub.
        shots: Training records shown with their notes.
        temperature: Below 1 likelier tokens are drawn still more often.
        nucleus: Tokens are drawn from the likeliest that have this probability together; 1: from all.
        longest: Tokens of a text at most, its end among them.
        shortest: The same at least, of what is written.

    Example:
        >>> FewShot(model="models/medical-1b").turns
        ()
    """

    model: str = ""
    shots: int = 4
    temperature: float = 1.0
    nucleus: float = 0.95
    longest: int = 512
    shortest: int = 0
    turns: ClassVar[tuple[str, ...]] = ()
    tokens: ClassVar[bool] = True
    is_for_notes: ClassVar[bool] = True
    sampling: ClassVar[frozenset[str]] = OPTION_NAMES | {"nucleus"}

    def __post_init__(self) -> None:
        self.decoding_options.check()

    @property
    def codec(self) -> Codec | None:
        """The model's own tokenizer, and prompts with examples."""
        made = registry.find("codecs", "pretrained")
        return made(self.model, self.longest, shots=self.shots) if self.model else None

    @property
    def decoding_options(self) -> DecodingOptions:
        """How tokens are drawn."""
        return DecodingOptions(self.temperature, self.shortest, self.longest, self.nucleus)

    def refusal(self, spec: Spec) -> str | None:
        """Only text, and only with a model."""
        nameless = (
            "a language model is prompted: name its folder, FewShot(model='folder') or fewshot:folder; "
            "from scratch learn 'templates' or 'autoregressive'"
        )
        return explain_refusal(self.model, spec, nameless)

    def networks(self, spec: Spec, given: ConditionSpec) -> dict[str, nn.Module]:  # noqa: ARG002 - as it is
        """The model as it is."""
        return {"model": LanguageModel(load_language_model(self.model), {})}

    def loss(
        self,
        nets: dict[str, nn.Module],
        turn: str,
        spec: Spec,  # noqa: ARG002 - the contract's
        x: Tensor,
        given: ConditionBatch,
        rng: torch.Generator,  # noqa: ARG002 - nothing is drawn
    ) -> Tensor:
        """Mean -log p of a token of the texts and of their ends after the prompt, in nats."""
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


__plugin__ = FewShot
