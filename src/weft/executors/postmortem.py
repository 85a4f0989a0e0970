"""The debugger at the place where a job failed, without Weft's own frames around it."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from weft.executors.failure import OWN_FOLDER, report_error


def post_mortem(error: BaseException) -> None:
    """Show the traceback and converse in the debugger until the user leaves it.

    An exception whose frames are all Weft's own, such as that of a call with too few arguments, is
    only shown. Whatever the user does to leave, the job has failed with ``error``.
    """
    _say(report_error(error).text.rstrip())
    place = without_own(error.__traceback__)
    if place is None:
        _say("The call itself failed: there is no frame of your own code to look at.")
        return
    with _interrupts_raise():
        _converse(place)


def without_own(traceback: TracebackType | None) -> TracebackType | None:
    """The traceback without frames of Weft's own; None when nothing is left."""
    entries = []
    while traceback is not None:
        if not traceback.tb_frame.f_code.co_filename.startswith(OWN_FOLDER):
            entries.append(traceback)
        traceback = traceback.tb_next
    found: TracebackType | None = None
    for entry in reversed(entries):
        found = TracebackType(found, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return found


def _converse(place: TracebackType) -> None:
    import bdb
    import pdb  # noqa: T100 - this is the debugger that was asked for

    debugger = pdb.Pdb(nosigint=True)
    debugger.reset()
    try:
        debugger.interaction(None, place)
    except (bdb.BdbQuit, pdb.Restart, KeyboardInterrupt):
        pass
    finally:
        sys.settrace(None)


@contextmanager
def _interrupts_raise() -> Iterator[None]:
    """At the debugger's prompt Ctrl-C ends what is being computed, and not the run."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - beside the debugger, which prints there too
