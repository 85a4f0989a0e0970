from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pipegraph.defining import error_of, ran, run
from weft import pipegraph as ppg
from weft.pipegraph.external import ExternalJob, ExternalOutputPath, ExternalRun, ShellJob


def runs(define: Callable[[], object]) -> bool:
    """Whether the one external job ran, and did well."""
    return any("cmd.txt" in name for name in ran(define))


def text(name: str) -> str:
    return Path(name).read_text()


# -- what is kept --------------------------------------------------------------------------------


def test_output_return_code_and_command_line_are_kept() -> None:
    assert runs(lambda: ExternalJob("x", {}, ["sh", "-c", "echo out; echo err >&2", "a b"]))
    assert text("x/stdout.txt") == "out\n"
    assert text("x/stderr.txt") == "err\n"
    assert text("x/return_code.txt") == "0"
    assert text("x/cmd.txt") == "sh -c 'echo out; echo err >&2' 'a b'\n"


def test_it_runs_once() -> None:
    def define() -> None:
        ExternalJob("x", {"a": "a.txt"}, ["cp", "/dev/null", "a.txt"])

    assert runs(define)
    assert not runs(define)


def test_it_runs_in_its_folder_and_finds_its_files_by_key() -> None:
    def define() -> None:
        job = ExternalJob("x", {"a": "sub/../a.txt"}, ["sh", "-c", "pwd > a.txt"])
        assert job.files["a"] == Path("x/a.txt")
        assert job.output_path == Path("x")
        assert job["a"].path == Path("x/a.txt")

    assert runs(define)
    assert text("x/a.txt") == f"{Path('x').resolve()}\n"


def test_another_folder_can_be_given() -> None:
    Path("there").mkdir()
    assert runs(lambda: ExternalJob("x", {}, ["pwd"], cwd="there"))
    assert text("x/stdout.txt") == f"{Path('there').resolve()}\n"


def test_jobs_may_share_a_folder_by_a_prefix() -> None:
    def define() -> None:
        for name in ("a", "b"):
            ExternalJob("x", {}, ["echo", name], std_prefix=f"{name}-")

    run(define)
    assert (text("x/a-stdout.txt"), text("x/b-stdout.txt")) == ("a\n", "b\n")


def test_variables_are_set_besides_those_that_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLD", "old")
    line = ["sh", "-c", "echo $OLD $NEW"]
    assert runs(lambda: ExternalJob("x", {}, line, env={"NEW": "new"}))
    assert text("x/stdout.txt") == "old new\n"
    assert runs(lambda: ExternalJob("x", {}, line, env={"NEW": "newer"}))


def test_it_reads_nothing_from_the_terminal() -> None:
    assert runs(lambda: ExternalJob("x", {}, ["cat"]))
    assert text("x/stdout.txt") == ""


# -- what is run ---------------------------------------------------------------------------------


def test_another_command_line_runs_again() -> None:
    assert runs(lambda: ExternalJob("x", {}, ["echo", 1]))
    assert not runs(lambda: ExternalJob("x", {}, ["echo", 1]))
    assert runs(lambda: ExternalJob("x", {}, ["echo", 2]))


def test_another_version_of_the_program_does_not_run_again() -> None:
    def install(version: int) -> None:
        Path("tool").write_text(f"#!/bin/sh\necho {version}\n")
        Path("tool").chmod(0o755)

    def define() -> None:
        ExternalJob("x", {}, [Path("tool")])

    install(1)
    assert runs(define)
    install(2)
    assert not runs(define)
    assert text("x/stdout.txt") == "1\n"


def test_a_function_gives_the_command_line_when_the_job_runs() -> None:
    def define() -> None:
        names = ppg.FileGeneratingJob("names", lambda path: path.write_text("ann bob"))
        job = ExternalJob("x", {}, lambda: ["echo", *text("names").split()])
        job.depends_on(names)

    assert runs(define)
    assert text("x/stdout.txt") == "ann bob\n"
    assert not runs(define)


def test_the_code_of_a_function_that_gives_the_command_line_counts() -> None:
    assert runs(lambda: ExternalJob("x", {}, lambda: ["echo", "1"]))
    assert not runs(lambda: ExternalJob("x", {}, lambda: ["echo", "1"]))
    assert runs(lambda: ExternalJob("x", {}, lambda: ["echo", "2"]))


def test_a_job_in_the_command_line_stands_for_its_file_and_is_a_dependency() -> None:
    def define(content: str) -> None:
        one = ppg.FileGeneratingJob("in/one", lambda path: path.write_text(content))
        more = ppg.MultiFileGeneratingJob(
            ["in/b", "in/a"], lambda paths: [path.write_text(path.name) for path in paths]
        )
        ExternalJob("x", {}, ["cat", one, more])

    assert runs(lambda: define("1"))
    assert text("x/stdout.txt") == "1ba"
    assert not runs(lambda: define("1"))
    assert runs(lambda: define("2"))
    assert text("x/stdout.txt") == "2ba"


