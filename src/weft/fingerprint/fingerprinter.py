"""The one hashing of code and of values; remembers what it has hashed in this process."""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from weft.fingerprint.encoding import digest, encode_int, encode_text, qualified_name
from weft.fingerprint.parts import CodeFingerprint, CodePart, Problem
from weft.fingerprint.values import EXACT, Handler, Number, Walk, hash_value
from weft.model.job import Digest
from weft.model.resources import DEFAULT_OPTIONS, CodeScope, Options

__all__ = ["CodeFingerprint", "CodePart", "Fingerprinter", "Problem"]

VERSION = "weft-code-2"
"""Changes when equal code gets another fingerprint by a new version of Weft."""


class Fingerprinter:
    """Hashes code and values; one per context, inherited by forked workers.

    Examples
    --------
    >>> fingerprinter = Fingerprinter()
    >>> fingerprinter.value({"a": 1, "b": [2]}) == fingerprinter.value({"b": [2], "a": 1})
    False
    >>> fingerprinter.code(len).parts[0].name
    'builtins.len'
    """

    def __init__(self) -> None:
        self._handlers: dict[type, Handler] = dict(EXACT)
        self._sources: Any = None
        """`source.Sources`; made when code is first hashed, because that imports the parser."""
        self._graphs: dict[tuple[CodeScope, tuple[str, ...]], Any] = {}
        self._fingerprints: dict[tuple[object, ...], tuple[object, CodeFingerprint]] = {}
        self._warned: set[type] = set()

    def __repr__(self) -> str:
        return f"Fingerprinter(functions={len(self._fingerprints)})"

    def forget(self) -> None:
        """Drop what depends on mutable state; texts of modules are kept.

        To be called when a make starts: the state of globals, closures and defaults at that moment
        is what the workers get.
        """
        self._graphs.clear()
        self._fingerprints.clear()

    def value(self, value: object, number: Number | None = None, *, name: str = "value") -> Digest:
        """Hash of a value by its structure.

        Parameters
        ----------
        value
            Anything; functions and first-party classes count by their code.
        number
            Number of each promise, so that it becomes a numbered hole.
        name
            What the value is called in errors.

        Raises
        ------
        SerializationError
            Something in it can't be hashed, or it holds a promise and ``number`` is None.
        """
        references = _References(self.code)
        walk = Walk(self._handlers, references, number)
        plain = hash_value(walk, value, name=name, warned=self._warned)
        classes = references.class_codes()
        return digest(plain, *classes) if classes else plain

    def walk(self) -> Walk:
        """For values that hold no others, as many as one likes."""
        return Walk(self._handlers, _References(self.code))

    def code(
        self, function: Callable[..., Any], options: Options = DEFAULT_OPTIONS
    ) -> CodeFingerprint:
        """Fingerprint of a callable with all that it reaches.

        Parameters
        ----------
        function
            Any callable: function, lambda, method, partial, class, callable object.
        options
            ``version``, ``uses``, ``ignore``, ``code`` and ``packages`` count; ``version``
            replaces the code by its qualified name and the version.
        """
        key = _key(function, options)
        known = self._fingerprints.get(key)
        if known is None:
            fingerprint = self.dissect(function, options).fingerprint
            known = self._fingerprints[key] = (function, options), fingerprint
        return known[1]

    def dissect(self, function: Callable[..., Any], options: Options) -> Dissection:
        """Fingerprint of a callable, with what tells how its digest came about."""
        from weft.fingerprint.code import reachable
        from weft.fingerprint.reflection import settle_looks

        scope: CodeScope = "none" if options.version is not None else options.code
        name = _name(function)
        root = self._graph(scope, options.ignore).root(function, "callable", name)
        uses = [self._use(number, value, options) for number, value in enumerate(options.uses)]
        graph = self._graph("transitive", options.ignore)
        looks = settle_looks(graph, [root, *uses]) if scope == "transitive" else []
        nodes = list(reachable([root, *uses, *looks]))
        packages = tuple(sorted({package for node in nodes for package in node.packages}))
        parts = [part for node in nodes for part in node.parts]
        if options.version is not None:
            version = digest(encode_text(options.version))
            parts.insert(0, CodePart("version", name, version, options.version))
        if options.packages == "version":
            parts.extend(_package_parts(packages))
        counted = [part.digest for part in parts if part.kind in {"version", "package"}]
        before = encode_text(VERSION) + encode_text(scope)
        after = b"".join([*(use.digest for use in uses), encode_int(len(uses)), *counted])
        after += b"".join(filter(None, (look.digest for look in looks)))
        fingerprint = CodeFingerprint(
            digest=digest(before, root.digest, after),
            parts=tuple(parts),
            packages=packages,
            problems=tuple(dict.fromkeys(p for node in nodes for p in node.problems)),
            by_bytecode=any(node.by_bytecode for node in nodes),
        )
        return Dissection(fingerprint, root, before, after)

    def _use(self, number: int, value: Any, options: Options) -> Any:
        return self._graph("transitive", options.ignore).root(value, "use", f"uses[{number}]")

    def _graph(self, scope: CodeScope, ignore: tuple[str, ...]) -> Any:
        from weft.fingerprint.code import CodeGraph
        from weft.fingerprint.source import Sources

        if self._sources is None:
            self._sources = Sources()
        key = scope, ignore
        if key not in self._graphs:
            self._graphs[key] = CodeGraph(self._sources, self._handlers, scope, ignore)
        return self._graphs[key]


