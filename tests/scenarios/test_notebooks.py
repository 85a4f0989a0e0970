"""Real notebooks in a real kernel: cells run, run again, are edited and are interrupted."""

from __future__ import annotations

import asyncio
import re
import signal
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

from nbformat.v4 import new_code_cell, new_notebook  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")  # of asyncio and zmq, not ours

SETUP = """\
import weft, pathlib
context = weft.Context("out")
"""
FUNCTIONS = """\
FACTOR = 2

def note(name):
    with open("ran.txt", "a") as log:
        log.write(name + "\\n")

def square(x):
    note(f"square {x}")
    return x * x

def add(values):
    note("add")
    return sum(values) * FACTOR
"""
JOBS = """\
squares = [context.comp(square, x) for x in range(3)]
total = context.comp(add, squares, job_id="total")
"""
MAKE = "context.make()"


class Kernel:
    """One kernel with a notebook whose cells are run by number, as a front end runs them."""

    def __init__(self, folder: Path, *, ids: bool = True) -> None:
        self.folder = folder
        self.notebook = new_notebook()
        self.client = nbclient.NotebookClient(
            self.notebook,
            timeout=120,
            allow_errors=True,
            kernel_name="python3",
            resources={"metadata": {"path": str(folder)}},
        )
        self.loop = asyncio.new_event_loop()
        self._ids = ids
        self._metadata: dict[str, object] = {}

    def __enter__(self):
        self.client.create_kernel_manager()
        self._await(self.client.async_start_new_kernel())
        self._await(self.client.async_start_new_kernel_client())
        self.client.kc.execute = self._execute
        return self

    def __exit__(self, *_error):
        self._await(self.client._async_cleanup_kernel())
        self.loop.close()

    def _await(self, coroutine):
        return self.loop.run_until_complete(coroutine)

    def _execute(self, code, store_history=True, stop_on_error=True, **_more):
        """As JupyterLab and VS Code ask for it: with the cell's id."""
        session = self.client.kc.session
        content = {
            "code": code,
            "silent": False,
            "store_history": store_history,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": stop_on_error,
        }
        message = session.msg("execute_request", content, metadata=self._metadata)
        self.client.kc.shell_channel.send(message)
        return message["header"]["msg_id"]

    def cell(self, source: str) -> int:
        """Add a cell and run it."""
        self.notebook.cells.append(new_code_cell(source))
        number = len(self.notebook.cells) - 1
        self.run(number)
        return number

    def run(self, number: int, source: str | None = None, deleted: tuple[int, ...] = ()) -> Outputs:
        """Run a cell, edited or as it is."""
        cell = self.notebook.cells[number]
        if source is not None:
            cell.source = source
        if self._ids:
            gone = [self.notebook.cells[other].id for other in deleted]
            self._metadata = {"cellId": cell.id, "deletedCells": gone}
        self._await(self.client.async_execute_cell(cell, number))
        return self.outputs(number)

    def outputs(self, number: int) -> Outputs:
        return Outputs(self.notebook.cells[number].outputs)

    def ask(self, expression: str) -> str:
        """The repr of an expression, in a cell of its own."""
        return self.outputs(self.cell(expression)).text

    def ran(self) -> list[str]:
        """What ran since the last call, sorted."""
        log = self.folder / "ran.txt"
        lines = log.read_text().split("\n") if log.exists() else []
        log.unlink(missing_ok=True)
        return sorted(line for line in lines if line)


class Outputs:
    """What a cell shows."""

    def __init__(self, outputs):
        self.all = outputs

    def _data(self, kind, mime):
        return [o.data[mime] for o in self.all if o.output_type == kind and mime in o.data]

    @property
    def display(self) -> str:
        return "".join(self._data("display_data", "text/html"))

    @property
    def html(self) -> str:
        return "".join(self._data("execute_result", "text/html"))

    @property
    def text(self) -> str:
        return "".join(self._data("execute_result", "text/plain"))

    @property
    def error(self) -> str:
        errors = [f"{o.ename}: {o.evalue}" for o in self.all if o.output_type == "error"]
        return "".join(errors)

    @property
    def printed(self) -> str:
        return "".join(o.text for o in self.all if o.output_type == "stream")


SQUARES = ["add", "square 0", "square 1", "square 2"]