def test_a_path_counts_from_where_the_script_runs_and_a_text_goes_as_it_is(home: Path) -> None:
    target = ExternalOutputPath() / "sub" / "a.txt"
    assert runs(lambda: ExternalJob("x", {}, ["echo", Path("a.txt"), "a.txt", target]))
    assert text("x/stdout.txt") == f"{home}/a.txt a.txt {home}/x/sub/a.txt\n"


def test_a_value_of_comp_goes_into_the_command_line() -> None:
    def define() -> None:
        pipegraph = ppg.new_pipegraph(folder="out2", quiet=True, interactive=False)
        with pipegraph:
            ExternalJob("x", {}, ["echo", pipegraph.context.comp(sum, [1, 2])])
            ppg.run()

    define()
    assert text("x/stdout.txt") == "3\n"


@pytest.mark.parametrize("line", ["echo 1", [], [None], 3, {"echo": 1}])
def test_what_is_no_command_line_is_refused_at_definition(line: object) -> None:
    with ppg.new_pipegraph(folder="out"), pytest.raises(ppg.JobContractError):
        ExternalJob("x", {}, line)  # type: ignore[arg-type]


def test_a_job_that_makes_no_file_can_not_stand_in_a_command_line() -> None:
    with ppg.new_pipegraph(folder="out"):
        load = ppg.DataLoadingJob("load", lambda: None)
        with pytest.raises(ppg.JobContractError, match="jobs that make files"):
            ExternalJob("x", {}, ["cat", load])


def test_a_function_that_gives_no_command_line_fails() -> None:
    assert "no command line" in error_of(lambda: ExternalJob("x", {}, lambda: "echo 1"))


# -- before and after ----------------------------------------------------------------------------


def test_functions_are_called_before_and_after() -> None:
    def before(job: ExternalRun) -> None:
        (job.output_path / "in.txt").write_text("in")

    def after(job: ExternalRun) -> None:
        job.files["out"].write_text(f"{job.return_code} {job.files['stdout'].read_text()}")

    def define() -> None:
        ExternalJob(
            "x", {"out": "out.txt"}, ["cat", "in.txt"], call_before=before, call_after=after
        )

    assert runs(define)
    assert text("x/out.txt") == "0 in"


def test_functions_before_and_after_may_take_nothing() -> None:
    def before() -> None:
        Path("x/in.txt").write_text("in")

    assert runs(lambda: ExternalJob("x", {}, ["cat", "in.txt"], call_before=before))
    assert text("x/stdout.txt") == "in"


def test_the_code_of_functions_before_and_after_counts() -> None:
    def define(after: Callable[[], object]) -> None:
        ExternalJob("x", {}, ["true"], call_after=after)

    assert runs(lambda: define(lambda: 1))
    assert not runs(lambda: define(lambda: 1))
    assert runs(lambda: define(lambda: 2))


def test_it_may_be_defined_again_just_as_before_and_no_other_way() -> None:
    def define(command: object, after: Callable[[], object]) -> ExternalJob:
        return ExternalJob("x", {}, command, call_after=after)  # type: ignore[arg-type]

    with ppg.new_pipegraph(folder="out"):
        job = define(["true"], lambda: 1)
        assert define(["true"], lambda: 1) is job
        for other in (["false"], lambda: ["true"]):
            with pytest.raises(ppg.JobRedefinitionError):
                define(other, lambda: 1)
        with pytest.raises(ppg.JobRedefinitionError, match="call_before or call_after"):
            define(["true"], lambda: 2)


# -- temporary files -----------------------------------------------------------------------------


def test_its_files_can_be_temporary() -> None:
    def define() -> None:
        job = ExternalJob(
            "x",
            {"a": "a.txt"},
            ["sh", "-c", "echo 1 > a.txt"],
            job_cls=ppg.MultiTempFileGeneratingJob,
        )
        ppg.FileGeneratingJob("b", lambda path: path.write_text(text("x/a.txt"))).depends_on(job)

    assert runs(define)
    assert text("b") == "1\n"
    assert not Path("x/a.txt").exists()


def test_only_the_file_that_is_depended_on_counts() -> None:
    def define(noise: str) -> None:
        job = ExternalJob("x", {"a": "a.txt"}, ["sh", "-c", f"echo 1 > a.txt; echo {noise}"])
        copy = ppg.FileGeneratingJob("b", lambda path: path.write_text(text("x/a.txt")))
        copy.depends_on(job["a"])

    assert "b" in ran(lambda: define("x"))
    assert "b" not in ran(lambda: define("y"))


def test_another_class_of_job_is_refused() -> None:
    with ppg.new_pipegraph(folder="out"), pytest.raises(ppg.JobContractError, match="job_cls"):
        ExternalJob("x", {}, ["true"], job_cls=ppg.TempFileGeneratingJob)  # type: ignore[arg-type]


def test_a_key_of_its_own_files_is_refused() -> None:
    with ppg.new_pipegraph(folder="out"), pytest.raises(ppg.JobContractError, match="'stdout'"):
        ExternalJob("x", {"stdout": "a"}, ["true"])


# -- failures ------------------------------------------------------------------------------------


