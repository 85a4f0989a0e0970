"""Jobs that plot: what is computed for a plot is kept apart from how it is drawn."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, Self

from weft.pipegraph.callbacks import Callback, refuse_arguments
from weft.pipegraph.drawing import calculate, draw, loaded, tabulate
from weft.pipegraph.errors import JobContractError
from weft.pipegraph.files import FileGeneratingJob, OutputJob, TempFileGeneratingJob
from weft.pipegraph.naming import Name, path_id

RenderArgs = Mapping[str, Any]
_PICTURES = (".png", ".pdf", ".svg")


class DrawingJob(FileGeneratingJob):
    """Draws a plot of data that another job computes; made by ``PlotJob.add_another_plot``.

    Examples
    --------
    >>> import tempfile
    >>> from weft import pipegraph as ppg
    >>> with ppg.new_pipegraph(folder=tempfile.mkdtemp()):
    ...     points = ppg.PlotJob("points.png", lambda: {}, lambda frames: None)
    ...     points.add_another_plot("lines.pdf", lambda frames: None)
    DrawingJob('lines.pdf')
    """

    def __init__(
        self,
        output_filename: Name,
        plot_function: Callback,
        data: OutputJob | list[OutputJob],
        render_args: RenderArgs | None = None,
        *,
        depend_on_function: bool = True,
        **more: Any,
    ) -> None:
        self.plot_function = plot_function
        super().__init__(
            _picture(output_filename),
            partial(draw, plot_function),
            arguments={"data": data, "render_args": dict(render_args or {}), **more},
            depend_on_function=depend_on_function,
        )

    def add_fiddle(self, fiddle_function: Callback | None) -> Self:
        """Let a function change the plot before it is saved.

        Parameters
        ----------
        fiddle_function
            Called with the plot, which it changes; or it returns another one. Its code counts.
            None takes it away again.
        """
        function = self.command.function
        assert isinstance(function, partial)
        self.give(partial(function.func, *function.args, fiddle=fiddle_function))
        return self


class PlotJob(DrawingJob):
    """Computes data, keeps them, and draws a plot of them.

    These are three jobs: ``cache_job`` computes, this one draws, ``table_job`` writes the data as
    text. So a change of ``plot_function`` draws anew and computes nothing. What is said to this job
    about dependencies is meant for ``cache_job``.

    Parameters
    ----------
    output_filename
        Of the plot: it ends with ``.png``, ``.pdf`` or ``.svg``.
    calc_function
        Called with nothing; returns a pandas DataFrame, or a dict of such.
    plot_function
        Called with that; returns a figure or axes of matplotlib or seaborn, a plotnine plot, or
        anything that has ``render(filename)``, ``save(filename)`` or ``savefig(filename)``.
    render_args
        What is passed to the method that saves the plot: ``dpi``, ``width`` and ``height`` in
        inches, ...
    skip_table
        Whether the data are not written as a table, to ``output_filename`` and ``.tsv``.
    skip_caching
        Whether the data are not kept: they are computed whenever the plot is drawn, and may be
        anything that can be pickled.
    depend_on_function
        False is the same as ``ignore_code_changes()``.

    Raises
    ------
    JobContractError
        For another kind of file. In the job: when a function returns something else, or a library
        is missing.

    Examples
    --------
    >>> import pandas, tempfile
    >>> from weft import pipegraph as ppg
    >>> folder = Path(tempfile.mkdtemp())
    >>> with ppg.new_pipegraph(folder=folder / "out", quiet=True, cache_folder=folder / "cache"):
    ...     count = lambda: pandas.DataFrame({"reads": [1, 4, 9]})
    ...     job = ppg.PlotJob(folder / "reads.png", count, lambda frame: frame.plot())
    ...     _ = ppg.run()
    >>> (folder / "reads.png.tsv").read_text()
    '\\treads\\n0\\t1\\n1\\t4\\n2\\t9\\n'
    >>> job.get_data().reads.sum()
    np.int64(14)
    """

    def __init__(
        self,
        output_filename: Name,
        calc_function: Callback,
        plot_function: Callback,
        render_args: RenderArgs | None = None,
        skip_table: bool = False,
        skip_caching: bool = False,
        *,
        depend_on_function: bool = True,
    ) -> None:
        refuse_arguments(calc_function, type(self).__name__)
        _refuse_other_than_one(plot_function)
        path = _picture(output_filename)
        self.calc_function = calc_function
        keeping = TempFileGeneratingJob if skip_caching else FileGeneratingJob
        cache = PurePosixPath(self.pipegraph.cache_folder, path.lstrip("/"))
        self.cache_job: OutputJob = keeping(
            cache, partial(calculate, calc_function, anything=skip_caching)
        )
        super().__init__(
            path,
            plot_function,
            self.cache_job,
            render_args,
            depend_on_function=depend_on_function,
        )
        self.table_job = None if skip_table else self._table(f"{path}.tsv")

    def _table(self, path: str) -> FileGeneratingJob:
        return FileGeneratingJob(path, tabulate, empty_ok=True, arguments={"data": self.cache_job})

    def facts(self) -> dict[str, object]:
        """What must be equal when the job is defined again, by what it is called in an error."""
        own = {"calc_function": id(self.cache_job), "skip_table": self.table_job is None}
        return {**own, **super().facts()}

    def depends_on(self, *what: Any) -> Self:
        """Let the computation depend on this, see ``Job.depends_on``."""
        self.cache_job.depends_on(*what)
        return self

    def ignore_code_changes(self) -> Self:
        """Let no change of the code compute or draw again."""
        self.cache_job.ignore_code_changes()
        return super().ignore_code_changes()

    def add_another_plot(
        self,
        output_filename: Name,
        plot_function: Callback,
        render_args: RenderArgs | None = None,
        *,
        depend_on_function: bool = True,
    ) -> DrawingJob:
        """Draw another plot of the same data; gives the job that does."""
        _refuse_other_than_one(plot_function)
        return DrawingJob(
            output_filename,
            plot_function,
            self.cache_job,
            render_args,
            depend_on_function=depend_on_function,
        )

    def get_data(self) -> Any:
        """The data, as they were computed last; computed now if they are not kept.

        Raises
        ------
        JobContractError
            When they were not computed yet.
        """
        if self.cache_job.style.is_temporary:
            return self.calc_function()
        return loaded(Path(self.pipegraph.graph.root or "", self.cache_job.job_id))


class CombinedPlotJob(DrawingJob):
    """Draws one plot of the data of several plots, beneath each other in one frame.

    Parameters
    ----------
    output_filename
        Of the plot: it ends with ``.png``, ``.pdf`` or ``.svg``.
    plot_jobs
        The jobs that compute the data; the first one's ``plot_function`` draws.
    facet_arguments
        By what columns the plot is divided into panels, as a list, or as a dict of what the
        plot's own method takes (``facet_wrap`` of plotnine); empty for one panel.
    render_args, depend_on_function
        See ``PlotJob``.
    fiddle
        See ``add_fiddle``.

    Examples
    --------
    >>> import tempfile
    >>> from weft import pipegraph as ppg
    >>> with ppg.new_pipegraph(folder=tempfile.mkdtemp()):
    ...     draw = lambda frame: frame.plot()
    ...     samples = [ppg.PlotJob(f"{x}.png", lambda: 1, draw) for x in "ab"]
    ...     ppg.CombinedPlotJob("all.png", samples, []).prerequisites
    (FileGeneratingJob('cache/a.png'), FileGeneratingJob('cache/b.png'))
    """

    def __init__(
        self,
        output_filename: Name,
        plot_jobs: Iterable[PlotJob],
        facet_arguments: list[str] | Mapping[str, Any],
        render_args: RenderArgs | None = None,
        fiddle: Callback | None = None,
        *,
        depend_on_function: bool = True,
    ) -> None:
        jobs = _plot_jobs(plot_jobs)
        if not isinstance(facet_arguments, (list, Mapping)):
            raise JobContractError(
                f"{facet_arguments!r} does not say how a plot is divided into panels.",
                cure="Give a list of columns, or a dict of arguments; [] for one panel.",
            )
        self.fiddle = fiddle
        super().__init__(
            output_filename,
            jobs[0].plot_function,
            [job.cache_job for job in jobs],
            {"width": 10, "height": 10} if render_args is None else render_args,
            depend_on_function=depend_on_function,
            facets=facet_arguments,
        )
        if fiddle is not None:
            self.add_fiddle(fiddle)

    def facts(self) -> dict[str, object]:
        """What must be equal when the job is defined again, by what it is called in an error."""
        return {"fiddle": self.pipegraph.fingerprinter.value(self.fiddle), **super().facts()}


def _plot_jobs(jobs: Iterable[PlotJob]) -> list[PlotJob]:
    found = list(jobs)
    if not found or not all(isinstance(job, PlotJob) for job in found):
        raise JobContractError(
            f"A CombinedPlotJob combines PlotJobs, not {found!r}.",
            cure="Give a list of one or more PlotJobs.",
        )
    return found


def _picture(filename: Name) -> str:
    """The path of a plot."""
    path = path_id(filename)
    if PurePosixPath(path).suffix not in _PICTURES:
        raise JobContractError(
            f"{path!r} is no kind of plot that can be written.",
            cure=f"Let its name end with {', '.join(_PICTURES[:-1])} or {_PICTURES[-1]}.",
        )
    return path


def _refuse_other_than_one(plot_function: Callback) -> None:
    """Refuse what can't be called with the data alone."""
    try:
        inspect.signature(plot_function).bind(None)
    except TypeError as error:
        raise JobContractError(
            f"{plot_function!r} can't draw the data: {error}.",
            cure="Give a function of one argument, the data, that returns the plot.",
        ) from None
    except ValueError:  # some of C have no signature
        return
