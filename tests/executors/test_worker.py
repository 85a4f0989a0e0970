"""Whatever a job does ends in one clear outcome, in every place. (Nested functions, because spawned
workers can't import a test module.)"""

from __future__ import annotations

import os
import signal

import pytest

from weft.executors.inline import Inline
from weft.executors.processes import Processes
from weft.fingerprint.literal import literal_digest
from weft.model.promise import Promise
from weft.model.states import AttemptState
from weft.store.objects import ObjectRef, Objects, encode


def test_a_value_comes_back_with_its_hash_and_times(bench, place):
    def double(x):
        return x * 2

    bench.define.comp(double, 21)
    outcome = bench.run(place)["double"]
    assert outcome.state is AttemptState.DONE
    assert bench.value(outcome) == 42
    assert outcome.result == literal_digest(42)
    assert outcome.duration >= 0
    assert outcome.started > 1e9
    assert outcome.pid > 0
    assert outcome.size == len(outcome.value)
    assert (outcome.stdout, outcome.stderr, outcome.note) == (None, None, None)


def test_equal_values_hash_equal_however_they_were_made(bench, place):
    bench.define.comp(lambda: {"a": 1, "b": [2, None]}, job_id="one")
    bench.define.comp(lambda: dict(zip("ab", (1, [2, None]), strict=True)), job_id="two")
    bench.define.comp(lambda: None, job_id="none")
    outcomes = bench.run(place)
    assert outcomes["one"].result == outcomes["two"].result
    assert outcomes["none"].result == literal_digest(None)


def test_inputs_are_filled_in_at_any_depth(bench, place):
    a = bench.define.comp(lambda: 1, job_id="a")
    bench.define.comp(lambda x, y: (x, y), {"deep": [a]}, job_id="b", y=a)
    bench.inputs["b"] = [encode(7).inline]
    assert bench.value(bench.run(place)["b"]) == ({"deep": [7]}, 7)


def test_a_large_result_is_written_by_the_worker_before_it_is_reported(bench, place):
    bench.define.comp(lambda: "x" * 100_000, job_id="large")
    outcome = bench.run(place)["large"]
    assert outcome.value is None
    assert outcome.size > 100_000
    assert Objects(bench.settings.folder).has(outcome.result)
    assert bench.value(outcome) == "x" * 100_000


def test_a_large_input_is_read_by_the_worker(bench, place):
    digest = b"d" * 20
    Objects(bench.settings.folder).write(digest, encode(list(range(50_000))))
    a = bench.define.comp(lambda: 0, job_id="a")
    bench.define.comp(sum, a, job_id="b")
    bench.inputs["b"] = [ObjectRef(digest, 1)]
    assert bench.value(bench.run(place)["b"]) == sum(range(50_000))


def test_a_lost_input_is_named_and_the_job_did_not_run(bench, place):
    a = bench.define.comp(lambda: 0, job_id="a")
    bench.define.comp(sum, a, job_id="b")
    bench.inputs["b"] = [ObjectRef(b"l" * 20, 1)]
    outcome = bench.run(place)["b"]
    assert outcome.lost == (b"l" * 20,)
    assert outcome.state is AttemptState.FAILED


def test_an_exception_is_text_and_frames_of_the_users_code_only(bench, place):
    def inner():
        raise ValueError("no good")

    def outer():
        try:
            inner()
        except ValueError as error:
            raise KeyError("k") from error

    bench.define.comp(outer)
    outcome = bench.run(place)["outer"]
    assert outcome.state is AttemptState.FAILED
    assert outcome.cause == "KeyError: 'k'"
    assert [frame.function for frame in outcome.error.frames] == ["outer"]
    assert "ValueError: no good" in outcome.error.text
    assert "in inner" in outcome.error.text
    assert "weft/executors" not in outcome.error.text
    assert "builtins.LookupError" in outcome.error.type_names


