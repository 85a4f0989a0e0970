"""How endpoints go to the processes that use them.

`multiprocessing` says which endpoints a child gets: under spawn and forkserver it pickles them,
under fork they are found among what the process was made with. In both cases the child inherits the
descriptor of the endpoint's new life and the parent closes its own, so that the endpoint is the
child's from the moment it exists. A fork by hand says nothing: there the first use decides.
"""

from __future__ import annotations

import ctypes
import functools
import gc
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

from weft.errors import WeftError
from weft.queues.lives import Life
from weft.queues.ownership import Ownership, Place
from weft.queues.shared import Shared

DEEP = 8
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
    """What the child was given."""
    reached: set[Ownership] = field(default_factory=set)
    """What it may use besides."""


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
    if process is None or not Ownership.here:
        return
    given, reached = find(process)
    fork.reached = {*given, *reached}
    for ownership in given:
        # Who can't be given is refused at its use in the child; the others go all the same.
        with suppress(WeftError, OSError):
            life = ownership.lend()
            if life is not None:
                fork.lent[ownership] = life


def _after_fork_in_parent() -> None:
    fork = _forks.pop(threading.get_ident())
    for ownership, life in fork.lent.items():
        life.end()
        ownership.leave(Place.ELSEWHERE)
    for ownership in Ownership.here.all():
        if fork.is_by_hand or ownership in fork.reached:
            ownership.may_be_shared()
    _part_views(is_child=False)


def _after_fork_in_child() -> None:
    fork = _forks.pop(threading.get_ident())
    _forks.clear()
    for ownership in Ownership.here.all():
        ownership.arrive_unasked(may_be_meant=fork.is_by_hand or ownership in fork.reached)
        if ownership in fork.lent:
            ownership.arrive(fork.lent[ownership])
    kept = {ownership.life for ownership in Ownership.here.all()}
    for life in Life.here.all():
        if life not in kept and not life.is_of_views:
            life.end()
    _part_views(is_child=True)


def _part_views(*, is_child: bool) -> None:
    for shared in Shared.known.all():
        with suppress(WeftError):
            shared.forked(is_child=is_child)


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


def find(process: BaseProcess) -> tuple[list[Ownership], list[Ownership]]:
    """The endpoints that a process is to have, by what it was made with.

    First those that it is given: arguments, and attributes of a process of one's own kind. Then
    those that its target reaches (a method, a closure, global variables), and perhaps uses.
    """
    attributes = vars(process).copy()
    target = attributes.pop("_target", None)
    return _search(attributes), _search(target)


def _search(value: object) -> list[Ownership]:
    found: list[Ownership] = []
    seen: set[int] = set()
    level = [value]
    for _ in range(DEEP):
        inner: list[object] = []
        for part in level:
            if type(part) is Ownership:
                found.append(part)
            elif id(part) not in seen and len(seen) < MANY:
                seen.add(id(part))
                inner.extend(islice(_parts(part), MANY))
        level = inner
    return found


def _parts(value: object) -> Iterator[object]:
    # By `type`: `isinstance` asks the value, and a lazy one may do anything then.
    if type(value) is types.FunctionType:
        names = value.__code__.co_names
        yield from (value.__globals__[name] for name in names if name in value.__globals__)
        yield from (value.__closure__, value.__defaults__, value.__kwdefaults__)
    elif not issubclass(type(value), (type, types.ModuleType, types.FrameType)):
        yield from gc.get_referents(value)


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
