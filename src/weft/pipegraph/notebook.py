"""Jobs that run Jupyter notebooks."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

from weft.model.job import FilesJob
from weft.model.kind import Kind
from weft.pipegraph.errors import JobContractError
from weft.pipegraph.files import MultiFileGeneratingJob, OutputJob
from weft.pipegraph.invariants import FileInvariant, Invariant
from weft.pipegraph.job import Job, flat
from weft.pipegraph.naming import Name, path_id

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_TRACE_LINES = 30
"""Lines of a traceback that an error shows."""


class NotebookInvariant(Invariant):
    """Stands for what is written in the cells of a notebook; not for their outputs and metadata.

    So a notebook may be opened, run and saved, and nothing runs again.

    Parameters
    ----------
    notebook_filename
        Its path, which is also the id.

    Raises
    ------
    JobContractError
        When there is no such file.

    Examples
    --------
    >>> import tempfile
    >>> from weft import pipegraph as ppg
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "a.ipynb").write_text('{"cells": []}')
    >>> with ppg.new_pipegraph(folder=folder / "out"):
    ...     ppg.NotebookInvariant(folder / "a.ipynb").job_id == str(folder / "a.ipynb")
    True
    """

    def __init__(self, notebook_filename: Name) -> None:
        path = path_id(notebook_filename)
        if not Path(path).exists():
            raise JobContractError(
                f"There is no notebook {path!r}.",
                cure="Give the path of one; or first define the job that makes it.",
            )
        function = partial(counted, _Cells(Path(path).absolute()))
        command = self.pipegraph.command(function, Kind.INVARIANT, name="NotebookInvariant")
        self.stand_for(path, command)


class NotebookJob(MultiFileGeneratingJob):
    """Runs a notebook, and writes it with its outputs as HTML.

    It runs in the folder where ``run()`` was called; again when what is written in its cells
    changes, or what it depends on.

    Parameters
    ----------
    notebook_filename
        Of the notebook, which itself stays as it is.
    auto_detect_dependencies
        Whether it depends on each job that makes a file whose name is in the text of a cell, when
        the pipegraph runs. Instead of this there may be ``input_files``.
    output_files
        Files that the notebook writes.
    html_output_folder
        Where the HTML goes. Without it, the HTML and the notebook with its outputs go to the folder
        ``notebooks`` in the pipegraph's cache folder.
    input_files
        Jobs, and names of files, that it depends on.

    Raises
    ------
    JobContractError
        When there is no such notebook. In the job: when a cell fails, naming the cell; when there
        is no such kernel, or a package is missing: ``pip install "weft[notebook]"``.

    Examples
    --------
    >>> import tempfile
    >>> from weft import pipegraph as ppg
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "a.ipynb").write_text('{"cells": []}')
    >>> with ppg.new_pipegraph(folder=folder / "out"):
    ...     job = ppg.NotebookJob(folder / "a.ipynb", html_output_folder=folder / "html")
    ...     [path.name for path in job.files]
    ['a.html']
    """

    def __init__(
        self,
        notebook_filename: Name,
        auto_detect_dependencies: bool | Iterable[Job | Name] = True,
        output_files: Iterable[Name] = (),
        html_output_folder: Name | None = None,
        *,
        input_files: Iterable[Job | Name] = (),
    ) -> None:
        if not isinstance(auto_detect_dependencies, bool):  # as in pypipegraph2
            input_files, auto_detect_dependencies = auto_detect_dependencies, False
        self.notebook = path_id(notebook_filename)
        kept = self._kept_files(html_output_folder)
        super().__init__(
            [*output_files, *kept.values()],
            run_notebook,
            arguments={"notebook": Path(self.notebook), **kept},
        )
        self.depends_on(self._maker_of(self.notebook) or NotebookInvariant(self.notebook))
        self.depends_on([self._made_or_read(one) for one in flat(input_files)])
        if auto_detect_dependencies:
            self.depends_on(self._mentioned)

    def _kept_files(self, html_folder: Name | None) -> dict[str, Path]:
        """What is kept of the notebook's run."""
        if html_folder is not None:
            return {"html": Path(html_folder, Path(self.notebook).name).with_suffix(".html")}
        kept = Path(self.pipegraph.cache_folder, "notebooks", self.notebook.lstrip("/"))
        return {"html": kept.with_suffix(".html"), "executed": kept}

    def _made_or_read(self, one: Any) -> Any:
        """What to depend on for a file: the job that makes it, or that it stays the same."""
        if not isinstance(one, (str, os.PathLike)):
            return one
        return self._maker_of(path_id(one)) or FileInvariant(one)

    def _maker_of(self, path: str) -> FilesJob | None:
        makers = (job for job in self.pipegraph if isinstance(job, FilesJob) and path in job.paths)
        return next(makers, None)

    def _mentioned(self) -> list[OutputJob]:
        """The jobs that make files which the notebook names."""
        text = sources(Path(self.notebook))
        others = [job for job in self.pipegraph if isinstance(job, OutputJob) and job is not self]
        return [job for job in others if any(_is_named(path, text) for path in job.paths)]


