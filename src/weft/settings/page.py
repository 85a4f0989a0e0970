"""The settings as a table for the documentation."""

from __future__ import annotations

from weft.settings.setting import SETTINGS


def settings_table() -> str:
    """All settings as a table in Markdown; ``docs/configuration.md`` has it word for word.

    >>> print(settings_table().splitlines()[3])
    | `executor` | processes | processes or inline | Where jobs run. |
    """
    lines = ["| name | default | takes | what it does |", "|---|---|---|---|"]
    for row in SETTINGS:
        cells = (f"`{row.name}`", row.write(row.default), row.wanted, row.help)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
