from pathlib import Path

import weft
from weft.settings.page import settings_table

PAGE = Path(weft.__file__).parents[2] / "docs" / "configuration.md"


def test_the_table_in_the_documentation_is_that_of_the_code() -> None:
    assert settings_table() in PAGE.read_text(encoding="utf-8")
