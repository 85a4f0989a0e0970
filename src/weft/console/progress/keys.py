"""Keys pressed while something is shown live: read without waiting, and what they ask for.

Only keys that are pressed while the live view has the terminal belong to it; those that mean
nothing there are dropped. What was typed ahead before is left for the prompt, or for the shell:
then this run takes no keys at all, as it could not tell the ones from the others.
"""

from __future__ import annotations

import os
import re
import select
import signal
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import FrameType
from typing import TYPE_CHECKING, Any, Self, TextIO

if TYPE_CHECKING:
    from weft.console.text.screen import Screen

_SEQUENCE = re.compile(r"\x1b[\[O][0-9;?<]*[ -/]*[@-~]")
"""What arrow keys and their like send."""
_ESCAPE, _DELETE = "\x1b", "\x08\x7f"
_ENDING = (signal.SIGTSTP, signal.SIGTERM, signal.SIGQUIT)
"""What stops or ends this process without a chance for a ``finally``."""


class Wish(Enum):
    """What a key asks for."""

    PAUSE = "p"
    MORE = "+"
    FEWER = "-"
    REPAINT = "\n"


@dataclass(frozen=True, slots=True)
class Kill:
    """The wish that one job is ended."""

    job_id: str


_WISHES = {wish.value: wish for wish in Wish} | {"\r": Wish.REPAINT, "=": Wish.MORE}
"""``=`` is ``+`` without Shift on most keyboards."""


class Steering:
    """Turns keys into wishes; one that needs a number is asked for it.

    Examples
    --------
    >>> steering, running = Steering(), {1: "fit-1", 2: "fit-2"}
    >>> steering.press("p", running)
    [<Wish.PAUSE: 'p'>]
    >>> steering.press("k", running), steering.question
    ([], 'kill which? 1-2, Esc leaves: ')
    >>> steering.press("2", running), steering.question
    ([Kill(job_id='fit-2')], '')
    """

    def __init__(self) -> None:
        self._choices: dict[int, str] = {}
        """The jobs that ran when it was asked which, by number: who starts in the place of one
        while the person reads is not meant."""
        self._typed = ""

    @property
    def question(self) -> str:
        """What is being asked; empty when nothing is."""
        if not self._choices:
            return ""
        numbers = _span(sorted(self._choices))
        return f"kill which? {numbers}, Esc leaves: {self._typed}"

    def press(self, keys: str, running: Mapping[int, str]) -> list[Wish | Kill]:
        """What the keys ask for; ``running`` are the jobs that run now, by number."""
        found: list[Wish | Kill] = []
        for key in _SEQUENCE.sub("", keys):
            wish = self._answer(key) if self._choices else self._command(key, running)
            if wish is not None:
                found.append(wish)
        return found

    def _command(self, key: str, running: Mapping[int, str]) -> Wish | Kill | None:
        if key != "k":
            return _WISHES.get(key)
        if len(running) == 1:
            return Kill(next(iter(running.values())))
        self._choices, self._typed = dict(running), ""
        return None

    def _answer(self, key: str) -> Kill | None:
        if key == _ESCAPE:
            self._choices = {}
        elif key in _DELETE:
            self._typed = self._typed[:-1]
        elif key in "\r\n" and self._typed:
            return self._chosen()
        elif key.isdecimal() and self._possible(self._typed + key):
            self._typed += key
            if len(self._possible(self._typed)) == 1:
                return self._chosen()
        return None

    def _possible(self, typed: str) -> list[int]:
        return [number for number in self._choices if str(number).startswith(typed)]

    def _chosen(self) -> Kill | None:
        job_id = self._choices.get(int(self._typed))
        if job_id is None:
            return None
        self._choices = {}
        return Kill(job_id)


def _span(numbers: list[int]) -> str:
    """Numbers in few words.

    >>> _span([1, 2, 3]), _span([1, 3])
    ('1-3', '1, 3')
    """
    if len(numbers) > 1 and numbers[-1] - numbers[0] == len(numbers) - 1:
        return f"{numbers[0]}-{numbers[-1]}"
    return ", ".join(map(str, numbers))


