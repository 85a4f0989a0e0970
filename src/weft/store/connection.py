"""A connection that keeps any text, also the names of files that are no Unicode.

SQLite takes Unicode only. In Python a byte of a name that is none is a lone surrogate; where one
turns up, it is written as a character of the last private plane, and read back from that.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable
from typing import Any

_LONE = re.compile("[\udc80-\udcff]")
_STAND_IN = re.compile("[\U0010ff80-\U0010ffff]")
_SHIFT = 0x10FF80 - 0xDC80
_FLAG = "escaped"
"""Of the settings: that there is such text, so that all others are read without a look at it."""


def escaped(value: Any) -> Any:
    r"""A parameter as SQLite takes it.

    >>> unescaped(escaped("a\udcffb")) == "a\udcffb", escaped("ab"), escaped(1)
    (True, 'ab', 1)
    """
    if type(value) is not str:
        return value
    return _LONE.sub(lambda found: chr(ord(found[0]) + _SHIFT), value)


def unescaped(text: str) -> str:
    """The text that was escaped."""
    return _STAND_IN.sub(lambda found: chr(ord(found[0]) - _SHIFT), text)


class Connection(sqlite3.Connection):
    """As SQLite's; what can't be encoded is escaped, and that is noted in the settings."""

    def look_at_text(self) -> None:
        """Find out whether the file has such text; to be called when there are tables."""
        sql = "SELECT 1 FROM setting WHERE name = ?"
        if next(super().execute(sql, (_FLAG,)), None) is not None:
            self._unescape()

    def _unescape(self) -> None:
        self.text_factory = lambda data: unescaped(data.decode(errors="replace"))

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """Carry out one statement."""
        try:
            return super().execute(sql, parameters)
        except UnicodeEncodeError:
            self._note(sql)
            return super().execute(sql, tuple(map(escaped, parameters)))

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> sqlite3.Cursor:
        """Carry out a statement with all of these parameters, or with none of them."""
        rows = parameters if isinstance(parameters, list) else list(parameters)
        super().execute("SAVEPOINT many")
        try:
            cursor = super().executemany(sql, rows)
        except UnicodeEncodeError:
            super().execute("ROLLBACK TO many")
            self._note(sql)
            cursor = super().executemany(sql, [tuple(map(escaped, row)) for row in rows])
        finally:
            super().execute("RELEASE many")
        return cursor

    def _note(self, sql: str) -> None:
        if not sql.lstrip().upper().startswith("SELECT"):
            super().execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (_FLAG, b"1"))
        self._unescape()
