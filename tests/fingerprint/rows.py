"""A table of values and wrappers: programs that hold one, with edits that make it another one.

Each row is a module that defines ``VALUE``, edits of its text, what may be done with the value
without changing it, and the package that it needs.
"""

from __future__ import annotations

from dataclasses import dataclass

Edit = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of value."""

    name: str
    text: str
    edits: tuple[Edit, ...]
    use: str = ""
    needs: str = "builtins"


def row(name: str, text: str, *edits: Edit, use: str = "", needs: str = "builtins") -> Row:
    """A row; each edit's first text stands in the module."""
    for before, _ in edits:
        assert before in text, (name, before)
    return Row(name, text, edits, use, needs)


def helped(text: str) -> str:
    """With a helper, which methods of the row call."""
    return "def helper(x):\n    return x + 1\n\n\n" + text


HELPER = ("return x + 1", "return x + 2")
