"""Jobs run from their folder alone, after the script is gone or somewhere else."""

import shutil
from pathlib import Path

import pytest

from tests.scenarios.project import Project, Ran

STEPS = """
from dataclasses import dataclass
from saying import say

@dataclass
class Scale:
    by: int

def load(n):
    say(f"load-{n}")
    return list(range(n))

def fit(data, scale, *, plus=0):
    say("fit")
    return sum(data) * scale.by + plus

def report(number):
    say("report")
    return f"<{number}>"

def piece(n):
    say(f"piece-{n}")
    return n

def pieces(context, n):
    say("pieces")
    return [context.comp(piece, i) for i in range(n)]

def total(numbers):
    say("total")
    return sum(numbers)

class Model:
    def __init__(self, factor):
        self.factor = factor
    def apply(self, number):
        say("apply")
        return number * self.factor
"""
SCRIPT = """
import weft
import steps

if __name__ == "__main__":
    context = weft.Context("out")
    data = context.comp(steps.load, 3)
    fitted = context.comp(steps.fit, data, steps.Scale(2), plus=1)
    context.comp(steps.report, fitted)
    context.comp(steps.total, context.comp_dynamic(steps.pieces, 2))
    context.comp(steps.Model(3).apply, fitted)
    context.main()
"""
ALL = ["apply", "fit", "load-3", "piece-0", "piece-1", "pieces", "report", "total"]


def weft(project: Project, commands: str, folder: str = "out", **environment: str) -> Ran:
    return project.call("-m", "weft", folder, "-c", commands, **environment)


def states(project: Project) -> str:
    return weft(project, "ls").stdout


@pytest.fixture
def made(project: Project) -> Project:
    """Made once, and the script deleted."""
    project.write(steps=STEPS, script=SCRIPT)
    ran = project.run("make")
    assert ran.jobs == ALL, ran.stderr
    (project.folder / "script.py").unlink()
    return project


def test_nothing_runs_while_nothing_changed(made: Project) -> None:
    ran = weft(made, "make")
    assert (ran.code, ran.jobs) == (0, []), ran.stderr
    assert "Nothing to do: 8 jobs are fresh." in ran.stdout


@pytest.mark.parametrize(
    ("old", "new", "jobs"),
    [
        ("by + plus", "by - plus", ["apply", "fit", "report"]),
        ("list(range(n))", "list(range(0, n))", ["load-3"]),
        ('"<{number}>"', '"({number})"', ["report"]),
        ("number * self.factor", "self.factor * number", ["apply"]),
        ("    return n\n", "    return n * 2\n", ["piece-0", "piece-1", "pieces", "total"]),
        ("    by: int", "    by: int\n    more: int = 0", ["fit"]),
        ("    return sum(numbers)", "    # a comment\n    return sum(numbers)", []),
    ],
)
def test_an_edit_runs_what_it_would_run_with_the_script(
    made: Project, old: str, new: str, jobs: list[str]
) -> None:
    made.edit("steps", old, new)
    ran = weft(made, "parmake n=2")
    assert (ran.code, ran.jobs) == (0, jobs), ran.stderr
    assert weft(made, "make").jobs == []
    (made.folder / "script.py").write_text(SCRIPT)
    assert made.run("make").jobs == []


@pytest.mark.parametrize("executor", ["executor=inline", "executor=processes", "n=2"])
def test_all_can_be_made_anew(made: Project, executor: str) -> None:
    ran = weft(made, f"clean all; make {executor}")
    assert (ran.code, ran.jobs) == (0, ALL), ran.stderr


def test_fresh_interpreters_find_the_modules(made: Project) -> None:
    threads = (
        "import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()\n"
        "import sys; sys.argv = ['weft', 'out', '-c', 'clean all; make n=2']\n"
        "import weft.cli; weft.cli.main()\n"
    )
    ran = made.call("-c", threads)
    assert (ran.code, ran.jobs) == (0, ALL), ran.stderr


