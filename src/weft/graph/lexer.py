"""From the text of a selection to its tokens; takes any text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from weft.graph.vocabulary import COMPARED, INFIX, KEYWORDS, NEGATION, PREFIXES, SINCE, TAG

_SPACE = re.compile(r"\s+")
_PLAIN = re.compile(r"""[^\s()'"\\]+""")
_LEVEL = re.compile(r"level([1-9][0-9]{0,8})")
_SPECIAL = re.compile(r"[*?\[\]!\\-]")
"""Characters that mean something in a wildcard, in brackets or outside."""
WILD = re.compile(r"\\(.)|(\*+)|(\?)|\[(!?)((?:\\.|[^\[\]\\])+)\]|(.)", re.DOTALL)
"""One part of a wildcard: kept character, ``*``, ``?``, ``[...]``, or any other character.

Brackets hold no other bracket, so that a thousand open ones are not each searched for their end.
"""


class TokenKind(Enum):
    """What a token is."""

    ID = "id"
    QUOTED = "quoted"
    """An id with quotes or backslashes: never a keyword or wildcard."""
    WILDCARD = "wildcard"
    REGEX = "regex"
    FUNCTION = "function"
    KEYWORD = "keyword"
    OPERATOR = "operator"
    ARGUMENT = "argument"
    """Of ``slower than``, ``since``, ``tag:`` and the like."""
    PAREN = "paren"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a selection's text.

    Attributes
    ----------
    start, end
        Its place in the text.
    value
        What it means: the id without quotes, the wildcard or pattern, the function's name, a
        keyword or operator in lower case.
    closed
        Whether the quote that it began is closed.
    """

    kind: TokenKind
    start: int
    end: int
    value: str = ""
    closed: bool = True


@dataclass(slots=True)
class _Word:
    """A word as it was written: pieces in quotes mean what they say, others may be wildcards."""

    start: int
    end: int
    pieces: list[tuple[str, bool]]
    """Text, and whether it was in quotes or behind a backslash."""
    closed: bool = True
    called: bool = False
    """Whether ``()`` follows directly."""

    @property
    def text(self) -> str:
        return "".join([text for text, _ in self.pieces])

    @property
    def plain(self) -> str:
        """The word in lower case when it is without quotes, backslashes and ``()``, else empty."""
        if len(self.pieces) > 1 or self.called or self.pieces[0][1]:
            return ""
        return self.pieces[0][0].lower()

    def wildcard(self) -> str | None:
        """The word as a pattern for ``WILD``; None when it has no wildcard in it."""
        pattern = "".join(
            [_SPECIAL.sub(r"\\\g<0>", text) if kept else text for text, kept in self.pieces]
        )
        return pattern if is_wild(pattern) else None

    def token(self) -> Token:
        """As a token that names jobs."""
        if self.called:
            kind, value = TokenKind.FUNCTION, self.text
        elif (pattern := self.wildcard()) is not None:
            kind, value = TokenKind.WILDCARD, pattern
        else:
            quoted = any(kept for _, kept in self.pieces)
            kind, value = TokenKind.QUOTED if quoted else TokenKind.ID, self.text
        return Token(kind, self.start, self.end, value, self.closed)


def is_wild(pattern: str) -> bool:
    """Whether a pattern has more than characters that stand for themselves.

    >>> is_wild("draw-*"), is_wild("p[01]"), is_wild("p[0"), is_wild("draw")
    (True, True, False, False)
    """
    if "*" not in pattern and "?" not in pattern and "[" not in pattern:
        return False
    return any(part[2] or part[3] or part[5] for part in WILD.finditer(pattern))


def tokens(text: str) -> list[Token]:
    """The tokens of any text, in order; between them is white space only.

    >>> [(token.kind.value, token.value) for token in tokens("failed but 'a b'")]
    [('keyword', 'failed'), ('operator', 'but'), ('quoted', 'a b')]
    """
    return list(_classified(list(_scanned(text))))


# -- words, parentheses and patterns -----------------------------------------------------------


def _scanned(text: str) -> Iterator[_Word | Token]:
    place = 0
    while place < len(text):
        if space := _SPACE.match(text, place):
            place = space.end()
            continue
        found: _Word | Token
        if text[place] in "()":
            found = Token(TokenKind.PAREN, place, place + 1, text[place])
        elif text[place] == "~":
            found = _regex(text, place)
        else:
            found = _word(text, place)
        yield found
        place = found.end


def _word(text: str, start: int) -> _Word:
    pieces: list[tuple[str, bool]] = []
    place, closed = start, True
    while place < len(text):
        if plain := _PLAIN.match(text, place):
            pieces.append((plain[0], False))
            place = plain.end()
        elif text[place] == "\\":
            pieces.append((text[place + 1 : place + 2] or "\\", True))
            place = min(place + 2, len(text))
        elif text[place] in "'\"":
            piece, place, closed = _quoted(text, place)
            pieces.append((piece, True))
        else:
            break
    called = text.startswith("()", place)
    return _Word(start, place + 2 * called, pieces, closed, called)


def _quoted(text: str, start: int) -> tuple[str, int, bool]:
    """What is in quotes, where it ends, and whether the quote is closed."""
    quote, kept, place = text[start], [], start + 1
    while place < len(text) and text[place] != quote:
        if quote == '"' and text[place] == "\\" and place + 1 < len(text):
            place += 1
        kept.append(text[place])
        place += 1
    return "".join(kept), min(place + 1, len(text)), place < len(text)


def _regex(text: str, start: int) -> Token:
    """A pattern behind ``~``, up to white space or a parenthesis that it did not open."""
    place, closed = start + 1, True
    if text[place : place + 1] in {"'", '"'}:
        end = _end_of_quoted_regex(text, place)
        closed = end < len(text)
        pattern, place = text[place + 1 : end], min(end + 1, len(text))
    else:
        place = _end_of_regex(text, place)
        pattern = text[start + 1 : place]
    plain = re.sub(r"\\(.)", _unescaped_quote, pattern, flags=re.DOTALL)
    return Token(TokenKind.REGEX, start, place, plain, closed)


def _unescaped_quote(found: re.Match[str]) -> str:
    return found[1] if found[1] in "'\"" else found[0]


def _end_of_quoted_regex(text: str, start: int) -> int:
    place = start + 1
    while place < len(text) and text[place] != text[start]:
        place += 2 if text[place] == "\\" else 1
    return min(place, len(text))


def _end_of_regex(text: str, start: int) -> int:
    """A ``)`` that the pattern did not open would be an error in it, so it is not part of it."""
    depth, place, opened = 0, start, -1
    while place < len(text) and not text[place].isspace():
        char = text[place]
        if char == "\\":
            place += 1
        elif opened >= 0:  # in brackets, where a first ] is a character like others
            if char == "]" and text[opened + 1 : place] not in {"", "^"}:
                opened = -1
        elif char == "[":
            opened = place
        elif char == "(":
            depth += 1
        elif char == ")" and depth == 0:
            break
        elif char == ")":
            depth -= 1
        place += 1
    return min(place, len(text))


# -- what the words are ------------------------------------------------------------------------


def _classified(found: list[_Word | Token]) -> Iterator[Token]:
    place = 0
    while place < len(found):
        word = found[place]
        if isinstance(word, Token):
            yield word
            place += 1
            continue
        following = found[place + 1] if place + 1 < len(found) else None
        after = found[place + 2] if place + 2 < len(found) else None
        group = list(_classified_word(word, following, after))
        yield from group
        place += len(group) - (group[0].value == TAG and len(group) > 1)


def _classified_word(
    word: _Word, following: _Word | Token | None, after: _Word | Token | None
) -> Iterator[Token]:
    """The tokens of a word and of those that belong to it; ``tag:x`` is two tokens of one word."""
    plain = word.plain
    second = following.plain if isinstance(following, _Word) else ""
    if plain in INFIX or plain == NEGATION:
        yield Token(TokenKind.OPERATOR, word.start, word.end, plain)
    elif plain in PREFIXES and second == PREFIXES[plain][0]:
        assert following is not None
        yield Token(TokenKind.OPERATOR, word.start, word.end, PREFIXES[plain][1])
        yield Token(TokenKind.OPERATOR, following.start, following.end, second)
    elif plain in COMPARED and second == "than":
        assert following is not None
        yield Token(TokenKind.KEYWORD, word.start, word.end, f"{plain} than")
        yield Token(TokenKind.KEYWORD, following.start, following.end, second)
        yield from _argument(after)
    elif plain == SINCE:
        yield Token(TokenKind.KEYWORD, word.start, word.end, SINCE)
        yield from _argument(following)
    elif word.pieces[0][0].lower().startswith(TAG) and not (word.called or word.pieces[0][1]):
        yield from _tag(word)
    elif plain in KEYWORDS or _LEVEL.fullmatch(plain):
        yield Token(TokenKind.KEYWORD, word.start, word.end, plain)
    else:
        yield word.token()


def _argument(word: _Word | Token | None) -> Iterator[Token]:
    if isinstance(word, _Word) and not word.called:
        yield Token(TokenKind.ARGUMENT, word.start, word.end, word.text, word.closed)


def _tag(word: _Word) -> Iterator[Token]:
    middle = word.start + len(TAG)
    yield Token(TokenKind.KEYWORD, word.start, middle, TAG)
    if middle < word.end:
        yield Token(TokenKind.ARGUMENT, middle, word.end, word.text[len(TAG) :], word.closed)


def level_of(keyword: str) -> int:
    """N of the keyword ``levelN``; 0 for other keywords.

    >>> level_of("level12"), level_of("all")
    (12, 0)
    """
    found = _LEVEL.fullmatch(keyword)
    return int(found[1]) if found else 0
