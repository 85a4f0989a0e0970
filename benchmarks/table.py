"""Tables of results as Markdown, and their place in README.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

BEGIN = "<!-- results: written by python -m benchmarks -->"
END = "<!-- end of results -->"


@dataclass(frozen=True, slots=True)
class Table:
    """One question, with a row for each answer."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""

    def __str__(self) -> str:
        lines = [f"### {self.title}", ""]
        lines.append(_line(self.heads))
        lines.append(_line(["---", *["---:"] * (len(self.heads) - 1)]))
        lines += [_line(row) for row in self.rows]
        if self.note:
            lines += ["", self.note]
        return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def seconds(value: float) -> str:
    """Three digits that count, at most.

    >>> seconds(0.04567), seconds(1.234), seconds(45.67)
    ('0.046', '1.23', '45.7')
    """
    return f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 10 else f"{value:.1f}"


def ratio(value: float, base: float) -> str:
    """How many times ``base``; empty without one."""
    return f"{value / base:.2f}x" if base else ""


def megabytes(value: float) -> str:
    """Bytes as MiB."""
    return f"{value / 2**20:,.0f} MiB"


def write(path: Path, text: str) -> None:
    """Put ``text`` between the markers of the file, which must be there."""
    before, begin, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{path} has lost its markers {BEGIN!r} and {END!r}.")
    path.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")
