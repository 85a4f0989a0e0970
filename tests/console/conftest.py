import contextlib
import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import weft
from weft.console.session import Session
from weft.console.text.screen import Screen

_TIMES = re.compile(r"\d+(\.\d+)? (ms|s|min)\b( \d+ s)?")
_DATES = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


def stable(text: str) -> list[str]:
    """Lines without what differs from run to run: times, places, and the columns that they need."""
    text = _DATES.sub("DATE", _TIMES.sub("TIME", text))
    text = re.sub(r"pid \d+", "pid N", text)
    text = re.sub(r", \d+\.\d [KMG]iB", "", text)
    text = re.sub(r'File \\?"[^"]*", line \d+', "File", text)
    text = re.sub(r"(?<=: )\d+\.\d+(e-\d+)?", "NUMBER", text)
    text = re.sub(r"[▏▎▍▌▋▊▉█]+", "BAR", text)
    return [re.sub(r"(?<=\S) {2,}", "  ", line) for line in text.splitlines()]


class Console:
    """A session whose screen is a string."""

    def __init__(self, context: weft.Context) -> None:
        self.context = context
        self.stream = io.StringIO()
        self.session = Session(context, Screen(self.stream))

    def __call__(self, text: str) -> list[str]:
        self.stream.seek(0)
        self.stream.truncate()
        with contextlib.suppress(weft.MakeFailed):
            self.session.run(text)
        return stable(self.stream.getvalue())


def load(path: str) -> list[int]:
    return [1, 2, 3]


def fit(data: list[int], alpha: int) -> float:
    print(f"fitting with {alpha}")
    return sum(data) / alpha


def draw(model: float) -> str:
    return "#" * int(model)


def chains(context: weft.Context, *alphas: int) -> weft.Context:
    data = context.comp(load, "a.csv")
    for alpha in alphas:
        model = context.comp(fit, data, alpha, job_id=f"fit-{alpha}")
        context.comp(draw, model, job_id=f"draw-{alpha}")
    return context


Open = Callable[..., Console]


@pytest.fixture
def opened(tmp_path: Path) -> Open:
    """The console of the chains with these alphas; the same folder each time."""
    return lambda *alphas: Console(chains(weft.Context(tmp_path / "out"), *alphas))
