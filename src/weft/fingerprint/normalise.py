"""Source text reduced to what it means: the same under every Python version from 3.11 to 3.13.

Left out: docstrings, comments, positions, annotations of functions and of their local variables,
type comments, and what Python versions write differently (empty fields, empty constants in
f-strings). Class annotations stay: dataclasses and their like read them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

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
_OF_THE_ROOT = frozenset({"name", "decorator_list", "returns", "type_params"})
_DEFAULTS = frozenset({"defaults", "kw_defaults"})


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import statement inside a function binds a name to."""

    module: str
    attribute: str | None
    level: int
    """Leading dots of a relative import."""


@dataclass(slots=True)
class Text:
    """A piece of code, reduced."""

    digest: Digest
    names: dict[Chain, int] = field(default_factory=dict)
    """Names that it mentions, local ones too, and the line of the first mention."""
    imports: dict[str, Imported] = field(default_factory=dict)
    source: str | None = None


@dataclass(slots=True)
class _Pass:
    """One iterative walk: deep expressions must not exhaust Python's stack."""

    text: Text
    out: list[bytes] = field(default_factory=list)
    inner: set[int] = field(default_factory=set)
    """Nodes that are part of a chain noted already."""

    def run(self, root: ast.AST, *, is_root: bool) -> None:
        dropped = _OF_THE_ROOT if is_root else frozenset()
        stack: list[object] = [*reversed(list(self._parts(root, dropped, in_class=False)))]
        while stack:
            item = stack.pop()
            if isinstance(item, bytes):
                self.out.append(item)
            elif isinstance(item, tuple):
                node, in_class = item
                stack.extend(reversed(list(self._parts(node, frozenset(), in_class=in_class))))

    def _parts(
        self, node: ast.AST, dropped: frozenset[str], *, in_class: bool
    ) -> Iterator[bytes | tuple[ast.AST, bool]]:
        self._note(node)
        kind = type(node)
        if kind is ast.ClassDef:
            in_class = True
        elif isinstance(node, (*_FUNCTIONS, ast.Lambda)):
            in_class = False
        dropped = dropped | _DROPPED.get(kind, frozenset())
        if isinstance(node, ast.AnnAssign) and not in_class:
            dropped = dropped | {"annotation"}
        yield b"(" + encode_text(kind.__name__)
        for name in node._fields:
            if name not in _NEVER and name not in dropped:
                yield from self._field(node, name, in_class=in_class)
        yield b")"

    def _field(
        self, node: ast.AST, name: str, *, in_class: bool
    ) -> Iterator[bytes | tuple[ast.AST, bool]]:
        value = getattr(node, name, None)
        if isinstance(value, list):
            items = _without_docstring(node, value) if name == "body" else value
            if isinstance(node, ast.JoinedStr):
                items = [item for item in items if not _is_empty_constant(item)]
            if items:
                yield b".%b[" % encode_text(name)
                for item in items:
                    yield (item, in_class) if isinstance(item, ast.AST) else encode_scalar(item)
                yield b"]"
        elif isinstance(value, ast.AST):
            yield b"." + encode_text(name)
            yield value, in_class
        elif value is not None or isinstance(node, ast.Constant):
            yield b"." + encode_text(name)
            yield encode_scalar(value)

    def _note(self, node: ast.AST) -> None:
        if isinstance(node, (ast.Name, ast.Attribute)) and id(node) not in self.inner:
            chain = self._chain(node)
            if chain:
                self.text.names.setdefault(chain, node.lineno)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            self.text.imports.update(_imports(node))

    def _chain(self, node: ast.expr) -> Chain | None:
        attributes: list[str] = []
        while isinstance(node, ast.Attribute):
            attributes.append(node.attr)
            node = node.value
            self.inner.add(id(node))
        if not isinstance(node, ast.Name):
            self.inner.discard(id(node))
            return None
        return (node.id, *reversed(attributes))


def _imports(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, Imported]]:
    for alias in node.names:
        if isinstance(node, ast.ImportFrom):
            target = Imported(node.module or "", alias.name, node.level)
            yield alias.asname or alias.name, target
        elif alias.asname:
            yield alias.asname, Imported(alias.name, None, 0)
        else:
            top = alias.name.partition(".")[0]
            yield top, Imported(top, None, 0)


def _is_empty_constant(node: object) -> bool:
    return isinstance(node, ast.Constant) and node.value == ""


def _without_docstring(node: ast.AST, body: list[ast.stmt]) -> list[ast.stmt]:
    if not isinstance(node, (*_FUNCTIONS, ast.ClassDef, ast.Module)) or not body:
        return body
    first = body[0]
    if (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    ):
        return body[1:]
    return body


def normalise(node: ast.AST) -> Text:
    """A statement or expression, reduced.

    >>> normalise(ast.parse("x = ( 1 ) # one")).digest == normalise(ast.parse("x=1")).digest
    True
    """
    text = Text(b"")
    walk = _Pass(text)
    walk.run(node, is_root=False)
    text.digest = digest(*walk.out)
    return text


def normalise_function(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> Text:
    """A function, reduced, without its name, decorators and default expressions.

    The name counts only where the function is reached by it; defaults count by their values.
    Which parameters have one is kept.
    """
    text = Text(b"")
    walk = _Pass(text)
    arguments = node.args
    defaults, keyword_defaults = arguments.defaults, arguments.kw_defaults
    places = [
        len(defaults),
        *(number for number, default in enumerate(keyword_defaults) if default),
    ]
    bare = _with_args(node, _without_defaults(arguments))
    walk.run(bare, is_root=True)
    text.digest = digest(*walk.out, *(b"%d;" % place for place in places))
    return text


def _without_defaults(arguments: ast.arguments) -> ast.arguments:
    names = [name for name in arguments._fields if name not in _DEFAULTS]
    return ast.arguments(
        **{name: getattr(arguments, name, None) for name in names}, defaults=[], kw_defaults=[]
    )


def _with_args(
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, arguments: ast.arguments
) -> ast.AST:
    """A copy of the node with other arguments: the tree is shared and must stay as it is."""
    fields = {name: getattr(node, name, None) for name in node._fields}
    fields["args"] = arguments
    copy = type(node)(**fields)
    return ast.copy_location(copy, node)
