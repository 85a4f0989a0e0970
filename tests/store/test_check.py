"""``fsck`` finds what is damaged, and only that."""

from __future__ import annotations

import numpy as np
import pytest

from weft.fingerprint.fingerprinter import Fingerprinter
from weft.fingerprint.lazy import with_files
from weft.fingerprint.literal import literal_digest
from weft.model.job import JobRecord
from weft.model.outcome import Observation, Outcome
from weft.model.promise import Promise
from weft.model.resources import DEFAULT_OPTIONS
from weft.model.states import AttemptState
from weft.store.check import Fault
from weft.store.objects import encode
from weft.store.rows import TraceFlag
from weft.store.store import Store

from .conftest import digest_of

JOBS = frozenset({"a", "b", "c"})


def keep(
    store: Store,
    job_id: str,
    value: object,
    *,
    result: bytes | None = None,
    observed: tuple[Observation, ...] = (),
) -> bytes:
    """Record a result as workers do: named by its structural hash."""
    promised: list[str] = []
    encoded = encode(value, promised)
    number = (lambda p: promised.index(p.job_id)) if promised else None
    result = result or literal_digest(value) or Fingerprinter().value(value, number)
    stored = encoded.stream if encoded.inline is None else encoded.inline
    result = with_files(result, stored, [(seen.key, seen.digest) for seen in observed])
    if encoded.inline is None:
        store.objects.write(result, encoded)
    outcome = Outcome(
        AttemptState.DONE, 0.0, 0.0, result=result, value=encoded.inline, size=encoded.size,
        promised=tuple(promised), observed=observed,
    )  # fmt: skip
    flags = TraceFlag.FILE if encoded.inline is None else 0
    flags |= TraceFlag.OBSERVED if observed else 0
    flags |= TraceFlag.PROMISED if promised else 0
    trace = (int(flags), b"d", b"c", "", None, None, None)
    store.record(job_id, 1, digest_of(job_id), outcome, executor="x", trace=trace)
    store.flush()
    return result


def faults(store: Store, comparable=JOBS) -> list[tuple[Fault, str]]:
    report = store.check().run(comparable=comparable)
    return [(found.fault, ",".join(found.jobs)) for found in report.findings]


def overwrite(path, at: int, content: bytes) -> None:
    path.chmod(0o600)
    with path.open("r+b") as file:
        file.seek(at, 0 if at >= 0 else 2)
        file.write(content)


VALUES = [
    1,
    "text",
    [1, {"a": (2.5, None)}],
    bytes(60_000),
    ["x" * 30_000],
    np.arange(20_000.0),
    {"small": np.arange(3), "list": [1]},
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_values_as_they_were_written_are_well(store, value):
    keep(store, "a", value)
    assert faults(store) == []
    report = store.check().run(comparable=JOBS)
    assert report.unverified == {}
    assert report.traces == 1


@pytest.mark.parametrize("value", ["/x/rows.csv", ["x" * 30_000, "rows.csv"]])
def test_values_that_name_files_which_their_jobs_read_are_well_and_damage_is_found(store, value):
    seen = (Observation(0, "file", "/x/rows.csv", b"c" * 20),)
    result = keep(store, "a", value, observed=seen)
    keep(store, "b", value, observed=(Observation(0, "file", "/x/rows.csv", b"d" * 20),))
    assert faults(store) == []
    assert store.check().run(comparable=JOBS).unverified == {}
    path = store.objects.path(result)
    if path.exists():
        overwrite(path, 5000, b"y")
        assert faults(store) == [(Fault.DAMAGED, "a")]


def test_values_that_hold_promises_and_records_of_jobs_are_well(store):
    keep(store, "a", [Promise("p", ""), 1, Promise("q", "")])
    dynamic, packed = False, b"p" * 40_000
    record = JobRecord("r", "f", "a", b"", b"", "", (), (), dynamic, DEFAULT_OPTIONS, packed)
    children = store.add_children([record])
    small = store.add_children([])
    for name, digest in (("b", children), ("c", small)):
        outcome = Outcome(AttemptState.DONE, 0.0, 0.0, result=literal_digest(1), size=5)
        outcome.value = encode(1).inline
        trace = (int(TraceFlag.CHILDREN), b"d", b"c", "", None, None, digest)
        store.record(name, 1, digest_of(name), outcome, executor="x", trace=trace)
    store.flush()
    assert faults(store) == []


def test_a_file_that_is_cut_short_is_damaged(store):
    result = keep(store, "a", ["x" * 30_000])
    path = store.objects.path(result)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-10])
    assert faults(store) == [(Fault.DAMAGED, "a")]


def test_an_empty_file_is_damaged(store):
    path = store.objects.path(keep(store, "a", ["x" * 30_000]))
    path.chmod(0o600)
    path.write_bytes(b"")
    assert faults(store) == [(Fault.DAMAGED, "a")]


def test_another_byte_in_a_pickle_is_found(store):
    overwrite(store.objects.path(keep(store, "a", ["x" * 30_000])), 5000, b"y")
    assert faults(store) == [(Fault.DAMAGED, "a")]


