"""What a function reaches: a graph of first-party functions and classes, with values as leaves."""

from __future__ import annotations

import builtins
import types
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from weft.fingerprint.encoding import digest, encode_text, qualified_name
from weft.fingerprint.groups import Node, settle
from weft.fingerprint.inert import INERT_NAMES, is_inert
from weft.fingerprint.modules import Package, Undefined, resolve, resolve_import
from weft.fingerprint.normalise import Chain, Text
from weft.fingerprint.origin import Origin, origin_of
from weft.fingerprint.parts import CodePart, Problem
from weft.fingerprint.source import Sources
from weft.fingerprint.values import Handler, TangledError, UnhashableError, Walk, locate
from weft.model.job import Digest
from weft.model.resources import CodeScope

_CONTAINERS = (dict, list, tuple, set, frozenset)
_SOURCE_LENGTH = 200
"""Characters kept of a constant's notation."""


@dataclass(slots=True, eq=False)
class Reached(Node):
    """A function, a class, or the callable that the walk began with."""

    kind: str = ""
    name: str = ""
    value: Any = None
    line: int = 0
    parts: list[CodePart] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    packages: set[str] = field(default_factory=set)
    by_bytecode: bool = False


class CodeGraph:
    """What was reached so far under one scope and one list of ignored names.

    Parameters
    ----------
    sources
        Texts of functions and classes.
    handlers
        Encoders by type, shared with the hashing of other values.
    scope
        ``"transitive"``: with all that is reached; ``"function"``: a function's own text, defaults
        and closure; ``"none"``: its name, defaults and closure.
    ignore
        Names of globals to leave out, short or qualified.
    """

    def __init__(
        self,
        sources: Sources,
        handlers: dict[type, Handler],
        scope: CodeScope = "transitive",
        ignore: tuple[str, ...] = (),
    ) -> None:
        self.sources = sources
        self.handlers = handlers
        self.scope = scope
        self.ignore = frozenset(ignore)
        self.nodes: dict[int, Reached] = {}
        self.constants: dict[int, tuple[object, bytes]] = {}
        """Encodings by id of values that hold no code: large tables are hashed once."""

    def __repr__(self) -> str:
        return f"CodeGraph(scope={self.scope!r}, nodes={len(self.nodes)})"

    def root(self, value: Any, kind: str, name: str) -> Reached:
        """Settled node of any callable, or of any value that the code uses."""
        if isinstance(value, (types.FunctionType, type)) and _is_first_party(value):
            node = self.node(value)
        else:
            node = Reached(kind=kind, name=name, value=value)
        settle(node, self._expand)
        return node

    def node(self, value: Any) -> Reached:
        """Node of a first-party function or class, not settled yet."""
        known = self.nodes.get(id(value))
        if known is None:
            kind = "class" if isinstance(value, type) else "function"
            known = Reached(kind=kind, name=qualified_name(value), value=value)
            self.nodes[id(value)] = known
        return known

    def _expand(self, node: Node) -> None:
        from weft.fingerprint.classes import expand_class

        assert isinstance(node, Reached)
        if node.kind == "function":
            expand_function(self, node)
        elif node.kind == "class":
            expand_class(self, node)
        else:
            expansion = Expansion(self, node, "", is_root=True)
            expansion.reach(node.kind, node.name, "", node.value, 0)


def reachable(roots: Iterable[Node]) -> Iterator[Reached]:
    """All nodes, the nearest first."""
    level = list(roots)
    seen = {id(node) for node in level}
    while level:
        below = []
        for node in level:
            if isinstance(node, Reached):
                yield node
            for _, target in node.edges:
                if id(target) not in seen:
                    seen.add(id(target))
                    below.append(target)
        level = below


def _is_first_party(value: Any) -> bool:
    return origin_of(module_of(value)) is Origin.FIRST_PARTY


def module_of(value: Any) -> str | None:
    """Name of the module that holds a callable's code.

    ``functools.wraps`` copies ``__module__``, so a function is asked for its globals.
    """
    if isinstance(value, types.FunctionType):
        name = value.__globals__.get("__name__")
    else:
        owner = getattr(value, "__objclass__", None)
        name = getattr(owner if isinstance(owner, type) else value, "__module__", None)
    return name if isinstance(name, str) else None


