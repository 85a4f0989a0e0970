"""The command table: one row per command, for the prompt, batches, the program and ``help``."""

from __future__ import annotations

from weft.console.commands import (
    configuring,
    debugging,
    drawing,
    forgetting,
    keeping,
    looking,
    making,
    other,
    watching,
)
from weft.console.table import Section, Table

_MODULES = (making, debugging, looking, watching, drawing, keeping, configuring, forgetting, other)
_ORDER = list(Section)

TABLE = Table(
    sorted(
        (row for module in _MODULES for row in module.COMMANDS),
        key=lambda row: _ORDER.index(row.section),
    )
)
