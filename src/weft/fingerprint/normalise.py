"""Source text reduced to what it means: the same under every Python version from 3.11 to 3.13.

Left out: docstrings, comments, positions, annotations of functions and of their local variables,
type comments, and what Python versions write differently (empty fields, empty constants in
f-strings). Class annotations stay: dataclasses and their like read them.
"""

from __future__ import annotations

import ast
import enum
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from weft.fingerprint.encoding import digest, encode_scalar, encode_text
from weft.model.job import Digest

Chain = tuple[str, ...]
"""A name with the attributes that follow it: ``("module", "helper")``."""

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_NEVER = frozenset({"ctx", "kind", "type_comment", "type_ignores"})
_DROPPED: dict[type, frozenset[str]] = {
    ast.FunctionDef: frozenset({"returns"}),
    ast.AsyncFunctionDef: frozenset({"returns"}),
    ast.arg: frozenset({"annotation"}),
}
_DEFAULTS = frozenset({"defaults", "kw_defaults"})
_ANNOTATION = frozenset({"annotation"})
_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import statement inside a function binds a name to."""

    module: str
    attribute: str | None
    level: int
    """Leading dots of a relative import."""
    loaded: str = ""
    """Module that the statement loads where it is not the one that the name is bound to:
    ``import a.b`` binds ``a``."""


@dataclass(frozen=True, slots=True)
class Passed:
    """A name is an argument of a call."""

    called: Chain
    place: int | str
    """Position, or the name of the parameter."""


class Use(enum.Enum):
    """What a piece of code does with a name, or with a name and the attributes that follow it."""

    VALUE = "taken as a value"
    CALL = "called"


@dataclass(slots=True)
class Text:
    """A piece of code, reduced."""

    digest: Digest
    names: dict[Chain, int] = field(default_factory=dict)
    """Names that it mentions, local ones too, and the line of the first mention."""
    uses: set[tuple[Chain, Use | Passed]] = field(default_factory=set)
    """What it does with them. ``type(x).y`` stands here as ``x.__class__.y``, and what ``super()``
    has as attributes of `SUPER`."""
    imports: dict[str, tuple[Imported, ...]] = field(default_factory=dict)
    """What import statements in it bind names to: several where there are branches."""
    source: str | None = None
    guessed: bool = False
    """Whether the names were taken from compiled code, which does not say how they are used."""
    head: Chain | None = None
    """Of a decorator: the name that is called, without its arguments."""


@cache
def _shape(kind: Any) -> tuple[bytes, tuple[tuple[str, bytes], ...]]:
    """How a node of this kind begins, and the fields of it that count, with their encodings."""
    dropped = _NEVER | _DROPPED.get(kind, _NOTHING)
    fields = [(name, b"." + encode_text(name)) for name in kind._fields if name not in dropped]
    return b"(" + encode_text(kind.__name__), tuple(fields)


Item = bytes | tuple[ast.AST, bool, frozenset[str]]
"""Encoded already; or a node, whether it stands in a class body, and fields to leave out."""


@dataclass(slots=True)
class _Pass:
    """One iterative walk: deep expressions must not exhaust Python's stack."""

    text: Text
    out: list[bytes] = field(default_factory=list)
    inner: set[int] = field(default_factory=set)
    """Nodes that are part of a chain noted already."""
    known_uses: dict[int, Use | Passed] = field(default_factory=dict)
    """Of nodes to come, which their parents told."""

    def run(self, items: list[Item]) -> None:
        stack = items[::-1]
        while stack:
            item = stack.pop()
            if isinstance(item, bytes):
                self.out.append(item)
            else:
                parts = self.node(*item)
                parts.reverse()
                stack += parts

    def node(self, node: ast.AST, in_class: bool, dropped: frozenset[str]) -> list[Item]:
        kind: Any = type(node)
        if kind is ast.Name or kind is ast.Attribute:
            self._note_name(node)  # type: ignore[arg-type]
        elif kind is ast.Call:
            self._note_call(node)  # type: ignore[arg-type]
        elif kind is ast.ClassDef:
            in_class = True
        elif kind in _FUNCTIONS or kind is ast.Lambda:
            in_class = False
        elif kind is ast.Import or kind is ast.ImportFrom:
            for bound, target in _imports(node):  # type: ignore[arg-type]
                known = self.text.imports.get(bound, ())
                self.text.imports[bound] = known if target in known else (*known, target)
        elif kind is ast.AnnAssign and not in_class:
            dropped = _ANNOTATION
        begin, fields = _shape(kind)
        parts: list[Item] = [begin]
        for name, encoded in fields:
            if name not in dropped:
                self.add_field(parts, node, name, encoded, in_class=in_class)
        parts.append(b")")
        return parts

    def add_field(
        self, parts: list[Item], node: ast.AST, name: str, encoded: bytes, *, in_class: bool
    ) -> None:
        value = getattr(node, name, None)
        if isinstance(value, list):
            items = _that_count(node, name, value)
            if items:
                parts.append(encoded + b"[")
                for item in items:
                    if isinstance(item, ast.AST):
                        parts.append((item, in_class, _NOTHING))
                    else:
                        parts.append(encode_scalar(item))
                parts.append(b"]")
        elif isinstance(value, ast.AST):
            parts.append(encoded)
            parts.append((value, in_class, _NOTHING))
        elif value is not None or isinstance(node, ast.Constant):
            parts.append(encoded + encode_scalar(value))

    def _note_name(self, node: ast.Name | ast.Attribute) -> None:
        if id(node) not in self.inner:
            chain = self._chain(node)
            if chain:
                self.text.names.setdefault(chain, node.lineno)
                self.text.uses.add((chain, self.known_uses.get(id(node), Use.VALUE)))

    def _note_call(self, node: ast.Call) -> None:
        self.known_uses[id(node.func)] = Use.CALL
        called = _dotted(node.func)
        if called is None or any(isinstance(argument, ast.Starred) for argument in node.args):
            return
        given: list[tuple[int | str | None, ast.expr]] = [*enumerate(node.args)]
        given += [(keyword.arg, keyword.value) for keyword in node.keywords]
        for place, argument in given:
            if place is not None and isinstance(argument, ast.Name):
                self.known_uses[id(argument)] = Passed(called, place)

    def _chain(self, node: ast.expr) -> Chain | None:
        base, attributes = _apart(node, self.inner)
        match base:
            case ast.Name(id=name):
                return name, *attributes
            case ast.Call(func=ast.Name(id="super"), args=[], keywords=[]):
                return SUPER, *attributes
            case ast.Call(func=ast.Name(id="type"), args=[ast.Name(id=name) as given], keywords=[]):
                self.inner.add(id(given))
                return name, "__class__", *attributes
        return None