def test_another_byte_in_an_array_is_found_though_no_checksum_covers_it(store):
    path = store.objects.path(keep(store, "a", np.arange(20_000.0)))
    overwrite(path, -1, b"\x01")
    assert faults(store) == [(Fault.DAMAGED, "a")]


def test_another_byte_in_a_small_value_is_found(store):
    result = keep(store, "a", ["text"])
    sql = "UPDATE value SET data = CAST(replace(data, 'text', 'tExt') AS BLOB)"
    store._database._connection.execute(sql)
    reader = Store.open(store.folder, write=False)
    assert reader.load(result) == ["tExt"]
    assert faults(reader) == [(Fault.DAMAGED, "a")]
    reader.close()


def test_a_name_that_covers_more_than_the_value_is_no_damage(store):
    keep(store, "a", np.arange(20_000.0), result=digest_of("cutoff=False"))
    assert faults(store, comparable=()) == []
    report = store.check().run()
    assert sum(report.unverified.values()) == 1


class Model:
    """A class of the user's own, whose code counts."""

    def __init__(self) -> None:
        self.weights = np.arange(20_000.0)


def test_a_class_that_was_edited_since_is_no_damage(store):
    keep(store, "a", Model(), result=digest_of("by the old code"))
    assert faults(store) == []
    (why,) = store.check().run(comparable=JOBS).unverified
    assert "code" in why


def test_a_class_that_is_gone_is_no_damage(store, monkeypatch):
    keep(store, "a", Model())
    monkeypatch.delattr(f"{__name__}.Model")
    assert faults(store) == []
    (why,) = store.check().run(comparable=JOBS).unverified
    assert "imported" in why


def test_missing_files_and_missing_rows_are_told_apart_from_pretence(store):
    store.objects.remove(keep(store, "a", ["x" * 30_000]))
    gone = keep(store, "b", ["small"])
    store._database._connection.execute("DELETE FROM value WHERE hash = ?", (gone,))
    outcome = Outcome(AttemptState.DONE, 0.0, 0.0, result=digest_of("nothing"))
    trace = (int(TraceFlag.PRETENDED | TraceFlag.FILE), b"d", b"c", "", None, None, None)
    store.record("c", 1, b"K", outcome, executor="pretend", trace=trace)
    store.flush()
    assert sorted(faults(store), key=str) == [(Fault.MISSING, "a"), (Fault.MISSING, "b")]


def test_files_that_nobody_refers_to_are_counted(store):
    store.objects.write(digest_of("stray"), encode(bytes(50_000)))
    report = store.check().run()
    assert (report.orphans, report.findings) == (1, [])


def test_repair_sets_damage_aside_and_lets_the_job_run_again(store):
    good = keep(store, "a", ["x" * 30_000])
    bad = keep(store, "b", ["y" * 30_000])
    overwrite(store.objects.path(bad), 5000, b"?")
    check = store.check()
    check.run(comparable=JOBS)
    assert check.repair() == 1
    assert [row[3] for row in store.traces()] == ["a"]
    assert list(store.objects.digests()) == [good]
    path = store.objects.path(bad)
    assert path.with_name(f"{path.name}.damaged").exists()
    assert faults(store) == []
    keep(store, "b", ["y" * 30_000])
    assert store.load(bad) == ["y" * 30_000]


def test_progress_reaches_the_end(store):
    keep(store, "a", ["x" * 30_000])
    keep(store, "b", 1)
    told: list[tuple[int, int]] = []
    store.check().run(lambda done, whole: told.append((done, whole)))
    assert told[-1][0] == told[-1][1] > 30_000


def test_a_damaged_database_is_said_first(folder):
    store = Store.open(folder, write=True)
    for number in range(300):
        keep(store, f"j{number}", f"{number}" * 100)
    store.close()
    path = folder / "weft.db"
    page = path.read_bytes().index(b"j150") // 4096
    with path.open("r+b") as file:
        file.seek(4096 * page)
        file.write(b"\xff" * 4096)
    reader = Store.open(folder, write=False)
    assert (Fault.DATABASE, "") in faults(reader)
    reader.close()


# -- consistency -------------------------------------------------------------------------------


def test_rows_that_fit_together_are_consistent(store):
    keep(store, "a", 1)
    found = store.consistency()
    assert (found.traces, list(found.problems())) == (1, [])


def test_contradictions_are_told(store):
    keep(store, "a", ["small"])
    run = store._database._connection.execute
    run("DELETE FROM value")
    run("UPDATE attempt SET flags = flags | 2")
    run("INSERT INTO output VALUES (99, 'text', NULL)")
    reader = Store.open(store.folder, write=False)
    kinds = [problem[0] for problem in reader.consistency().problems()]
    reader.close()
    assert kinds == ["value", "expansion", "row"]


def test_generated_jobs_with_one_place_are_told(store):
    sql = """INSERT INTO job (job_id, position, name, arguments, dynamic, definer, active)
        VALUES (?, 7, 'f', '', 0, 'g', 1)"""
    for name in ("x", "y"):
        store._database._connection.execute(sql, (name,))
    found = store.consistency()
    assert found.generated == {"g": frozenset({"x", "y"})}
    assert [problem[:2] for problem in found.problems()] == [("position", "x")]
