"""The examples, run as a user runs them: as scripts, in a folder of their own."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"
SOME_JOB_FAILED = 113
ELEVEN_IFS = "".join(f"        if n == {i}:\n            return {i}\n" for i in range(11))


class Runner:
    """Runs a copied example in a folder of its own."""

    def __init__(self, folder: Path, name: str):
        self.folder = folder
        self.script = folder / name
        shutil.copy(EXAMPLES / name, self.script)

    def __call__(self, *words, stdin="", code=0):
        done = subprocess.run(
            [sys.executable, self.script.name, *words],
            cwd=self.folder,
            env={**os.environ, "NO_COLOR": "1"},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def edit(self, before: str, after: str):
        source = self.script.read_text(encoding="utf-8")
        assert source.count(before) == 1
        self.script.write_text(source.replace(before, after), encoding="utf-8")


@pytest.fixture
def example(tmp_path):
    return lambda name: Runner(tmp_path, name)


def test_the_nine_chains_are_made_in_parallel_and_remembered(example):
    run = example("example.py")
    assert "27 ran" in run("parmake n=2")
    assert "Nothing to do" in run("make")


def test_an_edit_of_the_last_function_runs_only_the_last_jobs(example):
    run = example("example.py")
    run("parmake n=2")
    run.edit('return "#" * res2', 'return "*" * res2')
    assert "9 ran" in run("parmake n=2")


def test_the_last_steps_are_made_again_by_a_wildcard(example):
    run = example("example.py")
    run("make")
    assert "9 ran" in run("remake *draw*")


def test_the_example_without_commands_gives_a_prompt(example):
    run = example("example.py")
    said = run(stdin="make\nls\nexit\n")
    assert "27 ran" in said
    assert "1-4-funcA" in said


def test_what_can_be_completed_is_completed_and_failures_are_tried_again(example):
    run = example("example_fail.py")
    said = run("parmake n=2", code=SOME_JOB_FAILED)
    assert "26 ran, 24 done" in said
    assert "2 failed" in said
    assert "1 blocked" in said
    assert "The pen is empty." in said
    again = run("make", code=SOME_JOB_FAILED)
    assert "2 ran, 24 done" in again
    assert "2 failed" in again
    listed = run("ls failed")
    assert "1-4-funcB" in listed
    assert "3-6-draw" in listed
    assert "2-5-draw" not in listed


def test_the_tree_grows_and_only_new_branches_are_computed(example):
    run = example("example_dynamic.py")
    run("parmake n=2")
    assert "Nothing to do" in run("parmake n=2")
    assert "The sum is 978." in run("details show")


@pytest.fixture(scope="module")
def small_library(tmp_path_factory):
    """A source tree like that of the standard library, with broken files."""
    root = tmp_path_factory.mktemp("library")
    files = {
        "alone.py": "import os\n\ndef f(x):\n    return 1 if x else 2\n",
        "shop/__init__.py": "",
        "shop/till.py": "import sys\n\nclass Till:\n    def pay(self, n):\n" + ELEVEN_IFS,
        "shop/shelf.py": "def put(thing):\n    return [t for t in thing if t]\n",
        "test/good.py": "import unittest\n",
        "test/bad.py": "print 'two'\n",
        "test/tokenizedata/worse.py": "def (:\n",
        "test/tokenizedata/fine.py": "pass\n",
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.fixture
def survey(example, small_library, tmp_path):
    library = tmp_path / "library"
    shutil.copytree(small_library, library)
    run = example("stdlib_survey.py")
    return lambda *words, code=0: run(*words, "--root", str(library), code=code), run, library


def test_the_survey_reports_what_is_tolerated_and_fails_what_is_not(survey, tmp_path):
    make, _, _ = survey
    said = make("parmake n=2", code=SOME_JOB_FAILED)
    assert "measure-test.tokenizedata.worse" in said
    assert "1 failed" in said
    assert "2 blocked" in said
    page = (tmp_path / "report" / "report.html").read_text()
    assert "test.bad: SyntaxError" in page
    assert "shop.till.Till.pay" in page
    for name in ("sizes", "complexity", "imports"):
        assert (tmp_path / "report" / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_an_edit_of_the_threshold_parses_no_file_again(survey, tmp_path):
    make, run, _ = survey
    make("parmake n=2", code=SOME_JOB_FAILED)
    run.edit("TOO_COMPLEX = 10\n", "TOO_COMPLEX = 12\n")
    assert "will run" in make("why survey")
    said = make("parmake n=2", code=SOME_JOB_FAILED)
    # The generator, three verdicts, the figure of complexity and the report.
    assert "7 ran" in said
    assert "TOO_COMPLEX changed" in make("why survey")
    assert "ran in the last run" in make("why complex-shop")
    assert "fresh" in make("why summary-shop")


def test_an_edit_of_a_surveyed_file_runs_what_depends_on_it(survey, tmp_path):
    make, _, library = survey
    make("parmake n=2", code=SOME_JOB_FAILED)
    (library / "shop" / "shelf.py").write_text("def put(thing):\n    return list(thing)\n")
    said = make("parmake n=2", code=SOME_JOB_FAILED)
    # The file, its package's verdict, the figure of complexity and the report; the package's
    # summary runs and comes out the same, so the two figures of sums do not.
    assert "6 ran" in said


def test_a_removed_report_is_written_again(survey, tmp_path):
    make, _, _ = survey
    make("parmake n=2", code=SOME_JOB_FAILED)
    page = tmp_path / "report" / "report.html"
    page.unlink()
    assert "2 ran" in make("parmake n=2", code=SOME_JOB_FAILED)
    assert page.exists()


def test_the_demo_tells_its_story_and_ends_well(tmp_path):
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "demo.py"), "--only", "json,test", "--workers", "2"]
        if (Path(os.__file__).parent / "test" / "tokenizedata").is_dir()
        else [sys.executable, str(EXAMPLES / "demo.py"), "--only", "json", "--workers", "2"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "TOO_COMPLEX" in done.stdout
    assert re.findall(r"(\d+) ran", done.stdout)[-1] == "4", "only what failed"
    assert (tmp_path / "out-demo" / "report" / "report.html").exists()
