"""Looking at a folder of somebody else runs nothing of theirs."""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import sqlite3
from pathlib import Path

import pytest

import weft
from weft.console.commands import TABLE
from weft.console.context import Context
from weft.console.session import Session
from weft.console.table import Section
from weft.console.text.screen import Screen
from weft.errors import UserError, WeftError
from weft.graph.plain import DamagedError, Unknown, plain_loads

PLACES = {
    "commands": "UPDATE script SET commands = ?",
    "jobs": "UPDATE script SET jobs = ?",
    "calls": "UPDATE setting SET value = ? WHERE name = 'calls'",
    "other settings": "UPDATE setting SET value = ? WHERE name != 'calls'",
    "specs": "UPDATE job SET spec = ?",
    "values": "UPDATE value SET data = ?",
}
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")


class Evil:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self):
        return os.system, (f"touch {self.marker}",)


def generate(context):
    return context.comp(abs, -5)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    context = weft.Context(tmp_path / "out")
    context.comp(abs, -3, job_id="three")
    context.comp(len, b"x" * 50_000, job_id="large")
    context.comp(bytes, 50_000, job_id="file")
    context.comp_dynamic(generate, job_id="gen")
    context.options(retries=1).comp(int, "no", job_id="fails")
    with contextlib.suppress(weft.MakeFailed):
        context.make(executor="inline")
    return tmp_path / "out"


def poison(folder: Path, place: str) -> Path:
    """Put a pickle that touches a file into a place; where that file would be."""
    marker = folder.parent / "ran"
    evil = pickle.dumps(Evil(marker), 5)
    if place == "chunks":
        place, evil = "calls", pickle.dumps([evil], 5)
    with contextlib.closing(sqlite3.connect(folder / "weft.db")) as connection:
        changed = connection.execute(PLACES[place], (evil,)).rowcount
        connection.commit()
    assert changed or place == "specs"
    return marker


def looking() -> list[str]:
    commands = [command for command in TABLE.rows if command.section is Section.LOOKING]
    assert len(commands) > 10
    more = ["why --diff", "why --diff three", "details three", "log three", "graph", "config"]
    return [command.name for command in commands] + more


def look(folder: Path, text: str) -> None:
    with contextlib.suppress(WeftError):
        context = Context.remembered(folder)
        Session(context, Screen(io.StringIO())).run(text)


@pytest.mark.parametrize("place", [*PLACES, "chunks"])
def test_looking_runs_nothing_of_what_is_in_a_folder(folder: Path, place, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if place == "values" and os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    marker = poison(folder, place)
    if os.geteuid() == 0:
        os.chown(folder / "weft.db", 12345, -1)
    for text in looking():
        look(folder, text)
        assert not marker.exists(), text


@needs_root
def test_values_and_runs_of_a_folder_of_another_user_need_trust(folder: Path, monkeypatch):
    os.chown(folder / "weft.db", 12345, -1)
    context = weft.Context(folder)
    promise = context.comp(abs, -3, job_id="three")
    for act in (lambda: context.result(promise), context.make):
        with pytest.raises(UserError, match="that is another user"):
            act()
    with pytest.raises(UserError, match="that is another user"):
        weft.Context.remembered(folder).make("three")
    monkeypatch.setenv("WEFT_TRUST", "1")
    trusting = weft.Context(folder)
    assert trusting.result(trusting.comp(abs, -3, job_id="three")) == 3


def test_plain_data_is_read_and_names_become_stand_ins():
    assert plain_loads(pickle.dumps([1, {"a": (b"x", 2.5, None, 1j, {3})}], 5)) == [
        1,
        {"a": (b"x", 2.5, None, 1j, {3})},
    ]
    found = plain_loads(pickle.dumps((ValueError, os.getcwd), 5))
    assert all(issubclass(one, Unknown) for one in found)
    assert (found[0].__module__, found[0].__qualname__) == ("builtins", "ValueError")


@pytest.mark.parametrize("data", [b"", b"rubbish", pickle.dumps([1, 2], 5)[:-3]])
def test_what_is_no_plain_data_is_said_in_words(data):
    with pytest.raises(DamagedError, match="can't be read"):
        plain_loads(data)
