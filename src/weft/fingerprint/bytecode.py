"""Compiled code: what it calls by name, and whether two pieces of it are the same."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import CodeType
from typing import Any

from weft.fingerprint.encoding import (
    SCALARS,
    digest,
    encode_bytes,
    encode_int,
    encode_scalar,
    encode_text,
)
from weft.fingerprint.normalise import Text

_COMPARED = (
    "co_code",
    "co_names",
    "co_varnames",
    "co_freevars",
    "co_cellvars",
    "co_argcount",
    "co_posonlyargcount",
    "co_kwonlyargcount",
    "co_flags",
    "co_exceptiontable",
)


def nested_codes(code: CodeType) -> Iterator[CodeType]:
    """The code and all that is defined in it, outermost first."""
    stack = [code]
    while stack:
        present = stack.pop()
        yield present
        stack.extend(c for c in reversed(present.co_consts) if isinstance(c, CodeType))


def same_code(a: CodeType, b: CodeType) -> bool:
    """Whether both do the same; file, lines and columns don't count.

    >>> same_code((lambda x: x + 1).__code__, (lambda x: x + 1).__code__)
    True
    >>> same_code((lambda x: x + 1).__code__, (lambda x: x + 1.0).__code__)
    False
    """
    if a is b:
        return True
    if any(getattr(a, name) != getattr(b, name) for name in _COMPARED):
        return False
    return len(a.co_consts) == len(b.co_consts) and all(
        _same_constant(x, y) for x, y in zip(a.co_consts, b.co_consts, strict=True)
    )


def _same_constant(a: Any, b: Any) -> bool:
    if type(a) is not type(b):
        return False
    if isinstance(a, CodeType):
        return a.co_name == b.co_name and same_code(a, b)
    if isinstance(a, tuple):
        return len(a) == len(b) and all(_same_constant(x, y) for x, y in zip(a, b, strict=True))
    return encode_constant(a) == encode_constant(b)


def encode_constant(value: Any) -> bytes:
    """Encoding of a constant of compiled code; frozensets without their order."""
    if isinstance(value, CodeType):
        return b"O" + digest(_local(value))
    if isinstance(value, (tuple, frozenset)):
        items = [encode_constant(item) for item in value]
        if isinstance(value, frozenset):
            items.sort()
        return (b"t" if isinstance(value, tuple) else b"Z") + digest(*items)
    if type(value) in SCALARS:
        return encode_scalar(value)
    return b"?" + encode_text(repr(value))  # a slice, from 3.14 on


def _local(code: CodeType) -> bytes:
    counts = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags)
    texts = (*code.co_names, b"", *code.co_varnames, b"", *code.co_freevars, b"", *code.co_cellvars)
    return b"".join(
        [
            *(encode_int(count) for count in counts),
            encode_bytes(code.co_code),
            encode_bytes(code.co_exceptiontable),
            *(encode_scalar(text) for text in texts),
            *(encode_constant(constant) for constant in code.co_consts),
        ]
    )


def bytecode_text(code: CodeType) -> Text:
    """Compiled code as a `Text`, tagged with the Python version that compiled it."""
    names = dict.fromkeys(_chains(code), code.co_firstlineno)
    tag = f"bytecode {sys.version_info.major}.{sys.version_info.minor}"
    return Text(digest(encode_text(tag), _local(code)), names, guessed=True)


def _chains(code: CodeType) -> Iterator[tuple[str, ...]]:
    """Names, and each with every other name of the code as its attribute: more than is used."""
    for present in nested_codes(code):
        for name in sorted(global_names(present, nested=False)):
            yield (name,)
            for attribute in present.co_names:
                yield name, attribute


def global_names(code: CodeType, *, nested: bool = True) -> set[str]:
    """Names that the code, and the code defined in it, takes from its module or the builtins.

    >>> sorted(global_names((lambda: [len(x) for x in unknown]).__code__))
    ['len', 'unknown']
    """
    import opcode

    shifted = {opcode.opmap["LOAD_GLOBAL"]}
    direct = {opcode.opmap[name] for name in _BY_NAME if name in opcode.opmap}
    extended = opcode.opmap["EXTENDED_ARG"]
    found = set()
    for present in nested_codes(code) if nested else (code,):
        names, argument = present.co_names, 0
        for operation, low in zip(present.co_code[::2], present.co_code[1::2], strict=True):
            argument = argument << 8 | low
            if operation == extended:
                continue
            if operation in shifted:  # the lowest bit tells whether a call follows
                found.add(names[argument >> 1])
            elif operation in direct:
                found.add(names[argument])
            argument = 0
    return found


_BY_NAME = ("LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS")
