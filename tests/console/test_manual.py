from pathlib import Path

from weft.console.commands import TABLE
from weft.console.manual import commands_page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "commands.md"


def test_the_page_of_the_commands_is_up_to_date() -> None:
    assert PAGE.read_text() == commands_page(TABLE), "say: python scripts/make_docs.py"


def test_every_command_has_an_entry() -> None:
    page = commands_page(TABLE)
    assert all(f"### {row.name}\n" in page for row in TABLE.rows)
