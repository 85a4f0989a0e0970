"""What a function reaches: a graph of first-party functions and classes, with values as leaves."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from weft.fingerprint.encoding import digest, encode_text, qualified_name
from weft.fingerprint.groups import Node, settle
from weft.fingerprint.inert import INERT_NAMES, is_inert
from weft.fingerprint.libraries import is_generator
from weft.fingerprint.modules import INERT, Package, Undefined, lookup, resolve_import
from weft.fingerprint.normalise import Chain, Text
from weft.fingerprint.origin import Origin, origin_of
from weft.fingerprint.parts import CodePart, Problem
from weft.fingerprint.source import Sources
from weft.fingerprint.values import Handler, TangledError, UnhashableError, Walk, locate
from weft.fingerprint.wrappers import (
    code_behind,
    extension_of,
    is_code,
    is_first_party,
    module_of,
    registered_with,
)
from weft.model.resources import CodeScope

_CONTAINERS = (dict, list, tuple, set, frozenset)
_SHARED_STATE = (
    "is a generator of random numbers: each worker, and each isolated job, gets a copy of it, so"
    " that several jobs draw the same numbers"
)
_OWN_STATE = (
    "Make it inside the function, from a seed among the arguments; or draw from random or"
    " numpy.random themselves, which are seeded for each job."
)
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
    topics: frozenset[object] = frozenset()
    """What it may read about code; see `reflection.Topic`."""
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
        if is_code(value) and is_first_party(value):
            node = self.node(value)
        else:
            node = Reached(kind=kind, name=name, value=value)
        settle(node, self._expand)
        return node

    def node(self, value: Any) -> Reached:
        """Node of a first-party function or class, not settled yet."""
        known = self.nodes.get(id(value))
        if known is None:
            if isinstance(value, types.ModuleType):
                kind, name = "module", value.__name__
            else:
                kind, name = (
                    "class" if isinstance(value, type) else "function",
                    qualified_name(value),
                )
            known = Reached(kind=kind, name=name, value=value)
            self.nodes[id(value)] = known
        return known

    def expand_unless_filled(self, node: Node) -> None:
        """For nodes that were filled by hand, and what they reach."""
        if not node.own:
            self._expand(node)

    def _expand(self, node: Node) -> None:
        from weft.fingerprint.classes import expand_class
        from weft.fingerprint.functions import expand_function

        assert isinstance(node, Reached)
        if node.kind == "function":
            expand_function(self, node)
        elif node.kind == "class":
            expand_class(self, node)
        elif node.kind == "module":
            _expand_module(self, node)
        else:
            expansion = Expansion(self, node, "", is_root=True)
            expansion.reach(node.kind, node.name, "", node.value, 0)


def _expand_module(graph: CodeGraph, node: Reached) -> None:
    """All members of a module that is used as a value: any of them may be asked for."""
    members = vars(node.value)
    expansion = Expansion(graph, node, str(members.get("__file__", node.name)))
    for name in sorted(members):
        if name not in INERT_NAMES:
            expansion.reach("constant", f"{node.name}.{name}", name, members[name], 0)


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
        self.mention = node.name, 0
        """Name and line of what is being reached."""
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
            if not is_code(value):
                return by_name + extension_of(value)
            if not self._enters(value):
                return by_name
            return self._refer(value)
        self.note_package(module_of(value), origin)
        by_name += b"".join(map(encode_text, registered_with(value)))
        return by_name + b"".join(self.callable(inner) for inner in code_behind(value))

    def module(self, value: types.ModuleType) -> bytes:
        """A first-party module is an edge to all that it has; others count by their names."""
        origin = origin_of(value.__name__)
        if origin is Origin.FIRST_PARTY and self.graph.scope == "transitive":
            return self._refer(value)
        self.note_package(value.__name__, origin)
        return b"m" + encode_text(value.__name__)

    def instance(self, kind: type) -> None:
        """The class of an object that is reached is reached too."""
        if is_generator(kind):
            self._warn_of_generator()
        module = getattr(kind, "__module__", None)
        origin = origin_of(module)
        if origin is Origin.FIRST_PARTY and self.graph.scope == "transitive":
            self._refer(kind)
        else:
            self.note_package(module, origin)

    def _warn_of_generator(self) -> None:
        self.is_plain = False  # it is to be named for each code that reaches it
        name, line = self.mention
        problem = Problem(name, f"{self.file}:{line}", _SHARED_STATE, _OWN_STATE)
        self.node.problems.append(problem)

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
        name = getattr(value, "__qualname__", "") if in_set else ""
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
        self.label, self.mention = label, (name, line)
        self.targets = {}
        if is_code(value):
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
                found, *others = (
                    resolve_import(one, chain[1:], module) for one in text.imports[chain[0]]
                )
                for number, other in enumerate(others, start=1):
                    self.reach_resolved(chain, *other, module, line, branch=number)
            elif globals_(chain[0]):
                found = lookup(chain, module)
            else:
                continue
            if text.guessed and isinstance(found[0], types.ModuleType):
                continue
            if (chain[0] in _BLIND and chain[0] not in module) or chain in _BLIND_CHAINS:
                name = ".".join(chain)
                if not self.is_ignored(name):
                    self.problem(name, line, "looks names up while it runs, unseen from here")
            self.reach_resolved(chain, *found, module, line)

    def reach_resolved(
        self,
        chain: Chain,
        value: Any,
        rest: Chain,
        module: dict[str, Any],
        line: int,
        branch: int = 0,
    ) -> None:
        """Add what a chain of names was found to stand for; ``rest`` was not needed. Where several
        import statements bind the name, the later ones are numbered branches."""
        label = ".".join(chain[: len(chain) - len(rest)]) + (f" {branch}" if branch else "")
        if isinstance(value, Undefined):
            self.own(f"undefined {label}")
        elif isinstance(value, Package):
            self.own(label, encode_text(value.name), *map(encode_text, value.registered))
            self.note_package(value.module, value.origin)
        elif value is not INERT:
            name = f"{module.get('__name__', '?')}.{label}"
            self.reach("constant", name, label, value, line)


_BLIND = frozenset({"eval", "exec", "globals", "__import__"})
_BLIND_CHAINS = frozenset({("importlib", "import_module"), ("import_module",)})
"""Names with which code reaches what its text does not name."""


def _same_number(_promise: object) -> int:
    return 0


def notation(value: Any) -> str | None:
    """A short notation of a constant, if it is plain data."""
    if type(value).__module__ != "builtins" or callable(value):
        return None
    import reprlib

    try:
        return reprlib.repr(value)[:_SOURCE_LENGTH]
    except ValueError:  # an int of more than 4300 digits
        return None
