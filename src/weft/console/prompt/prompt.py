"""The prompt: reads a line, carries out its commands, reads the next."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from weft.console.session import Session
from weft.console.text.words import count_words

PROMPT = "@: "
EDITED = "The script was edited: this prompt goes on with the old one until you reload."
LEAVE = "Type exit, or press Ctrl-D, to leave."


def converse(session: Session) -> int:
    """Read commands until ``exit`` or the end of the input; errors don't end it.

    Returns
    -------
    int
        0 after a conversation at a terminal; the exit code of the last command when the lines come
        from a pipe, as in a shell.
    """
    if not sys.stdin.isatty():
        return _obey(session)
    session.interactive = True
    session.ask = ask if session.context.settings["confirm"] else None
    session.screen.line(banner(session))
    read = _line_editor(session) if session.screen.live else _plain_reader
    edited = _edit_watch()
    while True:
        if edited():
            session.screen.line(EDITED)
        try:
            text = read()
        except KeyboardInterrupt:
            session.screen.line(LEAVE)
            continue
        except EOFError:
            return 0
        if session.try_to_run(text, errors=session.screen) is None:
            return 0


def banner(session: Session) -> str:
    """What a conversation begins with."""
    from weft import __version__

    return f"Weft {__version__} ({count_words(len(session.context.graph), 'job')})"


def _edit_watch() -> Callable[[], bool]:
    """Tells, once per edit, that the file of the running script is another than it was."""
    path = getattr(sys.modules.get("__main__"), "__file__", None)
    known = [_modified(path)]

    def edited() -> bool:
        before, known[0] = known[0], _modified(path)
        return before != known[0]

    return edited


def _modified(path: str | None) -> int:
    try:
        return Path(path).stat().st_mtime_ns if path else 0
    except OSError:
        return 0


def _obey(session: Session) -> int:
    code = 0
    for text in sys.stdin:
        ended = session.try_to_run(text)
        if ended is None:
            break
        code = ended
    return code


def _plain_reader() -> str:
    return input(PROMPT)


def _line_editor(session: Session) -> Callable[[], str]:
    """Reads lines with history, completion, colours, and a bar with the counts below."""
    from prompt_toolkit import PromptSession
    from prompt_toolkit.history import FileHistory, History, InMemoryHistory
    from prompt_toolkit.output import ColorDepth

    from weft.console.prompt.editing import CommandCompleter, CommandLexer, toolbar

    path = _history_file(session.context.folder)
    history: History = FileHistory(str(path)) if path else InMemoryHistory()
    editor: PromptSession[str] = PromptSession(
        PROMPT,
        history=history,
        completer=CommandCompleter(session),
        lexer=CommandLexer(session.table),
        complete_while_typing=False,
        color_depth=None if session.screen.colour else ColorDepth.DEPTH_1_BIT,
    )

    def read() -> str:
        bar = toolbar(session)
        return editor.prompt(bottom_toolbar=lambda: bar)

    return read


def ask(intention: str) -> bool:
    """Put a question to the person at the terminal; anything but a yes is a no."""
    try:
        return input(f"{intention} Go on? [y/N] ").strip().lower() in {"y", "yes"}
    except (EOFError, KeyboardInterrupt):
        print()  # noqa: T201 - the answer's line is left open
        return False


def _history_file(folder: Path) -> Path | None:
    """Made readable for its owner only, like all in the folder; None where it can't be made."""
    path = folder / "console_history"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
    except OSError:
        return None
    return path
