"""What is known of functions and classes that travel."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import Any

CODE = "__weft_code__"
"""Attribute of functions and classes that travelled: the digest of their code where they came from.

Elsewhere a part of what it is made of may be missing: what decorators and class statements name.
"""


@dataclass(slots=True)
class Sent:
    """The functions and classes in a pickle."""

    by_name: list[Any] = field(default_factory=list)
    """Those that the other side takes from its own modules."""
    whole: list[Any] = field(default_factory=list)


def has_name(value: Any) -> bool:
    """Whether another process finds the very same under its name in a module.

    >>> has_name(len), has_name(lambda: 1)
    (True, False)
    """
    module = getattr(value, "__module__", None)
    if not isinstance(module, str) or module == "__main__":
        return False
    return is_found(value, module, value.__qualname__)


def is_found(value: object, module: str, path: str) -> bool:
    """Whether a module of this process has the very same under a dotted name.

    >>> is_found(len, "builtins", "len"), is_found(len, "builtins", "no.such")
    (True, False)
    """
    found: object = sys.modules.get(module)
    for name in path.split("."):
        found = getattr(found, name, None)
    return found is value