class Expansion:
    """Fills one node; answers what a walk over its values asks (`values.References`).

    Parameters
    ----------
    graph, node
        What is filled.
    file
        Name for the places of problems.
    is_root
        Whether this is the callable that the walk began with: its function is always entered.
    """

    def __init__(
        self, graph: CodeGraph, node: Reached, file: str, *, is_root: bool = False
    ) -> None:
        self.graph = graph
        self.node = node
        self.file = file
        self.is_root = is_root
        self.label = ""
        self.walk: Walk | None = None
        self.targets: dict[tuple[str, int], int] = {}
        self.labels: set[str] = set()
        self.is_plain = True
        """Whether the value being walked holds no code and nothing of a package."""

    def own(self, label: str, *parts: bytes) -> None:
        """Add to the node's own content."""
        self.node.own.append(digest(encode_text(label), *parts))

    def edge(self, label: str, target: Node) -> None:
        """Add a node that is reached."""
        self.node.edges.append((encode_text(label), target))

    # What a walk over a value asks

    def callable(self, value: Any) -> bytes:
        """Encoding of a function or class; first-party ones become edges."""
        origin = origin_of(module_of(value))
        by_name = b"n" + encode_text(qualified_name(value))
        if origin is Origin.WEFT:
            return by_name
        if origin is Origin.FIRST_PARTY:
            if not isinstance(value, (types.FunctionType, type)) or not self._enters(value):
                return by_name
            return self._refer(value)
        self.note_package(module_of(value), origin)
        return by_name + b"".join(self.callable(inner) for inner in code_behind(value))

    def instance(self, kind: type) -> None:
        """The class of an object that is reached is reached too."""
        module = getattr(kind, "__module__", None)
        origin = origin_of(module)
        if origin is Origin.FIRST_PARTY and self.graph.scope == "transitive":
            self._refer(kind)
        else:
            self.note_package(module, origin)

    def inert(self, value: object) -> bool:
        return is_inert(value)

    def note_package(self, module: str | None, origin: Origin) -> None:
        """Remember an installed package."""
        if origin is Origin.INSTALLED and module:
            self.is_plain = False
            self.node.packages.add(module.partition(".")[0])

    def _enters(self, value: Any) -> bool:
        return self.graph.scope == "transitive" or (
            self.is_root and isinstance(value, types.FunctionType)
        )

    def _refer(self, value: Any) -> bytes:
        """Number of the edge under the present label; elements of a set go by their names."""
        opened = self.walk.open.values() if self.walk else ()
        in_set = any(isinstance(container, (set, frozenset)) for container in opened)
        name = value.__qualname__ if in_set else ""
        key = name, id(value)
        self.is_plain = False
        if key not in self.targets:
            self.targets[key] = sum(1 for known, _ in self.targets if known == name)
            self.edge(f"{self.label}|{name}|{self.targets[key]}", self.graph.node(value))
        return b"e%d;" % self.targets[key] + encode_text(name)

    # What a node is made of

    def reach(self, kind: str, name: str, label: str, value: Any, line: int) -> None:
        """Add a value that the code mentions.

        Parameters
        ----------
        kind, name
            Of the `CodePart`.
        label
            How the code mentions it; once per node is enough.
        """
        if label in self.labels or self.is_ignored(name) or is_inert(value):
            return
        self.labels.add(label)
        self.label = label
        self.targets = {}
        if isinstance(value, (types.FunctionType, type)):
            self.own(label, self.callable(value))
            return
        try:
            encoded = self._encode(value)
        except UnhashableError as problem:
            assert self.walk is not None
            where = locate(self.walk, problem.value, name)
            self.problem(where, line, problem.why)
        except RecursionError:
            self.problem(name, line, "is nested too deeply to be hashed")
        except TangledError:
            self.problem(name, line, "is a web of references too dense to be hashed")
        else:
            self.own(label, encoded)
            source = notation(value)
            self.node.parts.append(CodePart(kind, name, digest(encoded), source))
        finally:
            self.walk = None

    def _encode(self, value: Any) -> bytes:
        known = self.graph.constants.get(id(value))
        if known is not None:
            return known[1]
        self.is_plain = True
        self.walk = Walk(self.graph.handlers, self, number=_same_number)
        encoded = self.walk.encode(value)
        if self.is_plain:
            self.graph.constants[id(value)] = value, encoded
        return encoded

    def problem(self, name: str, line: int, why: str) -> None:
        """Note what can't be hashed; the rest of the fingerprint goes on."""
        self.own(f"unhashable {name}")
        self.node.problems.append(Problem(name, f"{self.file}:{line}", why))

    def is_ignored(self, name: str) -> bool:
        """Whether the user said that this name can't change a result."""
        ignore = self.graph.ignore
        return bool(ignore) and (name in ignore or name.rpartition(".")[2] in ignore)

    def reach_names(
        self, text: Text, module: dict[str, Any], globals_: Callable[[str], bool]
    ) -> None:
        """Add what a text's free names and dotted module attributes stand for."""
        for chain, line in sorted(text.names.items()):
            if chain[0] in text.imports:
                found = resolve_import(text.imports[chain[0]], chain[1:], module)
            elif globals_(chain[0]):
                found = _lookup(chain, module)
            else:
                continue
            self.reach_resolved(chain, *found, module, line)

    def reach_resolved(
        self, chain: Chain, value: Any, rest: Chain, module: dict[str, Any], line: int
    ) -> None:
        """Add what a chain of names was found to stand for; ``rest`` was not needed."""
        label = ".".join(chain[: len(chain) - len(rest)])
        if isinstance(value, Undefined):
            self.own(f"undefined {label}")
        elif isinstance(value, Package):
            self.own(label, encode_text(value.name))
            self.note_package(value.module, value.origin)
        elif value is not _BUILTIN:
            name = f"{module.get('__name__', '?')}.{label}"
            self.reach("constant", name, label, value, line)