def _is_named(path: str, text: str) -> bool:
    return path in text and re.search(rf"(?<!\w){re.escape(path)}(?!\w)", text) is not None


# -- what is written in a notebook ---------------------------------------------------------------


class _Cells:
    """A notebook whose cells count, as they are when a run begins."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __weft_hash__(self) -> str:
        return sources(self.path)


def sources(path: Path) -> str:
    """What is written in all cells of a notebook; if it is none, all that is in the file.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "a.ipynb")
    >>> _ = path.write_text('{"cells": [{"cell_type": "code", "source": ["1 +", " 1"]}]}')
    >>> sources(path).split(maxsplit=2)
    ['#', 'code', '1 + 1\\n']
    """
    if not path.exists():
        return ""
    text = path.read_text()
    try:
        cells = json.loads(text)["cells"]
        return "".join(f"# {cell['cell_type']}\n{''.join(cell['source'])}\n" for cell in cells)
    except (ValueError, LookupError, TypeError):
        return text


def counted(cells: _Cells) -> str:
    """What a ``NotebookInvariant`` stands for."""
    return sources(cells.path)


# -- in the job's process ------------------------------------------------------------------------


def run_notebook(*, notebook: Path, html: Path, executed: Path | None = None) -> None:
    """Run a notebook, and write it with its outputs."""
    try:
        import nbformat
        from nbconvert import HTMLExporter
    except ModuleNotFoundError as error:
        raise JobContractError(
            f"Running a notebook needs {error.name}, which is not installed.",
            cure='pip install "weft[notebook]"',
        ) from error
    try:
        book = nbformat.read(notebook, as_version=4)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, nbformat.ValidationError) as error:
        raise JobContractError(
            f"{str(notebook)!r} can't be read as a notebook: {error}.",
            cure="Open it in Jupyter and see what is wrong with it.",
        ) from error
    _execute(book, notebook)
    exporter = HTMLExporter()  # type: ignore[no-untyped-call]
    body, _ = exporter.from_notebook_node(book, {"metadata": {"name": notebook.stem}})
    html.write_text(body)
    if executed is not None:
        nbformat.write(book, executed)  # type: ignore[no-untyped-call]


def _execute(book: Any, notebook: Path) -> None:
    """Run the cells of a notebook in a kernel of its own, in the working folder."""
    from jupyter_client.kernelspec import NoSuchKernel
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    # Times would make the result of each run another one.
    client = NotebookClient(
        book, record_timing=False, resources={"metadata": {"path": str(Path.cwd())}}
    )
    try:
        client.execute()
    except NoSuchKernel as error:
        raise JobContractError(
            f"There is no kernel {error.name!r}, which {str(notebook)!r} runs in.",
            cure="Install it (see: jupyter kernelspec list), or choose another in the notebook.",
        ) from error
    except CellExecutionError as error:
        raise _failed_cell(book, notebook, error) from None


def _failed_cell(book: Any, notebook: Path, error: Any) -> JobContractError:
    """The error of a cell that raised."""
    number, cell = next(
        (place, cell)
        for place, cell in enumerate(book.cells, 1)
        if any(output.output_type == "error" for output in cell.get("outputs", ()))
    )
    lines = _COLOURS.sub("", error.traceback).rstrip().splitlines()[-_TRACE_LINES:]
    return JobContractError(
        f"Cell {number} of {str(notebook)!r} failed: {error.ename}: {error.evalue}",
        facts={
            "cell": cell.source.strip().partition("\n")[0],
            "traceback": "".join(f"\n    {line}" for line in lines),
        },
        cure="Mend the cell, or what it reads.",
    )
