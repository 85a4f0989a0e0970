"""Of an instance that code holds, the members that the code can reach.

Objects whose methods define jobs are how programs of jobs are written, and each job holds the whole
object. Code that only asks an instance for attributes by their names can reach no others: of the
instance and its class those count, with the methods among them and what these ask for in turn. An
instance that is used in any other way (returned, put into a list, passed to ``getattr`` or to code
that is not the user's own) counts as a whole, as any value does.
"""

from __future__ import annotations

import abc
import enum
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

from weft.fingerprint.bytecode import nested_codes
from weft.fingerprint.code import CodeGraph, Expansion, Reached, Scope
from weft.fingerprint.encoding import declares, encode_text, qualified_name
from weft.fingerprint.modules import lookup
from weft.fingerprint.normalise import SUPER, Chain, Passed, Use
from weft.fingerprint.source import is_generated
from weft.fingerprint.state import own_state
from weft.fingerprint.wrappers import is_first_party, parts_of_member

_CLASS_NAMES = frozenset({"__name__", "__qualname__", "__module__"})
"""What a class says of itself; its qualified name is always counted."""
_ON_ACCESS = ("__getattribute__", "__getattr__", "__setattr__", "__delattr__")
"""Methods that run when an attribute is asked for."""
_WHEN_SENT = ("__getstate__", "__setstate__", "__reduce__", "__reduce_ex__")
"""Methods that run when an instance is sent to a worker."""
_ONLY_LOOK = frozenset({"isinstance", "id"})
"""Builtins that ask an argument for nothing."""
_LOOK_UP = frozenset({"locals", "vars", "globals", "eval", "exec", "dir"})
"""Builtins that reach what the text does not name."""
_OF_OBJECT = frozenset({"__init__", "__new__", "__init_subclass__", *_ON_ACCESS})
"""Methods of ``object`` that may be called by ``super()`` without looking at more."""


class _UsedAsAWholeError(Exception):
    """Internal: all members of an instance can be reached."""

    def __init__(self, owner: object) -> None:
        super().__init__()
        self.owner = owner


@dataclass(slots=True, eq=False)
class _Found:
    """Members of one instance that were asked for."""

    owner: Any
    state: dict[str, Any]
    data: set[str] = field(default_factory=set)
    """Attributes that are used as values."""
    nested: dict[str, Any] = field(default_factory=dict)
    """Attributes that are instances of which attributes are asked for."""
    members: dict[tuple[str, int], Any] = field(default_factory=dict)
    """Of the class and its bases, by name and by place among those of the name."""
    missing: set[str] = field(default_factory=set)


def has_members(value: Any) -> bool:
    """Whether an object is one of which members can be told apart: an instance of a first-party
    class whose access to attributes is Python's own."""
    kind = type(value)
    if not is_first_party(kind) or isinstance(value, (type, enum.Enum)):
        return False
    return type(kind) in (type, abc.ABCMeta) or not is_first_party(type(kind))


def find_members(
    graph: CodeGraph,
    owner: Any,
    kind: str,
    name: str,
    prefix: Chain,
    scope: Scope,
    place: tuple[str, int],
) -> Reached | None:
    """Node of the members that a text reaches of an instance that it names.

    Parameters
    ----------
    prefix
        How the text names it.
    place
        File and line of that.

    Returns
    -------
    Reached | None
        None where the instance counts as a whole.
    """
    key = id(owner), id(scope.text), prefix
    if key in graph.held:
        return graph.held[key][-1]
    search = _Search(graph, owner)
    search.uses_in(scope, prefix, owner)
    found = search.node(kind, name, place)
    if not search.by_closure:
        graph.held[key] = owner, scope.text, found
    return found


def find_method(
    graph: CodeGraph, method: types.MethodType, function: types.FunctionType
) -> Reached | None:
    """Node of a method of an instance, and of the members that it reaches."""
    owner = method.__self__
    key = id(owner), id(function), ()
    if key not in graph.held:
        search = _Search(graph, owner)
        search.method(function, owner)
        code = function.__code__
        place = code.co_filename, code.co_firstlineno
        found = search.node("callable", qualified_name(function), place, calls=function)
        graph.held[key] = owner, function, found
    return graph.held[key][-1]