def in_front(terminal: TextIO) -> bool:
    """Whether this process may paint: it is not in the background of its terminal."""
    try:
        return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except OSError:
        return True  # not the terminal of its session: nobody else paints there


class Terminal:
    """This process's hold on its terminal: keys come one by one, and the old mode comes back.

    The mode is taken when a key is first asked for, and given back by ``close``, and before this
    process is stopped (Ctrl-Z) or ended by a signal; after a stop it is taken again.

    Parameters
    ----------
    keyboard
        Standard input.
    listens
        Whether keys are read at all.
    """

    def __init__(self, keyboard: TextIO, *, listens: bool = True) -> None:
        self._keyboard = keyboard
        self._descriptor = keyboard.fileno()
        self._listens = listens
        self._saved: list[Any] | None = None
        self._pid = os.getpid()
        self._resumed = False
        self._handlers: dict[int, Any] = {}
        for number in (*_ENDING, signal.SIGCONT):
            if signal.getsignal(number) is signal.SIG_DFL:
                handler = self._continue if number == signal.SIGCONT else self._pass_on
                self._handlers[number] = signal.signal(number, handler)

    @classmethod
    def of(cls, screen: Screen, *, listens: bool = True) -> Self | None:
        """The terminal that a screen is; None where there is no person, or not the main thread."""
        if threading.current_thread() is not threading.main_thread():
            return None
        try:
            if sys.stdin is None or not (sys.stdin.isatty() and screen.stream.isatty()):
                return None
            return cls(sys.stdin, listens=listens)
        except (OSError, ValueError):  # closed, or replaced by something without a number
            return None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    @property
    def listening(self) -> bool:
        """Whether keys are being read."""
        return self._listens and self._saved is not None

    def take_resumed(self) -> bool:
        """Whether this process was stopped and went on since the last call."""
        resumed, self._resumed = self._resumed, False
        return resumed

    def read(self, timeout: float = 0.0) -> str:
        """The keys pressed since the last call; waits for one at most ``timeout`` seconds."""
        import termios

        try:
            if self._listens and self._take_mode() and self._pending(timeout):
                data = os.read(self._descriptor, 1024)
                self._listens = bool(data)
                return data.decode("ascii", "ignore")
        except (OSError, termios.error):
            self._listens = False  # the terminal is gone
        return ""

    def _pending(self, timeout: float) -> bool:
        return bool(select.select([self._descriptor], [], [], timeout)[0])

    def _take_mode(self) -> bool:
        """Let keys come at once and unseen, if that is not so; False when there are to be none."""
        import termios

        if not in_front(self._keyboard):
            return False
        mode = termios.tcgetattr(self._descriptor)
        by_line = termios.ICANON | termios.ECHO
        if self._saved is not None and not mode[3] & by_line:
            return True
        self._saved = mode
        ours = [*mode[:3], mode[3] & ~by_line, *mode[4:]]
        termios.tcsetattr(self._descriptor, termios.TCSANOW, ours)
        # A line that is not finished shows only now that the mode is ours.
        if self._pending(0):
            self._give_back()
            self._listens = False
        return self._listens

    def _give_back(self) -> None:
        import termios

        saved, self._saved = self._saved, None
        # From the background this would stop the process, and whoever is in front has set the mode.
        if saved is not None and in_front(self._keyboard):
            try:
                termios.tcsetattr(self._descriptor, termios.TCSANOW, saved)
            except termios.error:
                return  # the terminal is gone

    def close(self) -> None:
        """Put all back as it was; also a second time."""
        self._give_back()
        self._listens = False
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._handlers = {}

    # -- signals -----------------------------------------------------------------------------

    def _pass_on(self, number: int, _frame: FrameType | None) -> None:
        """Give the mode back, then do what the signal does by itself."""
        if os.getpid() == self._pid:
            self._give_back()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        signal.signal(number, self._pass_on)  # it was a stop, and this process was continued
        self._resumed = True

    def _continue(self, _number: int, _frame: FrameType | None) -> None:
        self._resumed = True
