"""What a job's callback wants to be called with; and the wrappers around callbacks.

The code fingerprint of a job must be that of the user's function. So what Weft puts around one is
a ``functools.partial`` of a function of this package, whose first argument is the user's; all else
in it has a ``__weft_hash__``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection
from functools import partial
from types import FunctionType
from typing import Any

from weft.graph.callables import name_of
from weft.pipegraph.errors import JobContractError

Callback = Callable[..., Any]
_PLACED = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


class Opaque:
    """Holds a function whose code shall not count."""

    __slots__ = ("function",)

    def __init__(self, function: Callback) -> None:
        self.function = function

    def __weft_hash__(self) -> str:
        return "code that does not count"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)


def _call(function: Callback, *args: Any, **kwargs: Any) -> Any:
    return function(*args, **kwargs)


def opaque(function: Callback) -> Callback:
    """``function``, of which no change is noticed."""
    inner = user_function(function)
    if isinstance(function, partial) and _is_ours(function):
        first, *more = function.args
        hidden = first if isinstance(first, Opaque) else Opaque(inner)
        return partial(function.func, hidden, *more, **function.keywords)
    return partial(_call, Opaque(inner))


def is_opaque(function: object) -> bool:
    """Whether the code of what a job calls does not count.

    >>> is_opaque(opaque(len)), is_opaque(len)
    (True, False)
    """
    if not isinstance(function, partial) or not _is_ours(function):
        return False
    return isinstance(function.args[0], Opaque) or is_opaque(function.args[0])


def user_function(function: Callback) -> Callback:
    """The user's own function inside of what a job calls.

    >>> user_function(opaque(len)) is len
    True
    """
    while isinstance(function, partial) and _is_ours(function):
        function = function.args[0]
    return function.function if isinstance(function, Opaque) else function


def _is_ours(function: partial[Any]) -> bool:
    module: str = getattr(function.func, "__module__", None) or ""
    return module.startswith("weft.pipegraph")


def takes_paths(function: Callback, given: Collection[str] = ()) -> bool:
    """Whether the callback of a file job takes the path or paths, by its signature.

    Parameters
    ----------
    given
        Names of the arguments that it gets by keyword.

    Raises
    ------
    JobContractError
        When it can be called neither way.

    Examples
    --------
    >>> takes_paths(lambda: 1), takes_paths(lambda path: 1), takes_paths(lambda path="a": 1)
    (False, True, False)
    """
    wanted = _required(function, frozenset(given))
    if len(wanted) > 1:
        raise JobContractError(
            f"{name_of(function)}() has {len(wanted)} arguments that nobody gives: "
            f"{', '.join(wanted)}.",
            facts={"function": _where(function)},
            cure="A callback of a file job takes nothing, or the path (or paths) that it writes.",
        )
    return bool(wanted)


def refuse_arguments(function: Callback, job: str) -> None:
    """Refuse a callback that can't be called without arguments."""
    wanted = _required(function, frozenset())
    if wanted:
        raise JobContractError(
            f"{name_of(function)}() has arguments that nobody gives: {', '.join(wanted)}.",
            facts={"function": _where(function)},
            cure=f"The callback of a {job} takes none: bind them as defaults, as in "
            f"lambda {wanted[0]}={wanted[0]}: ...",
        )


def _required(function: Callback, given: frozenset[str]) -> tuple[str, ...]:
    """Names of the arguments that must be passed by place."""
    if not callable(function):
        raise JobContractError(
            f"{function!r} is no function.", cure="Give the function itself, without calling it."
        )
    if type(function) is FunctionType and not function.__dict__ and not given:
        code = function.__code__
        if not code.co_kwonlyargcount:
            end = code.co_argcount - len(function.__defaults__ or ())
            return code.co_varnames[:end]
    return _by_signature(function, given)


def _by_signature(function: Callback, given: frozenset[str]) -> tuple[str, ...]:
    try:
        parameters = inspect.signature(function).parameters
    except ValueError as error:
        if not isinstance(function, partial):  # some of C have none
            return ()
        raise JobContractError(
            f"{name_of(function)}() can't be called: {error}.", cure="Mend the partial()."
        ) from None
    open_ended = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values())
    unknown = sorted(given.difference(parameters)) if not open_ended else []
    missing = [
        name
        for name, parameter in parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
        and parameter.default is inspect.Parameter.empty
        and name not in given
    ]
    if unknown or missing:
        what = f"has no argument {unknown[0]!r}" if unknown else f"needs the keyword {missing[0]!r}"
        raise JobContractError(
            f"{name_of(function)}() {what}.",
            facts={"function": _where(function)},
            cure="Let its arguments be those in arguments={...}, after the path if it takes that.",
        )
    placed = [name for name, parameter in parameters.items() if parameter.kind in _PLACED]
    wanted = [n for n in placed if parameters[n].default is inspect.Parameter.empty]
    left = tuple(name for name in wanted if name not in given)
    if left and placed[0] != left[0]:
        raise JobContractError(
            f"{name_of(function)}() takes {left[0]!r} after other arguments.",
            facts={"function": _where(function)},
            cure=f"Let {left[0]!r}, which gets the path, be its first one.",
        )
    return left


def _where(function: Callback) -> str:
    code = getattr(inspect.unwrap(function), "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code is not None else repr(function)
