"""No test sees the settings of the person who runs it."""

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from weft.executors import native

hypothesis.settings.register_profile("suite", deadline=None)  # the machine may be busy
hypothesis.settings.load_profile("suite")


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


@pytest.fixture(autouse=True, scope="session")
def no_threads_of_libraries() -> Iterator[None]:
    """Libraries that one test used in this process don't keep the others from forking."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(native, "native_threads", lambda: 0)
        yield