SUPER = "super()"


def _apart(node: ast.expr, inner: set[int]) -> tuple[ast.expr, list[str]]:
    """What attributes are asked of, and their names; the nodes on the way go into ``inner``."""
    attributes: list[str] = []
    while isinstance(node, ast.Attribute):
        attributes.append(node.attr)
        node = node.value
        inner.add(id(node))
    return node, attributes[::-1]


def _dotted(node: ast.expr) -> Chain | None:
    base, attributes = _apart(node, set())
    return (base.id, *attributes) if isinstance(base, ast.Name) else None


def _imports(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, Imported]]:
    for alias in node.names:
        if isinstance(node, ast.ImportFrom):
            target = Imported(node.module or "", alias.name, node.level)
            yield alias.asname or alias.name, target
        elif alias.asname:
            yield alias.asname, Imported(alias.name, None, 0)
        else:
            top = alias.name.partition(".")[0]
            yield top, Imported(top, None, 0, alias.name if alias.name != top else "")


def annotations_of(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[Text]:
    """Annotations of parameters and result, reduced: a decorator may read them."""
    arguments = node.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    extra = [one for one in (arguments.vararg, arguments.kwarg) if one is not None]
    given = [(one.arg, one.annotation) for one in (*named, *extra)]
    found = []
    for name, annotation in (*given, ("return", node.returns)):
        if annotation is not None:
            text = normalise(annotation)
            text.digest = digest(encode_text(name), text.digest)
            found.append(text)
    return found


def normalise_decorator(node: ast.expr) -> Text:
    """A decorator's expression, reduced; with what it calls as its ``head``."""
    text = normalise(node)
    attributes: list[str] = []
    while isinstance(node, (ast.Call, ast.Attribute)):
        if isinstance(node, ast.Attribute):
            attributes.append(node.attr)
        node = node.func if isinstance(node, ast.Call) else node.value
    if isinstance(node, ast.Name):
        text.head = (node.id, *reversed(attributes))
    return text


def _that_count(node: ast.AST, name: str, items: list[Any]) -> list[Any]:
    """Without a docstring; without the empty constants that some versions put into f-strings."""
    if isinstance(node, ast.JoinedStr):
        return [item for item in items if not _is_text(item) or item.value]
    if name != "body" or not isinstance(node, (*_FUNCTIONS, ast.ClassDef, ast.Module)):
        return items
    first = items[0] if items else None
    return items[1:] if isinstance(first, ast.Expr) and _is_text(first.value) else items


def _is_text(node: object) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def normalise(node: ast.AST) -> Text:
    """A statement or expression, reduced.

    >>> normalise(ast.parse("x = ( 1 ) # one")).digest == normalise(ast.parse("x=1")).digest
    True
    """
    walk = _Pass(Text(b""))
    walk.run([(node, False, _NOTHING)])
    walk.text.digest = digest(*walk.out)
    return walk.text


def normalise_function(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> Text:
    """A function, reduced, without its name, decorators and default expressions.

    The name counts only where the function is reached by it; defaults count by their values.
    Which parameters have one is kept.
    """
    walk = _Pass(Text(b""))
    items: list[Item] = [encode_text(type(node).__name__), (node.args, False, _DEFAULTS)]
    walk.add_field(items, node, "body", b".body", in_class=False)
    walk.run(items)
    keyword = [number for number, default in enumerate(node.args.kw_defaults) if default]
    places = [len(node.args.defaults), *keyword]
    walk.text.digest = digest(*walk.out, *(b"%d;" % place for place in places))
    return walk.text