_BUILTIN = object()


def _lookup(chain: Chain, module: dict[str, Any]) -> tuple[Any, Chain]:
    name = chain[0]
    if name in module:
        if name in INERT_NAMES:
            return _BUILTIN, chain[1:]
        return resolve(module[name], chain[1:])
    return (_BUILTIN if hasattr(builtins, name) else Undefined()), chain[1:]


def _same_number(_promise: object) -> int:
    return 0


def code_behind(value: Any) -> list[Any]:
    """First-party functions and classes that an installed wrapper holds: ``@contextmanager``…

    Only code is looked for: the other things that a wrapper holds are often caches.
    """
    found: list[Any] = []
    seen = {id(value)}
    todo = [value]
    while todo:
        for inner in _flat(_held(todo.pop())):
            inner = getattr(inner, "__func__", inner)  # noqa: PLW2901 - the function of a method
            if id(inner) in seen or not isinstance(inner, (types.FunctionType, type)):
                continue
            seen.add(id(inner))
            if _is_first_party(inner):
                found.append(inner)
            elif isinstance(inner, types.FunctionType):
                todo.append(inner)
    return found


def _held(value: Any) -> list[Any]:
    if isinstance(value, type):
        return []
    held = [getattr(value, "__wrapped__", None)]
    for cell in getattr(value, "__closure__", None) or ():
        try:
            held.append(cell.cell_contents)
        except ValueError:  # not filled yet
            continue
    return held


def _flat(values: list[Any]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, dict):
            yield from value.values()
        elif isinstance(value, _CONTAINERS):
            yield from value
        else:
            yield value


def notation(value: Any) -> str | None:
    """A short notation of a constant, if it is plain data."""
    if type(value).__module__ != "builtins" or callable(value):
        return None
    import reprlib

    return reprlib.repr(value)[:_SOURCE_LENGTH]


