from __future__ import annotations

import contextlib
import resource
import shutil
import sqlite3

import pytest

from weft.errors import StoreError
from weft.store import database
from weft.store.objects import encode
from weft.store.store import Store

from .conftest import outcome_of, remember


def filled(folder, jobs: int = 50) -> Store:
    store = Store.open(folder, write=True)
    store.begin_run([])
    for number in range(jobs):
        remember(store, f"j{number}", number)
    return store


def reopened(store: Store) -> Store:
    store.close()
    return Store.open(store.folder, write=True)


def set_aside(folder) -> list[str]:
    return sorted(path.name for path in folder.glob("weft.db.corrupt-*"))


# -- damage ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [b"this is no database, it is something else" * 50, b"\0" * 9000],
    ids=["text", "zeros"],
)
def test_a_file_that_is_no_database_is_set_aside_and_a_new_one_begun(folder, content):
    folder.mkdir()
    (folder / "weft.db").write_bytes(content)
    store = Store.open(folder, write=True)
    (name,) = set_aside(folder)
    assert (folder / name).read_bytes() == content
    assert name in store.messages[0]
    remember(store, "a", 1)
    assert len(store.traces()) == 1
    store.close()


def test_a_reader_of_a_damaged_file_says_so_and_changes_nothing(folder):
    folder.mkdir()
    (folder / "weft.db").write_bytes(b"no database" * 500)
    with pytest.raises(StoreError, match="damaged"):
        Store.open(folder, write=False).traces()
    assert set_aside(folder) == []


def damage(folder, job_id: str) -> None:
    """Overwrite the page that holds an attempt, as a broken disk does."""
    path = folder / "weft.db"
    page = path.read_bytes().index(job_id.encode()) // 4096
    with path.open("r+b") as file:
        file.seek(4096 * page)
        file.write(b"\xff" * 4096)


def test_damage_is_found_after_a_run_that_was_killed(folder):
    store = filled(folder)
    store.flush()
    store.objects.write(bytes(20), encode(bytes(50_000)))
    store.close()  # the run has no end: it counts as killed
    damage(folder, "j49")
    store = Store.open(folder, write=True)
    assert len(set_aside(folder)) == 1
    assert store.traces() == []
    assert store.objects.has(bytes(20))
    store.close()


@pytest.mark.parametrize("job_id", ["j2999", "j1500", "j2000"])
def test_damage_that_a_run_meets_is_set_aside_by_that_run(folder, job_id):
    store = filled(folder, 3000)
    store.end_run("done")
    store.close()
    damage(folder, job_id)
    store = Store.open(folder, write=True)
    assert store.traces() == []
    assert len(set_aside(folder)) == len(store.messages) == 1
    remember(store, "a", 1)
    store = reopened(store)
    assert len(store.traces()) == 1
    store.close()


def test_damage_that_a_later_question_meets_is_set_aside_by_the_next_opening(folder):
    store = filled(folder, 3000)
    store.end_run("done")
    store.close()
    damage(folder, "j1500")
    store = Store.open(folder, write=True)
    with pytest.raises(StoreError, match="damaged") as caught:
        store.columns.durations()
    assert "Run make" in caught.value.cure
    assert set_aside(folder) == []
    store = reopened(store)
    assert len(set_aside(folder)) == 1
    store.close()


def test_two_damaged_files_in_one_second_are_both_kept(folder, monkeypatch):
    monkeypatch.setattr(database.time, "strftime", lambda *_: "20260101T000000Z")
    folder.mkdir()
    for _ in range(2):
        for part in folder.glob("weft.db-*"):
            part.unlink()
        (folder / "weft.db").write_bytes(b"no database" * 500)
        Store.open(folder, write=True).close()
    assert len(set_aside(folder)) == 2


def test_after_a_killed_run_a_sound_database_is_kept(folder):
    filled(folder).close()
    store = Store.open(folder, write=True)
    assert store.messages == []
    assert len(store.traces()) == 50
    store.close()


