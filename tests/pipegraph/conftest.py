"""A pipegraph per test, in a folder of its own which is the working folder."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from weft import pipegraph as ppg
from weft.pipegraph.current import make_current


@pytest.fixture(autouse=True)
def home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    if not request.module.__name__.endswith("test_isolation"):
        # To fork this process, which holds all tests, for each of their jobs would take minutes.
        monkeypatch.setenv("WEFT_ISOLATED", "0")
    yield tmp_path
    make_current(None)


@pytest.fixture
def again() -> Callable[..., ppg.Pipegraph]:
    """Gives a new pipegraph that remembers what those before it did."""

    def new(**changes: object) -> ppg.Pipegraph:
        changes = {"quiet": True, "folder": "out", **changes}
        return ppg.new_pipegraph(ppg.resource_coordinators.LocalSystem(2), **changes)

    return new


@pytest.fixture
def graph(again: Callable[..., ppg.Pipegraph]) -> ppg.Pipegraph:
    return again()
