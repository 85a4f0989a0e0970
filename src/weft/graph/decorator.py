"""``@weft.job``: options that a function's jobs have wherever they are defined."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, overload

from weft.errors import UserError
from weft.graph.definer import OPTIONS_ATTRIBUTE
from weft.model.resources import DEFAULT_OPTIONS

F = TypeVar("F", bound=Callable[..., Any])


@overload
def job(function: F, /) -> F: ...
@overload
def job(**options: Any) -> Callable[[F], F]: ...
def job(function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """Give a function job options; it stays the function that it is.

    Parameters
    ----------
    options
        As for ``context.options(...)``, which goes before these: see :class:`weft.Options`.

    Raises
    ------
    UserError
        For an unknown option or an impossible value.

    Examples
    --------
    >>> import weft
    >>> @weft.job(cores=2, version="3")
    ... def fit(data, alpha):
    ...     return sum(data) * alpha
    >>> fit([1, 2], 0.5)
    1.5
    """
    DEFAULT_OPTIONS.but(**options)

    def mark(marked: Callable[..., Any]) -> Callable[..., Any]:
        if not callable(marked):
            raise UserError(
                f"@weft.job marks functions, not {marked!r}.",
                cure="Write options by name: @weft.job(cores=2).",
            )
        setattr(marked, OPTIONS_ATTRIBUTE, {**getattr(marked, OPTIONS_ATTRIBUTE, {}), **options})
        return marked

    return mark if function is None else mark(function)
