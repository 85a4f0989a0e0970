from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import nbclient  # noqa: F401 - here, so that not each worker imports it
import nbconvert  # noqa: F401
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests.pipegraph.defining import error_of, ran
from weft import pipegraph as ppg
from weft.pipegraph.notebook import NotebookInvariant, NotebookJob


@pytest.fixture(autouse=True)
def settings(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No kernel writes into the folders of the person who tests."""
    (home / "settings").mkdir()
    for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR"):
        monkeypatch.setenv(name, str(home / "settings" / name))


def notebook(*code: str, name: str = "a.ipynb", kernel: str = "python3") -> Path:
    """Write a notebook with a heading and cells of code."""
    kernelspec = {"name": kernel, "display_name": kernel, "language": "python"}
    cells = [new_markdown_cell("# Counts", id="head")]
    cells += [new_code_cell(one, id=f"cell{place}") for place, one in enumerate(code)]
    path = Path(name)
    path.parent.mkdir(exist_ok=True)
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernelspec}), path)
    return path


def executed(path: Path | str) -> list[str]:
    """What the cells of a notebook printed."""
    book: Any = nbformat.read(path, as_version=4)
    return [output.text for cell in book.cells for output in cell.get("outputs", ())]


def reads(content: str) -> ppg.FileGeneratingJob:
    """A job that makes a file which notebooks read."""
    return ppg.FileGeneratingJob("in/reads.txt", lambda path: path.write_text(content))


# -- runs ----------------------------------------------------------------------------------------


def test_it_runs_once_and_keeps_the_notebook_with_its_outputs_and_as_html(home: Path) -> None:
    notebook("import os", "print(6 * 7, os.getcwd())", name="sub/a.ipynb")
    before = Path("sub/a.ipynb").read_bytes()

    def define() -> None:
        job = NotebookJob("sub/a.ipynb")
        assert job.files == [
            Path("cache/notebooks/sub/a.html"),
            Path("cache/notebooks/sub/a.ipynb"),
        ]

    assert len(ran(define)) == 1
    assert executed("cache/notebooks/sub/a.ipynb") == [f"42 {home}\n"]
    assert "42" in Path("cache/notebooks/sub/a.html").read_text()
    assert Path("sub/a.ipynb").read_bytes() == before
    assert ran(define) == set()


def test_it_runs_again_when_a_cell_was_edited_and_not_when_it_was_run_by_hand() -> None:
    def define() -> None:
        NotebookJob("a.ipynb")

    notebook("print(1)")
    assert len(ran(define)) == 1
    book: Any = nbformat.read("a.ipynb", as_version=4)
    book.cells[1].outputs = [new_output("stream", text="1\n")]
    book.cells[1].execution_count = 3
    book.metadata["seen"] = True
    nbformat.write(book, "a.ipynb")
    assert ran(define) == set()
    notebook("print(2)")
    assert len(ran(define)) == 1
    assert executed("cache/notebooks/a.ipynb") == ["2\n"]


def test_it_depends_on_jobs_whose_files_it_names_also_on_those_defined_later() -> None:
    notebook("print(open('in/reads.txt').read())")

    def define(content: str, other: str) -> None:
        NotebookJob("a.ipynb")
        reads(content)
        ppg.FileGeneratingJob("eads.txt", lambda path: path.write_text(other))

    assert len(ran(lambda: define("aa", "x"))) == 3
    assert executed("cache/notebooks/a.ipynb") == ["aa\n"]
    assert ran(lambda: define("aa", "y")) == {"eads.txt"}
    assert len(ran(lambda: define("bb", "y"))) == 2
    assert executed("cache/notebooks/a.ipynb") == ["bb\n"]


def test_dependencies_are_not_looked_for_if_that_is_said() -> None:
    notebook("print(open('in/reads.txt').read())")
    with ppg.new_pipegraph(folder="out"):
        made = reads("aa")
        assert made not in NotebookJob("a.ipynb", auto_detect_dependencies=False).prerequisites


def test_inputs_and_outputs_can_be_declared() -> None:
    notebook(
        "text = open('in/reads.txt').read() + open('plain.txt').read()",
        "open('counts.txt', 'w').write(text.upper());",
    )
    Path("plain.txt").write_text("plain")

    def define() -> None:
        inputs = [reads("aa"), "plain.txt"]
        job = NotebookJob("a.ipynb", inputs, ["counts.txt"], "html")
        assert job.files == [Path("counts.txt"), Path("html/a.html")]

    assert "counts.txt:html/a.html" in ran(define)
    assert Path("counts.txt").read_text() == "AAPLAIN"
    assert Path("html/a.html").exists()
    Path("plain.txt").write_text("other")
    assert ran(define) == {"counts.txt:html/a.html"}
    assert Path("counts.txt").read_text() == "AAOTHER"


def test_the_name_of_a_file_that_a_job_makes_stands_for_the_job() -> None:
    notebook("1")
    with ppg.new_pipegraph(folder="out"):
        made = reads("aa")
        job = NotebookJob("a.ipynb", ["in/reads.txt"], [], "html")
        assert made in job.prerequisites


def test_a_notebook_may_be_made_by_a_job() -> None:
    def define(text: str) -> None:
        ppg.FileGeneratingJob("a.ipynb", lambda path: notebook(f"print({text!r})"))
        NotebookJob("a.ipynb")

    assert len(ran(lambda: define("one"))) == 2
    assert len(ran(lambda: define("two"))) == 2
    assert executed("cache/notebooks/a.ipynb") == ["two\n"]


# -- failures ------------------------------------------------------------------------------------


def test_a_cell_that_fails_is_named() -> None:
    notebook("x = 0", "# divide\n1 / x", "print(3)")
    error = error_of(lambda: NotebookJob("a.ipynb"))
    assert "Cell 3 of 'a.ipynb' failed: ZeroDivisionError: division by zero" in error
    assert "cell: # divide" in error
    assert "\x1b" not in error
    assert not Path("cache/notebooks/a.html").exists()


def test_a_kernel_that_does_not_exist_is_named() -> None:
    notebook("1", kernel="no-such-kernel")
    assert "There is no kernel 'no-such-kernel'" in error_of(lambda: NotebookJob("a.ipynb"))


def test_what_is_no_notebook_fails() -> None:
    Path("a.ipynb").write_text("print(1)")
    assert "'a.ipynb' can't be read as a notebook" in error_of(lambda: NotebookJob("a.ipynb"))


def test_a_notebook_that_does_not_exist_is_refused() -> None:
    with (
        ppg.new_pipegraph(folder="out"),
        pytest.raises(ppg.JobContractError, match=r"no notebook 'a\.ipynb'"),
    ):
        NotebookJob("a.ipynb")


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    notebook("1")
    monkeypatch.setitem(sys.modules, "nbconvert", None)
    assert 'pip install "weft[notebook]"' in error_of(lambda: NotebookJob("a.ipynb"))


# -- the invariant -------------------------------------------------------------------------------


def test_only_what_is_written_in_the_cells_counts() -> None:
    def define() -> None:
        job = ppg.FileGeneratingJob("copy", lambda path: path.write_text("x"))
        job.depends_on(NotebookInvariant("a.ipynb"))

    path = notebook("1")
    assert ran(define) == {"copy"}
    path.write_text(path.read_text().replace('"python3"', '"python4"'))
    assert ran(define) == set()
    notebook("1", "2")
    assert ran(define) == {"copy"}
    path.write_text("no notebook any more")
    assert ran(define) == {"copy"}
    path.unlink()
    with ppg.new_pipegraph(folder="out"), pytest.raises(ppg.JobContractError, match="no notebook"):
        define()


def test_an_edit_between_two_runs_of_one_pipegraph_counts() -> None:
    notebook("1")
    with ppg.new_pipegraph(folder="out", quiet=True):
        job = ppg.FileGeneratingJob("copy", lambda path: path.write_text("x"))
        job.depends_on(NotebookInvariant("a.ipynb"))
        ppg.run()
        ppg.run()
        assert not job.was_run
        notebook("2")
        ppg.run()
        assert job.was_run


def test_it_may_be_defined_again_just_as_before() -> None:
    notebook("1")
    with ppg.new_pipegraph(folder="out"):
        assert NotebookInvariant("a.ipynb") is NotebookInvariant("./a.ipynb")
        assert NotebookJob("a.ipynb") is NotebookJob("a.ipynb")
        with pytest.raises(ppg.JobContractError):
            ppg.FileGeneratingJob("a.ipynb", lambda path: None)


def test_importing_it_imports_nothing_of_jupyter() -> None:
    code = (
        "import sys, weft.pipegraph.notebook; "
        "print([name for name in ('nbformat', 'nbconvert', 'zmq') if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert told.stdout == b"[]\n"
