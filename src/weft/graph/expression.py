"""The selection language: from text to an expression. Pure.

From loose to tight: ``and`` (``in``, ``intersect``), ``except`` (``but``), ``or``, the operators
that stand before (``not``, ``upstream of``, ...), and words side by side, which are a union.
Nothing here recurses: expressions may be nested as deeply as memory allows.
"""

from __future__ import annotations

import re
from collections import deque
from typing import NoReturn

from weft.errors import SelectionError
from weft.graph.lexer import Token, TokenKind, tokens
from weft.graph.quantities import bytes_of, moment_of, seconds_of
from weft.graph.syntax import (
    MEASURES,
    Comparison,
    Difference,
    Expression,
    Function,
    Id,
    Intersection,
    Keyword,
    Operator,
    Prefixed,
    Regex,
    Since,
    Tag,
    Union,
    Wildcard,
    quoted,
)
from weft.graph.vocabulary import COMPARED, INFIX, INTERSECTION, NEGATION, SINCE, TAG, UNION, WORDS

__all__ = [
    "WORDS",
    "Expression",
    "Slip",
    "Token",
    "TokenKind",
    "compiled",
    "named",
    "parse",
    "quoted",
    "read",
    "tokens",
]

_SHOWN = 60
"""Characters of a text that an error shows."""


# -- errors ------------------------------------------------------------------------------------


class Slip(Exception):
    """A mistake at a place of a text, before it is put into words for people."""

    def __init__(self, title: str, start: int, end: int, cure: str) -> None:
        super().__init__(title)
        self.title = title
        self.start = start
        self.end = end
        self.cure = cure

    def error(self, text: str, cure: str = "") -> SelectionError:
        """The error that shows the place in the text."""
        facts = _place(text, self.start, self.end) if text.strip() else {}
        return SelectionError(self.title, facts=facts, cure=cure or self.cure)


def named(text: str) -> str:
    """A word as an error's title names it.

    >>> named("draw"), named("x" * 99)[-4:]
    ("'draw'", "xx…'")
    """
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")


