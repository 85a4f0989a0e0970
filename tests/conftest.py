"""No test sees the settings of the person who runs it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True, scope="session")
def nobody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home without any files, for this process and those that it starts."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if (name.startswith("WEFT_") and name != "WEFT_GOLDEN") or name == "XDG_CONFIG_HOME":
                patch.delenv(name)
        patch.setenv("HOME", str(home))
        yield home
