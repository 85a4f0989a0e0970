"""From a line of text to commands: words, quotes and ``;``. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from weft.errors import UserError

_PLAIN_END = frozenset(" \t\r\n;\"'\\")


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a command, without its quotes.

    Attributes
    ----------
    equals
        Where the first ``=`` outside of quotes stands, or -1: only such a word can set a
        parameter, so that ids with ``=`` can be written in quotes.
    source
        As it was written, with its quotes.
    """

    text: str
    equals: int = -1
    source: str = field(default="", compare=False, repr=False)

    @property
    def setting(self) -> tuple[str, str] | None:
        """Name and value when the word looks like ``name=value``."""
        if self.equals < 1 or not self.text[: self.equals].isidentifier():
            return None
        return self.text[: self.equals], self.text[self.equals + 1 :]


@dataclass(frozen=True, slots=True)
class Line:
    """One command as it was written."""

    name: str
    words: tuple[Word, ...] = ()


def parse(text: str) -> tuple[Line, ...]:
    """The commands of ``text``, which are separated by ``;``.

    Single quotes keep everything; in double quotes and outside, ``\\`` keeps the next character.

    Raises
    ------
    UserError
        For a quote that is not closed.

    Examples
    --------
    >>> [line.name for line in parse("clean; parmake n=4")]
    ['clean', 'parmake']
    >>> parse("ls 'p=1' n=4")[0].words
    (Word(text='p=1', equals=-1), Word(text='n=4', equals=1))
    """
    lines: list[Line] = []
    words: list[Word] = []
    for word in (*_words(text), None):
        if word is not None:
            words.append(word)
        elif words:
            lines.append(Line(words[0].text, tuple(words[1:])))
            words = []
    return tuple(lines)


def _words(text: str) -> Iterator[Word | None]:
    """The words; None stands for a ``;``."""
    place = 0
    while place < len(text):
        if text[place].isspace():
            place += 1
        elif text[place] == ";":
            yield None
            place += 1
        else:
            word, place = _word(text, place)
            yield word


def _word(text: str, start: int) -> tuple[Word, int]:
    parts: list[str] = []
    equals, length, place = -1, 0, start
    while place < len(text) and not text[place].isspace() and text[place] != ";":
        if text[place] in "\"'":
            part, place = _quoted(text, place)
        elif text[place] == "\\" and place + 1 < len(text):
            part, place = text[place + 1], place + 2
        else:
            part, place = _plain(text, place)
            if equals < 0 and "=" in part:
                equals = length + part.index("=")
        parts.append(part)
        length += len(part)
    return Word("".join(parts), equals, text[start:place]), place


def _plain(text: str, start: int) -> tuple[str, int]:
    place = start + 1
    while place < len(text) and text[place] not in _PLAIN_END:
        place += 1
    return text[start:place], place


def _quoted(text: str, start: int) -> tuple[str, int]:
    quote, kept, place = text[start], [], start + 1
    while place < len(text) and text[place] != quote:
        if quote == '"' and text[place] == "\\" and text[place + 1 : place + 2] in {'"', "\\"}:
            place += 1
        kept.append(text[place])
        place += 1
    if place >= len(text):
        raise UserError(
            f"The quote {quote} is not closed.",
            facts={"text": text},
            cure=f"Add {quote} at its end.",
        )
    return "".join(kept), place + 1