def _place(text: str, start: int, end: int) -> dict[str, str]:
    """The text around a place, and carets under it; both labels have the same length."""
    first = max(0, min(start - _SHOWN // 2, len(text) - _SHOWN))
    last = min(len(text), first + _SHOWN)
    shown = "".join([char if char.isprintable() else " " for char in text[first:last]])
    left, right = "…" * (first > 0), "…" * (last < len(text))
    before, under = shown[: start - first], shown[start - first : end - first]
    carets = " " * _cells(left + before) + "^" * max(1, _cells(under))
    return {"in": f"{left}{shown}{right}", "at": carets}


def _cells(text: str) -> int:
    """Columns that the text takes in a terminal."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum((1 + (east_asian_width(c) in "WF")) * (not combining(c)) for c in text)


# -- from text to expression -------------------------------------------------------------------


def parse(text: str) -> Expression:
    """What a text says.

    Raises
    ------
    SelectionError
        When it says nothing; the error points at the place.

    Examples
    --------
    >>> print(parse("failed  IN (a b)  but not c"))
    failed and a b except not c
    """
    try:
        return read(text)
    except Slip as slip:
        raise slip.error(text) from None


def read(text: str) -> Expression:
    """As ``parse``, but raises a ``Slip``."""
    groups = [_Group(None)]
    stream = deque(tokens(text))
    while stream:
        token, group = stream.popleft(), groups[-1]
        _check_closed(token)
        if token.kind is TokenKind.PAREN and token.value == "(":
            groups.append(_Group(token))
        elif token.kind is TokenKind.PAREN:
            if group.opened is None:
                _fail("This parenthesis closes nothing.", token, "Leave it out.")
            groups.pop()
            groups[-1].add(group.close(token))
        elif token.kind is not TokenKind.OPERATOR:
            group.add(_operand(token, stream))
        elif token.value in INFIX:
            group.join(token)
        else:
            group.prefix(token, token if token.value == NEGATION else stream.popleft())
    opened = groups[-1].opened
    if opened is not None:
        _fail("This parenthesis is not closed.", opened, "Add ) at its end.")
    return groups[0].close(None)


def _check_closed(token: Token) -> None:
    if not token.closed:
        _fail("A quote is not closed.", token, "Close it, or write \\' or \\\" for the character.")


def _fail(title: str, token: Token | Expression, cure: str) -> NoReturn:
    raise Slip(title, token.start, token.end, cure)


class _Group:
    """What was read of a text, or of what is in parentheses: one list per level of the grammar."""

    def __init__(self, opened: Token | None) -> None:
        self.opened = opened
        self._parts: list[Expression] = []
        """Done parts of the intersection."""
        self._differences: list[Expression] = []
        """Base, and what is taken away, of the part that is being read."""
        self._members: list[Expression] = []
        """Of the union that is being read."""
        self._run: list[Expression] = []
        """Words side by side."""
        self._prefixes: list[tuple[Operator, int]] = []
        """Operators before the run, and where they begin."""
        self._awaits: tuple[str, int, int] | None = None
        """Name and place of the operator after which something must come."""

    def add(self, operand: Expression) -> None:
        """Take a word, or what was in parentheses."""
        if self._run and (isinstance(operand, MEASURES) or isinstance(self._run[-1], MEASURES)):
            raise Slip(
                "It is not clear how these go together.",
                self._run[-1].start,
                operand.end,
                "Write and between them for jobs that are both, or for jobs that are either.",
            )
        self._run.append(operand)
        self._awaits = None

    def prefix(self, token: Token, last: Token) -> None:
        """Take an operator that stands before what it applies to."""
        if self._run:
            instead = "except instead" if token.value == NEGATION else "or before it"
            raise Slip(
                f"{token.value} can't follow a job without a word that joins them.",
                token.start,
                last.end,
                f"Write {instead}.",
            )
        self._prefixes.append((Operator(token.value), token.start))
        self._awaits = (token.value, token.start, last.end)

    def join(self, token: Token) -> None:
        """Take an operator that stands between what it applies to."""
        self._end_member(token)
        if token.value not in UNION:
            self._end_union()
        if token.value in INTERSECTION:
            self._end_difference()
        self._awaits = (token.value, token.start, token.end)

    def close(self, closing: Token | None) -> Expression:
        """All of it."""
        self._end_member(closing)
        self._end_union()
        self._end_difference()
        return _one_or(Intersection, self._parts)

    def _end_member(self, token: Token | None) -> None:
        if not self._run:
            self._miss(token)
        if not self._prefixes:
            self._members += self._run
        else:
            inner = _one_or(Union, self._run)
            while self._prefixes:
                operator, start = self._prefixes.pop()
                inner = Prefixed(operator, inner, start=start, end=inner.end)
            self._members.append(inner)
        self._run = []

    def _end_union(self) -> None:
        self._differences.append(_one_or(Union, self._members))
        self._members = []

    def _end_difference(self) -> None:
        base, *taken = self._differences
        if taken:
            base = Difference(base, tuple(taken), start=base.start, end=taken[-1].end)
        self._parts.append(base)
        self._differences = []

    def _miss(self, token: Token | None) -> NoReturn:
        """Something should stand before ``token``, or before the end."""
        cure = "Write what it applies to, or put the word in quotes if it is a job's id."
        if self._awaits is not None:
            name, start, end = self._awaits
            raise Slip(f"Something is missing after {name}.", start, end, cure)
        if token is None:
            raise Slip("No jobs are named.", 0, 0, "Write all, failed, ids or wildcards.")
        if token.kind is not TokenKind.PAREN:
            _fail(f"Something is missing before {token.value}.", token, cure)
        start = self.opened.start if self.opened is not None else token.start
        raise Slip("There is nothing in these parentheses.", start, token.end, "Leave them out.")


def _one_or(kind: type[Union] | type[Intersection], parts: list[Expression]) -> Expression:
    if len(parts) == 1:
        return parts[0]
    return kind(tuple(parts), start=parts[0].start, end=parts[-1].end)


# -- words -------------------------------------------------------------------------------------


def _operand(token: Token, stream: deque[Token]) -> Expression:
    start, end = token.start, token.end
    match token.kind:
        case TokenKind.FUNCTION:
            return Function(token.value, start=start, end=end)
        case TokenKind.WILDCARD:
            return Wildcard(token.value, start=start, end=end)
        case TokenKind.REGEX:
            return _regex(token)
        case TokenKind.KEYWORD:
            return _keyword(token, stream)
    return Id(token.value, start=start, end=end)


def _regex(token: Token) -> Expression:
    if not token.value:
        _fail("The pattern after ~ is missing.", token, "Write ~ and a regular expression.")
    try:
        compiled(token.value)
    except (re.error, RecursionError, OverflowError, MemoryError) as error:
        why = getattr(error, "msg", "") or "it is too large"
        _fail(f"This is no regular expression: {why}.", token, "Put \\ before special characters.")
    return Regex(token.value, start=token.start, end=token.end)


def compiled(pattern: str) -> re.Pattern[str]:
    """A regular expression, ready for use; what Python would warn about is the user's own."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return re.compile(pattern)


def _keyword(token: Token, stream: deque[Token]) -> Expression:
    word, last = token.value, token
    if word != SINCE and word != TAG and " " not in word:
        return Keyword(word, start=token.start, end=token.end)
    if " " in word:
        last = stream.popleft()  # than
    argument = stream.popleft() if stream and stream[0].kind is TokenKind.ARGUMENT else None
    if argument is None or not argument.value:
        raise Slip(f"Something is missing after {word}.", token.start, last.end, _example(word))
    _check_closed(argument)
    return _with_argument(token, argument)


def _with_argument(token: Token, argument: Token) -> Expression:
    word, text, start, end = token.value, argument.value, token.start, argument.end
    if word == TAG:
        return Tag(text, start=start, end=end)
    if word == SINCE:
        if moment_of(text, _ANY_TIME) is None:
            _fail(f"{named(text)} is no moment.", argument, _example(word))
        return Since(text, start=start, end=end)
    in_seconds = COMPARED[word.split()[0]] == "seconds"
    limit = seconds_of(text) if in_seconds else bytes_of(text)
    if limit is None:
        kind = "duration" if in_seconds else "size"
        _fail(f"{named(text)} is no {kind}.", argument, _example(word))
    return Comparison(word, text, limit, start=start, end=end)


_ANY_TIME = 1e9
"""Whether a text is a moment does not depend on the present one."""


def _example(word: str) -> str:
    if word == TAG:
        return "Write tag:x for the jobs with the tag x."
    if word == SINCE:
        return "Write since yesterday, monday, 14:30, 2026-11-24, 2h or '2 hours ago'."
    values = "10s, 500ms, 2min or 3h" if COMPARED[word.split()[0]] == "seconds" else "10MB or 1GB"
    return f"Write {word} {values}."