def expand_function(graph: CodeGraph, node: Reached) -> None:
    """Fill the node of a function.

    Its own name is no part of it: that counts only where somebody reaches the function by it.
    """
    function: types.FunctionType = node.value
    code = function.__code__
    expansion = Expansion(graph, node, code.co_filename)
    node.line = code.co_firstlineno
    if graph.scope == "none":
        expansion.own("name", encode_text(node.name))
    else:
        _add_text(expansion, function)
    _add_defaults(expansion, function)
    _add_closure(expansion, function)
    wrapped = getattr(function, "__wrapped__", None)
    if isinstance(wrapped, types.FunctionType) and _is_first_party(wrapped):
        expansion.edge("__wrapped__", graph.node(wrapped))
    owner = _owner(function) if graph.scope == "transitive" else None
    if owner is not None:
        expansion.edge("owner", graph.node(owner))
    if graph.scope == "none":
        node.problems.clear()


def _add_text(expansion: Expansion, function: types.FunctionType) -> None:
    node, graph = expansion.node, expansion.graph
    text = graph.sources.function(function)
    module = function.__globals__
    decorators = [part for part in text.decorators if not _is_wefts(part, module)]
    whole: Digest = digest(text.body.digest, *(part.digest for part in decorators))
    expansion.own("text", whole)
    node.parts.append(CodePart("function", node.name, whole, text.body.source))
    node.by_bytecode = text.by_bytecode
    if text.edited:
        why = "was edited after it was imported, so its bytecode was hashed instead"
        node.problems.append(Problem(node.name, f"{expansion.file}:{node.line}", why))
    if graph.scope == "transitive":
        expansion.reach_names(text.body, module, text.globals.__contains__)
        for part in decorators:
            expansion.reach_names(part, module, module.__contains__)


def _is_wefts(decorator: Text, module: dict[str, Any]) -> bool:
    """Whether a decorator only sets options: they are counted where they matter."""
    if decorator.head is None:
        return False
    value, _ = _lookup(decorator.head, module)
    if isinstance(value, Package):
        return value.origin is Origin.WEFT
    if value is _BUILTIN or isinstance(value, Undefined):
        return False
    return origin_of(module_of(value)) is Origin.WEFT or _is_wefts_object(value)


def _is_wefts_object(value: Any) -> bool:
    owner = getattr(value, "__self__", value)
    return type(owner).__module__.partition(".")[0] == "weft"


def _add_defaults(expansion: Expansion, function: types.FunctionType) -> None:
    code = function.__code__
    values = function.__defaults__ or ()
    names = code.co_varnames[: code.co_argcount][code.co_argcount - len(values) :]
    defaults = {**dict(zip(names, values, strict=False)), **(function.__kwdefaults__ or {})}
    for name, value in sorted(defaults.items()):
        full = f"{expansion.node.name}.{name}"
        expansion.reach("default", full, f"default {name}", value, code.co_firstlineno)


def _add_closure(expansion: Expansion, function: types.FunctionType) -> None:
    code = function.__code__
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
        try:
            value = cell.cell_contents
        except ValueError:
            expansion.own(f"empty {name}")
            continue
        if isinstance(value, types.ModuleType):
            _add_closure_module(expansion, function, name, value)
            continue
        full = f"{expansion.node.name}.{name}"
        expansion.reach("closure", full, f"closure {name}", value, code.co_firstlineno)


def _add_closure_module(
    expansion: Expansion, function: types.FunctionType, name: str, value: types.ModuleType
) -> None:
    if expansion.graph.scope != "transitive":
        return
    for chain, line in sorted(expansion.graph.sources.function(function).body.names.items()):
        if chain[0] == name:
            found = resolve(value, chain[1:])
            expansion.reach_resolved(chain, *found, function.__globals__, line)


def _owner(function: types.FunctionType) -> type | None:
    """The class in whose body the function stands: its methods may call each other by ``self``."""
    path = function.__qualname__.split(".")
    if len(path) < 2 or "<locals>" in path:
        return None
    found: Any = function.__globals__.get(path[0])
    for name in path[1:-1]:
        found = vars(found).get(name) if isinstance(found, type) else None
    if not isinstance(found, type) or not _is_first_party(found):
        return None
    member = vars(found).get(path[-1])
    return found if getattr(member, "__func__", member) is function else None
