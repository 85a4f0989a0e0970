"""Fingerprints are the same under every hash seed and every Python that Weft runs on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"
MINORS = ("3.11", "3.12", "3.13")

SYNTAX = '''
import asyncio, dataclasses, enum, functools, typing
from collections import namedtuple

WORDS = {"alpha", "beta", "gamma", "delta"}
FROZEN = frozenset(WORDS)
NESTED = {"a": [1, 2.5, -0.0, 1e300, 3j], "b": {"c": (None, ..., True, b"x")}, 3: "é"}
OPTIONAL = typing.Optional[int]
UNION = int | None
Pair = namedtuple("Pair", "left right")


class Color(enum.Enum):
    RED = 1
    BLUE = "b"

    @property
    def shade(self):
        return self.value


class Mode(enum.IntFlag):
    R = 4
    W = 2


@dataclasses.dataclass
class Settings:
    """Settings."""
    depth: int = 3
    tags: list[str] = dataclasses.field(default_factory=list)
    kind: typing.ClassVar[str] = "k"

    def total(self) -> int:
        return self.depth + len(self.tags)


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Slotted:
    x: int = 0


class Typed(typing.NamedTuple):
    a: int
    b: str = "b"


class Box(typing.Generic[typing.TypeVar("T")]):
    def get(self):
        return self


class Proto(typing.Protocol):
    def run(self) -> None: ...


class Meta(type):
    def __call__(cls, *args):
        return super().__call__(*args)


class Base(metaclass=Meta):
    __slots__ = ("one", "two")

    def method(self, x, /, y=1, *args, z=2, **kwargs):
        """Doc
            indented.
        """
        return [x, y, z, args, kwargs, self.one]


class Derived(Base):
    attribute: int = 5
    table = {"k": [1]}

    def __init__(self):
        super().__init__()

    @functools.cached_property
    def slow(self):
        return 1

    @classmethod
    def build(cls):
        return cls()

    @functools.lru_cache
    def cached(self, x):
        return x


def decorate(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)
    return wrapper


@decorate
def decorated(x: int) -> str:
    return f"{x!r:>{10}} {x=} {x:.2f}" f"{{}}" "tail"


async def coroutine(n):
    async with asyncio.Lock() as lock:
        return [i async for i in agen(n) if await other(i)], lock


async def agen(n):
    for i in range(n):
        yield i


async def other(i):
    return i in {"a", "b", "c"}


def comprehensions(rows):
    return ([x for row in rows for x in row if x], {k: v for k, v in rows}, {x for x in rows},
            (lambda a, *b, c=1, **d: a if b else c))


def matching(value):
    match value:
        case {"a": [1, *rest], **others}:
            return rest, others
        case Color.RED | Color.BLUE:
            return 1
        case Pair(left=1) as pair if pair:
            return pair
        case None | True | "x":
            return -1
        case _:
            return 0


def trying():
    try:
        with open("x") as a, open("y") as b:
            raise ValueError(a, b) from None
    except* (OSError, ValueError) as group:
        del group
    finally:
        assert (n := 10) > 5, n


def strings():
    return f"", f"a", f"{WORDS}", f"{'nested'}{f'{NESTED}'}", "a" "b", rb"\\d", f"{NESTED['a']:{3}}"


def job(a, b=Slotted(2), *, c=FROZEN, d={"z": Typed(1)}):
    settings = Settings()
    made = (Derived, Box, Proto, Mode.R | Mode.W, UNION, OPTIONAL, settings, Pair(1, 2))
    return (decorated(a), coroutine, comprehensions, matching, trying, strings, made, c, WORDS)
'''
PROBE = """
import ast, sys
from pathlib import Path
from weft.fingerprint.fingerprinter import Fingerprinter
from weft.fingerprint.normalise import normalise
import syntax

fingerprint = Fingerprinter().code(syntax.job)
print("problems", fingerprint.problems, fingerprint.by_bytecode)
print("code", fingerprint.digest.hex())
for part in fingerprint.parts:
    print(part.kind, part.name, part.digest.hex())
for name in ("WORDS", "NESTED", "Pair", "Color", "Settings", "UNION"):
    print(name, Fingerprinter().value(getattr(syntax, name)).hex())
print("value", Fingerprinter().value([syntax.Settings(), syntax.Typed(1), syntax.Mode.R]).hex())
for path in sorted(Path(sys.argv[1]).rglob("*.py")):
    print(path.name, normalise(ast.parse(path.read_text())).digest.hex())
"""


@cache
def interpreters() -> dict[str, str]:
    """Executables by minor version: this one, those of pyenv, those on the path."""
    found = {f"{sys.version_info.major}.{sys.version_info.minor}": sys.executable}
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for minor in MINORS:
        candidates = [str(path) for path in sorted(pyenv.glob(f"{minor}.*/bin/python"))]
        candidates += [path for path in [shutil.which(f"python{minor}")] if path]
        for candidate in candidates:
            if minor not in found and _runs(candidate):
                found[minor] = candidate
    return found


def _runs(executable: str) -> bool:
    return subprocess.run([executable, "-c", ""], capture_output=True, check=False).returncode == 0


def probe(folder: Path, executable: str, seed: str) -> list[str]:
    paths = f"{folder / 'src'}{os.pathsep}{folder}"
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": paths}
    result = subprocess.run(
        [executable, "-c", PROBE, str(folder / "src")],
        env={**environment, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("syntax")
    (folder / "syntax.py").write_text(SYNTAX)
    shutil.copytree(SOURCE, folder / "src")
    return folder


@pytest.fixture(scope="module")
def here(folder):
    return probe(folder, sys.executable, "0")


def test_the_probe_has_source_for_everything(here):
    assert here[0] == "problems () False"


@pytest.mark.parametrize("seed", ["1", "2"])
@pytest.mark.parametrize("minor", sorted(interpreters()))
def test_fingerprints_are_the_same_everywhere(folder, here, minor, seed):
    assert probe(folder, interpreters()[minor], seed) == here