def test_exceptions_that_dont_unpickle_or_print_are_survived(bench, place):
    class Two(Exception):
        def __init__(self, a, b):
            super().__init__("only one")

    class Silent(Exception):
        def __str__(self):
            raise RuntimeError

        __repr__ = __str__

    def two():
        raise Two(1, 2)

    def silent():
        raise Silent

    bench.define.comp(two)
    bench.define.comp(silent)
    outcomes = bench.run(place)
    assert outcomes["two"].cause.endswith("Two: only one")
    assert outcomes["silent"].error.type.endswith("Silent")
    assert "can't be read" in outcomes["silent"].error.message


@pytest.mark.parametrize("code", [0, 3, "bye"])
def test_sys_exit_in_a_job_is_a_failure(bench, place, code):
    def leave(code):
        raise SystemExit(code)

    bench.define.comp(leave, code)
    outcome = bench.run(place)["leave"]
    assert outcome.state is AttemptState.FAILED
    assert outcome.cause == f"SystemExit: the job called sys.exit({code!r})"


def test_keyboard_interrupt_and_generator_exit_raised_by_a_job_are_failures(bench, place):
    def press():
        raise KeyboardInterrupt

    def end():
        raise GeneratorExit

    bench.define.comp(press)
    bench.define.comp(end)
    outcomes = bench.run(place)
    assert outcomes["press"].cause == "KeyboardInterrupt: it was raised inside the job"
    assert outcomes["end"].cause.startswith("GeneratorExit: ")


def test_a_refused_allocation_is_out_of_memory(bench, place):
    def greedy():
        return bytearray(1 << 60)

    bench.define.comp(greedy)
    outcome = bench.run(place)["greedy"]
    assert outcome.state is AttemptState.OUT_OF_MEMORY
    assert outcome.cause.startswith("MemoryError")


def test_a_runaway_recursion_is_a_failure_with_few_frames(bench, place):
    def forever(n):
        return forever(n + 1)

    bench.define.comp(forever, 0)
    outcome = bench.run(place)["forever"]
    assert outcome.error.type == "RecursionError"
    assert 2 < len(outcome.error.frames) <= 100


def test_an_unpicklable_result_names_the_part_at_fault(bench, place):
    def locked():
        import threading

        return {"a": [threading.Lock()]}

    bench.define.comp(locked)
    outcome = bench.run(place)["locked"]
    assert outcome.state is AttemptState.FAILED
    assert outcome.cause.startswith("SerializationError: its result can't be kept")
    assert "['a'][0]" in outcome.cause


def test_generators_and_coroutines_are_refused_with_a_cure(bench, place):
    def many():
        return (i for i in range(3))

    def later():
        async def wait():
            return 1

        return wait()

    bench.define.comp(many)
    bench.define.comp(later)
    outcomes = bench.run(place)
    assert "return list(...)" in outcomes["many"].cause
    assert "return asyncio.run(...)" in outcomes["later"].cause


def test_a_promise_returned_by_a_plain_job_is_refused(bench, place):
    def promising():
        from weft.model.promise import Promise

        return Promise("x", "token")

    bench.define.comp(promising)
    assert "comp_dynamic" in bench.run(place)["promising"].cause


def test_a_generator_job_gives_its_jobs_and_what_it_promises(bench, place):
    def double(x):
        return 2 * x

    def spread(context, n):
        return [context.comp(double, i) for i in range(n)]

    bench.define.comp_dynamic(spread, 3)
    outcome = bench.run(place)["spread"]
    assert outcome.state is AttemptState.DONE, outcome.error
    names = ["spread-double", "spread-double-1", "spread-double-2"]
    assert [child.id for child in outcome.children] == names
    assert list(outcome.promised) == names
    holes = Objects(bench.settings.folder)._load_plain(outcome.value, ["x", "y", "z"])
    assert holes == ["x", "y", "z"]
    token = bench.graph.token
    numbers = {name: number for number, name in enumerate(names)}
    value = [Promise(name, token) for name in names]
    assert outcome.result == bench.fingerprinter.value(value, lambda p: numbers[p.job_id])


