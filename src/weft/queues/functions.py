"""Items that pickle refuses: functions without a name that can be imported, and what holds them."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from typing import Any

from weft.pickling.by_value import ByValuePickler
from weft.pickling.mark import is_found


class _Pickler(ByValuePickler):
    """Sends by value only what has no name in a module: a class stays the same class."""

    def reducer_override(self, item: object) -> Any:
        if isinstance(item, io.IOBase):
            raise pickle.PicklingError("an open file can't be sent")
        if isinstance(item, type) and is_found(item, item.__module__, item.__qualname__):
            return NotImplemented
        return super().reducer_override(item)


def dumps(item: object, buffer_callback: Callable[[pickle.PickleBuffer], bool]) -> bytes:
    """The item as a pickle, its functions by value.

    Examples
    --------
    >>> pickle.loads(dumps(lambda: 1, lambda buffer: True))()
    1
    """
    with io.BytesIO() as file:
        _Pickler(file, 5, buffer_callback=buffer_callback).dump(item)
        return file.getvalue()
