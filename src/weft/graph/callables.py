"""What may be called as a job, and what it is called."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR, CO_VARKEYWORDS
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any

from weft.errors import UserError
from weft.model.job import Command
from weft.model.promise import Promise

if TYPE_CHECKING:
    from weft.graph.graph import Graph

_HOLDERS = (Promise, dict, list, tuple, set, frozenset)
_LAZY = CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR


class Known:
    """What a definer remembers of one function: its command, and where its ids have got to."""

    __slots__ = ("base", "command", "counter", "function")

    def __init__(
        self, function: Callable[..., Any], command: Command, base: str, counter: list[int]
    ) -> None:
        self.function = function
        self.command = command
        self.base = base
        self.counter = counter
        """One number, shared by all that make ids from this base."""


def identity_of(function: Callable[..., Any]) -> object:
    """What makes two references the same function; a method is made anew by each access."""
    if isinstance(function, MethodType):
        return (id(function.__self__), id(function.__func__))
    return id(function)


def name_of(function: Callable[..., Any]) -> str:
    """The name under which jobs of this callable are listed.

    >>> name_of(functools.partial(print, 1)), name_of(lambda: 1)
    ('print', 'lambda')
    """
    inner: Any = function
    while hasattr(inner, "func") and not hasattr(inner, "__name__"):
        inner = inner.func
    name = getattr(inner, "__name__", None) or type(inner).__name__
    return "lambda" if name == "<lambda>" else str(name)


def check_callable(function: Callable[..., Any]) -> None:
    """Refuse what can't work as a job.

    Raises
    ------
    UserError
        For generator functions and coroutines, whose results can't be kept; and for promises
        inside of the callable, where they would never be filled in.
    """
    plain = function if type(function) is FunctionType else getattr(function, "__func__", function)
    if type(plain) is FunctionType and plain.__code__.co_flags & _LAZY:
        raise UserError(
            f"{name_of(function)}() is a generator or coroutine function: a call computes nothing.",
            cure="Define a function that returns what is computed, such as list(...).",
        )
    _refuse_promises(function, _carried(function))


def check_growth(graph: Graph, job_id: str, definer: str | None) -> None:
    """Refuse a job that is defined while the jobs run, but for those that a generator defines.

    In a worker process it would be lost without a word.
    """
    if graph.running and definer is None:
        raise UserError(
            f"Job {job_id!r} can't be defined while the jobs of its context run.",
            cure="In a job, define more by comp_dynamic(function, ...): its function gets a"
            " context first. Elsewhere, wait until make() has ended.",
        )


def check_globals(function: Callable[..., Any]) -> None:
    """Refuse a promise in what the function reads of its module.

    That is what is left of ``check_callable`` where another function of the family has passed it.
    """
    _refuse_promises(function, _in_module(function))


def in_order(function: Callable[..., Any], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Keywords as they count: by name, but as they were given where the function can see that.

    >>> list(in_order(lambda a, b: a, {"b": 1, "a": 2}))
    ['a', 'b']
    >>> list(in_order(lambda **options: options, {"b": 1, "a": 2}))
    ['b', 'a']
    """
    plain = getattr(function, "__func__", function)
    if len(kwargs) < 2 or type(plain) is not FunctionType:
        return kwargs
    if plain.__code__.co_flags & CO_VARKEYWORDS:
        return kwargs
    return dict(sorted(kwargs.items()))


def _refuse_promises(function: Callable[..., Any], values: Iterable[tuple[str, Any]]) -> None:
    for where, value in values:
        promise = _promise_in(value)
        if promise is not None:
            raise UserError(
                f"{name_of(function)}() holds the promise of job {promise.job_id!r} in {where}, "
                "where it is not replaced by the result.",
                cure="Pass the promise as an argument of comp().",
            )


def check_reserved(function: Callable[..., Any], **given: object) -> None:
    """Refuse keywords of ``comp`` that the function has parameters of the same name for."""
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    if code is None:
        return
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    for name in names:
        if given.get(name) is not None:
            raise UserError(
                f"{name_of(function)}() has a parameter {name!r}, which comp() takes for itself.",
                cure=f"Pass it by place, or through functools.partial({name}=...).",
            )


def _carried(function: Any) -> Iterator[tuple[str, Any]]:
    """Values that the callable brings along, and where."""
    if type(function) is FunctionType:
        names = function.__code__.co_freevars
        for name, cell in zip(names, function.__closure__ or (), strict=False):
            yield f"its closure ({name})", _content(cell)
        yield from _in_module(function)
        yield "a default value", function.__defaults__
        yield "a default value", function.__kwdefaults__
    elif isinstance(function, functools.partial):
        yield "the arguments of a partial", (function.args, function.keywords)
        yield from _carried(function.func)
    elif isinstance(function, MethodType):
        yield "its object", _attributes(function.__self__)
        yield from _carried(function.__func__)
    elif not isinstance(function, type):
        yield "its attributes", _attributes(function)


def _in_module(function: Any) -> Iterator[tuple[str, Any]]:
    module = function.__globals__
    for name in function.__code__.co_names:  # names of attributes too
        value = module.get(name)
        if _promise_in(value) is not None and name in _globals_read(function):
            yield f"the global {name}", value


def _globals_read(function: FunctionType) -> set[str]:
    import dis

    reads = ("LOAD_GLOBAL", "LOAD_NAME")
    return {i.argval for i in dis.get_instructions(function) if i.opname in reads}


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not assigned yet
        return None


def _attributes(value: Any) -> Any:
    return getattr(value, "__dict__", None) if not isinstance(value, type) else None


def _promise_in(value: Any, levels: int = 3) -> Promise[Any] | None:
    """A promise that is the value, or is among the first levels of it."""
    if not isinstance(value, _HOLDERS):
        return None
    if isinstance(value, Promise):
        return value
    if not levels:
        return None
    for part in value.values() if isinstance(value, dict) else value:
        promise = _promise_in(part, levels - 1)
        if promise is not None:
            return promise
    return None


def joined(prefix: str, name: str) -> str:
    """An id with what stands before it.

    >>> joined("fit", "a"), joined("", "a")
    ('fit-a', 'a')
    """
    return f"{prefix}-{name}" if prefix and name else prefix or name


def check_id(name: str) -> None:
    """Refuse what can't be an id."""
    if not isinstance(name, str) or not name or not name.isprintable():
        raise UserError(
            f"{name!r} can't be the id of a job.", cure="Use any printable text of one line."
        )
