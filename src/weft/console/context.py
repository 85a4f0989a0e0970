"""The public ``weft.Context``: the job graph with its faces for people."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weft.context import Context as JobContext

if TYPE_CHECKING:
    from concurrent.futures import Executor as FuturesExecutor

    from weft.context import MakeOptions
    from weft.context.context import Selected
    from weft.executors.base import Executor
    from weft.scheduler.summary import Reporter, RunSummary


class Context(JobContext):
    """A remembered job graph, with a console.

    Parameters
    ----------
    folder
        Where results are kept; by default ``out-<script name>`` in the working folder.
    strict
        Whether code that can't be fingerprinted wholly is refused, instead of warned about; by
        default what the settings say.

    Examples
    --------
    >>> import tempfile, weft
    >>> context = weft.Context(tempfile.mkdtemp())
    >>> square = context.comp(pow, 3, 2)
    >>> context.batch_command("make executor=inline; ls reason=1 failed")  # doctest: +ELLIPSIS
    1 ran, 1 done, 0 failed, 0 blocked, in ... s.
    No jobs.
    >>> context.result(square)
    9
    """

    def __init__(self, folder: str | Path | None = None, *, strict: bool | None = None) -> None:
        super().__init__(folder, strict=strict)
        shell = _running_shell()
        if shell is not None:
            from weft.console.notebook.cells import watch_cells

            watch_cells(self, shell)

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from weft.console.notebook.notebook import context_html

        return context_html(self)

    def prepare(self) -> None:
        """Fingerprint the code as it is now, and define all jobs (rule 1)."""
        if self._graph.cells is not None:
            self._graph.cells.settle()
        super().prepare()

    def make(
        self,
        *selection: Selected,
        n: int = 1,
        executor: Executor | FuturesExecutor | str | None = None,
        options: MakeOptions | None = None,
        reporter: Reporter | None = None,
    ) -> RunSummary:
        """Run what is stale of the selection (by default: of everything) and of its upstream.

        A notebook shows how it goes.

        Parameters
        ----------
        n
            Jobs that may run at the same time.
        executor
            ``"processes"`` (default), ``"inline"``, or any ``concurrent.futures.Executor``.

        Raises
        ------
        MakeFailed
            When jobs failed; all that does not depend on them was made.
        Interrupted
            After Ctrl-C; what was finished is kept.
        """
        make = partial(super().make, *selection, n=n, executor=executor, options=options)
        if reporter is not None or not in_notebook():
            return make(reporter=reporter)
        from weft.console.notebook.notebook import NotebookReporter

        with NotebookReporter(self) as shown:
            return make(reporter=shown)

    def main(self, argv: Sequence[str] | None = None) -> None:
        """Do what the command line says: commands to carry out, or the prompt without any.

        ``python script.py "clean all; parmake n=4"``, ``python script.py ls failed``, or
        ``python script.py``; settings may come first, ``python script.py --n=4 parmake``. Returns
        when all went well; otherwise the error is said on standard error and the program exits.

        Parameters
        ----------
        argv
            The words of the commands; by default those after the script's name.

        Raises
        ------
        SystemExit
            With 113 when jobs failed, 1 when a command failed, 114 for a bug of Weft.
        """
        from weft.console.command_line import as_text, split_settings
        from weft.console.session import Session, run_guarded

        words: list[str] = []

        def give_settings() -> None:
            given, rest = split_settings(sys.argv[1:] if argv is None else argv)
            self.give_settings(given)
            words.extend(rest)

        code = run_guarded(give_settings, self.folder)
        if not code:
            text = as_text(words, self.graph.jobs)
            code = Session(self).try_to_run(text) or 0 if words else self._converse()
        if code:
            raise SystemExit(code)

    def batch_command(self, commands: str) -> None:
        """Carry out commands separated by ``;``, such as ``"clean all; parmake n=4"``.

        Raises
        ------
        UserError
            For what can't be understood: nothing was carried out then, or only what stood before.
        CommandFailed
            When a command did not do what it was told; the ones after it are not carried out.
        MakeFailed
            When jobs failed (a ``CommandFailed``).
        """
        from weft.console.session import ExitRequested, Session

        try:
            Session(self).run(commands)
        except ExitRequested:
            return

    def interpret_commands_wrap(self, commands: str) -> None:
        """The same as ``batch_command``, under its other name in compmake."""
        self.batch_command(commands)

    def compmake_console(self) -> None:
        """The prompt ``@:``; returns at ``exit`` or Ctrl-D."""
        self._converse()

    def _converse(self) -> int:
        from weft.console.prompt.prompt import converse
        from weft.console.session import Session

        return converse(Session(self))


def in_notebook() -> bool:
    """Whether this process is the kernel of a notebook, where a make shows itself."""
    return getattr(_running_shell(), "kernel", None) is not None


def _running_shell() -> Any:
    """The IPython that this process runs in, if it does; never imported for that."""
    get_ipython = getattr(sys.modules.get("IPython"), "get_ipython", None)
    return None if get_ipython is None else get_ipython()
