"""The command table: one row per command, for the prompt, batches, the program and ``help``."""

from __future__ import annotations

from weft.console.commands import forgetting, looking, making, other
from weft.console.table import Table

TABLE = Table([*making.COMMANDS, *looking.COMMANDS, *forgetting.COMMANDS, *other.COMMANDS])
