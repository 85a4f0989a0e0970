from __future__ import annotations

import os
import stat

import numpy as np
import pytest

from weft.errors import StoreError
from weft.fingerprint.files import FileHasher, FileStamp
from weft.graph.keeping import KeptCommand
from weft.model.job import JobRecord
from weft.model.outcome import ErrorReport, Frame, Observation, Outcome
from weft.model.resources import DEFAULT_OPTIONS
from weft.model.states import AttemptState
from weft.store.objects import ObjectLost, ObjectRef, encode
from weft.store.rows import Past, TraceFlag
from weft.store.store import Store

from .conftest import digest_of, outcome_of, remember


def reopened(store: Store) -> Store:
    store.close()
    return Store.open(store.folder, write=True)


def record(name: str, definer: str = "gen", inputs: tuple[str, ...] = ()) -> JobRecord:
    dynamic = False
    return JobRecord(
        name, "f", definer, digest_of("c"), digest_of(name), "()", inputs, (), dynamic,
        DEFAULT_OPTIONS, b"packed",
    )  # fmt: skip


def define(store, jobs, digest):
    store.define([KeptCommand("f", b"c", dynamic=False)], jobs, digest)


def job(name: str, definition: str = "d", inputs: tuple[str, ...] = ()):
    return (name, 0, digest_of(definition), inputs, ())


# -- traces ------------------------------------------------------------------------------------


def test_a_trace_comes_back_whole_after_reopening(store):
    outcome = outcome_of(
        [1, 2], observed=(Observation(0, "file", "/a", b"x" * 20),), promised=("p", "q")
    )
    flags = TraceFlag.OBSERVED | TraceFlag.PROMISED
    trace = (flags, b"d" * 20, b"c" * 20, "(1)", "u\nv", b"h" * 40, b"k" * 20)
    number = store.record("j", 3, b"K" * 20, outcome, executor="inline", reason="[]", trace=trace)
    store = reopened(store)
    assert store.traces() == [(number, b"K" * 20, outcome.result, "j", int(flags), None, number)]
    row = store.trace(number)
    assert (row.definition, row.code, row.arguments_text) == (b"d" * 20, b"c" * 20, "(1)")
    assert (row.input_ids, row.input_hashes, row.children) == ("u\nv", b"h" * 40, b"k" * 20)
    assert (row.promised, row.flags, row.run) == (("p", "q"), flags, None)
    assert store.observations([number]) == {number: outcome.observed}
    assert store.load(outcome.result) == [1, 2]
    store.close()


def test_traces_come_oldest_first_with_increasing_ids(store):
    ids = [remember(store, name, name) for name in "zab"]
    store = reopened(store)
    ids.append(remember(store, "c", 0))
    assert [row[0] for row in store.traces()] == ids == sorted(ids)
    store.close()


def test_what_is_pending_is_seen_by_questions(store):
    number = remember(store, "j", 1)
    assert store.trace(number).job_id == "j"
    assert store.past()["j"].traces == (number,)
    assert store.columns.durations() == {"j": 0.5}


def test_a_trace_that_is_not_there_is_a_key_error(store):
    with pytest.raises(KeyError):
        store.trace(99)


def test_the_newest_traces_count_invalidated_ones_too(store):
    old = remember(store, "j", 1)
    new = remember(store, "j", 2)
    remember(store, "k", 3)
    store.invalidate(["k"])
    assert store.newest_trace("j").id == new
    assert store.newest_trace("k").flags & TraceFlag.INVALID
    assert store.newest_trace("k", any_flags=False) is None
    past = store.past(["j", "k", "?"])
    assert {name: row.traces for name, row in past.items()} == {"j": (old, new), "k": (new + 1,)}
    assert store.invalidated() == {("k", store.newest_trace("k").key)}
    assert past == store.past()
    assert old < new


