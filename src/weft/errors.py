"""Every error that a user can meet: a title, the facts, and one next step.

The tree::

    WeftError
    +-- UserError              misuse: refused where it is written
    |   +-- SerializationError a value that can't be kept or sent
    |   +-- SelectionError     words that name no job
    |   +-- CycleFound         jobs that depend on each other
    +-- CommandFailed          a command ended without doing what it was told
    |   +-- MakeFailed         some jobs failed (exit code 113)
    |   +-- Interrupted        the user stopped it
    +-- JobFailed              the result of a job that failed was asked for
    +-- JobContractError       a job did not make the files that it declares
    +-- StoreError             the folder can't be read, written or trusted
    |   +-- LeaseHeld          another process is making this context
    +-- WeftBug                our fault: please report it (exit code 114)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class WeftError(Exception):
    """Root of all errors of Weft.

    Parameters
    ----------
    title
        What went wrong, in one sentence.
    facts
        Label and value of what is known: where, which job, which file.
    cure
        The one next step for the user.

    Examples
    --------
    >>> print(WeftError("The disk is full.", facts={"folder": "out-fits"}, cure="Free some space."))
    The disk is full.
      folder: out-fits
      Next: Free some space.
    """

    exit_code = 1

    def __init__(
        self, title: str, *, facts: Mapping[str, object] | None = None, cure: str = ""
    ) -> None:
        super().__init__(title)
        self.title = title
        self.facts = {name: str(value) for name, value in (facts or {}).items()}
        self.cure = cure

    def __str__(self) -> str:
        lines = [self.title, *(f"  {name}: {value}" for name, value in self.facts.items())]
        if self.cure:
            lines.append(f"  Next: {self.cure}")
        return "\n".join(lines)

    def _render_traceback_(self) -> list[str]:
        """What IPython shows instead of a traceback: the user's own line, and the text."""
        import traceback
        from pathlib import Path

        ours = str(Path(__file__).parent)
        frames = [
            frame
            for frame in traceback.extract_tb(self.__traceback__)
            if not frame.filename.startswith(ours) and "site-packages" not in frame.filename
        ]
        places = [f"line {frame.lineno}: {frame.line}" for frame in frames[-1:]]
        return [*places, f"{type(self).__name__}: {self}"]

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.title, self.facts, self.cure, self.__dict__)


def _rebuild(
    kind: type[WeftError], title: str, facts: dict[str, str], cure: str, state: dict[str, object]
) -> WeftError:
    error = kind.__new__(kind)
    WeftError.__init__(error, title, facts=facts, cure=cure)
    error.__dict__.update(state)
    return error


class UserError(WeftError):
    """Misuse, refused where it is written."""


class SerializationError(UserError):
    """A value that can't be kept or sent to a worker."""


class SelectionError(UserError):
    """Words that name no job."""


class CycleFound(UserError):
    """Jobs that depend on each other; ``cycle`` holds their ids, the first one again at the end."""

    def __init__(
        self,
        title: str,
        *,
        cycle: tuple[str, ...] = (),
        facts: Mapping[str, object] | None = None,
        cure: str = "",
    ) -> None:
        super().__init__(title, facts=facts, cure=cure)
        self.cycle = cycle


class CommandFailed(WeftError):
    """A command ended without doing what it was told."""


class MakeFailed(CommandFailed):
    """Some jobs failed; ``failed`` and ``blocked`` hold their ids.

    ``causes`` has how the first few of them failed, each in one line.

    Examples
    --------
    >>> print(MakeFailed("2 jobs failed.", failed=("a", "b"), causes={"a": "ValueError: no"}))
    2 jobs failed.
      a: ValueError: no
      and: 1 more
    """

    exit_code = 113
    failed: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()
    causes: Mapping[str, str] = {}

    def __init__(
        self,
        title: str,
        *,
        failed: tuple[str, ...] = (),
        blocked: tuple[str, ...] = (),
        causes: Mapping[str, str] | None = None,
        facts: Mapping[str, object] | None = None,
        cure: str = "",
    ) -> None:
        super().__init__(title, facts=facts, cure=cure)
        self.failed = failed
        self.blocked = blocked
        self.causes = dict(causes or {})

    def __str__(self) -> str:
        more = len(self.failed) - len(self.causes)
        rest = {"and": f"{more} more"} if self.causes and more > 0 else {}
        facts = {**self.causes, **rest, **self.facts}
        return str(CommandFailed(self.title, facts=facts, cure=self.cure))

    @property
    def brief(self) -> str:
        """The words without the causes, for those who were told of each failure."""
        return super().__str__()


class Interrupted(CommandFailed):
    """The user stopped a command (Ctrl-C); what was finished is kept.

    ``asked`` is the signal by which somebody wants the whole process to end, or None.
    """

    asked: int | None = None

    def end_process(self) -> None:
        """End this process by that signal, now that all is in order; nothing without one."""
        if self.asked is not None:
            import signal

            signal.raise_signal(self.asked)


class JobFailed(WeftError):
    """The result was asked for of a job that failed or never ran."""


class JobContractError(WeftError):
    """A job did not make the files that it declares, or made them empty."""


class StoreError(WeftError):
    """The context's folder can't be read, written or trusted."""


class LeaseHeld(StoreError):
    """Another process is making this context."""


class WeftBug(WeftError):
    """A state that Weft should never reach; please report it."""

    exit_code = 114
