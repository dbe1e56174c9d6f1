"""How the tokens of a text are drawn from what was learned; nothing here is learned itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from manikin.errors import UsageError

OPTION_NAMES = frozenset({"temperature", "shortest", "longest"})
"""The options of a family of texts that say so."""


@final
@dataclass(frozen=True)
class DecodingOptions:
    """How likely tokens are preferred, and how many tokens a text has, its end among them.

    Args:
        temperature: Shares become p^(1 / temperature), scaled to 1: below 1 likelier tokens are drawn still
            more often (Ackley, Hinton and Sejnowski 1985).
        shortest: Before as many tokens no text ends.
        longest: After as many tokens every text ends; None: where the longest in training did.
        nucleus: Tokens are drawn from the likeliest that have this probability together (Holtzman et al.
            2020); 1: from all.

    Example:
        >>> DecodingOptions(longest=60).compute_max_length(512), DecodingOptions().compute_max_length(512)
        (60, 512)
    """

    temperature: float = 1.0
    shortest: int = 0
    longest: int | None = None
    nucleus: float = 1.0

    def __post_init__(self) -> None:
        """Raise a UsageError if such texts cannot be."""
        if not self.temperature > 0:
            raise UsageError(f"temperature {self.temperature}: is not above 0")
        if not 0 < self.nucleus <= 1:
            raise UsageError(f"nucleus {self.nucleus}: does not lie in (0, 1]")
        if self.shortest < 0 or (self.longest is not None and self.longest < max(self.shortest, 1)):
            raise UsageError(
                f"shortest {self.shortest}, longest {self.longest}: give whole numbers from 0 on, the "
                "second not below the first and not below 1"
            )

    @property
    def has_free_length(self) -> bool:
        """Whether texts end where they would."""
        return self.shortest == 0 and self.longest is None

    def compute_max_length(self, length: int) -> int:
        """Tokens of a text at most, where a model knows texts of `length` tokens."""
        return min(length, self.longest or length)


class HasDecodingOptions:
    """A family with options that say how its tokens are drawn; without a meaning they raise a UsageError.

    The family is a frozen dataclass with a field for each of `OPTION_NAMES`, and for `nucleus` if it has
    that.
    """

    temperature: float
    shortest: int
    longest: int | None
    nucleus: float = 1.0

    def __post_init__(self) -> None:
        _ = self.decoding_options

    @property
    def decoding_options(self) -> DecodingOptions:
        """How tokens are drawn."""
        return DecodingOptions(self.temperature, self.shortest, self.longest, self.nucleus)