def test_it_works_from_another_folder(
    made: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    out = str(made.folder / "out")
    ran = made.call("-m", "weft", out, "-c", "clean all; make", cwd=elsewhere)
    assert (ran.code, ran.jobs) == (0, ALL), ran.stderr


def test_a_project_that_was_copied_uses_its_own_modules(
    made: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    copy = tmp_path_factory.mktemp("copy") / "project"
    shutil.copytree(made.folder, copy)
    other = Project(copy)
    other.edit("steps", "by + plus", "by - plus")
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    ran = other.call("-m", "weft", str(copy / "out"), "-c", "make", cwd=elsewhere)
    assert (ran.code, ran.jobs) == (0, ["apply", "fit", "report"]), ran.stderr
    assert weft(made, "make").jobs == []


def test_the_modules_beside_a_script_in_another_folder_are_found(project: Project) -> None:
    project.write(scripts__steps=STEPS, scripts__saying=_text(project, "saying.py"))
    project.write(scripts__script=SCRIPT)
    assert project.call("scripts/script.py", "make").jobs == ALL
    (project.folder / "scripts" / "script.py").unlink()
    ran = weft(project, "clean all; make")
    assert (ran.code, ran.jobs) == (0, ALL), ran.stderr


def test_the_modules_of_a_script_run_as_a_module_are_found(project: Project) -> None:
    project.write(package____init__="", package__steps=STEPS)
    project.write(package__script=SCRIPT.replace("import steps", "from package import steps"))
    assert project.call("-m", "package.script", "make").jobs == ALL
    ran = weft(project, "clean all; make")
    assert (ran.code, ran.jobs) == (0, ALL), ran.stderr


def _text(project: Project, name: str) -> str:
    return (project.folder / name).read_text()


# -- what can't run --------------------------------------------------------------------------

MIXED = """
import weft
import steps
from saying import say

def own(number):
    say("own")
    return number

def after(number):
    return number

class Own:
    pass

def generate(context):
    return [context.comp(steps.piece, 7), context.comp(own, 8), context.comp(lambda: 9)]

if __name__ == "__main__":
    context = weft.Context("out")
    number = context.comp(own, 1)
    context.comp(steps.report, number)
    context.comp(steps.load, 2)
    context.comp(lambda: 1)
    context.comp(steps.report, Own(), job_id="of own class")
    context.comp(steps.report, b"x" * 100_000, job_id="large")
    context.comp(steps.report, [b"x" * 100_000], job_id="large-1")
    context.comp_dynamic(generate)
    context.main()
"""


@pytest.fixture
def mixed(project: Project) -> Project:
    project.write(steps=STEPS, script=MIXED)
    assert project.run("make").code == 0
    return project


def test_only_what_must_run_is_refused(mixed: Project) -> None:
    ran = weft(mixed, "make")
    assert (ran.code, ran.jobs) == (0, []), ran.stderr
    ran = weft(mixed, "invalidate load; make")
    assert (ran.code, ran.jobs) == (0, ["load-2"]), ran.stderr


def test_what_can_run_does_and_the_rest_is_named_with_the_reason(mixed: Project) -> None:
    ran = weft(mixed, "clean not generated; make")
    assert ran.code == 113
    assert ran.jobs == ["load-2"]
    assert "own, lambda, of own class and 1 more: defined in the script itself" in ran.stderr
    assert "large, large-1: arguments too large to be kept" in ran.stderr
    assert "Run the script that defines them: python script.py make" in ran.stderr


def test_refusals_hide_no_earlier_failure(project: Project) -> None:
    project.write(steps=STEPS, script=MIXED.replace('    say("own")\n', "    1 / 0\n"))
    assert project.run("make").code == 113
    assert weft(project, "make").code == 113
    ran = weft(project, "why own")
    assert "ZeroDivisionError" in ran.stdout


def test_generated_jobs_run_where_their_code_can_be_imported(mixed: Project) -> None:
    ran = weft(mixed, "invalidate generate-piece; make")
    assert (ran.code, ran.jobs) == (0, ["piece-7"]), ran.stderr
    ran = weft(mixed, "invalidate generate-own; make")
    assert ran.code == 113
    assert "generate-own: defined in the script itself" in ran.stderr
    assert "1 ran" in weft(mixed, "invalidate generate-lambda; make generate-lambda").stdout


def test_a_generated_job_is_not_run_with_other_code_than_it_was_defined_with(
    mixed: Project,
) -> None:
    mixed.edit("steps", "    return n\n", "    return n * 2\n")
    ran = weft(mixed, "invalidate generate-piece; make")
    assert (ran.code, ran.jobs) == (113, [])
    assert "its code changed since generate defined it" in ran.stderr


def test_a_job_without_arguments_is_refused_when_its_code_changed(mixed: Project) -> None:
    mixed.edit("steps", '"<{number}>"', '"({number})"')
    ran = weft(mixed, "make")
    assert (ran.code, ran.jobs) == (113, ["report"])
    assert "large, large-1: arguments too large to be kept" in ran.stderr
    assert "large" in states(mixed)
    assert mixed.run("make").jobs == ["report", "report", "report"]


def test_a_module_that_is_gone_is_named(made: Project) -> None:
    (made.folder / "steps.py").unlink()
    assert weft(made, "make").code == 0
    ran = weft(made, "invalidate load; make")
    assert ran.code == 113
    assert "load: module not found: steps" in ran.stderr
    assert "script.py is not there any more" in ran.stderr


def test_a_function_that_is_gone_is_named(made: Project) -> None:
    made.edit("steps", "def load(", "def load_all(")
    ran = weft(made, "invalidate load; make")
    assert ran.code == 113
    assert "load: steps has no load any more" in ran.stderr


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("raise ValueError('not today')", "ValueError: not today"),
        ("import nothing_of_this_name", "No module named 'nothing_of_this_name'"),
        ("def broken(:", "SyntaxError"),
        ("raise SystemExit(3)", "SystemExit"),
    ],
)
def test_a_module_that_fails_is_shown_with_its_traceback(
    made: Project, line: str, told: str
) -> None:
    path = made.folder / "steps.py"
    path.write_text(f"{line}\n{STEPS}")
    ran = weft(made, "invalidate load; make")
    assert ran.code == 113
    assert "importing steps failed:" in ran.stderr
    assert told in ran.stderr
    assert "steps.py" in ran.stderr
    assert "bug of Weft" not in ran.stderr


