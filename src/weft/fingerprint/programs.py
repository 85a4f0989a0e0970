"""Programs of one's own that code starts by their path: no name leads from one to the other."""

from __future__ import annotations

import ast
import os
from dataclasses import dataclass, field
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

from weft.fingerprint.bytecode import nested_codes
from weft.fingerprint.encoding import qualified_name
from weft.fingerprint.modules import Package, lookup, resolve_import
from weft.fingerprint.normalise import Chain, Text
from weft.fingerprint.origin import Origin, origin_of_file
from weft.fingerprint.parts import Problem

if TYPE_CHECKING:
    from weft.fingerprint.code import Expansion

_SUBPROCESS = (
    *("run", "call", "check_call", "check_output", "Popen", "getoutput", "getstatusoutput"),
)
_OS = (
    *("system", "popen", "posix_spawn", "posix_spawnp"),
    *(f"exec{ending}" for ending in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")),
    *(f"spawn{ending}" for ending in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")),
)
_ASYNCIO = ("create_subprocess_exec", "create_subprocess_shell")
_STARTERS = frozenset(
    {
        *(f"subprocess.{name}" for name in _SUBPROCESS),
        *(f"{module}.{name}" for module in ("os", "posix") for name in _OS),
        *(f"asyncio.{name}" for name in _ASYNCIO),
        *(f"asyncio.subprocess.{name}" for name in _ASYNCIO),
        *("runpy.run_path",),
    }
)
_MODULES = frozenset({"subprocess", "os", "posix", "asyncio", "runpy"})
_SUFFIXES = (".py", ".sh", ".bash", ".pl", ".R", ".r", ".jl", ".rb", ".js", ".lua", ".awk", ".jar")
"""Of programs; other files are ones where they may be executed."""
_LONGEST = 1000
"""Characters of what may be a path."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call of something by its name, as it is written."""

    called: Chain
    line: int
    words: frozenset[str]
    names: frozenset[str]


@dataclass(slots=True)
class _Mentions:
    """Constants and names of an expression, without those that are declared by ``reads``."""

    words: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)

    def add(self, node: ast.AST) -> None:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            self.words.update((node.value, *node.value.split()))
        elif isinstance(node, ast.Name):
            self.names.add(node.id)
        if isinstance(node, ast.Call) and _dotted(node.func)[-1:] == ("reads",):
            return
        for child in ast.iter_child_nodes(node):
            self.add(child)


def calls_with_words(node: ast.AST, code: CodeType, module: dict[str, Any]) -> tuple[Call, ...]:
    """Calls in a function, if it may start programs at all: few do, and most need no walk."""
    names = {name for one in nested_codes(code) for name in one.co_names}
    if not any(map(_may_start, names, (module.get(name) for name in names))):
        return ()
    assigned: dict[str, list[ast.expr]] = {}
    declared = _Mentions()
    found: list[ast.Call] = []
    for inner in ast.walk(node):
        if isinstance(inner, ast.Assign):
            for target in inner.targets:
                if isinstance(target, ast.Name):
                    assigned.setdefault(target.id, []).append(inner.value)
        elif isinstance(inner, ast.Call) and _dotted(inner.func):
            found.append(inner)
            if _dotted(inner.func)[-1] == "reads":
                for argument in inner.args:
                    declared.add(argument)
    return tuple(_call(one, assigned, declared) for one in found)


def _may_start(name: str, value: object) -> bool:
    named = getattr(value, "__name__", "") if isinstance(value, type(os)) else ""
    module = getattr(value, "__module__", "") if callable(value) else ""
    return name in _MODULES or named in _MODULES or module in _MODULES


def _call(node: ast.Call, assigned: dict[str, list[ast.expr]], declared: _Mentions) -> Call:
    mentions = _Mentions()
    for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
        mentions.add(argument)
    for name in tuple(mentions.names):
        for value in assigned.get(name, ()):
            mentions.add(value)
    words = frozenset(mentions.words - declared.words)
    return Call(_dotted(node.func), node.lineno, words, frozenset(mentions.names - declared.names))


def _dotted(node: ast.expr) -> Chain:
    attributes: list[str] = []
    while isinstance(node, ast.Attribute):
        attributes.append(node.attr)
        node = node.value
    return (node.id, *reversed(attributes)) if isinstance(node, ast.Name) else ()


def warn_of_programs(
    expansion: Expansion, function: FunctionType, calls: tuple[Call, ...], text: Text
) -> None:
    """Name the programs of the project that a function starts.

    That adds to the problems only: whether a file is there must not be part of the fingerprint.
    """
    module = function.__globals__
    for call in calls:
        name = _called(call.called, text, module)
        if name not in _STARTERS or expansion.is_ignored(name):
            continue
        values = [module[one] for one in sorted(call.names) if one in module]
        words = {*call.words, *(os.fspath(one) for one in values if _is_path(one))}
        folders = (os.getcwd(), os.path.dirname(function.__code__.co_filename))  # noqa: PTH109, PTH120
        for word in sorted(words):
            if any(_is_program(folder, word) for folder in folders):
                where = f"{expansion.file}:{call.line}"
                why = f"starts {word}, a program of your own: an edit of it will not be noticed"
                cure = f"Start weft.reads({word!r}), so that its content counts."
                expansion.node.problems.append(Problem(name, where, why, cure))


def _called(chain: Chain, text: Text, module: dict[str, Any]) -> str:
    if chain[0] in text.imports:
        value, rest = resolve_import(text.imports[chain[0]][0], chain[1:], module)
    elif chain[0] in module:
        value, rest = lookup(chain, module)
    else:
        return ""
    if isinstance(value, Package):
        return value.name
    return qualified_name(value) if callable(value) and not rest else ""


def _is_path(value: object) -> bool:
    return isinstance(value, (str, os.PathLike)) and isinstance(os.fspath(value), str)


def _is_program(folder: str, word: str) -> bool:
    """Whether a word is the path of an existing program in or below a folder."""
    if not word or len(word) > _LONGEST or "\0" in word:
        return False
    path = os.path.normpath(os.path.join(folder, word))  # noqa: PTH118 - pathlib costs 3 ms
    if not os.path.isfile(path) or origin_of_file(path) is not Origin.FIRST_PARTY:  # noqa: PTH113
        return False
    inside = path.startswith(os.path.join(folder, "")) or not os.path.isabs(word)  # noqa: PTH117, PTH118
    return inside and (path.endswith(_SUFFIXES) or os.access(path, os.X_OK))
