"""Nothing here can hang: processes are killed after each test, and waiting ends by an alarm."""

from __future__ import annotations

import faulthandler
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.queues.crew import Crew
from tests.queues.roles import PATIENCE, Log


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spawned processes find this package, and don't import pytest's script as their main."""
    main = sys.modules["__main__"]
    monkeypatch.setattr(sys, "path", [str(Path(__file__).parents[2]), *sys.path])
    monkeypatch.delattr(main, "__file__", raising=False)
    monkeypatch.setattr(main, "__spec__", None)


@pytest.fixture(autouse=True)
def alarm() -> Iterator[None]:
    """End a test that hangs by an exception, or the whole process where that can't be raised."""

    def ring(signum: int, frame: object) -> None:
        raise TimeoutError("the test hangs")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, 2 * PATIENCE)
    faulthandler.dump_traceback_later(4 * PATIENCE, exit=True)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture
def method(request: pytest.FixtureRequest) -> str:
    """How processes start; ``EACH_METHOD`` runs a test by each way."""
    return getattr(request, "param", "fork")


@pytest.fixture
def crew(method: str) -> Iterator[Crew]:
    made = Crew(method)
    yield made
    made.stop()


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(str(tmp_path / "log"))