def test_options_survive(project: Project) -> None:
    project.write(
        flaky="""
from pathlib import Path
from saying import say

class Odd(Exception):
    pass

def work(path):
    say("work")
    with open(path, "a") as file:
        file.write("x")
    if len(Path(path).read_text()) < 3:
        raise Odd
    return 1
""",
        script="""
import weft, flaky
if __name__ == "__main__":
    context = weft.Context("out")
    context.options(retries=2, retry_on=flaky.Odd, tags="night", timeout=30).comp(
        flaky.work, "tries"
    )
    context.main()
""",
    )
    assert project.run("ls").code == 0
    project.run("invalidate all")
    ran = weft(project, "ls tag:night; make tag:night")
    assert (ran.code, ran.jobs) == (0, ["work"] * 3), ran.stderr
    assert "work" in ran.stdout


def test_looking_imports_nothing_of_the_users(made: Project) -> None:
    path = made.folder / "steps.py"
    path.write_text("raise RuntimeError('imported')\n")
    ran = weft(made, "ls; why; details load; stats")
    assert ran.code == 0, ran.stderr
    assert "imported" not in ran.stdout + ran.stderr


def test_the_dry_run_says_what_would_run_and_what_cannot(mixed: Project) -> None:
    weft(mixed, "invalidate load own")
    ran = weft(mixed, "make dry_run=1")
    assert (ran.code, ran.jobs) == (0, []), ran.stderr
    assert "load" in ran.stdout
    assert "can't run here: defined in the script itself" in ran.stdout


def test_a_prompt_that_stayed_open_takes_the_jobs_that_the_script_defined_meanwhile(
    made: Project,
) -> None:
    opened = (
        "import subprocess, sys; from weft.context import Context\n"
        "context = Context.remembered('out')\n"
        "subprocess.run([sys.executable, 'script.py', 'make'], check=True)\n"
        "context.make(executor='inline')\n"
        "print(sorted(context.graph.jobs))\n"
    )
    made.write(script=SCRIPT.replace("context.main", 'context.comp(len, "ab"); context.main'))
    ran = made.call("-c", opened)
    assert ran.code == 0, ran.stderr
    assert "'len'" in ran.stdout
    assert "len" in states(made)


def test_a_delete_keeps_what_the_other_jobs_need(made: Project) -> None:
    assert weft(made, "delete report").code == 0
    ran = weft(made, "clean all; make")
    assert (ran.code, ran.jobs) == (0, [job for job in ALL if job != "report"]), ran.stderr


def test_a_folder_of_an_older_weft_is_read_and_says_what_it_lacks(made: Project) -> None:
    shorten = (
        "import pickle, sqlite3\n"
        "with sqlite3.connect('out/weft.db') as db:\n"
        "    commands = pickle.loads(db.execute('SELECT commands FROM script').fetchone()[0])\n"
        "    old = pickle.dumps([entry[:3] for entry in commands])\n"
        "    db.execute('UPDATE script SET commands = ?', (old,))\n"
        "    db.execute('DELETE FROM setting')\n"
        "db.close()\n"
    )
    assert made.call("-c", shorten).code == 0
    assert weft(made, "make").code == 0
    ran = weft(made, "invalidate load; make")
    assert ran.code == 113
    assert "load: the Weft that defined it did not keep its call" in ran.stderr
    assert "Run the program that defines them" in ran.stderr


def test_the_script_is_named_from_where_one_is(mixed: Project, tmp_path: Path) -> None:
    below = mixed.folder / "below"
    below.mkdir()
    ran = mixed.call("-m", "weft", "../out", "-c", "invalidate own; make", cwd=below)
    assert f"python {mixed.folder / 'script.py'} make" in ran.stderr
