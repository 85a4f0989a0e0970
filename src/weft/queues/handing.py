"""How endpoints go to the processes that use them.

`multiprocessing` says which endpoints a child gets: under spawn and forkserver it pickles them,
under fork they are found among what the process was made with. In both cases the child inherits the
descriptor of the endpoint's new life and the parent closes its own, so that the endpoint is the
child's from the moment it exists. A fork by hand says nothing: there the first use decides.
"""

from __future__ import annotations

import ctypes
import functools
import os
import signal
import sys
import threading
import time
import types
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing.process import BaseProcess, current_process
from typing import Any

from weft.queues.layout import State
from weft.queues.lives import Life
from weft.queues.ownership import Ownership, Place
from weft.queues.shared import Shared

DEEP = 6
"""How many containers and objects deep endpoints are looked for."""
MANY = 10_000
"""How many values are looked at, at most."""
LAUNCHER = "_launch"
GIVE_UP = 30.0
"""Seconds after which a process that was to be started is taken for one that can't be."""


@dataclass(slots=True)
class _Fork:
    """What a thread that forks now does."""

    is_by_hand: bool
    lent: dict[Ownership, Life] = field(default_factory=dict)


_forks: dict[int, _Fork] = {}
"""By the thread."""


def end_when_started(popen: Any, ownership: Ownership, life: Life) -> None:
    """Close this process's part of a life that a child is to inherit, once that was started.

    If it can't be started, take the endpoint back.
    """
    references = weakref.ref(popen), weakref.ref(ownership)
    work = threading.Thread(target=_await_start, args=(*references, life), daemon=True)
    work.start()


def _await_start(popen: weakref.ref[Any], ownership: weakref.ref[Ownership], life: Life) -> None:
    pause, end, nap = threading.Event(), time.monotonic() + GIVE_UP, 0.001
    while (started := popen()) is not None and getattr(started, "pid", None) is None:
        del started
        if time.monotonic() > end or ownership() is None:
            break
        pause.wait(nap)
        nap = min(nap * 2, 0.2)
    owner = ownership()
    if owner is not None and getattr(popen(), "pid", None) is None:
        owner.come_back(life)
    else:
        life.end()


def _before_fork() -> None:
    process = _starting_process()
    fork = _forks[threading.get_ident()] = _Fork(is_by_hand=process is None)
    for ownership in find(process) if process is not None else []:
        life = ownership.lend()
        if life is not None:
            fork.lent[ownership] = life


def _after_fork_in_parent() -> None:
    fork = _forks.pop(threading.get_ident())
    for ownership, life in fork.lent.items():
        life.end()
        ownership.leave(Place.ELSEWHERE)
    if fork.is_by_hand:
        for ownership in list(Ownership.here):
            ownership.forked_by_hand()
    for shared in list(Shared.known):
        shared.forked(is_child=False)


def _after_fork_in_child() -> None:
    fork = _forks.pop(threading.get_ident())
    _forks.clear()
    views = {shared.views for shared in Shared.known}
    for shared in list(Shared.known):
        shared.forked(is_child=True)
    for ownership in list(Ownership.here):
        ownership.arrive_by_fork(by_hand=fork.is_by_hand)
        if ownership in fork.lent:
            ownership.arrive(fork.lent[ownership])
    kept = views | {ownership.life for ownership in Ownership.here}
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


def find(process: BaseProcess) -> list[Ownership]:
    """The endpoints that a process is to have, by what it was made with.

    Those among its arguments, and those which nobody has used among what else it reaches: the
    target (a method, a partial, a closure, with its global variables) and attributes.
    """
    if not Ownership.here:
        return []
    given = vars(process)
    arguments = _search([given.get("_args"), given.get("_kwargs")])
    others = [ownership for ownership in _search([given]) if ownership.state == State.NEW]
    return list(dict.fromkeys([*arguments, *others]))


def _search(level: list[object]) -> list[Ownership]:
    found: list[Ownership] = []
    seen: set[int] = set()
    for _ in range(DEEP):
        inner: list[object] = []
        for value in level:
            if isinstance(value, Ownership):
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
            names = value.__code__.co_names
            yield from (value.__globals__[name] for name in names if name in value.__globals__)
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


def _masking() -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Functions that hold all signals back during a fork, and let them come again.

    An exception of a signal in a function that is called at a fork would be dropped by the
    interpreter, with the work half done. Those of the module `signal` raise such exceptions
    themselves; the C library's don't, and run no bytecode: what came is raised after the fork.
    """
    library = ctypes.PyDLL(None)
    everything, before = (ctypes.create_string_buffer(128) for _ in range(2))
    library.sigfillset(everything)
    hold = functools.partial(library.pthread_sigmask, int(signal.SIG_SETMASK), everything, before)
    release = functools.partial(library.pthread_sigmask, int(signal.SIG_SETMASK), before, None)
    return hold, release


os.register_at_fork(
    before=_before_fork,
    after_in_parent=_after_fork_in_parent,
    after_in_child=_after_fork_in_child,
)
_hold, _release = _masking()
os.register_at_fork(before=_hold, after_in_parent=_release, after_in_child=_release)
