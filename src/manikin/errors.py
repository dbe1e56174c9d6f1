"""Every error a user can meet: each says what, where and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from typing import Self


class ManikinError(Exception):
    """The base of all errors raised on purpose."""

    def reword(self, change: Callable[[str], str]) -> Self:
        """The same error, with all that it holds, in the words that `change` gives.

        Example:
            >>> AbsentField("no field 'age'", ["age"]).reword(lambda text: f"a.csv: {text}").absent
            ('age',)
        """
        message = change(str(self))
        error = type(self).__new__(type(self), message)
        error.args = (message,)
        vars(error).update(vars(self))
        return error


class ManikinWarning(UserWarning):
    """Something that goes on, and that a user must know of."""


class SchemaError(ManikinError):
    """The data do not fit the schema, or the schema contradicts itself."""


class AbsentField(SchemaError):  # noqa: N818 - as below
    """The schema declares a field that the data do not have.

    Args:
        message: Which, and which fields there are.
        absent: The names of those that lack.
    """

    def __init__(self, message: str, absent: Collection[str] = ()) -> None:
        super().__init__(message)
        self.absent = tuple(absent)


class UnreadableFields(SchemaError):  # noqa: N818 - as below
    """Fields whose values cannot be taken as they are.

    Args:
        message: What is wrong with each.
        cures: For each field a kind with which it could be read, and what that would mean, in words.
    """

    def __init__(self, message: str, cures: dict[str, tuple[Any, str]] | None = None) -> None:
        super().__init__(message)
        self.cures = cures or {}


class FormatError(ManikinError):
    """A file cannot be read or written as the format it claims to be.

    Args:
        problem: What is wrong; alone, the whole message.
        place: The file, or the place in it.
        remedy: What to do about it.
        can_skip: Whether the message says that the record can be left out.

    Example:
        >>> FormatError("damaged or truncated", "a.png", "copy it again", can_skip=True)
        FormatError('a.png: damaged or truncated; copy it again, or leave it out with skip_bad')
    """

    def __init__(
        self, problem: str, place: object = "", remedy: str = "", *, can_skip: bool = False
    ) -> None:
        self.problem, self.place, self.remedy, self.can_skip = problem, str(place), remedy, can_skip
        remedies = ", or ".join(filter(None, [remedy, "leave it out with skip_bad" if can_skip else ""]))
        message = f"{self.place}: {problem}" if self.place else problem
        super().__init__(f"{message}; {remedies}" if remedies else message)

    def reword(self, change: Callable[[str], str]) -> Self:
        """As of any error; what is wrong, the place and the remedy are reworded too."""
        error = super().reword(change)
        error.problem, error.place, error.remedy = map(change, (self.problem, self.place, self.remedy))
        return error


class EmptyTable(FormatError):  # noqa: N818 - as below
    """A table has a header and no record."""


class UsageError(ManikinError):
    """An argument or option has a value that cannot be used."""


class Unsupported(ManikinError):  # noqa: N818 - the name users read is the verdict itself
    """A combination without meaning; the message names the alternative."""


class NotFitted(ManikinError):  # noqa: N818 - as above
    """A model was asked to sample or save before it had learned."""


class MissingExtra(ManikinError):  # noqa: N818 - as above
    """An optional dependency is absent; the message says what to install."""


class PrivacyError(ManikinError):
    """An action would disclose more than the release allows."""


class RuleError(ManikinError):
    """A clinical rule cannot be read, or can hardly be met by the model."""


class TrainingError(ManikinError):
    """The networks did not learn: their loss is no number, or a checkpoint is of another run."""
