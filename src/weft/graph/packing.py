"""A call as bytes, for workers that don't share this process's memory."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

from weft.errors import SerializationError

Call = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]


def pack_call(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any] | None,
    *,
    by_value: bool,
    digest_of: Callable[[Any], bytes] | None = None,
) -> bytes:
    """Pickle a call.

    Parameters
    ----------
    by_value
        Whether what ``__main__`` defines is packed whole, for processes that don't run the same
        script. Otherwise functions go by name where they have one, and whole where they have none
        (lambdas, nested functions).
    digest_of
        Gives the digest of the code of what is packed whole, for processes that can't tell.

    Raises
    ------
    SerializationError
        When some part can't be pickled.
    """
    call = (function, args, kwargs or {})
    if not by_value:
        try:
            return pickle.dumps(call, 5)
        except Exception:  # noqa: BLE001 - any class may raise anything; cloudpickle tries next
            pass
    from weft.pickling.by_value import dumps

    try:
        packed = dumps(call, digest_of)
    except Exception as error:
        raise SerializationError(
            f"The call of {getattr(function, '__qualname__', function)} can't be sent to a worker.",
            facts={"because": error},
            cure="Build what can't be pickled inside the job, from arguments that can.",
        ) from error
    return packed


def unpack_call(packed: bytes) -> Call:
    """The call that ``pack_call`` packed."""
    call: Call = pickle.loads(packed)
    return call
