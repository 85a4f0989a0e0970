"""The lines of rc files: ``config NAME VALUE`` and nothing else. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from weft.errors import UserError

COMMAND = "config"


@dataclass(frozen=True, slots=True)
class RcLine:
    """One setting of an rc file."""

    number: int
    name: str
    text: str


def read_rc(text: str, file: str) -> Iterator[RcLine]:
    """The settings of an rc file.

    The value is the rest of the line, so that a command needs no quotes around it; quotes around
    all of it are taken off. ``#`` after a space, and outside of quotes, starts a comment.

    Raises
    ------
    UserError
        For any other line, naming it.

    Examples
    --------
    >>> [(line.name, line.text) for line in read_rc("config n 4  # cores\\necho=1", "rc")]
    [('n', '4'), ('echo', '1')]
    """
    for number, line in enumerate(text.splitlines(), 1):
        bare = _without_comment(line).strip()
        if bare:
            name, value = _setting(bare, {"file": file, "line": number})
            yield RcLine(number, name, value)


def _setting(line: str, facts: dict[str, object]) -> tuple[str, str]:
    """Name and value of a line that is not empty."""
    first, *rest = line.split(None, 1)
    if first == COMMAND:
        name, value = _split(rest[0] if rest else "")
    else:
        name, equals, value = line.partition("=")
        name = name.strip() if equals else ""
    if not name.replace("-", "_").isidentifier():
        raise UserError(
            f"An rc file can't carry out {line!r}.",
            facts=facts,
            cure="Give only settings, as config NAME VALUE: it is read before there are any jobs.",
        )
    if not value.strip():
        raise UserError(f"{name} has no value.", facts=facts, cure=f"Write config {name} VALUE.")
    return name, _unquoted(value.strip())


def _split(text: str) -> tuple[str, str]:
    """Name and value of ``NAME VALUE`` or ``NAME=VALUE``."""
    end = next((i for i, c in enumerate(text) if c.isspace() or c == "="), len(text))
    name, value = text[:end], text[end:].strip()
    return name, value.removeprefix("=")


def _unquoted(value: str) -> str:
    quote = value[0]
    whole = quote in "\"'" and len(value) > 1 and value.find(quote, 1) == len(value) - 1
    return value[1:-1] if whole else value


def _without_comment(line: str) -> str:
    quote = ""
    for place, character in enumerate(line):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character == "#" and (place == 0 or line[place - 1].isspace()):
            return line[:place]
    return line
