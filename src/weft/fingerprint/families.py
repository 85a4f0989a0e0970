"""Functions that one piece of code makes many of, which differ only in plain values that they hold.

A loop that gives each job its own lambda or inner function makes 100,000 functions. To fingerprint
one takes 100 us, most of it for what all have in common. That is found out once for all of them;
then the values that each one holds are put in, in 2 us, which gives the same digest.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from hashlib import blake2b
from pathlib import PosixPath, PurePosixPath, PureWindowsPath, WindowsPath
from types import FunctionType, ModuleType
from typing import Any

from weft.fingerprint.encoding import digest, encode_text
from weft.fingerprint.fingerprinter import Dissection, Fingerprinter
from weft.fingerprint.groups import encoded_node
from weft.fingerprint.literal import LITERALS
from weft.fingerprint.parts import CodeFingerprint
from weft.model.job import DIGEST_SIZE, Digest
from weft.model.resources import Options

PLAIN = LITERALS | {PosixPath, PurePosixPath, PureWindowsPath, WindowsPath}
"""Types of values that count by themselves, whoever holds them."""
_HELD = PLAIN | {FunctionType, ModuleType, type}
"""Types of what the functions of a family may hold; where it is not plain, all hold the same."""


def kin_of(function: Callable[..., Any]) -> Hashable | None:
    """What the functions of one family share; None of a function that has no family.

    Inner functions and lambdas that hold a plain value have one. Others are known by a name in
    their module, and may count with the class that they are methods of.

    >>> make = eval("lambda number: lambda: number", {})
    >>> kin_of(make(1)) == kin_of(make(2)), kin_of(make), kin_of(make([]))
    (True, None, None)
    """
    values = _values(function)
    return _kin(function, values) if values is not None else None


def held_values(function: Callable[..., Any]) -> Iterator[tuple[str, object]]:
    """Names and values of what a function of a family holds that is plain.

    >>> dict(held_values(eval("lambda one, two=2: one", {})))
    {'two': 2}
    """
    for (_, name), value in zip(_names(function), _values(function) or (), strict=False):
        if type(value) in PLAIN:
            yield name, value


class Family:
    """What functions have in common that differ only in plain values which they hold.

    To be used while no code of the user's runs: what they reach is looked at once.

    Parameters
    ----------
    function
        One of them, any.
    options
        See ``Fingerprinter.code``.

    Examples
    --------
    >>> make = eval("lambda number: lambda: number", {})
    >>> family = Family(make(1), Options(), Fingerprinter())
    >>> family.code(make(1)) == family.code(make(2))
    False
    >>> family.code(make(2)) == Fingerprinter().code(make(2)).digest
    True
    """

    __slots__ = ("_fingerprinter", "_kin", "_mould", "_options", "fingerprint")

    fingerprint: CodeFingerprint
    """Without the values, which are no parts of it either."""

    def __init__(self, function: Any, options: Options, fingerprinter: Fingerprinter) -> None:
        found = fingerprinter.dissect(function, options)
        values = _values(function)
        self._options = options
        self._fingerprinter = fingerprinter
        self._kin, self._mould, self.fingerprint = None, None, found.fingerprint
        if values is not None and not _may_reach_its_like(found, function):
            self._kin = _kin(function, values)
            self._mould = _Mould(found, _names(function), values, fingerprinter.walk().encode)
            self.fingerprint = self._mould.fingerprint

    def __repr__(self) -> str:
        return f"Family({', '.join(part.name for part in self.fingerprint.parts[:1])})"

    def code(self, function: Callable[..., Any]) -> Digest:
        """What ``Fingerprinter.code`` gives as digest, of any function."""
        values = _values(function)
        if values is None or self._mould is None or _kin(function, values) != self._kin:
            return self._fingerprinter.code(function, self._options).digest
        return self._mould.filled(values)


class _Mould:
    """A fingerprint with holes where plain values are held."""

    __slots__ = ("_after", "_encode", "_holes", "_node", "_rest", "_whole", "fingerprint")

    def __init__(
        self,
        found: Dissection,
        names: Sequence[tuple[str, str]],
        values: Sequence[Any],
        encode: Callable[[object], bytes],
    ) -> None:
        root = found.root
        own: list[bytes] = list(root.own)
        holes: list[tuple[int, int, Any]] = []
        held = set()
        for number, (kind, name) in enumerate(names):
            label, value = encode_text(f"{kind} {name}"), values[number]
            filled = digest(label, encode(value)) if type(value) in PLAIN else b""
            if filled in own:  # else the user said that it is to be ignored
                place = own.index(filled)
                own[place] = digest(label)
                holes.append((number, place, _fed(label)))
                held.add((kind, f"{root.name}.{name}"))
        reached = sorted(label + (target.digest or b"") for label, target in root.edges)
        head, *rest = encoded_node(own, reached)
        first = min((place for _, place, _ in holes), default=0)
        self._holes = [(number, place - first, label) for number, place, label in holes]
        self._node, self._rest = _fed(head, *rest[:first]), rest[first:]
        self._whole, self._after, self._encode = _fed(found.before), found.after, encode
        left_out = {id(part) for part in root.parts if (part.kind, part.name) in held}
        self.fingerprint = CodeFingerprint(
            digest(found.before, digest(head, *rest), found.after),
            tuple(part for part in found.fingerprint.parts if id(part) not in left_out),
            found.fingerprint.packages,
            found.fingerprint.problems,
            found.fingerprint.by_bytecode,
        )

    def filled(self, values: Sequence[Any]) -> Digest:
        """The digest with these values."""
        rest, encode = self._rest.copy(), self._encode
        for number, place, label in self._holes:
            state = label.copy()
            state.update(encode(values[number]))
            rest[place] = state.digest()
        state = self._node.copy()
        state.update(b"".join(rest))
        node, state = state.digest(), self._whole.copy()
        state.update(node + self._after)
        whole: Digest = state.digest()
        return whole


def _fed(*parts: bytes) -> Any:
    """The state of a digest that begins so: to copy one is faster than to make one."""
    return blake2b(b"".join(parts), digest_size=DIGEST_SIZE)


def _may_reach_its_like(found: Dissection, function: Any) -> bool:
    """Whether a function reaches one of its family, or itself: then a hole is not all there is."""
    from weft.fingerprint.code import reachable

    if found.root.kind != "function":  # it was not entered: not the user's own
        return True
    below = reachable(target for _, target in found.root.edges)
    return any(getattr(node.value, "__code__", None) is function.__code__ for node in below)


def _values(function: Any) -> list[Any] | None:
    """What a function holds, in the order of ``_names``; None if it can't have a family."""
    if type(function) is not FunctionType or function.__dict__:
        return None
    defaults, named, cells = function.__defaults__, function.__kwdefaults__, function.__closure__
    name = function.__qualname__  # that of a lambda in a comprehension begins with "<listcomp>"
    if not ("<locals>" in name or name[:1] == "<"):
        return None
    if defaults and len(defaults) > function.__code__.co_argcount:
        return None
    values = [*defaults] if defaults else []
    if named:
        values += named.values()
    if cells:
        try:
            values += [cell.cell_contents for cell in cells]
        except ValueError:  # one is not filled yet
            return None
    kinds = set(map(type, values))
    return values if _HELD.issuperset(kinds) and not PLAIN.isdisjoint(kinds) else None


def _kin(function: Any, values: Sequence[Any]) -> tuple[Hashable, ...]:
    defaults, named = function.__defaults__, function.__kwdefaults__
    kin = (
        id(function.__code__),
        id(function.__globals__),
        function.__module__,
        function.__qualname__,
        len(defaults) if defaults else 0,
        tuple(named) if named else None,
    )
    if PLAIN.issuperset(map(type, values)):
        return kin
    return *kin, *[None if type(value) in PLAIN else value for value in values]


def _names(function: Any) -> list[tuple[str, str]]:
    """Kind (``default`` or ``closure``) and name of what a function holds."""
    code = function.__code__
    end = code.co_argcount
    placed = code.co_varnames[end - len(function.__defaults__ or ()) : end]
    names = [("default", name) for name in (*placed, *(function.__kwdefaults__ or ()))]
    return names + [("closure", name) for name in code.co_freevars]
