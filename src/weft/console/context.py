"""The public ``weft.Context``: the job graph with its faces for people."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from weft.context import Context as JobContext


class Context(JobContext):
    """A remembered job graph, with a console.

    Parameters
    ----------
    folder
        Where results are kept; by default ``out-<script name>`` in the working folder.
    strict
        Whether code that can't be fingerprinted wholly is refused, instead of warned about.

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

    def main(self, argv: Sequence[str] | None = None) -> None:
        """Do what the command line says: commands to carry out, or the prompt without any.

        ``python script.py "clean; parmake n=4"``, ``python script.py ls failed``, or
        ``python script.py``. Returns when all went well; otherwise the error is said on standard
        error and the program exits.

        Parameters
        ----------
        argv
            The words of the commands; by default those after the script's name.

        Raises
        ------
        SystemExit
            With 113 when jobs failed, 1 when a command failed, 114 for a bug of Weft.
        """
        from weft.console.session import Session

        words = sys.argv[1:] if argv is None else argv
        code = Session(self).try_to_run(" ".join(words)) if words else self._converse()
        if code:
            raise SystemExit(code)

    def batch_command(self, commands: str) -> None:
        """Carry out commands separated by ``;``, such as ``"clean; parmake n=4"``.

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
        from weft.console.prompt import converse
        from weft.console.session import Session

        return converse(Session(self))
