"""The script's jobs in the database."""

from __future__ import annotations

import pickle
import sqlite3

from weft.graph.keeping import KeptCommand, Unkept
from weft.model.kind import Kind
from weft.store.store import Store

JOBS = [("a", 0, b"d", (), ()), ("b", 1, None, ("a",), ("a",))]
COMMANDS = (
    KeptCommand(
        "f",
        b"c",
        dynamic=False,
        function="steps:f",
        options={"timeout": 3, "tags": ("x", "y")},
        objects=b"pickle",
        packages=("np",),
    ),
    KeptCommand("g", None, dynamic=True, function=Unkept.OF_SCRIPT, objects=Unkept.UNPICKLABLE),
)


def test_all_comes_back_as_it_was(store):
    store.define(COMMANDS, JOBS, b"digest", [b"chunk"])
    store.script.note_home("a\0b")
    script = store.script.read()
    assert script is not None
    assert script.commands == COMMANDS
    assert list(script.jobs) == JOBS
    assert (script.digest, script.calls, script.home) == (b"digest", [b"chunk"], "a\0b")


def test_an_empty_store_has_no_script(store):
    assert store.script.read() is None
    assert list(store.script.rows()) == []


def test_jobs_have_the_tags_of_their_command(store):
    store.define(COMMANDS, JOBS, b"digest")
    assert [(row.job_id, row.tags) for row in store.jobs()] == [("a", ("x", "y")), ("b", ())]


def test_entries_of_older_and_of_later_versions_are_read(store):
    old, later = ("f", b"c", False), ("g", b"c", True, "m:g", {}, None, (), 1, "more")
    store.define((), (), b"digest")
    store.close()
    with sqlite3.connect(store.folder / "weft.db") as database:
        values = (pickle.dumps([old, later]), pickle.dumps([(*JOBS[0], "more")]))
        database.execute("UPDATE script SET commands = ?, jobs = ?", values)
        database.execute("DELETE FROM setting")
    database.close()
    reader = Store.open(store.folder, write=False)
    script = reader.script.read()
    assert script is not None
    assert script.commands[0] == KeptCommand("f", b"c", dynamic=False, function=Unkept.OLD)
    assert (script.commands[1].function, script.commands[1].kind) == ("m:g", Kind.FILES)
    assert (script.calls, script.home) == ((), "")
    assert [row.job_id for row in reader.jobs()] == ["a"]
    reader.close()


def test_where_the_script_ran_is_written_only_when_it_is_another_place(store):
    store.script.note_home("here")
    store.define(COMMANDS, JOBS, b"digest")
    changes = store._database._connection.total_changes
    store.script.note_home("here")
    assert store._database._connection.total_changes == changes
    store.script.note_home("there")
    script = store.script.read()
    assert script is not None
    assert script.home == "there"
