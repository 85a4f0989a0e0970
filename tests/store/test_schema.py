"""Folders of earlier versions are brought up to date, and read as they are."""

from __future__ import annotations

import sqlite3

import pytest

from weft.store import schema
from weft.store.store import Store

from .conftest import remember


@pytest.fixture
def old(folder):
    """A folder as version 1 left it, with a generated job in it."""
    store = Store.open(folder, write=True)
    remember(store, "a", 1)
    store.close()
    connection = sqlite3.connect(folder / "weft.db")
    connection.execute("DROP VIEW trace")
    for table, column in (
        ("job", "tags"),
        ("job", "kind"),
        ("job", "spec"),
        ("attempt", "outputs"),
        ("attempt", "origin"),
    ):
        connection.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    connection.execute(
        """CREATE VIEW trace AS
        SELECT id, key, result, job_id, flags, run, coalesce(definition, key) AS definition,
            code, arguments, input_ids, input_hashes
        FROM attempt WHERE result IS NOT NULL"""
    )
    connection.execute(
        "INSERT INTO job (job_id, position, name, arguments, dynamic, definer, active) "
        "VALUES ('g-1', 0, 'f', '()', 0, NULL, 1)"
    )
    connection.execute("PRAGMA user_version = 1")
    connection.commit()
    connection.close()
    return folder


def version(folder) -> int:
    connection = sqlite3.connect(folder / "weft.db")
    number: int = connection.execute("PRAGMA user_version").fetchone()[0]
    connection.close()
    return number


def test_there_is_a_step_from_each_version_to_the_next():
    assert len(schema.STEPS) == schema.VERSION


def test_an_old_folder_is_read_as_it_is(old):
    before = (old / "weft.db").read_bytes()
    reader = Store.open(old, write=False)
    assert [(job.job_id, job.tags) for job in reader.jobs()] == [("g-1", ())]
    assert reader.job("g-1") is not None
    (trace,) = reader.traces()
    assert reader.trace(trace[0]).outputs is None
    reader.close()
    assert (old / "weft.db").read_bytes() == before
    assert version(old) == 1


def test_an_old_folder_is_brought_up_to_date_when_it_is_written_to(old):
    store = Store.open(old, write=True)
    assert store.messages == []
    store._database._connection.execute("UPDATE job SET tags = 'x' || char(10) || 'y'")
    assert [job.tags for job in store.jobs()] == [("x", "y")]
    remember(store, "b", 2)
    store.close()
    assert version(old) == schema.VERSION
    store = Store.open(old, write=True)
    assert len(store.traces()) == 2
    store.close()


def test_a_step_that_fails_changes_nothing(old, monkeypatch):
    steps = ((), ("ALTER TABLE job ADD COLUMN tags TEXT", "no SQL at all"))
    monkeypatch.setattr(schema, "STEPS", steps)
    with pytest.raises(Exception, match="can't be used"):
        Store.open(old, write=True)
    assert version(old) == 1
    monkeypatch.undo()
    store = Store.open(old, write=True)
    assert len(store.traces()) == 1
    store.close()