def test_a_torn_log_costs_only_its_last_groups(folder, tmp_path):
    store = filled(folder)
    store.flush()
    for number in range(50, 100):
        remember(store, f"j{number}", number)
        if number % 10 == 9:
            store.flush()
    log = (folder / "weft.db-wal").read_bytes()
    survivors = set()
    for cut in range(0, len(log), max(1, len(log) // 25)):
        copy = tmp_path / f"copy{cut}"
        copy.mkdir()
        shutil.copy(folder / "weft.db", copy / "weft.db")
        (copy / "weft.db-wal").write_bytes(log[:cut])
        torn = Store.open(copy, write=True)
        traces = torn.traces()
        assert [row[3] for row in traces] == [f"j{n}" for n in range(len(traces))]
        assert [torn.load(row[2]) for row in traces] == list(range(len(traces)))
        survivors.add(len(traces))
        torn.close()
    assert survivors <= {0, 50, 60, 70, 80, 90, 100}
    assert len(survivors) > 3
    store.close()


# -- refusals ----------------------------------------------------------------------------------


def fill_disk(blocker) -> None:
    with contextlib.suppress(OSError), blocker.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)


def test_after_a_full_disk_nothing_is_lost_and_writing_goes_on(small_disk, tmp_path):
    folder = tmp_path / "disk" / "context"
    store = filled(folder, 10)
    store.flush()
    blocker = tmp_path / "disk" / "blocker"
    fill_disk(blocker)
    for number in range(10, 40):
        remember(store, f"j{number}", str(number) * 5000)
    with pytest.raises(StoreError, match="disk"):
        store.flush()
    assert store.load(outcome_of("30" * 5000).result) == "30" * 5000
    reader = Store.open(folder, write=False)
    assert len(reader.traces()) == 10
    reader.close()
    blocker.unlink()
    assert len(store.traces()) == 40
    store.close()


def test_a_limit_of_file_size_counts_as_a_full_disk(folder):
    store = filled(folder, 10)
    store.flush()
    for number in range(10, 40):
        remember(store, f"j{number}", str(number) * 5000)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, limits[1]))
    try:
        with pytest.raises(StoreError, match="disk") as caught:
            store.flush()
        with pytest.raises(StoreError, match="disk is full"):
            store.objects.write(bytes(20), encode(bytes(1 << 18)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "Free some space" in caught.value.cure
    assert len(store.traces()) == 40
    store.close()


def test_a_read_only_folder_can_be_read_but_not_written(small_disk, tmp_path):
    folder = tmp_path / "disk" / "context"
    filled(folder, 10).close()
    small_disk("ro")
    with pytest.raises(StoreError, match="can't be written"):
        Store.open(folder, write=True)
    reader = Store.open(folder, write=False)
    assert len(reader.traces()) == 10
    reader.close()


def test_a_read_only_folder_with_a_log_left_by_a_killed_run_can_be_read(small_disk, tmp_path):
    original = tmp_path / "original"
    store = filled(original, 10)
    store.flush()
    folder = tmp_path / "disk" / "context"
    shutil.copytree(original, folder, ignore=shutil.ignore_patterns("*-shm"))
    store.close()
    small_disk("ro")
    reader = Store.open(folder, write=False)
    assert len(reader.traces()) in {0, 10}
    reader.close()


def test_a_foreign_lock_is_waited_for_and_then_named(folder, monkeypatch):
    monkeypatch.setattr(database, "BUSY_TIMEOUT", 0.05)
    store = Store.open(folder, write=True)
    foreign = sqlite3.connect(folder / "weft.db", isolation_level=None)
    foreign.execute("BEGIN IMMEDIATE")
    remember(store, "a", 1)
    with pytest.raises(StoreError, match="locked"):
        store.flush()
    foreign.execute("ROLLBACK")
    foreign.close()
    assert len(store.traces()) == 1
    store.close()
