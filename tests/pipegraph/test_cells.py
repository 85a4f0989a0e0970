"""Pipegraphs in notebooks: cells that run again."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

from tests.scenarios.test_notebooks import Kernel

pytestmark = pytest.mark.filterwarnings("ignore")  # of asyncio and zmq, not ours

SETUP = """\
from pathlib import Path
from weft import pipegraph as ppg
graph = ppg.new_pipegraph(folder="out"{more})
"""
FIRST = 'a = ppg.FileGeneratingJob("a", lambda path: path.write_text("{}"))'
SECOND = """\
b = ppg.FileGeneratingJob("b", lambda path: path.write_text(Path("a").read_text() + "!"))
b.depends_on(a)
"""
RUN = 'sorted(n for n, one in ppg.run().items() if one.outcome.value == "Success")'


def test_a_cell_that_runs_again_takes_the_place_of_what_it_defined(home):
    with Kernel(home) as kernel:
        kernel.cell(SETUP.format(more=""))
        first = kernel.cell(FIRST.format("1"))
        kernel.cell(SECOND)
        run = kernel.cell(RUN)
        assert "['a', 'b']" in kernel.outputs(run).text
        kernel.run(first)
        assert "[]" in kernel.run(run).text
        kernel.run(first, FIRST.format("2"))
        assert "['a', 'b']" in kernel.run(run).text
        assert Path("b").read_text() == "2!"


def test_another_cell_may_redefine_a_job_if_that_was_allowed(home):
    with Kernel(home) as kernel:
        kernel.cell(SETUP.format(more=", redefine=True"))
        kernel.cell(FIRST.format("1"))
        kernel.cell(SECOND)
        run = kernel.cell(RUN)
        kernel.cell(FIRST.format("2"))
        assert "['a', 'b']" in kernel.run(run).text
        assert Path("b").read_text() == "2!"


def test_a_failure_in_a_notebook_is_told_in_words(home):
    with Kernel(home) as kernel:
        kernel.cell(SETUP.format(more=""))
        kernel.cell('ppg.FileGeneratingJob("bad", lambda: 1 / 0)')
        run = kernel.cell(RUN)
        assert "bad: ZeroDivisionError: division by zero" in kernel.outputs(run).error