def test_a_day_with_a_notebook(tmp_path):
    with Kernel(tmp_path) as kernel:
        setup = kernel.cell(SETUP)
        functions = kernel.cell(FUNCTIONS)
        jobs = kernel.cell(JOBS)
        make = kernel.cell(MAKE)
        assert kernel.ran() == SQUARES
        first = kernel.outputs(make)
        assert "progressbar" in first.display
        assert "4 ran, 4 done, 0 failed" in first.display
        assert re.fullmatch(r"4 ran, 4 done, 0 failed, 0 blocked, in .* s\.", first.text)
        assert not first.error + first.printed
        assert kernel.ask("context.result(total)") == "10"

        # The same again: each cell, once and twice, in any order.
        for number in (jobs, make, functions, make, jobs, jobs, make):
            assert not kernel.run(number).error
        assert kernel.ran() == []
        assert kernel.outputs(make).text == "Nothing to do: 4 jobs are fresh."
        assert kernel.ask("sorted(context.graph.jobs)") == (
            "['square', 'square-1', 'square-2', 'total']"
        )

        # Another function, another number of jobs, another constant.
        kernel.run(functions, FUNCTIONS.replace("sum(values)", "max(values)"))
        kernel.run(jobs)
        kernel.run(make)
        assert kernel.ran() == ["add"]
        kernel.run(functions, FUNCTIONS)
        kernel.run(jobs)
        kernel.run(make)  # an edit was undone: the result of before is found again
        assert kernel.ran() == []
        assert kernel.ask("context.result(total)") == "10"
        kernel.run(jobs, JOBS.replace("range(3)", "range(1, 5)"))
        kernel.run(make)
        assert kernel.ran() == ["add", "square 3", "square 4"]
        kernel.run(jobs, JOBS.replace("range(3)", "range(2)"))
        kernel.run(make)
        assert kernel.ran() == ["add"]
        assert kernel.ask("len(context.graph)") == "3"

        # why says nothing odd.
        why = kernel.run(kernel.cell("context.batch_command('why all')")).printed
        assert "bytecode" not in why
        assert "source" not in why

        # A new context on the same folder, made by the first cell run again.
        kernel.cell("first = context")
        for number in (setup, functions, jobs, make):
            assert not kernel.run(number).error
        assert kernel.ran() == []
        assert kernel.outputs(make).text == "Nothing to do: 3 jobs are fresh."
        assert kernel.ask("context is first, first.make().ran, context.make().ran") == (
            "(False, 0, 0)"
        )

        # A cell that was deleted takes its jobs along.
        extra = kernel.cell("more = context.comp(square, 9, job_id='more')")
        kernel.run(make)
        assert kernel.ran() == ["square 9"]
        kernel.run(make, deleted=(extra,))
        assert kernel.ask("len(context.graph)") == "3"

        # Pages.
        page = kernel.outputs(kernel.cell("context"))
        assert "3&nbsp;done" in page.html
        assert page.text == "Context('out', 3 jobs)"
        promise = kernel.outputs(kernel.cell("total"))
        assert "context.result(promise)" in promise.html
        assert promise.text == "Promise('total')"


def test_failures_cycles_and_left_over_jobs_are_told(tmp_path):
    with Kernel(tmp_path, ids=True) as kernel:
        kernel.cell(SETUP + "context.comp(len, [])")
        functions = kernel.cell(
            "def fit(x):\n    print('fitting <b>')\n    return 1 / x\n"
            "def use(*values):\n    return values\n"
        )
        fits = kernel.cell("a = context.comp(fit, 0)\nb = context.comp(fit, 1)\n")
        uses = kernel.cell("c = context.comp(use, a, b)")
        make = kernel.cell("context.make(executor='inline')")
        shown = kernel.outputs(make)
        assert "<details>" in shown.display
        assert "ZeroDivisionError" in shown.display
        assert "fitting &lt;b&gt;" in shown.display
        assert "1 failed, 1 blocked" in shown.display
        assert shown.error.startswith("MakeFailed: 1 job failed, 1 is blocked by it.")
        page = kernel.outputs(kernel.cell("context"))
        assert "1&nbsp;failed" in page.html
        assert "ZeroDivisionError" in page.html

        # b's job stays, as the other cell's job depends on it.
        told = kernel.run(fits, "a = context.comp(fit, 2)\n").printed
        assert "no cell defines fit-1 any more; kept, as use depends on it" in told
        kernel.run(uses, "c = context.comp(use, a)")
        assert kernel.ask("sorted(context.graph.jobs)") == "['fit', 'len', 'use']"
        assert not kernel.run(make).error

        # A cell that takes what it defined.
        loop = kernel.cell("c = context.comp(use, c)")
        assert not kernel.outputs(loop).error
        assert "would depend on itself" in kernel.run(loop).error

        # Half of a cell.
        half = kernel.run(fits, "a = context.comp(fit, 4)\nraise KeyError\n")
        assert half.error.startswith("KeyError")
        assert kernel.ask("sorted(context.graph.jobs)") == "['fit', 'len', 'use', 'use-1']"

        # Magics run cells inside of cells.
        timed = kernel.cell("%%capture\nd = context.comp(fit, 5)\ne = context.comp(fit, 6)")
        before = kernel.ask("len(context.graph)")
        kernel.run(timed)
        assert kernel.ask("len(context.graph)") == before
        kernel.run(functions)
        kernel.run(make)
        assert kernel.ask("context.result(e)") == "0.16666666666666666"


