"""The tables of ``weft.toml`` and of ``[tool.weft]`` in ``pyproject.toml``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from weft.errors import UserError
from weft.settings.kind import Kind
from weft.settings.setting import setting
from weft.settings.settings import placed

CONTEXTS = "contexts"
_MENTION = re.compile(r"""^\s*\[?\s*["']?tool["']?\s*(?:\]|.*weft)""", re.MULTILINE)
"""What a pyproject.toml with a table of ours has in one of its lines. Most have not, and needn't be
parsed: tomllib takes 7 to 25 ms to import."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One setting of a table.

    Attributes
    ----------
    place
        The table as it is written, such as ``[tool.weft]``; empty at the top of ``weft.toml``.
    """

    name: str
    text: str
    place: str
    context: str | None = None
    """The context whose table it is in; None for all."""


def tool_table(text: str, file: str) -> Mapping[str, Any] | None:
    """The table ``[tool.weft]`` of a pyproject.toml, if there is one."""
    if _MENTION.search(text) is None:
        return None
    tool = parse_toml(text, file).get("tool")
    if not isinstance(tool, dict) or "weft" not in tool:
        return None
    table = tool["weft"]
    if not isinstance(table, dict):
        raise UserError("tool.weft is no table.", facts={"file": file}, cure="Write [tool.weft].")
    return table


def parse_toml(text: str, file: str) -> dict[str, Any]:
    """The tables of a TOML file.

    Raises
    ------
    UserError
        With line and column, when it is not TOML.
    """
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UserError(
            f"{file} is not TOML.", facts={"because": error}, cure="Correct the file."
        ) from error


def entries(table: Mapping[str, Any], file: str, prefix: str = "") -> Iterator[Entry]:
    """The settings of a table; those for all contexts first.

    Parameters
    ----------
    prefix
        Of the table's name: ``"tool.weft"`` in a pyproject.toml.

    Raises
    ------
    UserError
        For unknown names and values of the wrong type.

    Examples
    --------
    >>> table = {"n": 4, "contexts": {"out-fits": {"n": 2}}}
    >>> [(e.text, e.place) for e in entries(table, "weft.toml")]
    [('4', ''), ('2', '[contexts."out-fits"]')]
    """
    place = f"[{prefix}]" if prefix else ""
    for name, value in table.items():
        if name != CONTEXTS:
            yield Entry(name, _text(name, value, _facts(file, place)), place)
    contexts = table.get(CONTEXTS, {})
    if not _all_tables(contexts):
        raise UserError(
            f"{CONTEXTS} holds one table for each context.",
            facts=_facts(file, place),
            cure=f'Write [{_dotted(prefix, CONTEXTS)}."out-fits"] and settings below it.',
        )
    for context, inner in contexts.items():
        place = f'[{_dotted(prefix, CONTEXTS)}."{context}"]'
        for name, value in inner.items():
            yield Entry(name, _text(name, value, _facts(file, place)), place, context)


def _facts(file: str, place: str) -> dict[str, object]:
    return {"file": file, "table": place} if place else {"file": file}


def _dotted(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name


def _all_tables(contexts: object) -> bool:
    return isinstance(contexts, dict) and all(isinstance(one, dict) for one in contexts.values())


def _text(name: str, value: object, facts: dict[str, object]) -> str:
    """A TOML value as text, as if it were written in an rc file.

    Raises
    ------
    UserError
        For lists, tables and dates; and for switches and numbers that can be none.
    """
    try:
        row = setting(name)
    except UserError as error:
        raise placed(error, facts) from None
    if isinstance(value, bool):
        right = row.kind is Kind.SWITCH
    elif isinstance(value, (int, float)):
        right = row.kind is not Kind.TEXT
    else:
        right = isinstance(value, str)
    if not right:
        raise UserError(
            f"{name} can't be {_toml_words(value)}.",
            facts=facts,
            cure=f"{name} is {row.wanted}.",
        )
    return str(value)


def _toml_words(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dict, list)):
        return "a table" if isinstance(value, dict) else "a list"
    return str(value)
