"""Wildcards: from a pattern to what says whether an id matches."""

from __future__ import annotations

import re
from collections.abc import Callable

from weft.graph.lexer import WILD

_MEMBER = re.compile(r"(\\.|.)(?:-(\\.|.))?", re.DOTALL)


def matcher(pattern: str) -> Callable[[str], object]:
    r"""What says whether a whole text matches a pattern of ``WILD``'s parts.

    What follows a ``*`` is looked for at the first place where it fits, and never elsewhere: that
    is enough, and without it a dozen stars could take for ever.

    >>> match = matcher("draw-[!0-3]?*x")
    >>> [bool(match(name)) for name in ("draw-4ax", "draw-3ax", "draw-4x")]
    [True, False, False]
    >>> bool(matcher(r"a\*")("a*")), bool(matcher(r"a\*")("ab"))
    (True, False)
    """
    pieces = [""]
    for part in WILD.finditer(pattern):
        kept, stars, any_one, negation, members, other = part.groups()
        if stars:
            pieces.append("")
        elif any_one:
            pieces[-1] += "."
        elif members:
            pieces[-1] += _class(members, negated=bool(negation))
        else:
            pieces[-1] += re.escape(kept or other)
    first, *rest = pieces
    middle = [f"(?>.*?{piece})" for piece in rest[:-1]]
    last = [f".*{piece}" for piece in rest[-1:]]
    return re.compile("".join([first, *middle, *last]), re.DOTALL).fullmatch


def _class(members: str, *, negated: bool) -> str:
    """A class of characters; a range that runs backwards has none."""
    parts = []
    for member in _MEMBER.finditer(members):
        low, high = member[1][-1], (member[2] or member[1])[-1]
        if low <= high:
            parts.append(f"{re.escape(low)}-{re.escape(high)}")
    if not parts:
        return "." if negated else "(?!)"
    return f"[{'^' if negated else ''}{''.join(parts)}]"
