"""What notebooks show, and how cells of a plain IPython are told apart."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

import weft
from weft.console.notebook import notebook
from weft.console.notebook.cells import cell_key
from weft.console.notebook.notebook import NotebookReporter, Told, context_html, run_html
from weft.console.progress.status import JobProgress, Progress
from weft.graph.redefinition import ANONYMOUS


@pytest.fixture
def context(tmp_path):
    return weft.Context(tmp_path / "out <b>")


def divide(x):
    print("dividing", x)
    return 1 / x


# -- a context ---------------------------------------------------------------------------------


def test_a_context_without_a_store_shows_its_jobs_and_writes_nothing(context):
    context.comp(divide, 1)
    page = context._repr_html_()
    assert "1 job " in page
    assert "1&nbsp;ready" in page
    assert not context.folder.exists()


def test_a_context_shows_states_with_glyphs_and_why_jobs_failed(context):
    for x in (0, 1, 2):
        context.comp(divide, x)
    with pytest.raises(weft.MakeFailed):
        context.make(executor="inline")
    page = context_html(context)
    assert "✓</span>&nbsp;2&nbsp;done" in page
    assert "✗</span>&nbsp;1&nbsp;failed" in page
    assert "<code>divide</code> ZeroDivisionError: division by zero" in page
    assert "out &lt;b&gt;" in page


def test_ten_failed_jobs_are_listed_and_the_rest_is_counted(context):
    for _ in range(13):
        context.comp(divide, 0)
    with pytest.raises(weft.MakeFailed):
        context.make(executor="inline")
    page = context_html(context)
    assert page.count("ZeroDivisionError") == 10
    assert "and 3 more failed" in page


def test_a_broken_store_is_shown_by_its_error(context):
    context.comp(divide, 1)
    context.make(executor="inline")
    (context.folder / "weft.db").write_bytes(b"no database" * 1000)
    page = context_html(context)
    assert "✗" in page
    assert "out &lt;b&gt;" in page


def test_many_jobs_are_only_counted(context, monkeypatch):
    monkeypatch.setattr(notebook, "SURVEYED_JOBS", 3)
    for x in range(4):
        context.comp(divide, x)
    assert "<div>4 jobs</div>" in context_html(context)


def test_no_page_sets_a_background_or_a_text_colour_of_its_own(context):
    context.comp(divide, 1)
    page = context_html(context) + run_html(Progress(0, 1, 0, 0, 1, (), None))
    assert "color:#" not in page
    assert "background:#" not in page
    assert "<style" not in page


def test_a_promise_shows_its_id_and_how_to_get_the_value(context):
    promise = context.comp(divide, 1, job_id="<i>")
    assert "&lt;i&gt;" in promise._repr_html_()
    assert "context.result(promise)" in promise._repr_html_()
    assert repr(promise) == "Promise('<i>')"


# -- a run -------------------------------------------------------------------------------------


def test_a_run_shows_a_bar_counts_and_running_jobs_with_what_they_tell():
    jobs = (JobProgress("fit-1", 2.0, "epoch <3>"), JobProgress("fit-2", 65.0))
    page = run_html(Progress(2, 10, 1, 1, 4, jobs, 30.0))
    assert "aria-valuenow='2'" in page
    assert page.count("width:20.00%") == 2
    assert page.count("width:10.00%") == 2
    assert "2/10 done" in page
    assert "30 s left" in page
    assert page.index("fit-2") < page.index("fit-1")
    assert "1 min 5 s" in page
    assert "epoch &lt;3&gt;" in page


def test_twenty_running_jobs_are_ten_lines():
    jobs = tuple(JobProgress(f"job-{i}", float(i)) for i in range(20))
    page = run_html(Progress(0, 20, 0, 0, 0, jobs, None))
    assert page.count("<code>") == 10
    assert "and 10 more running" in page


def test_failures_open_to_the_end_of_their_output():
    told = Told("fit<1>", "failed: E", ("  stderr: <oh>",))
    page = told.html()
    assert page.startswith("<details><summary>")
    assert "fit&lt;1&gt;" in page
    assert "<pre" in page
    assert "&lt;oh&gt;" in page
    assert "<details>" not in Told("fit", "failed: E").html()


def test_unlisted_failures_are_counted():
    assert "and 7 more failed" in run_html(Progress(0, 9, 9, 0, 0, (), None), (), 7)


class Pages(NotebookReporter):
    """The reporter, with its pages kept."""

    def __init__(self, context):
        super().__init__(context)
        self.pages = []

    def _show(self, html):
        self._shown = self
        self.pages.append(html)


def test_a_run_updates_its_display_seldom_and_ends_with_its_summary(context, monkeypatch):
    monkeypatch.setattr(notebook, "UPDATE_SECONDS", 3600)
    monkeypatch.setattr("weft.scheduler.loop.TICK", 0)
    for x in range(1, 30):
        context.comp(divide, x)
    with Pages(context) as reporter:
        context.make(executor="inline", reporter=reporter)
    assert len(reporter.pages) == 2
    assert "29 ran, 29 done, 0 failed" in reporter.pages[-1]


def test_a_run_with_nothing_to_do_shows_nothing_of_its_own(context):
    with Pages(context) as reporter:
        context.make(executor="inline", reporter=reporter)
    assert reporter.pages == []


def test_failures_are_shown_with_output_up_to_a_number(context):
    for _ in range(60):
        context.comp(divide, 0)
    with pytest.raises(weft.MakeFailed), Pages(context) as reporter:
        context.make(executor="inline", reporter=reporter)
    page = reporter.pages[-1]
    assert page.count("<details>") == 10
    assert page.count("ZeroDivisionError") == 50
    assert "stdout: dividing 0" in page
    assert "and 10 more failed" in page
    assert "60 failed" in page


# -- cells -------------------------------------------------------------------------------------


class Info:
    def __init__(self, raw_cell, cell_id=None):
        self.raw_cell = raw_cell
        self.cell_id = cell_id


def test_a_cell_goes_by_the_front_ends_id_else_by_its_source():
    parent = {"metadata": {"cellId": "x"}, "content": {"code": "1"}}
    assert cell_key(parent, Info("1")) == cell_key(parent, Info("2")) == "cell x"
    assert cell_key({}, Info("1", "x")) == "cell x"
    assert cell_key({}, Info("1\n")) == cell_key({"content": {"code": "1"}}, None)
    assert cell_key({}, Info("1")) != cell_key({}, Info("2"))
    assert cell_key({}, None) == ANONYMOUS


IN_IPYTHON = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance(history_length=0)
shell.history_manager.enabled = False

def run(source):
    result = shell.run_cell(source, store_history=True)
    result.raise_error()

run("import weft\\ncontext = weft.Context('out')\\ncontext.comp(abs, -1)")
run("context.comp(abs, -2)")
run("context.comp(abs, -2)")
run("context.comp(abs, -3)")
run("print(sorted(context.graph.jobs))")
run("print(context.make(executor='inline').ran)")
events = shell.events.callbacks
registered = len(events["pre_run_cell"])
run("other = weft.Context('out')")
run("del other\\nimport gc\\n_ = gc.collect()")
run("")
run("1")
print(len(events["pre_run_cell"]) - registered, len(events["post_run_cell"]) - registered)
"""


def test_in_a_plain_ipython_equal_cells_are_one_and_lost_contexts_are_forgotten(tmp_path):
    pytest.importorskip("IPython")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(IN_IPYTHON)],
        cwd=tmp_path,
        env={"PATH": "", "HOME": str(tmp_path), "IPYTHONDIR": str(tmp_path / "ipython")},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stdout.splitlines()
    assert "['abs', 'abs-1', 'abs-2']" in lines, done.stderr
    assert "3" in lines
    assert lines[-1] == "0 0"
    assert "<div" not in done.stdout


def test_without_ipython_nothing_of_this_is_imported(tmp_path):
    script = "import sys, weft; c = weft.Context('out'); c.comp(abs, -1); c.make(executor='inline')"
    names = [
        "IPython",
        "weft.console.notebook.notebook",
        "weft.console.notebook.cells",
        "weft.graph.redefinition",
    ]
    check = f"{script}; print([name for name in {names} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", check], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
