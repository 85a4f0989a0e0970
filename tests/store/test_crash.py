"""``kill -9`` of a writer at any moment: real processes, killed at random points."""

from __future__ import annotations

import contextlib
import os
import random
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from weft.model.job import DIGEST_SIZE
from weft.store.lease import Lease
from weft.store.objects import encode
from weft.store.rows import TraceFlag
from weft.store.store import Store

from .conftest import outcome_of, remember

ROUNDS = 25


def in_child(work: Callable[[], None]) -> int:
    """Fork; the child works until it is killed."""
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(BaseException):
            work()
        os._exit(1)
    return pid


def value_of(number: int) -> object:
    """Every fifth is large enough for a file."""
    return [number, "x" * 20_000] if number % 5 == 0 else number


def write_until_killed(folder: Path, start: int, pipe: int) -> None:
    Lease(folder).acquire(wait=False)
    store = Store.open(folder, write=True)
    store.begin_run([])
    number = start
    while True:
        for _ in range(random.Random(number).randrange(1, 30)):
            value = value_of(number)
            outcome = outcome_of(value)
            flags = 0
            if outcome.value is None:
                flags = TraceFlag.FILE
                store.objects.write(outcome.result, encode(value))
            key = number.to_bytes(DIGEST_SIZE, "big")
            trace = (flags, key, b"c", "", None, None, None)
            store.record(f"j{number}", 1, key, outcome, executor="x", trace=trace)
            number += 1
        store.flush()
        os.write(pipe, number.to_bytes(4, "big"))


def test_after_kill_9_every_trace_is_true_and_nothing_acknowledged_is_lost(folder):
    chance = random.Random(7)
    known = 0
    for _ in range(ROUNDS):
        read, write = os.pipe()
        pid = in_child(lambda start=known, pipe=write: write_until_killed(folder, start, pipe))
        os.close(write)
        told = b""
        for _ in range(chance.randrange(0, 12)):
            told += os.read(read, 4)
        for _ in range(chance.randrange(0, 20_000)):
            pass
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        told += os.read(read, 1 << 20)
        os.close(read)
        known = check(folder, max(known, int.from_bytes(told[-4:], "big")))
    assert known > 0


def check(folder: Path, acknowledged: int) -> int:
    """Everything that is remembered is right; returns how much that is."""
    lease = Lease(folder)
    lease.acquire(wait=False)
    store = Store.open(folder, write=True)
    assert store.messages == []
    traces = store.traces()
    assert len(traces) >= acknowledged
    assert [row[3] for row in traces] == [f"j{n}" for n in range(len(traces))]
    assert len(store.has_values(row[2] for row in traces)) == len(traces)
    for number, row in enumerate(traces):
        assert row[2] == outcome_of(value_of(number)).result
    for number in range(max(0, len(traces) - 40), len(traces)):
        assert store.load(traces[number][2]) == value_of(number)
    store.objects.sweep()
    store.close()
    lease.release()
    return len(traces)


def test_a_killed_writer_of_an_object_leaves_none_or_a_whole_one(folder):
    from weft.store.objects import Objects

    objects = Objects(folder)
    encoded = encode(bytes(3_000_000))
    chance = random.Random(3)
    for number in range(ROUNDS):
        read, write = os.pipe()
        digest = bytes([number]) * DIGEST_SIZE

        def work(pipe: int = write, digest: bytes = digest) -> None:
            os.write(pipe, b"x")
            objects.write(digest, encoded)

        pid = in_child(work)
        os.close(write)
        os.read(read, 1)
        for _ in range(chance.randrange(0, 100_000)):
            pass
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(read)
        if objects.has(digest):
            assert objects.load(digest) == bytes(3_000_000)
        else:
            assert not objects.path(digest).exists()
    objects.sweep()
    assert objects.sweep() == 0


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGTERM])
def test_a_worker_forked_while_the_store_is_open_may_die_as_it_likes(folder, signum):
    store = Store.open(folder, write=True)
    remember(store, "a", 1)
    read, write = os.pipe()
    pid = in_child(lambda: os.read(read, 1))
    store.flush()
    os.kill(pid, signum)
    os.waitpid(pid, 0)
    os.close(read)
    os.close(write)
    remember(store, "b", 2)
    assert [row[3] for row in store.traces()] == ["a", "b"]
    assert store._database.row("PRAGMA quick_check") == ("ok",)
    store.close()


def test_a_reader_beside_a_writer_in_another_process_sees_only_whole_groups(folder):
    Store.open(folder, write=True).close()
    read, write = os.pipe()
    pid = in_child(lambda: write_until_killed(folder, 0, write))
    os.close(write)
    try:
        for _ in range(15):
            committed = int.from_bytes(os.read(read, 4), "big")
            reader = Store.open(folder, write=False)
            traces = reader.traces()
            assert len(traces) >= committed
            assert reader.load(traces[-1][2]) == value_of(len(traces) - 1)
            reader.close()
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(read)