def test_generated_jobs_run_from_their_packed_calls(bench, place):
    def double(x):
        return 2 * x

    def spread(context, n):
        for i in range(n):
            context.comp(double, i)

    bench.define.comp_dynamic(spread, 3)
    bench.start(place)
    outcome = bench.finish(place, bench.tasks())["spread"]
    jobs = bench.graph.replace_generated("spread", outcome.children)
    outcomes = bench.finish(place, [bench.task(job.id) for job in jobs], batch=3)
    assert [bench.value(outcomes[job.id]) for job in jobs] == [0, 2, 4]


def test_without_cutoff_equal_values_have_other_hashes(bench, place):
    define = bench.define.options(cutoff=False)
    define.comp(lambda: 1, job_id="a")
    define.comp(lambda: 1, job_id="b")
    outcomes = bench.run(place)
    assert outcomes["a"].result != outcomes["b"].result
    assert bench.value(outcomes["a"]) == 1


def test_what_a_job_does_to_its_arguments_reaches_no_other_attempt(bench, place):
    def grow(items):
        items.append(1)
        return len(items)

    bench.define.comp(grow, [])
    bench.start(place)
    for attempt in (1, 2):
        outcomes = bench.finish(place, [bench.task("grow", attempt)])
        assert bench.value(outcomes["grow"]) == 1


def test_folder_environment_mask_and_handlers_are_put_back(bench, place, monkeypatch):
    monkeypatch.setenv("WEFT_KEPT", "kept")

    def change():
        import os
        import signal

        os.chdir("/")
        os.umask(0o123)
        os.environ["WEFT_TEST"] = "1"
        os.environ.pop("WEFT_KEPT")
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGALRM, lambda *_: None)

    def look():
        import os
        import signal

        mask = os.umask(0)
        os.umask(mask)
        handler = signal.getsignal(signal.SIGTERM)
        alarm = signal.getsignal(signal.SIGALRM)
        untouched = handler is not signal.SIG_IGN and alarm == signal.SIG_DFL
        return os.path.realpath("."), mask, dict(os.environ), untouched

    bench.define.comp(change)
    bench.define.comp(look)
    mask = os.umask(0o022)
    os.umask(mask)
    value = bench.value(bench.run(place, batch=2)["look"])
    assert value[0] == os.path.realpath(".")
    assert value[1] == mask
    assert "WEFT_TEST" not in value[2]
    assert value[2]["WEFT_KEPT"] == "kept"
    assert value[3]
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_a_file_that_was_read_is_observed(bench, place, tmp_path):
    path = tmp_path / "data"
    path.write_text("1")

    def read(path):
        import weft.executors.inside as inside

        return inside.reads(path).read_text()

    bench.define.comp(read, str(path))
    bench.define.comp(lambda: 1, job_id="other")
    outcomes = bench.run(place, batch=2)
    (seen,) = outcomes["read"].observed
    assert (seen.kind, seen.key) == ("file", str(path))
    assert outcomes["read"].remember
    assert outcomes["other"].observed == ()


def test_an_input_that_moved_meanwhile_is_not_remembered(bench, place, tmp_path):
    path = tmp_path / "data"
    path.write_text("1")

    def read(path):
        import weft.executors.inside as inside

        inside.reads(path).write_text("changed")

    bench.define.comp(read, str(path))
    outcome = bench.run(place)["read"]
    assert outcome.state is AttemptState.DONE
    assert not outcome.remember
    assert "changed while the job ran" in outcome.note


def test_a_full_disk_fails_the_job_in_clear_words(bench, method, tmp_path):
    (tmp_path / "objects").write_text("in the way")
    bench.define.comp(lambda: "x" * 100_000, job_id="large")
    outcome = bench.run(Processes(1, method))["large"]
    assert outcome.state is AttemptState.FAILED
    assert "its result can't be kept" in outcome.cause


def test_long_jobs_tell_their_memory_and_processor_time(bench, method):
    def work():
        import time

        end = time.process_time() + 0.08
        while time.process_time() < end:
            pass

    bench.define.comp(work)
    outcome = bench.run(Processes(1, method))["work"]
    assert outcome.max_rss > 1_000_000
    assert outcome.cpu >= 0.08


def test_inline_is_serial_and_in_this_process(bench):
    bench.define.comp(os.getpid, job_id="pid")
    assert bench.value(bench.run(Inline())["pid"]) == os.getpid()
