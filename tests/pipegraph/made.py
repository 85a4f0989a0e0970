"""Small callbacks, and what tests ask about a run."""

from collections.abc import Callable
from pathlib import Path

from weft import pipegraph as ppg


def writes(text: str = "x") -> Callable[[Path], None]:
    """A callback that writes a text to its path."""

    def write(path: Path) -> None:
        path.write_text(text)

    return write


def appends(source: str, text: str) -> Callable[[Path], None]:
    """A callback that writes a file's content and a text."""

    def append(path: Path) -> None:
        path.write_text(Path(source).read_text() + text)

    return append


def ran(outcomes: object) -> set[str]:
    """Ids of the jobs that ran and did well."""
    return {n for n, one in outcomes.items() if one.outcome is ppg.JobOutcome.Success}


def told(outcomes: object) -> dict[str, str]:
    """The outcomes of all jobs, as text."""
    return {name: one.outcome.value for name, one in outcomes.items()}
