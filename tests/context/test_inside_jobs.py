"""What a job may not do with its own context: make it, or define jobs in it."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import weft

PLACES = ["inline", "processes"]
"""Where a job can hold its context; it does not travel."""


def executor_of(place: str):
    return ThreadPoolExecutor(1) if place == "threads" else place


def errors(context: weft.Context, place: str) -> None:
    """Make, which fails, and say why."""
    with pytest.raises(weft.MakeFailed):
        context.make(executor=executor_of(place))
    context.batch_command("why failed")


@pytest.mark.parametrize("place", PLACES)
def test_a_job_that_makes_its_own_context_is_refused_at_once(tmp_path: Path, place, capsys):
    context = weft.Context(tmp_path / "out")

    def make_all():
        context.make()

    context.comp(make_all)
    errors(context, place)
    assert "can't make its own context" in capsys.readouterr().out


@pytest.mark.parametrize("place", [*PLACES, "threads"])
def test_another_context_of_the_same_folder_is_refused_too(tmp_path: Path, place, capsys):
    folder = tmp_path / "out"
    context = weft.Context(folder)

    def make_again():
        other = weft.Context(folder)
        other.comp(abs, -1)
        other.make()

    context.comp(make_again)
    errors(context, place)
    assert "can't make its own context" in capsys.readouterr().out


def test_a_job_may_make_another_context(tmp_path: Path):
    context = weft.Context(tmp_path / "out")
    other = str(tmp_path / "other")

    def make_other():
        inner = weft.Context(other)
        promise = inner.comp(abs, -3)
        inner.make()
        return inner.result(promise)

    promise = context.comp(make_other)
    context.make()
    assert context.result(promise) == 3


def test_a_program_that_a_job_starts_is_refused_too(tmp_path: Path):
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(
            """
            import subprocess, sys
            import weft

            def again():
                command = [sys.executable, __file__, "make"]
                return subprocess.run(command, capture_output=True, text=True).stderr

            if __name__ == "__main__":
                context = weft.Context("out")
                promise = context.comp(again)
                if len(sys.argv) > 1:
                    context.main()
                context.make()
                print(context.result(promise))
            """
        )
    )
    done = subprocess.run(
        [sys.executable, script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "can't make its own context" in done.stdout


@pytest.mark.parametrize("place", PLACES)
def test_a_job_that_is_defined_in_a_plain_job_is_refused(tmp_path: Path, place, capsys):
    context = weft.Context(tmp_path / "out")

    def more(count):
        for number in range(count):
            context.comp(abs, number)

    context.comp(more, 3)
    errors(context, place)
    assert "comp_dynamic" in capsys.readouterr().out
    assert "more" in context.graph.jobs
    assert len(context.graph) == 1


def test_jobs_can_be_defined_again_when_the_run_is_over(tmp_path: Path):
    context = weft.Context(tmp_path / "out")
    context.comp(abs, -1)
    context.make(executor="inline")
    promise = context.comp(abs, -2)
    context.make(executor="inline")
    assert context.result(promise) == 2


def test_strict_in_the_settings_counts(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "weft.toml").write_text("strict = true\n")
    import socket

    link = socket.socket()

    def job():
        return link

    with pytest.raises(weft.UserError, match="link"):
        weft.Context("out").comp(job)
    with pytest.warns(weft.FingerprintWarning):
        weft.Context("out", strict=False).comp(job)
    link.close()
