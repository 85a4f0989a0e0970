"""The bytes that are hashed: typed and length-prefixed, so that no two values share them.

Every encoding starts with its tag and says where it ends, so encodings can be joined.
Containers are encoded as tag + digest of their content: constant size, and shared parts are
hashed once.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from struct import pack
from typing import Any

from weft.model.job import DIGEST_SIZE, Digest

LONG = 4096
"""Bytes from which a text is encoded by its digest, so that joining does not copy it; and from
which BLAKE3 pays: 1.7 us against 5.8 of BLAKE2b, at 1 MiB 155 against 1,400 us. Its threads pay
from 32 MiB on, and would take the cores of other jobs."""


def digest(*parts: bytes) -> Digest:
    """Hash of self-delimiting parts, joined."""
    return blake2b(b"".join(parts), digest_size=DIGEST_SIZE).digest()


def long_state() -> Any:
    """What long buffers and files are hashed with."""
    from blake3 import blake3  # 1 ms, and a run with nothing to do hashes nothing long

    return blake3()


def long_content(tag: bytes, length: int, state: Any) -> bytes:
    """Tag, length and digest of long content."""
    return b"%b%d#%b" % (tag, length, state.digest(DIGEST_SIZE))


def sized(tag: bytes, data: Any) -> bytes:
    """Tag, length and content of a bytes-like object (its digest when it is long)."""
    if len(data) < LONG:
        return b"%b%d:%b" % (tag, len(data), data)
    state = long_state()
    state.update(data)
    return long_content(tag, len(data), state)


def encode_text(value: str) -> bytes:
    """Encoding of a str."""
    return sized(b"s", value.encode("utf-8", "surrogatepass"))


def encode_bytes(value: bytes) -> bytes:
    """Encoding of bytes."""
    return sized(b"b", value)


def encode_int(value: int) -> bytes:
    """Encoding of an int; hexadecimal, because decimal refuses more than 4300 digits."""
    return b"i%x;" % value


def encode_bool(value: bool) -> bytes:
    """Encoding of a bool."""
    return b"T" if value else b"F"


def encode_float(value: float) -> bytes:
    """Encoding of a float by its bits; all NaNs are one, -0.0 is not 0.0."""
    return b"d" + (pack("<d", value) if value == value else b"nan nan ")


def encode_complex(value: complex) -> bytes:
    """Encoding of a complex by its two floats."""
    return b"c" + encode_float(value.real) + encode_float(value.imag)


def encode_singleton(value: object) -> bytes:
    """Encoding of None, Ellipsis and NotImplemented."""
    if value is None:
        return b"N"
    return b"E" if value is ... else b"U"


SCALARS: dict[type, Callable[[Any], bytes]] = {
    bool: encode_bool,
    int: encode_int,
    float: encode_float,
    complex: encode_complex,
    str: encode_text,
    bytes: encode_bytes,
    type(None): encode_singleton,
    type(...): encode_singleton,
    type(NotImplemented): encode_singleton,
}
"""Encoders of exact types whose values contain no others."""


def encode_scalar(value: Any) -> bytes:
    """Encoding of a value of one of the exact types in `SCALARS`.

    >>> encode_scalar(1), encode_scalar(True), encode_scalar("1")
    (b'i1;', b'T', b's1:1')
    """
    return SCALARS[type(value)](value)


def declares(kind: type, name: str) -> bool:
    """Whether a class or one of its bases has an attribute; asks no metaclass, runs no code."""
    return any(name in vars(base) for base in kind.__mro__)


def qualified_name(value: Any) -> str:
    """Module and qualified name of a function or class.

    Those of Weft have one home, whichever of its modules they stand in: renaming one of these must
    run nobody's jobs.

    >>> qualified_name(qualified_name)
    'weft.qualified_name'
    """
    name = getattr(value, "__qualname__", None) or getattr(value, "__name__", "?")
    module = getattr(value, "__module__", None)
    if isinstance(module, str) and module.startswith("weft."):
        module = "weft"
    return f"{module}.{name}" if isinstance(module, str) else str(name)