def test_a_return_code_that_is_not_allowed_fails_and_shows_the_end_of_stderr() -> None:
    line = ["sh", "-c", "for i in $(seq 20); do echo line $i >&2; done; exit 3"]
    error = error_of(lambda: ExternalJob("x", {}, line))
    assert "'sh' returned 3; allowed is 0." in error
    assert "line 20" in error
    assert "line 10\n" not in error
    assert not Path("x/stdout.txt").exists()
    assert text("x/stderr.txt.broken").startswith("line 1\n")
    assert text("x/return_code.txt.broken") == "3"


def test_other_return_codes_can_be_allowed() -> None:
    line = ["sh", "-c", "exit 3"]
    assert runs(lambda: ExternalJob("x", {}, line, allowed_return_codes=[0, 3]))
    assert text("x/return_code.txt") == "3"
    assert "allowed is 0." in error_of(lambda: ExternalJob("x", {}, line))


def test_a_signal_is_named() -> None:
    line = ["sh", "-c", "kill -9 $$"]
    assert "was killed by SIGKILL" in error_of(lambda: ExternalJob("x", {}, line))


def test_a_program_that_does_not_exist_is_named() -> None:
    assert "There is no program 'no-such-program'." in error_of(
        lambda: ExternalJob("x", {}, ["no-such-program", "a"])
    )


def test_a_file_that_can_not_be_run_says_so() -> None:
    Path("tool").write_text("#!/bin/sh\n")
    assert "chmod +x" in error_of(lambda: ExternalJob("x", {}, [Path("tool")]))


def test_a_missing_folder_is_named() -> None:
    assert "no folder 'there'" in error_of(lambda: ExternalJob("x", {}, ["pwd"], cwd="there"))


def test_a_file_that_was_not_made_fails_with_what_the_program_said() -> None:
    line = ["sh", "-c", "echo nothing to do >&2"]
    error = error_of(lambda: ExternalJob("x", {"a": "a.txt"}, line))
    assert "'sh' did not make 'x/a.txt'." in error
    assert "nothing to do" in error


# -- scripts -------------------------------------------------------------------------------------


def test_a_script_is_written_kept_and_run() -> None:
    def define(last: str = "wc -l < numbers > n.txt") -> None:
        ShellJob(
            "x",
            {"n": "n.txt"},
            f"""
            #!/bin/sh
            set -e
            if true; then
                seq 7 > numbers
            fi
            {last}
            """,
        )

    assert runs(define)
    assert text("x/n.txt").strip() == "7"
    assert text("x/script").startswith("#!/bin/sh\nset -e\nif true; then\n    seq")
    assert not runs(define)
    assert runs(lambda: define("echo 8 > n.txt"))


def test_any_program_may_read_the_script() -> None:
    script = f"#!{sys.executable}\nprint(6 * 7)"
    assert runs(lambda: ShellJob("x", {}, script, std_prefix="answer-"))
    assert text("x/answer-stdout.txt") == "42\n"
    assert text("x/answer-script") == script + "\n"


def test_a_function_may_give_the_script() -> None:
    assert runs(lambda: ShellJob("x", {}, lambda: "#!/bin/sh\necho 1"))
    assert text("x/stdout.txt") == "1\n"
    assert "does not say what reads it" in error_of(lambda: ShellJob("x", {}, lambda: "echo 1"))


@pytest.mark.parametrize("script", ["echo 1", "", ["echo"]])
def test_what_is_no_script_is_refused_at_definition(script: object) -> None:
    with ppg.new_pipegraph(folder="out"), pytest.raises(ppg.JobContractError, match="#!/bin/sh"):
        ShellJob("x", {}, script)  # type: ignore[arg-type]


def test_a_script_for_which_there_is_no_program_says_so() -> None:
    assert "first line" in error_of(lambda: ShellJob("x", {}, "#!/no/such/program\n"))


# -- the end of a run ----------------------------------------------------------------------------

SCRIPT = """
from weft import pipegraph as ppg
from weft.pipegraph.external import ExternalJob

ppg.new_pipegraph(folder="out", quiet=True, interactive=False)
line = ["sh", "-c", "exec 3>../pipe; echo running >&3; exec sleep 1000"]
ExternalJob("x", {{}}, line, start_new_session={alone})
ppg.run()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="a dead parent is noticed on Linux only")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("alone", [False, True])
def test_the_program_ends_when_the_run_does(number: signal.Signals, alone: bool) -> None:
    os.mkfifo("pipe")
    script = subprocess.Popen(
        [sys.executable, "-c", SCRIPT.format(alone=alone)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    with Path("pipe").open() as pipe:
        assert pipe.readline() == "running\n"
        script.send_signal(number)
        assert pipe.read() == ""  # all that held it open have ended
    script.wait()
    assert not Path("x/cmd.txt").exists() or number == signal.SIGKILL


def test_the_path_of_a_file_that_a_job_makes_is_a_dependency(graph):
    source = ppg.FileGeneratingJob("words", lambda path: path.write_text("b\na\n"))
    job = ppg.ExternalJob("sorted", {}, ["sort", Path("words")])
    assert job.is_in_dependency_chain(source)
    ppg.run()
    assert Path("sorted/stdout.txt").read_text() == "a\nb\n"
