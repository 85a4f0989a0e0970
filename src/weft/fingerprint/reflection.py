"""What code reads about code: docstrings, annotations, text, order and subclasses.

They count only where some reached function names the means to read them; otherwise nobody's job
runs because a sentence was reworded. Whom it reads them of its text does not say: so of everything
that the job reaches.
"""

from __future__ import annotations

import builtins
import enum
import types
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import Any

from weft.fingerprint.bytecode import nested_codes
from weft.fingerprint.code import CodeGraph, Expansion, Reached, reachable
from weft.fingerprint.encoding import digest, encode_text, qualified_name
from weft.fingerprint.groups import Node, settle
from weft.fingerprint.wrappers import is_first_party


class Topic(enum.Enum):
    """Something that can be read about a function or class."""

    DOCS = "docstrings"
    ANNOTATIONS = "annotations"
    SOURCE = "text"
    ORDER = "order of members"
    SUBCLASSES = "subclasses"


_BY_ATTRIBUTE = {
    "__doc__": Topic.DOCS,
    "__annotations__": Topic.ANNOTATIONS,
    "__dict__": Topic.ORDER,
    "__subclasses__": Topic.SUBCLASSES,
}
_BY_FUNCTION = {
    **dict.fromkeys(("getdoc",), Topic.DOCS),
    **dict.fromkeys(
        ("signature", "getfullargspec", "get_annotations", "get_type_hints"), Topic.ANNOTATIONS
    ),
    **dict.fromkeys(("getsource", "getsourcelines", "getcomments"), Topic.SOURCE),
}
_MODULES = frozenset({"inspect", "typing", "typing_extensions"})


def topics_in(function: types.FunctionType) -> frozenset[Topic]:
    """What a function, or one defined in it, may read about code.

    >>> def describe(x):
    ...     return x.__doc__
    >>> [topic.value for topic in topics_in(describe)]
    ['docstrings']
    """
    codes = list(nested_codes(function.__code__))
    names = {name for code in codes for name in code.co_names}
    globals_ = function.__globals__
    found = {_BY_ATTRIBUTE[name] for name in names & _BY_ATTRIBUTE.keys()}
    for code in codes:  # getattr(x, "__doc__")
        found |= {_BY_ATTRIBUTE[c] for c in code.co_consts if type(c) is str and c in _BY_ATTRIBUTE}
    if "vars" in names and globals_.get("vars", builtins.vars) is builtins.vars:
        found.add(Topic.ORDER)
    values = [globals_[name] for name in names if name in globals_]
    for value in values:  # also those that were imported by another name
        if type(value) is types.FunctionType and value.__module__ in _MODULES:
            found |= {_BY_FUNCTION[n] for n in (value.__name__,) if n in _BY_FUNCTION}
    modules = {value.__name__ for value in values if isinstance(value, types.ModuleType)}
    if _MODULES & (modules | names):  # an import in the function stands among its names
        found |= {_BY_FUNCTION[name] for name in names & _BY_FUNCTION.keys()}
    return frozenset(found)


def settle_looks(graph: CodeGraph, roots: Sequence[Node]) -> list[Reached]:
    """Settled nodes of all that the code under some roots can read about code.

    Subclasses bring code of their own, which may read more: until nothing is added.
    """
    looks: list[Reached] = []
    done: set[tuple[int, Topic]] = set()
    while True:
        topics = {topic for node in reachable([*roots, *looks]) for topic in node.topics}
        new = [
            (node, topic)
            for node in (_in_order([*roots, *looks]) if topics else ())
            for topic in Topic
            if topic in topics and node.kind in _KINDS and (id(node), topic) not in done
        ]
        if not new:
            return looks
        for node, topic in new:
            done.add((id(node), topic))
            look = Reached(kind="look", name=node.name, value=node.value, line=node.line)
            _LOOKS[topic](Expansion(graph, look, ""), node)
            if look.own or look.edges:
                look.own.insert(0, encode_text(topic.value))
                settle(look, graph.expand_unless_filled)
                looks.append(look)


def _in_order(roots: Sequence[Node]) -> Iterator[Reached]:
    """All nodes, in an order that depends on no set's: by the labels of their edges."""
    stack = list(reversed(roots))
    seen: set[int] = set()
    while stack:
        node = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, Reached):
            yield node
        stack += [target for _, target in sorted(node.edges, key=itemgetter(0), reverse=True)]


_KINDS = frozenset({"function", "class", "members"})


def _subject(node: Reached) -> Any:
    return type(node.value) if node.kind == "members" else node.value


def _docs(expansion: Expansion, node: Reached) -> None:
    from inspect import cleandoc

    subject = _subject(node)
    text = vars(subject).get("__doc__") if isinstance(subject, type) else subject.__doc__
    if isinstance(text, str):  # Python 3.13 takes the margin off, those before don't
        expansion.own("doc", encode_text(cleandoc(text)))


def _annotations(expansion: Expansion, node: Reached) -> None:
    function = node.value
    if type(function) is not types.FunctionType:  # those of a class always count
        return
    texts = expansion.graph.sources.annotations(function)
    if texts is None:
        for name, live in function.__annotations__.items():
            expansion.own("annotation", encode_text(f"{name}: {live}"))
        return
    module = function.__globals__
    for text in texts:
        expansion.own("annotation", text.digest)
        expansion.reach_names(text, module, module.__contains__)


def _source(expansion: Expansion, node: Reached) -> None:
    for part in node.parts:
        if part.kind in {"function", "class"} and part.source:
            expansion.own("source", encode_text(part.source))


def _order(expansion: Expansion, node: Reached) -> None:
    subject = _subject(node)
    if isinstance(subject, type):
        names = [name for name in vars(subject) if not _is_pythons(name)]
        expansion.own("order", digest(*map(encode_text, names)))


def _is_pythons(name: str) -> bool:
    """Names that versions of Python, and decorators, add where they like."""
    return (name.startswith("__") and name.endswith("__")) or name == "_abc_impl"


def _subclasses(expansion: Expansion, node: Reached) -> None:
    subject = _subject(node)
    if isinstance(subject, type):
        for number, kind in enumerate(_live_subclasses(subject)):
            expansion.own(f"subclass {number}", encode_text(qualified_name(kind)))
            expansion.edge(f"subclass {number}", expansion.graph.node(kind))


def _live_subclasses(kind: type) -> Iterator[type]:
    """Those of the user's own; of a class that was defined again only the last one, for when the
    others go is up to the garbage collector."""
    known: list[type] = type.__subclasses__(kind)
    yield from {qualified_name(one): one for one in known if is_first_party(one)}.values()


_LOOKS: dict[Topic, Callable[[Expansion, Reached], None]] = {
    Topic.DOCS: _docs,
    Topic.ANNOTATIONS: _annotations,
    Topic.SOURCE: _source,
    Topic.ORDER: _order,
    Topic.SUBCLASSES: _subclasses,
}
