"""The source text of live code, as it was when its module was imported.

A file is read once and compiled; a function's text is taken only if the code that it compiles to
is the code that is live. So text that was edited since the import is never taken for the code.
"""

from __future__ import annotations

import ast
import os
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import CodeType, FunctionType
from typing import Any

from weft.fingerprint.bytecode import bytecode_text, global_names, nested_codes, same_code
from weft.fingerprint.encoding import declares
from weft.fingerprint.normalise import (
    Text,
    annotations_of,
    normalise,
    normalise_decorator,
    normalise_function,
)
from weft.fingerprint.programs import Call, calls_with_words

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_FUTURE_ANNOTATIONS = 0x1000000
_VERSIONS_KEPT = 3
"""Texts kept of one file: a module may be edited and reloaded, or a notebook's cell run again."""


@dataclass(frozen=True, slots=True)
class FunctionText:
    """A function's own text, and that of its decorators."""

    body: Text
    decorators: tuple[Text, ...] = ()
    annotations: tuple[Text, ...] = ()
    """Of the parameters and the result, where there are decorators to read them."""
    globals: frozenset[str] = frozenset()
    calls: tuple[Call, ...] = ()
    """Of a function that may start programs."""
    by_bytecode: bool = False
    edited: bool = False
    """Whether there is a file, but what it holds is not what is live."""


@dataclass(frozen=True, slots=True)
class ClassText:
    """A class statement, in parts; methods and nested classes are taken from the live class."""

    decorators: tuple[Text, ...]
    bases: tuple[Text, ...]
    keywords: tuple[Text, ...]
    annotations: dict[str, Text]
    assigned: dict[str, Text]
    """Right-hand sides by name."""
    others: tuple[Text, ...]
    """Statements that are neither definitions nor assignments to one name."""
    source: str
    line: int


