"""How endpoints go to the processes that use them.

`multiprocessing` says which endpoints a child gets: under spawn and forkserver it pickles them,
under fork they are found among what the process was made with. In both cases the child inherits the
descriptor of the endpoint's new life and the parent closes its own, so that the endpoint is the
child's from the moment it exists. A fork by hand says nothing: there the first use decides.
"""

from __future__ import annotations

import functools
import os
import signal
import sys
import threading
import types
import weakref
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from multiprocessing.process import BaseProcess, current_process
from typing import TYPE_CHECKING, Any

from weft.queues.lives import Life
from weft.queues.shared import Shared

if TYPE_CHECKING:
    from weft.queues.endpoint import Endpoint

DEEP = 6
"""How many containers and objects deep endpoints are looked for."""
MANY = 10_000
"""How many values are looked at, at most."""
LAUNCHER = "_launch"

_lent: dict[int, dict[Endpoint, Life]] = {}
"""What each thread that forks now gives to its child."""
_mask: set[int] = set()
"""The signals that were blocked before a fork."""


def drop_copies(shared: Shared) -> None:
    """Let go of the ends of a queue that a fork by hand brought and this process does not use."""
    for endpoint in _endpoints():
        if endpoint.shared is shared:
            endpoint.drop_copy()


def end_when_started(popen: Any, life: Life) -> None:
    """Close this process's part of a life that a child is to inherit, once that was started."""
    reference = weakref.ref(popen)
    thread = threading.Thread(target=_wait, args=(reference, life), name="weft-queue", daemon=True)
    thread.start()


def _wait(reference: weakref.ref[Any], life: Life) -> None:
    pause = threading.Event()
    while (popen := reference()) is not None and getattr(popen, "pid", None) is None:
        del popen
        pause.wait(0.005)
    life.end()


def _endpoints() -> list[Endpoint]:
    from weft.queues.endpoint import Endpoint

    return list(Endpoint.here)


def _before_fork() -> None:
    # An exception of a signal in here would be dropped by the interpreter, and the work half done.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    _mask.clear()
    _mask.update(before)
    process = _starting_process()
    lent = _lent[threading.get_ident()] = {}
    for endpoint in find(process) if process is not None else []:
        life = endpoint.lend()
        if life is not None:
            lent[endpoint] = life


def _after_fork_in_parent() -> None:
    lent = _lent.pop(threading.get_ident(), {})
    handed = {endpoint.shared for endpoint in lent}
    for endpoint, life in lent.items():
        life.end()
        endpoint.gone()
    for endpoint in _endpoints():
        if endpoint.shared not in handed:
            endpoint.maybe_lent()


def _after_fork_in_child() -> None:
    mine = _lent.pop(threading.get_ident(), {})
    _lent.clear()
    handed = {endpoint.shared for endpoint in mine}
    for endpoint in _endpoints():
        endpoint.forked(others_were_handed=endpoint.shared in handed)
        if endpoint in mine:
            endpoint.arrived(mine[endpoint])
    kept = {endpoint.life for endpoint in _endpoints()}
    for life in list(Life.here):
        if life not in kept:
            life.end()


def _starting_process() -> BaseProcess | None:
    """The process that `multiprocessing` is about to fork: an argument of its launcher.

    Looking at the variables of a frame keeps their values alive as long as it runs; so it is done
    to no frame of a user.
    """
    frame: types.FrameType | None = sys._getframe()
    while frame is not None and frame.f_code.co_name != LAUNCHER:
        frame = frame.f_back
    process = frame and frame.f_locals.get("process_obj")
    # In a child, the frames of its own start are still there.
    if isinstance(process, BaseProcess) and process is not current_process():
        return process
    return None


def find(process: BaseProcess) -> list[Endpoint]:
    """The endpoints that a process is to have, by what it was made with.

    Those among its arguments, and those which nobody has used among what else it reaches: the
    target (a method, a partial, a closure) and attributes.
    """
    from weft.queues.endpoint import Endpoint

    if not Endpoint.here:
        return []
    given = vars(process)
    arguments = _search([given.get("_args"), given.get("_kwargs")])
    others = [endpoint for endpoint in _search([given]) if endpoint.is_new]
    return list(dict.fromkeys([*arguments, *others]))


def _search(level: list[object]) -> list[Endpoint]:
    from weft.queues.endpoint import Endpoint

    found: list[Endpoint] = []
    seen: set[int] = set()
    for _ in range(DEEP):
        inner: list[object] = []
        for value in level:
            if isinstance(value, Endpoint):
                found.append(value)
            elif id(value) not in seen and len(seen) < MANY:
                seen.add(id(value))
                inner.extend(islice(_parts(value), MANY))
        level = inner
    return found


def _parts(value: object) -> Iterator[object]:
    match value:
        case dict():
            yield from list(value.values())
        case list() | tuple() | set() | frozenset():
            yield from list(value)
        case types.FunctionType():
            yield from value.__defaults__ or ()
            yield from (value.__kwdefaults__ or {}).values()
            for cell in value.__closure__ or ():
                with suppress(ValueError):  # not yet assigned
                    yield cell.cell_contents
        case types.MethodType():
            yield from (value.__self__, value.__func__)
        case functools.partial():
            yield from (value.func, value.args, value.keywords)
        case type() | types.ModuleType() | str() | bytes() | int() | float():
            return
        case _:
            attributes = getattr(value, "__dict__", None)
            if isinstance(attributes, dict):
                yield from list(attributes.values())


_restore = functools.partial(signal.pthread_sigmask, signal.SIG_SETMASK, _mask)
"""No bytecode runs in here, so a signal that came meanwhile is raised after the fork, not in it."""
os.register_at_fork(
    before=_before_fork,
    after_in_parent=_after_fork_in_parent,
    after_in_child=_after_fork_in_child,
)
os.register_at_fork(after_in_parent=_restore, after_in_child=_restore)