def test_classes_and_generators_of_cells(tmp_path):
    with Kernel(tmp_path) as kernel:
        kernel.cell(SETUP)
        classes = kernel.cell(
            "from dataclasses import dataclass\n"
            "@dataclass\nclass Point:\n    x: int\n    y: int = 3\n"
            "class Shape:\n    def __init__(self, n):\n        self.n = n\n"
            "    def area(self):\n        return self.n * 2\n"
        )
        kernel.cell(FUNCTIONS)
        more = kernel.cell(
            "def make_point(x):\n    note('point')\n    return Point(x)\n"
            "def area(point, shape):\n    note('area')\n    return point.y + shape.area()\n"
            "def spread(context, n):\n    note('spread')\n"
            "    return [context.comp(square, i) for i in range(n)]\n"
        )
        jobs = kernel.cell(
            "point = context.comp(make_point, 1)\n"
            "size = context.comp(area, point, Shape(2))\n"
            "spreading = context.comp_dynamic(spread, 2)\n"
            "all_of_it = context.comp(add, spreading)\n"
        )
        make = kernel.cell("context.make(n=2)")
        assert not kernel.outputs(make).error
        assert kernel.ran() == ["add", "area", "point", "spread", "square 0", "square 1"]
        assert kernel.ask("context.result(size), context.result(all_of_it)") == "(7, 2)"
        for number in (classes, more, jobs, make):
            assert not kernel.run(number).error
        assert kernel.ran() == []
        source = kernel.notebook.cells[classes].source
        kernel.run(classes, source.replace("self.n * 2", "self.n * 3"))
        for number in (more, jobs, make):
            assert not kernel.run(number).error
        assert kernel.ran() == ["area"]
        assert kernel.ask("context.result(size)") == "9"
        kernel.run(classes, source.replace("int = 3", "int = 4"))
        for number in (more, jobs, make):
            assert not kernel.run(number).error
        assert kernel.ran() == ["area", "point"]


def test_an_interrupt_stops_gently_and_cells_without_ids_go_by_their_source(tmp_path):
    with Kernel(tmp_path, ids=False) as kernel:
        kernel.cell(SETUP)
        kernel.cell(
            "import os, time\n"
            "def quick():\n    return 1\n"
            "def slow(value):\n"
            "    open('started', 'w').close()\n"
            "    while not os.path.exists('go'):\n        time.sleep(0.01)\n"
            "    return value + 1\n"
        )
        jobs = kernel.cell("done = context.comp(quick)\nlast = context.comp(slow, done)")
        kernel.run(jobs)
        assert kernel.ask("len(context.graph)") == "2"
        kernel.notebook.cells.append(new_code_cell("context.make()"))
        number = len(kernel.notebook.cells) - 1

        async def interrupt():
            while not (tmp_path / "started").exists():
                await asyncio.sleep(0.05)
            await kernel.client.km.signal_kernel(signal.SIGINT)

        async def both():
            cell = kernel.notebook.cells[number]
            await asyncio.gather(kernel.client.async_execute_cell(cell, number), interrupt())

        kernel._await(both())
        stopped = kernel.outputs(number)
        assert stopped.error.startswith("Interrupted: Stopped.")
        assert "Stopped. 1 ran, 1 done" in stopped.display
        (tmp_path / "go").touch()
        assert "1 ran, 2 done" in kernel.run(number).text
        assert kernel.ask("context.result(last)") == "2"