@dataclass(slots=True)
class SourceFile:
    """One text of one file."""

    filename: str
    text: str
    tree: ast.Module
    codes: dict[str, list[CodeType]]
    lines: list[str] = field(default_factory=list)

    @classmethod
    def parse(cls, filename: str, text: str, flags: int) -> SourceFile | None:
        """None if the text is not Python (any more)."""
        try:
            tree = ast.parse(text, filename)
            allowed = flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
            module = compile(tree, filename, "exec", flags=allowed, dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
        codes: dict[str, list[CodeType]] = {}
        for code in nested_codes(module):
            codes.setdefault(code.co_name, []).append(code)
        return cls(filename, text, tree, codes)

    def find(self, live: CodeType) -> Definition | None:
        """The definition that compiles to the live code."""
        same = [code for code in self.codes.get(live.co_name, ()) if same_code(code, live)]
        if not same:
            return None
        nearest = min(same, key=lambda code: _distance(code, live))
        return self._definition(nearest)

    def _definition(self, code: CodeType) -> Definition | None:
        found = [
            node
            for node in _nodes_at(self.tree, code.co_firstlineno)
            if getattr(node, "name", "<lambda>") == code.co_name
        ]
        if len(found) < 2:
            return found[0] if found else None
        spots = _positions(code)
        covering = [node for node in found if all(_covers(node, spot) for spot in spots)]
        return min(covering, key=_extent, default=None)

    def source_of(self, node: Definition) -> str:
        """The lines of a definition, moved to the left margin."""
        if not self.lines:
            self.lines = self.text.splitlines()
        lines = self.lines[first_line(node) - 1 : node.end_lineno]
        margin = min((len(x) - len(x.lstrip()) for x in lines if x.strip()), default=0)
        return "\n".join(line[margin:] for line in lines)


def first_line(node: Definition) -> int:
    """Line of the first decorator, else of the definition."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _distance(code: CodeType, live: CodeType) -> tuple[bool, int, bool]:
    elsewhere = code.co_qualname != live.co_qualname
    lines = abs(code.co_firstlineno - live.co_firstlineno)
    return elsewhere, lines, lines == 0 and _positions(code) != _positions(live)


def _statements_at(tree: ast.Module, line: int) -> list[ast.stmt]:
    """Top-level statements that reach over a line, found by bisection."""
    body = tree.body
    start = bisect_left(body, line, key=lambda statement: statement.end_lineno or 0)
    stop = start
    while stop < len(body) and first_line_of(body[stop]) <= line:
        stop += 1
    return body[start:stop]


def _nodes_at(tree: ast.Module, line: int) -> Iterator[Definition]:
    """Definitions that begin on a line; only statements that reach over it are entered."""
    stack: list[ast.AST] = [*_statements_at(tree, line)]
    while stack:
        node = stack.pop()
        if isinstance(node, _DEFINITIONS) and first_line(node) == line:
            yield node
        for child in ast.iter_child_nodes(node):
            start = getattr(child, "lineno", None)
            if isinstance(child, _DEFINITIONS):
                start = first_line(child)
            if start is None or start <= line <= (getattr(child, "end_lineno", None) or line):
                stack.append(child)


Spot = tuple[int, int, int, int]


def _positions(code: CodeType) -> list[Spot]:
    """Line, column, end line, end column of instructions that stand for text."""
    return [
        (line, column, end, last)
        for line, end, column, last in code.co_positions()
        if line is not None and end is not None and column is not None and last is not None
        if (line, column) != (end, last)
    ]


def _covers(node: Definition, spot: Spot) -> bool:
    line, column, end, last = spot
    start = (first_line(node), 0) if hasattr(node, "name") else (node.lineno, node.col_offset)
    stop = (node.end_lineno or line, node.end_col_offset or 0)
    return start <= (line, column) and (end, last) <= stop


def _extent(node: Definition) -> tuple[int, int]:
    lines = (node.end_lineno or 0) - node.lineno
    return lines, (node.end_col_offset or 0) - node.col_offset


Version = tuple[object, SourceFile | None]


class Sources:
    """Texts of files and of the functions in them; only grows, and depends on nothing mutable."""

    def __init__(self) -> None:
        self._versions: dict[tuple[str, int], list[Version]] = {}
        self._functions: dict[int, tuple[CodeType, FunctionText]] = {}
        self._classes: dict[int, tuple[type, ClassText | None]] = {}

    def __repr__(self) -> str:
        return f"Sources(files={len(self._versions)}, functions={len(self._functions)})"

    def function(self, function: FunctionType) -> FunctionText:
        """Text of a function; by its bytecode where no text compiles to it."""
        code = function.__code__
        known = self._functions.get(id(code))
        if known is None:
            known = self._functions[id(code)] = code, self._function(function)
        return known[1]

    def _function(self, function: FunctionType) -> FunctionText:
        code = function.__code__
        names = frozenset(global_names(code))
        file, node = self._find(code, function.__globals__) or (None, None)
        if file is None or node is None or isinstance(node, ast.ClassDef):
            edited = any(text for _, text in self._versions.get(_key(code), ()))
            edited = edited and not code.co_filename.startswith("<")
            text = bytecode_text(code)
            return FunctionText(text, globals=names, by_bytecode=True, edited=edited)
        body = normalise_function(node)
        body.source = file.source_of(node)
        calls = calls_with_words(node, code, function.__globals__)
        if isinstance(node, ast.Lambda) or not node.decorator_list:
            return FunctionText(body, globals=names, calls=calls)
        decorators = tuple(map(normalise_decorator, node.decorator_list))
        return FunctionText(body, decorators, tuple(annotations_of(node)), names, calls)

    def annotations(self, function: FunctionType) -> list[Text] | None:
        """Annotations of a function, decorated or not; None where it has no text."""
        _, node = self._find(function.__code__, function.__globals__) or (None, None)
        if isinstance(node, ast.Lambda):
            return []
        return None if node is None or isinstance(node, ast.ClassDef) else annotations_of(node)

    def _find(self, code: CodeType, module: dict[str, Any]) -> tuple[SourceFile, Definition] | None:
        for file in self._files(code, module):
            node = file.find(code)
            if node is not None:
                return file, node
        return None

    def _files(self, code: CodeType, module: dict[str, Any]) -> Iterator[SourceFile]:
        """Texts read before, newest first, then the one that is there now."""
        versions = self._versions.setdefault(_key(code), [])
        yield from [file for _, file in reversed(versions) if file is not None]
        stamp = _stamp(code.co_filename)
        if versions and versions[-1][0] == stamp:
            return
        text = _read(code.co_filename, module)
        flags = code.co_flags & _FUTURE_ANNOTATIONS
        file = SourceFile.parse(code.co_filename, text, flags) if text else None
        versions.append((stamp, file))
        del versions[:-_VERSIONS_KEPT]
        if file is not None:
            yield file

    def class_text(self, kind: type) -> ClassText | None:
        """Text of a class statement: of the one around its methods, else of that name."""
        known = self._classes.get(id(kind))
        if known is None:
            known = self._classes[id(kind)] = kind, self._class(kind)
        return known[1]

    def _class(self, kind: type) -> ClassText | None:
        methods = [
            value
            for name, value in vars(kind).items()
            if isinstance(value, FunctionType)
            and value.__qualname__ == f"{kind.__qualname__}.{name}"
            and value.__globals__.get("__name__") == kind.__module__
            and not is_generated(kind, name, value)
        ]
        for method in methods:
            found = self._find(method.__code__, method.__globals__)
            node = _class_around(found[0].tree, found[1], kind.__name__) if found else None
            if found and node:
                return _class_text(found[0], node)
        return None if methods else self._class_by_name(kind)

    def _class_by_name(self, kind: type) -> ClassText | None:
        """A class without methods can't be verified by code; its annotations' names must agree."""
        import sys

        module = getattr(sys.modules.get(kind.__module__), "__dict__", {})
        filename = module.get("__file__")
        if not isinstance(filename, str) or "<locals>" in kind.__qualname__:
            return None
        code = compile("", filename, "exec", dont_inherit=True)
        for file in self._files(code, module):
            node = _class_named(file.tree, kind.__qualname__.split("."))
            if node is not None:
                text = _class_text(file, node)
                if list(text.annotations) == list(vars(kind).get("__annotations__", ())):
                    return text
        return None


def _key(code: CodeType) -> tuple[str, int]:
    return code.co_filename, code.co_flags & _FUTURE_ANNOTATIONS


def _stamp(filename: str) -> object:
    try:
        status = os.stat(filename)  # noqa: PTH116 - called per file of code
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _read(filename: str, module: dict[str, Any]) -> str | None:
    """Text of a file, else what `linecache` knows of it: notebook cells, zipped modules."""
    from importlib.util import decode_source

    for path in (filename, module.get("__file__")):
        if not isinstance(path, str) or not path.endswith(os.path.basename(filename)):  # noqa: PTH119
            continue
        try:
            with open(path, "rb") as file:  # noqa: PTH123
                return decode_source(file.read())
        except (OSError, SyntaxError, UnicodeDecodeError):
            continue
    import linecache

    return "".join(linecache.getlines(filename, module)) or None


def _class_around(tree: ast.Module, node: Definition, name: str) -> ast.ClassDef | None:
    for around in _containing(tree, node):
        if isinstance(around, ast.ClassDef) and around.name == name and node in around.body:
            return around
    return None


def _containing(tree: ast.Module, node: Definition) -> Iterator[ast.AST]:
    line = node.lineno
    stack: list[ast.AST] = [*_statements_at(tree, line)]
    while stack:
        present = stack.pop()
        yield present
        stack.extend(
            child
            for child in ast.iter_child_nodes(present)
            if isinstance(child, ast.stmt)
            and first_line_of(child) <= line <= (child.end_lineno or line)
        )


def first_line_of(statement: ast.stmt) -> int:
    """First line of any statement."""
    return first_line(statement) if isinstance(statement, _DEFINITIONS) else statement.lineno


def _class_named(tree: ast.Module, path: list[str]) -> ast.ClassDef | None:
    """The last class of that name: the one that a module keeps."""
    found: ast.ClassDef | None = None
    body = tree.body
    for name in path:
        matching = [n for n in _statements(body) if isinstance(n, ast.ClassDef) and n.name == name]
        if not matching:
            return None
        found = matching[-1]
        body = found.body
    return found


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements, also those under ``if``, ``try`` and ``with``."""
    for statement in body:
        yield statement
        if not isinstance(statement, _DEFINITIONS):
            for name in ("body", "orelse", "handlers", "finalbody"):
                yield from _statements(getattr(statement, name, []))


def _class_text(file: SourceFile, node: ast.ClassDef) -> ClassText:
    annotations: dict[str, Text] = {}
    assigned: dict[str, Text] = {}
    others: list[Text] = []
    for statement in node.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            annotations[statement.target.id] = normalise(statement.annotation)
            if statement.value is not None:
                assigned[statement.target.id] = normalise(statement.value)
        elif isinstance(statement, ast.Assign) and _single_name(statement):
            assigned[_single_name(statement)] = normalise(statement.value)
        elif not isinstance(statement, _DEFINITIONS) and not _is_idle(statement):
            others.append(normalise(statement))
    return ClassText(
        decorators=tuple(normalise(part) for part in node.decorator_list),
        bases=tuple(normalise(part) for part in node.bases),
        keywords=tuple(normalise(part) for part in node.keywords),
        annotations=annotations,
        assigned=assigned,
        others=tuple(others),
        source=file.source_of(node),
        line=node.lineno,
    )


def _single_name(statement: ast.Assign) -> str:
    target = statement.targets[0]
    return target.id if len(statement.targets) == 1 and isinstance(target, ast.Name) else ""


def _is_idle(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )


_WRITTEN_BY_DECORATORS = frozenset(
    {
        *("__init__", "__repr__", "__eq__", "__lt__", "__le__", "__gt__", "__ge__", "__hash__"),
        *("__setattr__", "__delattr__", "__getstate__", "__setstate__", "__replace__", "__new__"),
    }
)


def is_generated(kind: type, name: str, value: object) -> bool:
    """Whether a member was written by the library, not the user: it differs per Python version.

    What it is generated from (fields and annotations) counts by itself.
    """
    value = getattr(value, "__func__", value)  # __new__ is a static method
    if not isinstance(value, FunctionType):
        return type(value).__name__ == "_tuplegetter"
    if value.__globals__.get("__name__") == "typing":  # what Protocol adds
        return True
    if value.__code__.co_filename.startswith("<attrs generated"):
        return True
    generating = any(
        declares(kind, mark) for mark in ("__dataclass_fields__", "__attrs_attrs__", "_fields")
    )
    elsewhere = value.__globals__.get("__name__") != kind.__module__
    generated = elsewhere or value.__code__.co_filename == "<string>"
    return generating and generated and name in _WRITTEN_BY_DECORATORS
