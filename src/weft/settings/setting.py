"""The settings that there are: one table for files, environment, command line and prompt."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from weft.errors import UserError
from weft.executors.choose import NAMES
from weft.settings.kind import Kind, read_value, wanted, write_value

_URL = re.compile(r"(https?://)(?:[^/\s'\"@]*@)?([^/\s'\"?#]*)([^\s'\"]*)", re.IGNORECASE)
NONE = "none"


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table.

    Attributes
    ----------
    default
        What holds where nobody says anything.
    choices
        The only texts that are accepted, if not all are.
    unset
        The word for the value None, for settings that can be without one; ``none`` is understood
        too.
    guarded
        Whether it is taken only from files of the user's own: it starts programs, or takes a
        safeguard away.
    """

    name: str
    kind: Kind
    default: Any
    help: str
    choices: tuple[str, ...] = ()
    unset: str = ""
    guarded: bool = False

    @property
    def wanted(self) -> str:
        """What is accepted, in words."""
        words = wanted(self.kind, self.choices)
        return f"{words}, or {self.unset}" if self.unset else words

    def read(self, text: str) -> Any:
        """The value that ``text`` means.

        Raises
        ------
        UserError
            When it means none.

        Examples
        --------
        >>> setting("timeout").read("1h"), setting("timeout").read("none")
        (3600.0, None)
        """
        if self.unset and text.lower() in {self.unset, NONE}:
            return None
        if self.kind is Kind.TEXT and not text:
            raise UserError(f"{self.name} is empty.", cure=f"{self.name} is {self.wanted}.")
        try:
            return read_value(self.name, self.kind, text, self.choices)
        except UserError as error:
            raise UserError(f"{self.name}={text}: {self.name} is {self.wanted}.") from error

    def write(self, value: Any) -> str:
        """A value in words, without what is secret in it.

        >>> setting("n").write(None), setting("grace").write(604800.0)
        ('all', '7d')
        """
        return self.unset if value is None else masked(write_value(self.kind, value))


def masked(text: str) -> str:
    """``text`` with only scheme and host left of its URLs: the rest is often a password.

    >>> masked("https://me:secret@hooks.example.org:8443/services/T0/B0?key=1")
    'https://hooks.example.org:8443/…'
    """
    return _URL.sub(lambda found: found[1] + found[2] + ("/…" if found[3] else ""), text)


SETTINGS = (
    Setting("n", Kind.INTEGER, None, "Jobs that parmake and its like run at once.", unset="all"),
    Setting("executor", Kind.TEXT, "processes", "Where jobs run.", NAMES),
    Setting("fail_fast", Kind.SWITCH, default=False, help="Start no more jobs after a failure."),
    Setting(
        "recurse",
        Kind.SWITCH,
        None,
        "Also make jobs that chosen generators define (auto: when everything is made).",
        unset="auto",
    ),
    Setting(
        "timeout",
        Kind.SECONDS,
        None,
        "Time after which a job is killed that sets no timeout itself.",
        unset=NONE,
    ),
    Setting("retries", Kind.COUNT, 0, "How often a failed job is tried again in a run."),
    Setting(
        "memory",
        Kind.MEMORY,
        None,
        "Memory that running jobs may declare together (all: of the machine).",
        unset="all",
    ),
    Setting(
        "isolated",
        Kind.SWITCH,
        None,
        "Give each attempt a process of its own (auto: those of jobs that make files).",
        unset="auto",
    ),
    Setting("echo", Kind.SWITCH, default=False, help="Show what jobs print while they run."),
    Setting(
        "notify",
        Kind.TEXT,
        None,
        "Command that is run, or URL that is posted to, with news of a run.",
        unset=NONE,
        guarded=True,
    ),
    Setting(
        "notify_on",
        Kind.TEXT,
        "both",
        "What is news: a run's end, its first failure, or both.",
        ("end", "failure", "both"),
    ),
    Setting(
        "color",
        Kind.TEXT,
        "auto",
        "Colours (auto: in terminals, unless NO_COLOR is set).",
        ("auto", "always", "never"),
    ),
    Setting(
        "strict",
        Kind.SWITCH,
        default=False,
        help="Refuse code that can't be fingerprinted wholly, instead of warning.",
    ),
    Setting(
        "trust",
        Kind.SWITCH,
        default=False,
        help="Read values of, and make jobs in, a folder that belongs to another user.",
        guarded=True,
    ),
    Setting(
        "confirm",
        Kind.SWITCH,
        default=True,
        help="Ask at the prompt before results are dropped.",
        guarded=True,
    ),
    Setting("keep", Kind.INTEGER, 8, "Results of each job that gc keeps, newest first."),
    Setting("grace", Kind.AGE, 7 * 86400.0, "Age below which gc spares everything."),
)


def setting(name: str) -> Setting:
    """The row of that name; ``-`` may stand for ``_``.

    Raises
    ------
    UserError
        With the nearest name, when there is none.

    Examples
    --------
    >>> setting("fail-fast").name
    'fail_fast'
    """
    plain = name.replace("-", "_")
    for row in SETTINGS:
        if row.name == plain:
            return row
    raise UserError(
        f"There is no setting {name!r}.", cure=nearest(plain) or "config lists the settings."
    )


def nearest(name: str, cutoff: float = 0.7) -> str:
    """The question whether a name is meant that is much like ``name``; else nothing.

    >>> nearest("timout"), nearest("zzz")
    ('Did you mean timeout?', '')
    """
    import difflib

    near = difflib.get_close_matches(name, [row.name for row in SETTINGS], n=2, cutoff=cutoff)
    return f"Did you mean {' or '.join(near)}?" if near else ""
