"""What a class is made of.

The live class says what there is: methods (each a function of its own), bases, attributes by their
values. The text of its statement adds what leaves no plain trace in it: decorators, annotations,
and right-hand sides that a decorator consumed (``field(default_factory=list)``).
"""

from __future__ import annotations

import enum
import sys
import types
from typing import Any

from weft.fingerprint.code import CodeGraph, Expansion, Reached
from weft.fingerprint.encoding import digest, encode_text, qualified_name
from weft.fingerprint.normalise import Text
from weft.fingerprint.origin import Origin, origin_of
from weft.fingerprint.parts import CodePart
from weft.fingerprint.source import ClassText, is_generated
from weft.fingerprint.wrappers import (
    code_behind,
    extension_of,
    module_of,
    parts_of_member,
    registered_with,
)

_SKIPPED = frozenset({"_abc_impl", "_is_protocol", "_is_runtime_protocol"})
_SLOT = (types.MemberDescriptorType, types.GetSetDescriptorType)
_ARRAYS = ("numpy", "pandas")


def expand_class(graph: CodeGraph, node: Reached) -> None:
    """Fill the node of a class."""
    kind: type = node.value
    if graph.scope != "transitive":
        expansion = Expansion(graph, node, "")
        expansion.own("name", encode_text(node.name))
        if graph.scope == "none":
            return
    text = graph.sources.class_text(kind)
    module = getattr(sys.modules.get(kind.__module__), "__dict__", {})
    expansion = Expansion(graph, node, str(module.get("__file__", kind.__module__)))
    node.line = text.line if text else 0
    expansion.own("class", encode_text(kind.__name__), extension_of(kind))
    for number, base in enumerate(kind.__bases__):
        expansion.reach("class", qualified_name(base), f"base {number}", base, node.line)
    for name in registered_with(kind):
        expansion.own("registered", encode_text(name))
    expansion.reach("class", qualified_name(type(kind)), "metaclass", type(kind), node.line)
    if text is None:
        _add_without_text(expansion, kind)
    else:
        _add_text(expansion, text, module)
    _add_members(expansion, kind, text, module)


def _add_text(expansion: Expansion, text: ClassText, module: dict[str, Any]) -> None:
    node = expansion.node
    texts = [*text.decorators, *text.keywords, *text.others, *text.annotations.values()]
    whole = digest(
        *(b"%d;" % len(group) for group in (text.decorators, text.keywords, text.others)),
        *(encode_text(name) for name in text.annotations),
        *(part.digest for part in texts),
    )
    expansion.own("text", whole)
    node.parts.append(CodePart("class", node.name, whole, text.source))
    for part in texts:
        expansion.reach_names(part, module, module.__contains__)


def _add_without_text(expansion: Expansion, kind: type) -> None:
    """A class typed at a prompt: annotations and the fields of a dataclass by their values."""
    node = expansion.node
    annotations = vars(kind).get("__annotations__", {})
    if not isinstance(annotations, dict):  # a class of C: its objects have some
        annotations = {}
    named = [(name, _annotation(value)) for name, value in annotations.items()]
    whole = digest(*(encode_text(text) for pair in named for text in pair))
    expansion.own("annotations", whole)
    node.parts.append(CodePart("class", node.name, whole))
    for name, field in vars(kind).get("__dataclass_fields__", {}).items():
        for part in ("default", "default_factory"):
            value = getattr(field, part)
            if "MISSING" not in type(value).__name__:
                full = f"{node.name}.{name}"
                expansion.reach("attribute", full, f"field {name}.{part}", value, 0)


def _annotation(value: object) -> str:
    return qualified_name(value) if isinstance(value, type) else str(value)


def _add_members(
    expansion: Expansion, kind: type, text: ClassText | None, module: dict[str, Any]
) -> None:
    assigned = text.assigned if text else {}
    is_enum = issubclass(kind, enum.Enum)
    if issubclass(kind, enum.Enum):
        members = [(name, member.value) for name, member in kind.__members__.items()]
        expansion.reach("attribute", f"{expansion.node.name}.*", "members", members, 0)
    by_text = set() if is_enum else set(assigned)
    for name, value in sorted(vars(kind).items()):
        if name in _SKIPPED or is_generated(kind, name, value):
            continue
        if _add_method(expansion, name, value, written=name in assigned) or is_enum:
            by_text.discard(name)
        elif _is_live_data(name, value, written=name in assigned):
            by_text.discard(name)
            full = f"{expansion.node.name}.{name}"
            expansion.reach("attribute", full, f".{name}", value, expansion.node.line)
    for name in [name for name in assigned if name in by_text]:  # attrs goes by their order
        _add_right_hand_side(expansion, name, assigned[name], module)


def _add_right_hand_side(
    expansion: Expansion, name: str, text: Text, module: dict[str, Any]
) -> None:
    expansion.own(f".{name} =", text.digest)
    full = f"{expansion.node.name}.{name}"
    expansion.node.parts.append(CodePart("attribute", full, text.digest))
    expansion.reach_names(text, module, module.__contains__)


def _is_live_data(name: str, value: object, *, written: bool) -> bool:
    """Whether the attribute's present value says all; installed descriptors don't."""
    if isinstance(value, _SLOT) or (name.startswith("__") and name.endswith("__") and not written):
        return False
    module = type(value).__module__
    installed = origin_of(module) is Origin.INSTALLED
    return not installed or module.partition(".")[0] in _ARRAYS or not written


def _add_method(expansion: Expansion, name: str, value: Any, *, written: bool) -> bool:
    """Add the functions of a method, property or other descriptor; False if there are none."""
    functions = _functions_of(value)
    for number, function in enumerate(functions):
        first_party = origin_of(module_of(function)) is Origin.FIRST_PARTY
        if first_party or written or code_behind(function):
            expansion.own(f".{name}", encode_text(type(value).__name__))
            full = f"{expansion.node.name}.{name}"
            expansion.reach("method", full, f".{name} {number}", function, expansion.node.line)
    return bool(functions)


def _functions_of(value: Any) -> list[types.FunctionType]:
    if isinstance(value, types.FunctionType):
        return [value]
    held = parts_of_member(value)
    if held is None:  # what can be called is hashed as any value is
        held = [] if callable(value) else [getattr(value, "__wrapped__", None)]
    return [function for function in held if isinstance(function, types.FunctionType)]