@dataclass(frozen=True, slots=True)
class Dissection:
    """A fingerprint, and what its digest was made of."""

    fingerprint: CodeFingerprint
    root: Any
    """The ``code.Reached`` of the callable itself."""
    before: bytes
    """What was hashed before the digest of the root."""
    after: bytes


def _key(function: object, options: Options) -> tuple[object, ...]:
    """By identity: the entry keeps both alive, so their ids can't be taken by others."""
    uses = tuple(id(value) for value in options.uses)
    return id(function), options.version, uses, options.ignore, options.code, options.packages


class _References:
    """What a value refers to.

    A function may call methods of what it is passed, without naming the class. So the code of
    first-party classes counts with the values that are instances of them: an edit of a method
    is another value, of an argument as of a result.
    """

    def __init__(self, code: Callable[..., CodeFingerprint]) -> None:
        self._code = code
        self._classes: dict[type, None] = {}

    def callable(self, value: Any) -> bytes:
        """Encoding of a function or class inside a value."""
        if isinstance(value, types.FunctionType) or (
            isinstance(value, type) and _is_first_party(value)
        ):
            return b"f" + self._code(value).digest
        from weft.fingerprint.wrappers import extension_of

        return b"n" + encode_text(qualified_name(value)) + extension_of(value)

    def module(self, value: types.ModuleType) -> bytes:
        """A module of the user's own counts with all its members; others by their names."""
        from weft.fingerprint.origin import Origin, origin_of

        name = b"m" + encode_text(value.__name__)
        if origin_of(value.__name__) is not Origin.FIRST_PARTY:
            return name
        return name + self._code(value).digest

    def instance(self, kind: type) -> None:
        """Take note of the class of an object."""
        self._classes[kind] = None

    def inert(self, value: object) -> bool:
        """Nothing is left out of an argument."""
        del value
        return False

    def class_codes(self) -> list[Digest]:
        """Digests of the first-party classes, in an order that does not depend on the value's."""
        return sorted(self._code(kind).digest for kind in self._classes if _is_first_party(kind))


def _is_first_party(kind: type) -> bool:
    from weft.fingerprint.origin import Origin, origin_of
    from weft.fingerprint.wrappers import module_of

    return origin_of(module_of(kind)) is Origin.FIRST_PARTY


_NAMED = (types.FunctionType, types.MethodType, types.BuiltinFunctionType, type)


def _name(function: Any) -> str:
    while isinstance(function, partial):
        function = function.func
    return qualified_name(function if isinstance(function, _NAMED) else type(function))


def _package_parts(packages: tuple[str, ...]) -> list[CodePart]:
    from weft.fingerprint.origin import package_versions

    versions = package_versions(packages)
    return [
        CodePart("package", name, digest(encode_text(name), encode_text(version)), version)
        for name, version in versions.items()
    ]