class _Search:
    """Follows what is asked of one instance, and of those that it holds."""

    def __init__(self, graph: CodeGraph, owner: Any) -> None:
        self.graph = graph
        self.owner = owner
        self.found: dict[int, _Found] = {}
        self.whole: dict[int, object] = {}
        """Instances below that are used in other ways."""
        self.todo: list[tuple[Scope, Chain, Any, bool]] = []
        self.seen: set[tuple[int, Chain, int, bool]] = set()
        self.by_closure = False
        """Whether what was found depends on what the function holds."""

    def node(
        self,
        kind: str,
        name: str,
        place: tuple[str, int],
        calls: types.FunctionType | None = None,
    ) -> Reached | None:
        """What was found, as a node to be settled; None if the instance counts as a whole."""
        self._trying(partial(self._of, self.owner))
        while self.todo and id(self.owner) not in self.whole:
            self._scan(*self.todo.pop())
        if id(self.owner) in self.whole:
            return None
        node = Reached(kind="members", name=name, value=self.owner, line=place[1])
        node.fill = partial(self._fill, kind=kind, file=place[0], calls=calls)
        return node

    def _trying(self, act: Callable[[], object]) -> None:
        try:
            act()
        except _UsedAsAWholeError as problem:
            self.whole[id(problem.owner)] = problem.owner

    # What is asked for

    def uses_in(self, scope: Scope, prefix: Chain, owner: Any, *, is_class: bool = False) -> None:
        """To look at all that a text does with what it calls by this name."""
        key = id(scope.text), prefix, id(owner), is_class
        if key not in self.seen:
            self.seen.add(key)
            self.todo.append((scope, prefix, owner, is_class))

    def method(self, function: types.FunctionType, owner: Any, *, is_class: bool = False) -> None:
        """To look at what a function does with its first parameter and by ``super()``."""
        code = function.__code__
        if not code.co_argcount or not is_first_party(function):
            self.whole[id(owner)] = owner
            return
        scope = Scope(self.graph.sources.function(function).body, function)
        self.uses_in(scope, (code.co_varnames[0],), owner, is_class=is_class)
        self.uses_in(scope, (SUPER,), owner)
        self.uses_in(scope, ("__class__",), owner, is_class=True)

    def _scan(self, scope: Scope, prefix: Chain, owner: Any, is_class: bool) -> None:
        text, size = scope.text, len(prefix)
        if text.guessed or any(chain[0] in _LOOK_UP for chain, _ in text.uses):
            self.whole[id(owner)] = owner
            return
        above = prefix == (SUPER,)
        for chain, use in text.uses:
            if chain[:size] == prefix:
                rest = ("__class__",) * is_class + chain[size:]
                self._trying(partial(self._use, owner, rest, use, scope, above=above))

    def _use(
        self, owner: Any, rest: Chain, use: Use | Passed, scope: Scope, *, above: bool = False
    ) -> None:
        if rest:
            self._attribute(owner, rest, use, scope, above=above)
        elif use is Use.CALL and not above:
            self._attribute(owner, ("__call__",), use, scope)
        elif isinstance(use, Passed):
            self._pass_on(owner, use, scope)
        else:
            raise _UsedAsAWholeError(owner)

    def _pass_on(self, owner: Any, use: Passed, scope: Scope) -> None:
        """An instance that is an argument of a first-party function is followed into it."""
        target = self._called(use.called, scope)
        if target is _ONLY_LOOKS:
            return
        if type(target) is not types.FunctionType or not is_first_party(target):
            raise _UsedAsAWholeError(owner)
        code = target.__code__
        places = code.co_varnames[: code.co_argcount]
        named = code.co_varnames[
            code.co_posonlyargcount : code.co_argcount + code.co_kwonlyargcount
        ]
        if isinstance(use.place, int) and use.place < len(places):
            parameter = places[use.place]
        elif isinstance(use.place, str) and use.place in named:
            parameter = use.place
        else:
            raise _UsedAsAWholeError(owner)
        inner = Scope(self.graph.sources.function(target).body, target)
        self.uses_in(inner, (parameter,), owner)

    def _called(self, chain: Chain, scope: Scope) -> Any:
        function = scope.function
        name = chain[0]
        if function is None or name in scope.text.imports:
            return None
        code = function.__code__
        if any(name in one.co_varnames or name in one.co_cellvars for one in nested_codes(code)):
            return None
        if name in code.co_freevars:
            self.by_closure = True
            try:
                cell = (function.__closure__ or ())[code.co_freevars.index(name)]
                return cell.cell_contents if len(chain) == 1 else None
            except ValueError:
                return None
        if name in _ONLY_LOOK and len(chain) == 1 and name not in function.__globals__:
            return _ONLY_LOOKS
        value, rest = lookup(chain, function.__globals__)
        return None if rest else value

    def _attribute(
        self, owner: Any, rest: Chain, use: Use | Passed, scope: Scope, *, above: bool = False
    ) -> None:
        name, further = rest[0], rest[1:]
        if name == "__class__":
            if not further:
                raise _UsedAsAWholeError(owner)
            self._attribute(owner, further, use, scope, above=True)
            return
        if name in _CLASS_NAMES:
            return
        name = _mangled(owner, name, scope)
        found = self._of(owner)
        members = _definitions(type(owner), name)
        if name in found.state and not any(_is_data_descriptor(one) for one in members):
            self._data(found, name, further, use, scope)
            if not above:
                return
        elif not members and not (above and name in _OF_OBJECT):
            self._missing(found, name)
        called = use is Use.CALL and not further
        for place, member in enumerate(members):
            self._member(found, name, place, member, called=called)

    def _data(
        self, found: _Found, name: str, further: Chain, use: Use | Passed, scope: Scope
    ) -> None:
        value = found.state[name]
        if further and has_members(value):
            found.nested[name] = value
            self._attribute(value, further, use, scope)
        else:
            found.data.add(name)

    def _member(self, found: _Found, name: str, place: int, member: Any, *, called: bool) -> None:
        if (name, place) in found.members and called:
            return
        found.members[name, place] = member
        functions = functions_of(member)
        if functions is None:
            if isinstance(member, types.MemberDescriptorType):  # a slot that is not set
                del found.members[name, place]
            elif hasattr(type(member), "__get__") and not isinstance(member, type):
                raise _UsedAsAWholeError(found.owner)
            return
        if not all(map(is_first_party, functions)):
            raise _UsedAsAWholeError(found.owner)
        if isinstance(member, staticmethod):
            return
        is_asked = isinstance(member, (property, cached_property))
        if not called and not is_asked:  # a bound method holds its instance
            raise _UsedAsAWholeError(found.owner)
        is_class = isinstance(member, classmethod)
        for function in functions:
            self.method(function, found.owner, is_class=is_class)

    def _missing(self, found: _Found, name: str) -> None:
        """An attribute that is not there: set later, or made by ``__getattr__``."""
        if name.startswith("__") and name.endswith("__"):
            raise _UsedAsAWholeError(found.owner)
        found.missing.add(name)

    def _of(self, owner: Any) -> _Found:
        known = self.found.get(id(owner))
        if known is None:
            known = self.found[id(owner)] = _Found(owner, own_state(owner))
            for name in _ON_ACCESS:
                for place, member in enumerate(_definitions(type(owner), name)):
                    self._member(known, name, place, member, called=True)
        return known

    # What a node is made of

    def _fill(
        self, node: Reached, *, kind: str, file: str, calls: types.FunctionType | None
    ) -> None:
        expansion = Expansion(self.graph, node, file)
        if calls is not None:
            expansion.edge("callable", self.graph.member(calls))
        self._add(expansion, self.owner, kind, "", {})

    def _add(
        self, expansion: Expansion, owner: Any, kind: str, path: str, done: dict[int, str]
    ) -> None:
        if id(owner) in done:
            expansion.own(f"{path} again", encode_text(done[id(owner)]))
            return
        done[id(owner)] = path
        found, holder, node = self.found[id(owner)], type(owner), expansion.node
        expansion.own(f"{path} is a", encode_text(qualified_name(holder)))
        for (label, place), member in sorted(found.members.items(), key=lambda item: item[0]):
            self._add_member(expansion, holder, f"{path}:{label} {place}", member)
        for label in _WHEN_SENT:
            for place, member in enumerate(_definitions(holder, label)):
                functions = functions_of(member)
                if functions is not None and all(map(is_first_party, functions)):
                    self._add_member(expansion, holder, f"{path}:{label} {place}", member)
        for label in sorted(found.missing):
            expansion.own(f"{path}.{label} is missing")
        if declares(holder, "__weft_hash__"):
            hashed = owner.__weft_hash__()
            expansion.reach(kind, node.name + path, f"{path} hook", hashed, node.line)
            return
        for label in sorted(found.data | found.nested.keys()):
            below, value = f"{path}.{label}", found.state[label]
            if label in found.data or id(value) in self.whole:
                expansion.reach("attribute", node.name + below, below, value, node.line)
            elif not expansion.is_ignored(node.name + below):
                self._add(expansion, value, "attribute", below, done)

    def _add_member(self, expansion: Expansion, kind: type, label: str, member: Any) -> None:
        full = f"{qualified_name(kind)}.{label.partition(':')[2].partition(' ')[0]}"
        functions = functions_of(member)
        if functions is None:
            expansion.reach("attribute", full, label, member, expansion.node.line)
            return
        expansion.own(label, encode_text(type(member).__name__))
        for number, function in enumerate(functions):
            expansion.edge(f"{label} {number}", self.graph.member(function))


_ONLY_LOOKS = object()


def _mangled(owner: Any, name: str, scope: Scope) -> str:
    """A private name as Python keeps it: with the name of the class that the text stands in."""
    if not name.startswith("__") or name.endswith("__") or scope.function is None:
        return name
    path = scope.function.__qualname__.split(".")
    for kind in type(owner).__mro__:
        if kind.__name__ in path:
            return f"_{kind.__name__.lstrip('_')}{name}"
    return name


def _definitions(kind: type, name: str) -> list[Any]:
    """What a class and its bases have under a name, the nearest first; not what Python's own
    ``object`` has, nor what dataclasses and their like wrote."""
    return [
        vars(base)[name]
        for base in kind.__mro__
        if base is not object and name in vars(base)
        if not is_generated(base, name, vars(base)[name])
    ]


def _is_data_descriptor(member: object) -> bool:
    return hasattr(type(member), "__set__") and not isinstance(member, types.MemberDescriptorType)


def functions_of(member: object) -> tuple[types.FunctionType, ...] | None:
    """Functions of a method or property; None if it is neither."""
    held = parts_of_member(member)
    held = [member] if held is None else held
    functions = tuple(one for one in held if type(one) is types.FunctionType)
    return functions if len(functions) == len(held) else None
