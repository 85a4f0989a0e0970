"""What a function is made of: text, decorators, defaults, closure, and the names it mentions."""

from __future__ import annotations

import types
from typing import Any

from weft.fingerprint.code import CodeGraph, Expansion, Reached
from weft.fingerprint.encoding import digest, encode_text
from weft.fingerprint.modules import INERT, Package, Undefined, lookup, resolve
from weft.fingerprint.normalise import Text
from weft.fingerprint.origin import Origin, origin_of
from weft.fingerprint.parts import CodePart, Problem
from weft.fingerprint.programs import warn_of_programs
from weft.fingerprint.reflection import topics_in
from weft.fingerprint.wrappers import is_first_party, module_of
from weft.model.job import Digest


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
    _add_attributes(expansion, function)
    wrapped = getattr(function, "__wrapped__", None)
    if isinstance(wrapped, types.FunctionType) and is_first_party(wrapped):
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
    if decorators:
        decorators += text.annotations
    whole: Digest = digest(text.body.digest, *(part.digest for part in decorators))
    expansion.own("text", whole)
    node.parts.append(CodePart("function", node.name, whole, text.body.source))
    node.by_bytecode = text.by_bytecode
    if text.edited:
        why = "was edited after it was imported, so its bytecode was hashed instead"
        node.problems.append(Problem(node.name, f"{expansion.file}:{node.line}", why))
    if graph.scope == "transitive":
        node.topics = topics_in(function)
        warn_of_programs(expansion, function, text.calls, text.body)
        expansion.reach_names(text.body, module, text.globals.__contains__)
        for part in decorators:
            expansion.reach_names(part, module, module.__contains__)


def _is_wefts(decorator: Text, module: dict[str, Any]) -> bool:
    """Whether a decorator only sets options: they are counted where they matter."""
    if decorator.head is None:
        return False
    value, _ = lookup(decorator.head, module)
    if isinstance(value, Package):
        return value.origin is Origin.WEFT
    if value is INERT or isinstance(value, Undefined):
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


def _add_attributes(expansion: Expansion, function: types.FunctionType) -> None:
    """What was set on the function, ``job.offset = 1``; not what decorators note by dunders."""
    for name, value in sorted(vars(function).items()):
        if not (name.startswith("__") and name.endswith("__")):
            full = f"{expansion.node.name}.{name}"
            line = function.__code__.co_firstlineno
            expansion.reach("attribute", full, f"attribute {name}", value, line)


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
    if not isinstance(found, type) or not is_first_party(found):
        return None
    member = vars(found).get(path[-1])
    return found if getattr(member, "__func__", member) is function else None
