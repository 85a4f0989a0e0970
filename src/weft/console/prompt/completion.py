"""What could be typed next, and what each part of a line is. Pure: no terminal in here."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from weft.console.table import ConsoleCommand, Kind, Parameter, Selects, Table
from weft.errors import UserError
from weft.graph.expression import quoted
from weft.graph.lexer import TokenKind, tokens
from weft.graph.vocabulary import WORDS

MOST = 200
"""Candidates that are offered at most."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A text that can stand in the place of the word that is being typed."""

    text: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Names:
    """What a line can name beside the words of the language.

    Attributes
    ----------
    ids
        Of the jobs, sorted.
    functions
        Their names, sorted.
    settings
        Names for ``config``.
    """

    ids: Sequence[str]
    functions: Sequence[str] = ()
    settings: Sequence[str] = ()


def completions(before: str, table: Table, names: Names) -> tuple[int, list[Candidate]]:
    """What can complete the text before the cursor.

    Returns
    -------
    tuple
        How many characters the candidates replace, and the candidates.

    Examples
    --------
    >>> from weft.console.commands import TABLE
    >>> completions("ls; parm", TABLE, Names([]))[1]
    [Candidate(text='parmake', about='Run what is stale, in parallel.')]
    """
    command = before[_command_start(before) :].lstrip()
    word = command[_word_start(command) :]
    if word == command:
        return len(word), _commands(word, table)
    try:
        row = table.find(command.split(None, 1)[0])
    except UserError:
        return 0, []
    return len(word), list(_arguments(word, row, table, names))[:MOST]


def _command_start(text: str) -> int:
    """Where the command begins that the cursor is in: after the last ``;`` outside of quotes."""
    start, quote = 0, ""
    for place, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character == ";":
            start = place + 1
    return start


def _word_start(text: str) -> int:
    quote, start = "", 0
    for place, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote, start = character, place
        elif character.isspace() or character in "()":
            start = place + 1
    return start


def _commands(word: str, table: Table) -> list[Candidate]:
    found = [name for name in table.names if name.startswith(word) and name[0].isalpha()]
    return [Candidate(name, table.find(name).help) for name in found]


def _arguments(word: str, row: ConsoleCommand, table: Table, names: Names) -> Iterator[Candidate]:
    known = {parameter.name: parameter for parameter in row.accepted}
    head, equals, value = word.removeprefix("--").partition("=")
    if equals and head.replace("-", "_") in known:
        yield from _values(word, value, known[head.replace("-", "_")])
        return
    if word.startswith("-"):
        options = [f"--{name.replace('_', '-')}" for name in known]
        yield from (Candidate(o) for o in options if o.startswith(word))
        return
    if row.free_words:
        others = names.settings if row.name == "config" else [r.name for r in table.rows]
        yield from (Candidate(name) for name in others if name.startswith(word))
    elif row.selects is not Selects.NOTHING:
        yield from _jobs(word, names)
    yield from (Candidate(f"{n}=", p.help) for n, p in known.items() if n.startswith(word))


def _values(word: str, value: str, parameter: Parameter) -> Iterator[Candidate]:
    switch = ("1", "0") if parameter.kind is Kind.SWITCH else ()
    head = word[: len(word) - len(value)]
    for choice in parameter.choices or switch:
        if choice.startswith(value):
            yield Candidate(head + choice, parameter.help)


def _jobs(word: str, names: Names) -> Iterator[Candidate]:
    plain = word.lstrip("\"'")
    if word[:1] not in {"'", '"'}:
        yield from (Candidate(w, about) for w, about in WORDS.items() if w.startswith(word))
        yield from (Candidate(f"{name}()") for name in names.functions if name.startswith(word))
    place = bisect_left(names.ids, plain)
    for name in names.ids[place : place + MOST]:
        if not name.startswith(plain):
            break
        yield Candidate(quoted(name))


# -- colours ---------------------------------------------------------------------------------


class Shade(Enum):
    """What a part of a line is; the value is its style."""

    PLAIN = ""
    COMMAND = "bold"
    UNKNOWN = "ansired"
    PARAMETER = "ansicyan"
    KEYWORD = "ansiblue"
    OPERATOR = "ansimagenta"
    PATTERN = "ansigreen"


_SHADES = {
    TokenKind.KEYWORD: Shade.KEYWORD,
    TokenKind.OPERATOR: Shade.OPERATOR,
    TokenKind.PAREN: Shade.OPERATOR,
    TokenKind.ARGUMENT: Shade.KEYWORD,
    TokenKind.WILDCARD: Shade.PATTERN,
    TokenKind.REGEX: Shade.PATTERN,
    TokenKind.FUNCTION: Shade.PATTERN,
}


def shaded(text: str, table: Table) -> list[tuple[Shade, str]]:
    """``text`` in parts that follow each other, each with what it is.

    >>> from weft.console.commands import TABLE
    >>> [(shade.name, part) for shade, part in shaded("ls failed", TABLE)]
    [('COMMAND', 'ls'), ('PLAIN', ' '), ('KEYWORD', 'failed')]
    """
    parts: list[tuple[Shade, str]] = []
    start = 0
    while start < len(text):
        end = _next_command(text, start)
        parts += _shaded_command(text[start:end], table)
        if end < len(text):
            parts.append((Shade.OPERATOR, text[end]))
        start = end + 1
    return parts


def _next_command(text: str, start: int) -> int:
    """Where the ``;`` is that ends the command, or the end of the text."""
    quote = ""
    for place in range(start, len(text)):
        if quote:
            quote = "" if text[place] == quote else quote
        elif text[place] in "\"'":
            quote = text[place]
        elif text[place] == ";":
            return place
    return len(text)


def _shaded_command(text: str, table: Table) -> Iterator[tuple[Shade, str]]:
    name = text.split(None, 1)[0] if text.strip() else ""
    begin = text.index(name) if name else len(text)
    if begin:
        yield Shade.PLAIN, text[:begin]
    if not name:
        return
    yield (Shade.COMMAND if name in table.names else Shade.UNKNOWN), name
    rest = text[begin + len(name) :]
    known = {p.name for p in table.find(name).accepted} if name in table.names else set()
    place = 0
    for token in tokens(rest):
        if token.start > place:
            yield Shade.PLAIN, rest[place : token.start]
        word = rest[token.start : token.end]
        head = word.removeprefix("--").partition("=")[0].replace("-", "_")
        setting = head in known and ("=" in word or word.startswith("--"))
        yield (Shade.PARAMETER if setting else _SHADES.get(token.kind, Shade.PLAIN)), word
        place = token.end
    if place < len(rest):
        yield Shade.PLAIN, rest[place:]
