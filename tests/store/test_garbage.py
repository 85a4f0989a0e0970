"""What a garbage collection removes, and what it must not."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time

import pytest

from weft.model.outcome import Observation
from weft.store.garbage import Garbage, Needs, Policy, doom
from weft.store.lease import Lease
from weft.store.objects import encode
from weft.store.rows import TraceFlag
from weft.store.store import Store

from .conftest import digest_of, outcome_of, remember

NOW = 2_000_000.0
NOTHING = Needs(frozenset(), frozenset())
AT_ONCE = Policy(keep=1, grace=0.0)


def large(store: Store, job_id: str, number: int) -> bytes:
    """A result of a job in an object file; returns its hash."""
    value = [job_id, number, "x" * 20_000]
    outcome = outcome_of(value)
    store.objects.write(outcome.result, encode(value))
    trace = (int(TraceFlag.FILE), digest_of(number), b"c", "", None, None, None)
    store.record(job_id, number, digest_of(number), outcome, executor="x", trace=trace)
    return outcome.result


def collect(store: Store, needs: Needs, policy: Policy = AT_ONCE, now: float = NOW):
    waste = store.garbage.find(needs, policy, now)
    store.garbage.remove(waste)
    assert store.garbage.find(needs, policy, now).empty
    return waste


# -- decide ------------------------------------------------------------------------------------


def test_live_jobs_keep_their_newest_traces():
    facts = [(n, "a", b"r", 0.0) for n in range(1, 6)]
    doomed = doom(facts, Needs({"a"}, set()), Policy(keep=2, grace=0.0), NOW)
    assert (doomed.traces, doomed.attempts, doomed.jobs) == ((1, 2, 3), (), ())


def test_failures_do_not_count_among_the_newest_traces():
    facts = [(1, "a", b"r", 0.0), (2, "a", None, 0.0), (3, "a", None, 0.0)]
    assert doom(facts, Needs({"a"}, set()), Policy(keep=1), NOW).traces == ()


def test_what_makes_a_job_fresh_now_stays_however_old_and_whosever_it_is():
    facts = [(1, "a", b"r", 0.0), (2, "a", b"s", 0.0), (3, "old-name", b"t", 0.0)]
    doomed = doom(facts, Needs({"a"}, {1, 3}), AT_ONCE, NOW)
    assert (doomed.traces, doomed.attempts) == ((), ())


def test_a_job_that_nobody_defines_goes_when_its_newest_attempt_is_old():
    facts = [(1, "a", b"r", 0.0), (2, "a", None, NOW - 50), (3, "b", b"r", 0.0)]
    doomed = doom(facts, NOTHING, Policy(grace=100.0), NOW)
    assert (doomed.attempts, doomed.jobs) == ((3,), ("b",))


# -- remove ------------------------------------------------------------------------------------


def test_old_traces_go_with_their_values_and_attempts_stay(store):
    hashes = [large(store, "a", number) for number in range(3)]
    waste = collect(store, Needs({"a"}, set()))
    assert len(waste.doomed.traces) == 2
    assert waste.value_bytes > 40_000
    assert set(store.objects.digests()) == {hashes[2]}
    assert [row.remembered for row in store.chronicle.attempts("a")] == [False, False, True]


def test_all_about_jobs_that_nobody_defines_goes(store):
    outcome = outcome_of(1, stdout="text", observed=(Observation(0, "file", "/a", b"x"),))
    trace = (0, b"d", b"code-1", "", None, None, None)
    store.record("gone", 1, b"K", outcome, executor="x", trace=trace)
    store.add_code(b"code-1", [])
    store.add_code(b"code-2", [])
    kept = remember(store, "kept", 2)
    waste = collect(store, Needs({"kept"}, set(), {b"code-2"}))
    assert waste.doomed.jobs == ("gone",)
    assert store.chronicle.attempts("gone") == []
    assert store.output(1) == (None, None)
    assert store.observations([1]) == {}
    assert waste.codes == (b"code-1",)
    assert [row[0] for row in store.traces()] == [kept]
    assert store.load(outcome_of(2).result) == 2


def test_a_value_that_two_jobs_gave_stays_while_one_of_them_does(store):
    remember(store, "gone", "same")
    remember(store, "kept", "same")
    collect(store, Needs({"kept"}, set()))
    assert store.load(outcome_of("same").result) == "same"


def test_jobs_within_the_grace_lose_nothing(store):
    remember(store, "gone", 1)
    assert store.garbage.find(NOTHING, Policy(grace=7 * 86400.0), 1000.0 + 86400).empty


def test_stray_files_go_when_they_are_old_enough(store):
    digest = digest_of("stray")
    store.objects.write(digest, encode(bytes(50_000)))
    store.objects._drafts.mkdir(exist_ok=True)
    (store.objects._drafts / "1-left").write_bytes(b"half")
    now = time.time()
    assert store.garbage.find(NOTHING, Policy(), now).empty
    waste = store.garbage.find(NOTHING, Policy(), now + 3700)
    assert len(waste.files) == 2
    assert waste.file_bytes > 50_000
    store.garbage.remove(waste)
    assert list(store.objects.digests()) == []
    assert store.objects.drafts() == []


def test_stamps_of_files_that_no_job_reads_go(store):
    from weft.fingerprint.files import FileStamp

    outcome = outcome_of(1, observed=(Observation(0, "file", "/data", b"x"),))
    trace = (int(TraceFlag.OBSERVED), b"d", b"c", "", None, None, None)
    store.record("a", 1, b"K", outcome, executor="x", trace=trace)
    for path in ("/data", "/data/part", "/other"):
        store.file_stats.put(path, FileStamp(1, 2, 3, 4), b"d", 5)
    store.flush()
    assert collect(store, Needs({"a"}, set())).file_stats == ("/other",)


def test_the_file_shrinks_when_much_of_it_is_free(store):
    for number in range(300):
        remember(store, f"j{number}", f"{number}" * 3000)
    store.flush()
    before = store.garbage.database_bytes()
    collect(store, NOTHING)
    assert store.garbage.database_bytes() < before / 4


def test_looking_for_garbage_works_in_a_store_that_is_only_read(store):
    remember(store, "a", 1)
    store.flush()
    reader = Store.open(store.folder, write=False)
    assert len(reader.garbage.find(NOTHING, AT_ONCE, NOW).values) == 1
    reader.close()
    assert len(store.traces()) == 1


@pytest.mark.parametrize("seed", range(12))
def test_after_kill_9_in_a_collection_every_trace_has_its_value(folder, seed):
    store = Store.open(folder, write=True)
    for number in range(60):
        large(store, f"j{number % 12}", number)
    store.close()
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(BaseException):
            collect_in_child(folder, write)
        os._exit(0)
    os.close(write)
    os.read(read, 1)
    for _ in range(random.Random(seed).randrange(0, 60_000)):
        pass
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(read)
    check_all(folder)


NEEDS = Needs({f"j{number}" for number in range(8)}, set())


def collect_in_child(folder, pipe: int) -> None:
    Lease(folder).acquire(wait=False)
    store = Store.open(folder, write=True)
    garbage: Garbage = store.garbage
    waste = garbage.find(NEEDS, AT_ONCE, NOW)
    os.write(pipe, b"x")
    garbage.remove(waste)


def check_all(folder) -> None:
    lease = Lease(folder)
    lease.acquire(wait=False)
    store = Store.open(folder, write=True)
    assert store.messages == []
    results = [row[2] for row in store.traces()]
    assert store.has_values(results) == set(results)
    store.garbage.remove(store.garbage.find(NEEDS, AT_ONCE, time.time() + 10))
    assert sorted(row[3] for row in store.traces()) == sorted(NEEDS.jobs)
    assert set(store.objects.digests()) == {row[2] for row in store.traces()}
    for row in store.traces():
        store.load(row[2])
    store.close()
    lease.release()
