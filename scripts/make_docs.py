"""Write the pages that are made from tables in the code: docs/commands.md, and part of another."""

from pathlib import Path

from weft.console.commands import TABLE
from weft.console.manual import commands_page
from weft.settings.page import settings_table

DOCS = Path(__file__).resolve().parent.parent / "docs"


def main() -> None:
    """Write them."""
    (DOCS / "commands.md").write_text(commands_page(TABLE))
    page = DOCS / "configuration.md"
    text = page.read_text()
    start = text.index("| name | default |")
    end = text.index("\n\n", start)
    page.write_text(text[:start] + settings_table() + text[end:])


if __name__ == "__main__":
    main()
