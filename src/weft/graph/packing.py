"""A call as bytes, for workers that don't share this process's memory.

That is a pickle; and after it, where code goes by its name, what this code is here: another pickle,
its length, and a byte that no pickle ends with.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from struct import Struct
from types import FunctionType
from typing import Any

from weft.errors import SerializationError
from weft.fingerprint.fingerprinter import Fingerprinter
from weft.fingerprint.literal import FLAT
from weft.fingerprint.named import named_code
from weft.model.resources import DEFAULT_OPTIONS, Options
from weft.pickling.mark import Sent, has_name

Call = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]
_END = Struct("!Ic")
_MARK = b"N"


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of the code in a call.

    Attributes
    ----------
    options
        Of the job, which say what of its code counts.
    """

    fingerprinter: Fingerprinter
    options: Options = DEFAULT_OPTIONS


def pack_call(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any] | None,
    *,
    by_value: bool,
    told: Told | None = None,
) -> bytes:
    """Pickle a call.

    Parameters
    ----------
    by_value
        Whether what ``__main__`` defines is packed whole, for processes that don't run the same
        script. Otherwise functions go by name where they have one, and whole where they have none
        (lambdas, nested functions).
    told
        How the code in it is told from other code under the same names; None where there is none.

    Raises
    ------
    SerializationError
        When some part can't be pickled.
    """
    call = (function, args, kwargs or {})
    if not by_value:
        try:
            return pickle.dumps(call, 5) if told is None else _pack_by_name(call, told)
        except Exception:  # noqa: BLE001 - any class may raise anything; cloudpickle tries next
            pass
    from weft.pickling.by_value import dumps

    sent = Sent()
    try:
        if told is None:
            return dumps(call)
        return _with_names(dumps(call, told.fingerprinter.code_of, sent), sent, told)
    except Exception as error:
        raise SerializationError(
            f"The call of {getattr(function, '__qualname__', function)} can't be sent to a worker.",
            facts={"because": error},
            cure="Build what can't be pickled inside the job, from arguments that can.",
        ) from error


def _pack_by_name(call: Call, told: Told) -> bytes:
    function, args, kwargs = call
    flat = FLAT.issuperset(map(type, (*args, *kwargs.values())))
    if flat and type(function) is FunctionType and has_name(function):
        # What a generator makes thousands of: 5 us less for each.
        return _with_names(pickle.dumps(call, 5), Sent([function]), told)
    from weft.pickling.by_value import NamingPickler

    with BytesIO() as file:
        pickler = NamingPickler(file, 5)
        pickler.sent = Sent()
        pickler.dump(call)
        return _with_names(file.getvalue(), pickler.sent, told)


def _with_names(packed: bytes, sent: Sent, told: Told) -> bytes:
    options, notes = told.options, told.fingerprinter.notes
    if sent.whole or options.uses:
        return packed + _names(sent, told)
    # A generator may make thousands of jobs of one function: 12 us less for each.
    key = (*map(id, sent.by_name), options.code, options.ignore, options.version, options.packages)
    known = notes.get(key)
    if known is None:
        known = notes[key] = sent, _names(sent, told)
    return packed + known[1]


def _names(sent: Sent, told: Told) -> bytes:
    named = named_code(sent, told.options, told.fingerprinter)
    if named is None:
        return b""
    names = named.dumps()
    return names + _END.pack(len(names), _MARK)


def unpack_call(packed: bytes, compare: Callable[[bytes], None] | None = None) -> Call:
    """The call that ``pack_call`` packed.

    Parameters
    ----------
    compare
        Called before with the ``Named`` that tells what the code that goes by name was where it was
        packed, as bytes; it may raise.
    """
    if compare is not None and packed.endswith(_MARK):
        length, _ = _END.unpack(packed[-_END.size :])
        compare(packed[-_END.size - length : -_END.size])
    call: Call = pickle.loads(packed)
    return call
