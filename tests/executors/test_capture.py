"""What a job prints is its own, whatever it does to the streams. (Nested functions, because spawned
workers can't import a test module.)"""

from __future__ import annotations

import os
import sys

from weft.executors.capture import KEPT
from weft.executors.inline import Inline
from weft.executors.processes import Processes
from weft.model.states import AttemptState


def test_each_job_has_its_own_output(bench, place):
    def say(text):
        import sys

        print(text)
        print("about", text, file=sys.stderr)

    bench.define.comp(say, "one")
    bench.define.comp(abs, -1)
    bench.define.comp(say, "two")
    outcomes = bench.run(place, batch=3)
    assert (outcomes["say"].stdout, outcomes["say"].stderr) == ("one\n", "about one\n")
    assert (outcomes["abs"].stdout, outcomes["abs"].stderr) == (None, None)
    assert (outcomes["say-1"].stdout, outcomes["say-1"].stderr) == ("two\n", "about two\n")


def test_output_of_subprocesses_c_code_and_reopened_streams_is_kept_in_order(bench, method):
    def say():
        import ctypes
        import os
        import subprocess
        from pathlib import Path

        print("python")
        subprocess.run(["echo", "subprocess"], check=True)
        ctypes.CDLL(None).printf(b"c code\n")
        os.write(1, b"descriptor\n")
        with Path("/dev/stdout").open("a") as stream:
            stream.write("reopened\n")

    bench.define.comp(say)
    outcome = bench.run(Processes(1, method))["say"]
    lines = ["python", "subprocess", "c code", "descriptor", "reopened"]
    assert outcome.stdout.splitlines() == lines


def test_handlers_that_hold_stderr_are_kept_too(bench):
    def log():
        import logging

        logging.basicConfig(force=True)
        logging.warning("careful")

    bench.define.comp(log)
    assert "careful" in bench.run(Processes(1, "fork"))["log"].stderr


def test_bytes_that_are_no_text_are_survived(bench, place):
    bench.define.comp(os.write, 1, b"caf\xe9\n")
    assert bench.run(place)["write"].stdout == "caf\ufffd\n"


def test_text_of_any_kind_can_be_printed(bench, method):
    bench.define.comp(lambda: print("naïve ☃ \ud800"), job_id="say")
    outcome = bench.run(Processes(1, method))["say"]
    assert outcome.stdout.startswith("naïve ☃")


def test_of_a_huge_output_both_ends_are_kept(bench, method):
    def flood():
        import os

        os.write(1, b"first\n")
        for _ in range(100):
            os.write(1, b"x" * (1 << 20))
        os.write(1, b"last\n")

    bench.define.comp(flood)
    bench.define.comp(abs, -1)
    outcomes = bench.run(Processes(1, method), batch=2)
    text = outcomes["flood"].stdout
    assert text.startswith("first\nxxx")
    assert text.endswith("xxxlast\n")
    left_out = (100 << 20) + len("first\nlast\n") - KEPT
    assert f"[... {left_out} bytes left out ...]" in text
    assert len(text) < KEPT + 100
    assert outcomes["abs"].stdout is None


def test_closed_and_replaced_streams_reach_no_other_job(bench, place):
    def close_descriptors():
        import os

        os.close(1)
        os.close(2)
        os.open("/dev/null", os.O_WRONLY)

    def close_streams():
        import sys

        sys.stdout.close()
        sys.stderr.close()

    def replace():
        import io
        import sys

        sys.stdout = sys.stderr = io.StringIO()
        print("nowhere")

    def remove():
        import sys

        sys.stdout = None
        sys.stderr = 3

    def say():
        import os
        import sys

        print("here")
        print("there", file=sys.stderr)
        os.write(1, b"everywhere\n")

    for number, spoil in enumerate([close_descriptors, close_streams, replace, remove]):
        bench.define.comp(spoil)
        bench.define.comp(say, job_id=f"say-{number}")
    before = sys.stdout, sys.stderr
    outcomes = bench.run(place, batch=10)
    for number in range(4):
        outcome = outcomes[f"say-{number}"]
        assert (outcome.stdout, outcome.stderr) == ("here\neverywhere\n", "there\n")
    assert {outcome.state for outcome in outcomes.values()} == {AttemptState.DONE}
    assert (sys.stdout, sys.stderr) == before


def test_printing_to_a_closed_stream_is_that_jobs_failure(bench, place):
    def closes():
        import sys

        sys.stdout.close()
        print("too late")

    bench.define.comp(closes)
    assert "closed file" in bench.run(place)["closes"].cause


def test_a_job_reads_nothing_from_stdin(bench, method):
    def read():
        import sys

        return sys.stdin.read()

    bench.define.comp(os.read, 0, 10)
    assert bench.value(bench.run(Processes(1, method))["read"]) == b""


def test_without_capture_jobs_print_where_this_process_does(bench, method, capfd):
    bench.define.comp(os.write, 1, b"loud\n", job_id="say")
    bench.change(capture=False)
    outcome = bench.run(Processes(1, method))["say"]
    assert outcome.stdout is None
    assert capfd.readouterr().out == "loud\n"


def test_between_inline_jobs_this_process_prints_as_before(bench, capfd):
    bench.define.comp(lambda: print("kept"), job_id="say")
    executor = Inline()
    bench.start(executor)
    print("before")
    executor.submit(bench.tasks())
    (report,) = executor.wait(None)
    print("after")
    executor.close()
    assert report.outcome.stdout == "kept\n"
    assert capfd.readouterr().out == "before\nafter\n"


def test_a_folder_that_cant_be_written_to_does_not_matter(bench, tmp_path):
    bench.define.comp(lambda: print("kept"), job_id="say")
    bench.change(folder=tmp_path / "is" / "not" / "there")
    assert bench.run(Processes(1, "fork"))["say"].stdout == "kept\n"
