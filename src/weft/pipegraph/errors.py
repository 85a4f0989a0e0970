"""The errors of a pipegraph; each is one of Weft's too.

The tree::

    PyPipeGraphError           (a ValueError, as it always was)
    +-- JobContractError       a job that is used against its rules, or broke its promise
    |   +-- JobRedefinitionError   one id, two definitions
    |   +-- JobOutputConflict      one file, two jobs
    +-- CycleError             jobs that depend on each other
    +-- RuntimeError           some jobs failed
    +-- JobDiedException       the process of a job ended without a result
    +-- CommunicationFailure   a job's result could not be sent
    +-- RuntimeException       our fault: please report it
    +-- NothingChanged         raised by callbacks: a new value that counts like the old one
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import weft.errors
from weft.errors import CycleFound, MakeFailed, UserError, WeftBug, WeftError


class PyPipeGraphError(WeftError, ValueError):
    """Root of the errors of a pipegraph.

    Examples
    --------
    >>> issubclass(CycleError, PyPipeGraphError), issubclass(CycleError, ValueError)
    (True, True)
    """


class JobContractError(PyPipeGraphError, weft.errors.JobContractError, UserError):
    """A job is used against its rules, or its callback did not do what it must.

    Examples
    --------
    >>> print(JobContractError("Job 'a' did not write 'a'.", cure="Write it in its callback."))
    Job 'a' did not write 'a'.
      Next: Write it in its callback.
    """


class JobRedefinitionError(JobContractError):
    """An id was given to two jobs that differ.

    Examples
    --------
    >>> issubclass(JobRedefinitionError, JobContractError)
    True
    """


class JobOutputConflict(JobContractError):
    """A file is claimed by two jobs.

    Examples
    --------
    >>> issubclass(JobOutputConflict, JobContractError)
    True
    """


class CycleError(PyPipeGraphError, CycleFound):
    """Jobs depend on each other; ``cycle`` holds their ids, the first one again at the end.

    Examples
    --------
    >>> CycleError("A cycle.", cycle=("a", "b", "a")).cycle
    ('a', 'b', 'a')
    """


class RuntimeError(PyPipeGraphError, MakeFailed):  # noqa: A001 - its name in pypipegraph
    """Some jobs failed; all that does not depend on them was made.

    Parameters
    ----------
    exceptions
        What the failed jobs raised, in the order of ``failed``.

    Examples
    --------
    >>> error = RuntimeError("1 job failed.", exceptions=[KeyError("x")], failed=("a",))
    >>> error.exceptions, error.failed
    ([KeyError('x')], ('a',))
    """

    def __init__(
        self,
        title: str,
        *,
        exceptions: Sequence[BaseException] = (),
        failed: tuple[str, ...] = (),
        blocked: tuple[str, ...] = (),
        facts: Mapping[str, object] | None = None,
        cure: str = "",
    ) -> None:
        MakeFailed.__init__(self, title, failed=failed, blocked=blocked, facts=facts, cure=cure)
        self.exceptions = list(exceptions)

    @property
    def value(self) -> str:
        """What went wrong, in one sentence."""
        return self.title


class JobDiedException(PyPipeGraphError):
    """The process of a job ended without a result.

    Parameters
    ----------
    exit_code
        Of the process; minus the number of the signal that ended it; 1 if nobody knows.

    Examples
    --------
    >>> JobDiedException("Job 'a' was killed.", exit_code=-9).exit_code
    -9
    """

    def __init__(self, title: str, *, exit_code: int = 1, cure: str = "") -> None:
        super().__init__(title, cure=cure)
        self.exit_code = exit_code


class CommunicationFailure(PyPipeGraphError):
    """A job's result could not be sent.

    Examples
    --------
    >>> issubclass(CommunicationFailure, PyPipeGraphError)
    True
    """


class RuntimeException(PyPipeGraphError, WeftBug):
    """A state that a pipegraph should never reach; please report it.

    Examples
    --------
    >>> RuntimeException.exit_code
    114
    """


class NothingChanged(PyPipeGraphError):
    """Raise it in ``accept_as_unchanged_func``: remember the new value, but re-run nothing.

    Parameters
    ----------
    new_value
        What to compare with from now on.

    Examples
    --------
    >>> NothingChanged({"threads": 8}).new_value
    {'threads': 8}
    """

    def __init__(self, new_value: object) -> None:
        super().__init__("A value changed in a way that does not count.")
        self.new_value = new_value
