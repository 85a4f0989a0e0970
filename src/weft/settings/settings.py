"""The settings of one context: each value with where it comes from. Never changed in place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from weft.errors import UserError, WeftError
from weft.settings.setting import SETTINGS, setting

DEFAULT = "default"
COMMAND_LINE = "command line"
PROMPT = "the prompt"


@dataclass(frozen=True, slots=True)
class Value:
    """A value, and who says so."""

    value: Any
    origin: str


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for one context.

    Attributes
    ----------
    given
        By name: all that was said, in the order in which later wins; names that nobody mentioned
        are not there.
    messages
        What the user should know of how they were read, such as files that were left out.

    Examples
    --------
    >>> settings = Settings().with_value("n", "4", "WEFT_N")
    >>> settings["n"], settings.origin("n"), settings["retries"], settings.origin("retries")
    (4, 'WEFT_N', 0, 'default')
    """

    given: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    messages: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Any:
        return self.all_of(name)[-1].value

    def __iter__(self) -> Iterator[str]:
        return (row.name for row in SETTINGS)

    def origin(self, name: str) -> str:
        """Where the value comes from: ``"default"``, a line, a table, a variable, the prompt."""
        return self.all_of(name)[-1].origin

    def all_of(self, name: str) -> tuple[Value, ...]:
        """All that was said, the default first; the last one holds."""
        row = setting(name)
        return (Value(row.default, DEFAULT), *self.given.get(row.name, ()))

    def with_value(
        self, name: str, text: str, origin: str, facts: Mapping[str, object] | None = None
    ) -> Settings:
        """These settings with one more value, which wins.

        Parameters
        ----------
        facts
            What an error tells of the place.

        Raises
        ------
        UserError
            For an unknown name or an impossible value.
        """
        try:
            row = setting(name)
            value = Value(row.read(text), origin)
        except UserError as error:
            raise placed(error, {"given by": origin} if facts is None else facts) from None
        before = [one for one in self.given.get(row.name, ()) if one.origin != origin]
        return Settings({**self.given, row.name: (*before, value)}, self.messages)

    def without(self, name: str, origin: str) -> Settings:
        """These settings as they were before ``origin`` gave the value of ``name``."""
        row = setting(name)
        left = tuple(one for one in self.given.get(row.name, ()) if one.origin != origin)
        return Settings({**self.given, row.name: left}, self.messages)

    def with_message(self, message: str) -> Settings:
        """These settings with one more thing that the user should know."""
        return Settings(self.given, (*self.messages, message))


def placed(error: WeftError, facts: Mapping[str, object]) -> UserError:
    """An error about a setting, with the place where it stands."""
    return UserError(error.title, facts={**facts, **error.facts}, cure=error.cure)
