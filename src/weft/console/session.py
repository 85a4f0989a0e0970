"""One conversation with a context: commands in, views out; and errors to exit codes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from weft.console.parser import Line, parse
from weft.console.table import JSON, Table, bind
from weft.console.text.screen import OutputFailed, Screen, Tone, open_closed_streams
from weft.console.text.words import one_line
from weft.errors import Interrupted, MakeFailed, WeftBug, WeftError

if TYPE_CHECKING:
    from weft.console.text.view import View
    from weft.context import Context

BUG_EXIT_CODE = WeftBug.exit_code


class ExitRequested(Exception):
    """Somebody said ``exit``: no error, but nothing more is done."""


class Session:
    """Carries out commands on one context.

    Parameters
    ----------
    screen
        Where views go; by default standard output.
    ask
        Puts a yes-or-no question to a person; None in a batch, where nobody is there to answer.
    """

    def __init__(
        self,
        context: Context,
        screen: Screen | None = None,
        ask: Callable[[str], bool] | None = None,
    ) -> None:
        open_closed_streams()
        self.context = context
        self.ask = ask
        self.interactive = False
        """Whether a person types the commands."""
        self._screen = screen

    def __repr__(self) -> str:
        return f"Session({self.context!r})"

    @property
    def screen(self) -> Screen:
        """Looked up anew each time, since standard output may be exchanged."""
        return self._screen or Screen.of(colours=self.context.settings["color"])

    @cached_property
    def table(self) -> Table:
        """The commands."""
        from weft.console.commands import TABLE

        return TABLE

    def run(self, text: str) -> None:
        """Carry out commands separated by ``;``, until one fails.

        All are read before the first is carried out, so that a slip in the last one does not come
        to light hours later.

        Raises
        ------
        UserError
            For what can't be understood.
        CommandFailed
            When a command did not do what it was told; ``MakeFailed`` when jobs failed.
        ExitRequested
            At ``exit``.
        """
        lines = parse(text)
        for line in lines:
            self.table.find(line.name)
        for line in lines:
            self._carry_out(line)

    def _carry_out(self, line: Line) -> None:
        command = self.table.find(line.name)
        arguments = bind(command, line, self.context.graph.jobs)
        view = command.handler(self, arguments)
        if view is not None:
            self.show(view, as_json=bool(arguments.values.get(JSON.name)))

    def confirm(self, intention: str) -> bool:
        """Whether to go on: at a prompt the person is asked, in a batch it was said already.

        Parameters
        ----------
        intention
            What is about to be done, in one sentence.
        """
        return self.ask is None or self.ask(intention)

    def try_to_run(self, text: str, errors: Screen | None = None) -> int | None:
        """Carry out commands; the exit code is returned, or None when somebody said ``exit``.

        Parameters
        ----------
        errors
            Where the words of errors go; by default to standard error.
        """
        leaving = False

        def act() -> None:
            nonlocal leaving
            try:
                self.run(text)
            except ExitRequested:
                leaving = True

        code = run_guarded(act, self.context.folder, errors)
        return None if leaving else code

    def show(self, view: View | str, *, as_json: bool = False) -> None:
        """Put a view, or a sentence, on the screen."""
        screen = self.screen
        if as_json:
            screen.line(_json(view))
        elif isinstance(view, str):
            screen.line(view)
        else:
            screen.write("\n".join([*view.lines(screen), ""]))


def _json(view: View | str) -> str:
    import json

    document = {"message": view} if isinstance(view, str) else view.document()
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)


def run_guarded(action: Callable[[], None], folder: Path, errors: Screen | None = None) -> int:
    """Do something and turn what it raises into an exit code, with words on standard error.

    Parameters
    ----------
    folder
        Where the report of a bug is written.

    Returns
    -------
    int
        0; 113 when jobs failed; 1 when a command failed or was stopped, or its output can't be
        written; 114 for a bug of ours.
    """
    open_closed_streams()
    screen = errors or Screen.of(sys.stderr)
    try:
        action()
    except WeftError as error:
        if isinstance(error, OutputFailed):
            _give_up_output()
        _tell(screen, error_text(error, screen))
        if isinstance(error, Interrupted):
            error.end_process()
        return error.exit_code
    except KeyboardInterrupt:
        _tell(screen, "Stopped.")
        return Interrupted.exit_code
    except BrokenPipeError:
        _give_up_output()
        return 1
    except Exception as error:  # noqa: BLE001 - whatever else arrives here is a bug of ours
        _tell(screen, _bug_text(error, folder))
        return BUG_EXIT_CODE
    return 0


def _tell(screen: Screen, text: str) -> None:
    """Where errors can't be told, the exit code has to do."""
    with suppress(OSError, OutputFailed):
        screen.line(text)


def error_text(error: WeftError, screen: Screen) -> str:
    """An error as people see it."""
    text = error.brief if isinstance(error, MakeFailed) else str(error)
    title, *rest = map(one_line, text.split("\n"))
    return "\n".join([screen.paint(title, Tone.BAD), *rest])


def _give_up_output() -> None:
    """What can't be written (``| head``, a full disk) must not be tried again by Python at exit."""
    import os

    with suppress(OSError):  # some streams have no number
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _bug_text(error: Exception, folder: Path) -> str:
    import time
    import traceback

    report = "".join(traceback.format_exception(error))
    path = folder / time.strftime("bug-%Y%m%d-%H%M%S.txt")
    try:
        path.write_text(report, encoding="utf-8")
    except OSError:
        return f"{report}\nThis is a bug of Weft: please report it, with the text above."
    return (
        f"This is a bug of Weft: {one_line(f'{type(error).__name__}: {error}')}\n"
        f"  Next: please report it, with the file {path}."
    )