def test_observations_keep_their_order_and_are_found_in_bulk(store):
    seen = tuple(Observation(i // 2, "file", f"/{9 - i}", bytes([i]) * 20) for i in range(6))
    for number in range(1200):
        outcome = outcome_of(number, observed=seen if number % 2 else ())
        trace = (1, b"d", b"c", "", None, None, None)
        store.record(f"j{number}", 1, digest_of(number), outcome, executor="x", trace=trace)
    every = store.observations(range(1, 1201))
    assert len(every) == 600
    assert every[2] == store.observations([2])[2] == seen


# -- attempts ----------------------------------------------------------------------------------


def test_a_failure_is_an_attempt_without_a_trace(store):
    error = ErrorReport(
        "ValueError", "no", (Frame("a.py", 3, "f", "f()"),), "text", ("ValueError",)
    )
    outcome = Outcome(
        AttemptState.FAILED, 5.0, 0.25, 0.2, 99, error=error, stdout="out", stderr="err",
        exit_code=3, signal=9, max_rss=1 << 40, note="a note",
    )  # fmt: skip
    run = store.begin_run(["make"])
    number = store.record("j", 2, b"K", outcome, executor="processes", host="h", reason="why")
    store.end_run("failed")
    store = reopened(store)
    assert store.traces() == []
    (row,) = store.chronicle.attempts("j")
    assert (row.id, row.run, row.number, row.key) == (number, run, 2, b"K")
    assert (row.state, row.error, row.note) == (AttemptState.FAILED, error, "a note")
    assert (row.exit_code, row.signal, row.max_rss, row.host) == (3, 9, 1 << 40, "h")
    assert (row.reason, row.remembered, row.pid) == ("why", False, 99)
    assert (row.started, row.duration, row.cpu) == (5.0, 0.25, 0.2)
    assert store.output(number) == ("out", "err")
    assert store.output(number + 1) == (None, None)
    assert store.past() == {"j": Past(number, b"K", AttemptState.FAILED, 2, None, ())}
    assert store.columns.durations() == {}
    store.close()


def test_one_attempt_is_found_by_its_id(store):
    number = remember(store, "j", 1)
    assert store.chronicle.attempt(number) == store.chronicle.attempts("j")[0]
    assert store.chronicle.attempt(number + 1) is None


def test_what_a_run_ran_well_is_listed_with_its_reasons(store):
    remember(store, "before", 1)
    run = store.begin_run([])
    done, failed = Outcome(AttemptState.DONE, 0.0, 1.0), Outcome(AttemptState.FAILED, 0.0, 1.0)
    store.record("a", 1, b"K", done, executor="x", reason="why")
    store.record("b", 1, b"K", done, executor="x", reason=None)
    store.record("c", 1, b"K", failed, executor="x", reason="why")
    assert store.chronicle.reasons_of_run(run) == {"a": "why", "b": None}


def test_only_the_newest_successful_duration_counts(store):
    for seconds, state in [(1.0, 0), (2.0, 0), (9.0, 1)]:
        outcome = Outcome(AttemptState(state), 0.0, seconds)
        store.record("j", 1, b"K", outcome, executor="x", trace=None)
    assert store.columns.durations() == {"j": 2.0}
    assert store.past(["j"])["j"].duration == 2.0
    assert [row.duration for row in store.chronicle.attempts("j")] == [1.0, 2.0, 9.0]


def test_a_result_that_is_not_to_be_remembered_serves_this_run_only(store):
    outcome = outcome_of("moved")
    store.record("j", 1, b"K", outcome, executor="x", trace=None)
    assert store.traces() == []
    assert store.load(outcome.result) == "moved"


# -- values ------------------------------------------------------------------------------------


def test_equal_results_are_stored_once(store):
    for name in "abc":
        remember(store, name, "same")
    store.flush()
    remember(store, "d", "same")
    store = reopened(store)
    assert store.statistics().values == 1
    store.close()


def test_large_values_are_references_to_files(store):
    array = np.arange(10_000.0)
    outcome = outcome_of("x")
    outcome.value, outcome.size = None, 80_000
    store.objects.write(outcome.result, encode(array))
    trace = (TraceFlag.FILE, b"d", b"c", "", None, None, None)
    store.record("j", 1, b"K", outcome, executor="x", trace=trace)
    reference = ObjectRef(outcome.result, 80_000)
    assert store.input(outcome.result) == reference
    store = reopened(store)
    assert store.input(outcome.result) == reference
    assert np.array_equal(store.load(outcome.result), array)
    assert store.has_values([outcome.result, bytes(20)]) == {outcome.result}
    store.objects.remove(outcome.result)
    assert store.has_values([outcome.result]) == set()
    with pytest.raises(ObjectLost):
        store.load(outcome.result)
    store.close()


def test_a_value_lost_as_a_file_may_come_back_small(store):
    outcome = outcome_of("x")
    inline, outcome.value = outcome.value, None
    store.record("j", 1, b"K", outcome, executor="x", trace=None)
    store = reopened(store)
    outcome.value = inline
    store.record("j", 2, b"K", outcome, executor="x", trace=None)
    store = reopened(store)
    assert store.load(outcome.result) == "x"
    store.close()


def test_an_unknown_value_is_lost(store):
    with pytest.raises(ObjectLost, match="not in the store"):
        store.input(bytes(20))


def test_many_values_are_looked_up_at_once(store):
    results = [outcome_of(n).result for n in range(2500)]
    for n in range(2500):
        remember(store, f"j{n}", n)
    store = reopened(store)
    assert store.has_values([*results, bytes(20)]) == set(results)
    store.close()


def test_values_stay_findable_while_the_memory_of_recent_ones_turns_over(store, monkeypatch):
    from weft.store import values

    monkeypatch.setattr(values, "_YOUNG_ENTRIES", 10)
    for n in range(100):
        remember(store, f"j{n}", n)
        if n % 7 == 0:
            store.flush()
        for back in range(0, n, 13):
            assert store.load(outcome_of(back).result) == back


# -- jobs --------------------------------------------------------------------------------------


def test_jobs_come_in_the_order_of_their_definition(store):
    define(store, [job("b"), job("a", inputs=("b",))], b"1")
    store = reopened(store)
    rows = store.jobs()
    assert [(row.job_id, row.position, row.inputs) for row in rows] == [
        ("b", 0, ()),
        ("a", 1, ("b",)),
    ]
    assert store.graph_digest() == b"1"
    assert store.job("a") == rows[1]
    assert store.job("?") is None
    store.close()


def test_the_last_definition_is_what_counts(store):
    define(store, [job("a"), job("b")], b"1")
    define(store, [job("b", "new")], b"2")
    assert [(row.job_id, row.active) for row in store.jobs()] == [("b", True)]
    assert store.job("b").definition == digest_of("new")
    assert store.job("a") is None


def test_generated_jobs_survive_a_definition_of_the_script(store):
    define(store, [job("gen")], b"1")
    store.add_generated("gen", [record("gen-a"), record("gen-b", inputs=("gen-a",))])
    define(store, [job("gen", "edited")], b"2")
    assert [(row.job_id, row.active) for row in store.jobs()] == [
        ("gen", True),
        ("gen-a", True),
        ("gen-b", True),
    ]


def test_what_a_generator_does_not_declare_again_is_retired_with_its_own(store):
    define(store, [job("gen")], b"1")
    store.add_generated("gen", [record("a"), record("b")])
    store.add_generated("a", [record("a-1", "a")])
    run = store.begin_run([])
    store.add_generated("gen", [record("b")])
    retired = {row.job_id: row.retired_run for row in store.jobs() if not row.active}
    assert retired == {"a": run, "a-1": run}
    store.add_generated("gen", [record("a"), record("b")])
    assert store.job("a").active
    assert store.job("a").retired_run is None


def test_a_job_of_an_inactive_generator_is_inactive(store):
    define(store, [job("gen"), job("x")], b"1")
    store.add_generated("gen", [record("a")])
    define(store, [job("x")], b"2")
    assert {row.job_id for row in store.jobs() if row.active} == {"x"}
    define(store, [job("gen"), job("x")], b"1")
    assert {row.job_id for row in store.jobs() if row.active} == {"x", "gen", "a"}


def test_generated_jobs_come_after_what_they_depend_on(store):
    define(store, [job("gen")], b"1")
    store.add_generated("gen", [record("old")])
    store.add_generated("gen", [record("old", inputs=("new",)), record("new")])
    assert [row.job_id for row in store.jobs()] == ["gen", "new", "old"]


def test_records_of_children_come_back(store):
    children = tuple(record(f"c{n}") for n in range(300))  # more than fits inline
    digest = store.add_children(children)
    assert store.add_children(children) == digest
    store = reopened(store)
    assert store.children(digest) == children
    assert store.children(store.add_children(())) == ()
    store.close()


# -- code --------------------------------------------------------------------------------------


def test_the_parts_in_which_two_codes_differ_are_named(store):
    store.add_code(b"1", [("function", "f", b"a", "def f"), ("constant", "K", b"k", None)])
    store.add_code(b"2", [("function", "f", b"b", "def f2"), ("function", "g", b"g", None)])
    store.add_code(b"1", [])
    store = reopened(store)
    store.add_code(b"1", [])
    assert store.changed_parts(b"1", b"2") == ("f", "g", "K")
    assert store.changed_parts(b"1", b"1") == ()
    assert store.changed_parts(b"?", b"1") == ()
    assert store.code_parts(b"1")[0].source == "def f"
    store.close()


# -- runs, events, files -----------------------------------------------------------------------


def test_runs_and_events_are_remembered(store):
    first = store.begin_run(["make", "x"])
    store.event("started", jobs=3)
    store.note_packages(first, {"numpy": "2"})
    store.end_run("done")
    store = reopened(store)
    second = store.begin_run([])
    runs = store.chronicle.runs()
    assert [(r.id, r.argv, r.outcome, r.pid) for r in runs] == [
        (first, ("make", "x"), "done", os.getpid()),
        (second, (), None, os.getpid()),
    ]
    (event,) = store.chronicle.events()
    assert (event.run, event.kind, event.payload) == (first, "started", {"jobs": 3})
    assert store.chronicle.events(since=event.id) == []
    assert store.packages(first) == {"numpy": "2"}
    assert store.packages(second) == {}
    store.close()


def test_digests_of_files_are_remembered_with_their_stamps(store, tmp_path):
    stamp = FileStamp(1, 2, 3, 2**64 - 1)
    store.file_stats.put("/a", stamp, b"d" * 20, 5)
    assert store.file_stats.get("/a") == (stamp, b"d" * 20, 5)
    store = reopened(store)
    assert store.file_stats.get("/a") == (stamp, b"d" * 20, 5)
    assert store.file_stats.get("/b") is None
    path = tmp_path / "x"
    path.write_text("1")
    FileHasher(store.file_stats).digest(path)
    assert store.file_stats.get(str(path)) is not None
    store.close()


# -- forgetting --------------------------------------------------------------------------------


def test_invalidated_traces_do_not_count_but_keep_their_results(store):
    remember(store, "a", 1)
    kept = remember(store, "b", 2)
    store.invalidate(["a"])
    assert [row[0] for row in store.traces()] == [kept]
    assert store.newest_trace("a").result == outcome_of(1).result


def test_cleaned_jobs_lose_traces_values_and_past_failures(store):
    remember(store, "a", 1)
    remember(store, "b", 2)
    store.record("a", 2, b"K", Outcome(AttemptState.FAILED, 0.0, 0.0), executor="x", trace=None)
    store.clean(["a"])
    assert [row[3] for row in store.traces()] == ["b"]
    assert store.past()["a"].key is None
    assert [row.remembered for row in store.chronicle.attempts("a")] == [False, False]
    assert store.has_values([outcome_of(1).result, outcome_of(2).result]) == {outcome_of(2).result}


def test_a_value_that_another_trace_refers_to_survives_clean(store):
    remember(store, "a", "same")
    remember(store, "b", "same")
    store.clean(["a"])
    assert store.load(outcome_of("same").result) == "same"
    store.clean(["b"])
    assert store.has_values([outcome_of("same").result]) == set()


def test_clean_removes_object_files_observations_and_children(store):
    outcome = outcome_of("x", observed=(Observation(0, "file", "/a", b"x"),))
    outcome.value = None
    store.objects.write(outcome.result, encode(bytes(50_000)))
    children = store.add_children([record(f"c{n}") for n in range(300)])
    trace = (0, b"d", b"c", "", None, None, children)
    number = store.record("j", 1, b"K", outcome, executor="x", trace=trace)
    store.flush()
    assert set(store.objects.digests()) == {outcome.result, children}
    store.clean(["j"])
    assert list(store.objects.digests()) == []
    assert store.observations([number]) == {}


def test_forgotten_jobs_lose_attempts_and_logs(store):
    outcome = outcome_of(1, stdout="text")
    number = store.record("a", 1, b"K", outcome, executor="x", trace=(0, b"", b"", "", *[None] * 3))
    other = remember(store, "b", 2)
    store.forget(["a"])
    assert store.chronicle.attempts("a") == []
    assert store.output(number) == (None, None)
    assert [row[0] for row in store.traces()] == [other]


# -- groups, readers, folders ------------------------------------------------------------------


def test_a_group_is_committed_once_in_a_tenth_of_a_second(store):
    store.tick(10.0)
    remember(store, "a", 1)
    store.tick(10.05)
    assert store.statistics().pending == 1
    store.tick(10.11)
    assert store.statistics().pending == 0
    assert "0 pending" in repr(store)


def test_a_reader_sees_what_was_committed_while_another_writes(store):
    remember(store, "a", 1)
    store.flush()
    reader = Store.open(store.folder, write=False)
    assert len(reader.traces()) == 1
    remember(store, "b", 2)
    assert len(reader.traces()) == 1
    store.flush()
    assert len(reader.traces()) == 2
    assert reader.load(outcome_of(2).result) == 2
    reader.close()


def test_a_reader_of_a_quiet_folder_makes_no_file_and_sees_a_later_writer(store, monkeypatch):
    from weft.store import database

    monkeypatch.setattr(database, "_SETTLED_NS", 0)
    remember(store, "a", 1)
    store.close()
    before = {p.name: p.stat().st_mtime_ns for p in store.folder.iterdir()}
    reader = Store.open(store.folder, write=False)
    assert len(reader.traces()) == 1
    assert {p.name: p.stat().st_mtime_ns for p in store.folder.iterdir()} == before
    writer = Store.open(store.folder, write=True)
    for n in range(200):
        remember(writer, f"j{n}", str(n) * 500)
    writer.close()
    assert len(reader.traces()) == 201
    assert reader.load(outcome_of("7" * 500).result) == "7" * 500
    reader.close()


def test_a_reader_of_an_empty_folder_sees_nothing_and_makes_nothing(folder):
    reader = Store.open(folder, write=False)
    assert reader.traces() == []
    assert reader.jobs() == []
    assert reader.graph_digest() is None
    assert reader.past() == {}
    reader.close()
    assert not folder.exists()


def test_a_reader_writes_nothing_even_when_asked(store):
    store.flush()
    reader = Store.open(store.folder, write=False)
    reader.file_stats.put("/a", FileStamp(1, 2, 3, 4), b"d", 5)
    assert reader.file_stats.get("/a") is not None
    reader.tick(1e9)
    reader.flush()
    reader.close()
    assert store.file_stats.get("/a") is None


def test_the_folder_is_private(store):
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700


def test_a_forked_child_can_neither_commit_nor_close(store):
    remember(store, "a", 1)
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            store.flush()
            store.close()
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(pid, 0)[1] == 0
    assert store.statistics().pending == 1
    store.flush()
    assert len(store.traces()) == 1


def test_closing_twice_does_no_harm(store):
    store.close()
    store.close()


def test_a_database_of_a_newer_weft_is_refused(store):
    store._database._connection.execute("PRAGMA user_version = 99")
    store.close()
    for write in (True, False):
        with pytest.raises(StoreError, match="newer Weft"):
            Store.open(store.folder, write=write)
    assert not list(store.folder.glob("*corrupt*"))


def test_a_file_in_place_of_the_folder_is_said_in_words(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="not a folder"):
        Store.open(tmp_path / "file", write=True)
