"""Fixtures for pytest: import them into a ``conftest.py``.

``pytest`` is imported with this module only.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from weft.pipegraph.current import current_or_none, make_current
from weft.pipegraph.pipegraph import Pipegraph
from weft.pipegraph.pipegraph import new_pipegraph as _new_pipegraph


@pytest.fixture
def new_pipegraph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pipegraph]:
    """A pipegraph in a folder of its own, which is the working folder of the test."""
    monkeypatch.chdir(tmp_path)
    with _new_pipegraph(quiet=True, interactive=False, folder=tmp_path / "out") as pipegraph:
        yield pipegraph


@pytest.fixture
def no_pipegraph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No pipegraph, and a working folder of the test's own."""
    monkeypatch.chdir(tmp_path)
    before = current_or_none()
    make_current(None)
    yield None
    make_current(before)


@pytest.fixture(params=[True, False], ids=["pipegraph", "no pipegraph"])
def both_ppg_and_no_ppg(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Pipegraph | None]:
    """The test twice: with a pipegraph and without one."""
    monkeypatch.chdir(tmp_path)
    before = current_or_none()
    make_current(None)
    if request.param:
        _new_pipegraph(quiet=True, interactive=False, folder=tmp_path / "out")
    yield current_or_none()
    make_current(before)
