"""What a command is: its name, its parameters, whether it takes jobs, and who carries it out."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from weft.console.parser import Line, Word
from weft.errors import UserError
from weft.settings.kind import Kind, read_value, wanted

__all__ = [
    "JSON",
    "Arguments",
    "ConsoleCommand",
    "Kind",
    "Parameter",
    "Section",
    "Selects",
    "Table",
    "all_cores",
    "bind",
]

if TYPE_CHECKING:
    from weft.console.session import Session
    from weft.console.text.view import View


class Section(Enum):
    """The headings of ``help``."""

    MAKING = "Making"
    LOOKING = "Looking"
    FORGETTING = "Forgetting"
    OTHER = "Other"


class Selects(Enum):
    """Whether a command takes words that choose jobs."""

    NOTHING = "takes no jobs"
    OPTIONAL = "takes jobs"
    REQUIRED = "needs jobs"
    ONE = "needs a job"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One ``name=value`` of a command; ``default`` None lets the handler decide."""

    name: str
    kind: Kind
    default: Any
    help: str
    choices: tuple[str, ...] = ()
    short: str = ""
    """The letter of ``-x``, another way to write it."""


JSON = Parameter("json", Kind.SWITCH, default=False, help="1: as one JSON document (0)")


@dataclass(frozen=True, slots=True)
class Arguments:
    """What one call of a command asks for.

    Attributes
    ----------
    selection
        The expression that chooses jobs, as it was written; empty without one.
    values
        All parameters.
    words
        What was given beside parameters, word by word without quotes.
    """

    selection: tuple[str, ...]
    values: Mapping[str, Any]
    words: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Any:
        return self.values[name]


_USAGE = {Selects.REQUIRED: "JOBS", Selects.OPTIONAL: "[JOBS]", Selects.ONE: "JOB"}


@dataclass(frozen=True, slots=True)
class ConsoleCommand:
    """One row of the command table."""

    name: str
    section: Section
    help: str
    """One line."""
    handler: Callable[[Session, Arguments], View | str | None]
    """Gives back what to show: a view, or a sentence."""
    selects: Selects = Selects.NOTHING
    parameters: tuple[Parameter, ...] = ()
    aliases: tuple[str, ...] = ()
    description: str = ""
    """What ``help COMMAND`` says beyond the one line."""
    free_words: str = ""
    """What its words are called when they name something else than jobs, such as ``[COMMAND]``."""
    examples: tuple[str, ...] = ()
    """Lines as they are typed."""

    @property
    def accepted(self) -> tuple[Parameter, ...]:
        """All parameters; what only looks can answer in JSON too."""
        return (*self.parameters, JSON) if self.section is Section.LOOKING else self.parameters

    @property
    def usage_short(self) -> str:
        """How it is written, without its parameters."""
        words = _USAGE.get(self.selects, "")
        return f"{self.name} {self.free_words or words}".strip()

    @property
    def usage(self) -> str:
        """How it is written, with all that it takes."""
        return " ".join([self.usage_short, *(f"[{p.name}=]" for p in self.accepted)])


class Table:
    """All commands, found by name or alias.

    Raises
    ------
    ValueError
        When two rows have one name.
    """

    def __init__(self, rows: Sequence[ConsoleCommand]) -> None:
        self.rows = tuple(rows)
        self._by_name: dict[str, ConsoleCommand] = {}
        for row in rows:
            for name in (row.name, *row.aliases):
                if name in self._by_name:
                    raise ValueError(f"Two commands are called {name}.")
                self._by_name[name] = row

    @property
    def names(self) -> list[str]:
        """All names and aliases."""
        return list(self._by_name)

    def find(self, name: str) -> ConsoleCommand:
        """The command of that name or alias; a UserError with near matches if there is none."""
        row = self._by_name.get(name)
        if row is None:
            cure = _near(name, self.names) or "help lists the commands."
            raise UserError(f"There is no command {name!r}.", cure=cure)
        return row


def bind(command: ConsoleCommand, line: Line, ids: Collection[str]) -> Arguments:
    """What ``line`` asks of ``command``.

    Parameters
    ----------
    ids
        Of the jobs: a word with ``=`` or ``-`` that is one of them (or, with a wildcard, could
        be), and no parameter, chooses jobs.

    Raises
    ------
    UserError
        For unknown parameters, impossible values, missing or unwanted jobs.
    """
    known = {parameter.name: parameter for parameter in command.accepted}
    known.update((f"-{p.short}", p) for p in command.accepted if p.short)
    values = {parameter.name: parameter.default for parameter in command.accepted}
    chosen: list[Word] = []
    words = iter(line.words)
    for word in words:
        name, text = _setting(word) or ("", None)
        parameter = known.get(name)
        if parameter is not None:
            text = _value_after(parameter, word, words) if text is None else text
            values[parameter.name] = read_value(
                parameter.name, parameter.kind, text, parameter.choices
            )
        elif not name or _may_choose(word, ids) or command.free_words:
            chosen.append(word)
        else:
            raise _unknown_parameter(command, word.text, name)
    _check_selection(command, chosen)
    plain = tuple(word.text for word in chosen)
    return Arguments(() if command.free_words else _expression(chosen, ids), values, plain)


def _expression(words: Sequence[Word], ids: Collection[str]) -> tuple[str, ...]:
    """What chooses jobs, as it was written."""
    if not words:
        return ()
    text = " ".join(word.source for word in words)
    # An expression that is an id as a whole means that job; these are several words.
    return (f"({text})",) if len(words) > 1 and text in ids else (text,)


def _may_choose(word: Word, ids: Collection[str]) -> bool:
    if word.text in ids:
        return True
    fixed = re.split(r"[*?\[]", word.text)[0]
    return len(fixed) < len(word.text) and any(name.startswith(fixed) for name in ids)


def _setting(word: Word) -> tuple[str, str | None] | None:
    """Name and value of ``name=value`` or ``--name=value``; of ``--name`` the name and None.

    Of ``-x`` the name is ``-x``.
    """
    if not word.text.startswith("-"):
        return word.setting
    if not word.text.startswith("--"):
        short = len(word.text) == 2 and word.source == word.text
        return (word.text, None) if short else None
    if word.equals < 0:
        quoted = "=" in word.text or word.source != word.text
        return None if quoted or word.text == "--" else (_plain_name(word.text), None)
    return _plain_name(word.text[: word.equals]), word.text[word.equals + 1 :]


def _value_after(parameter: Parameter, word: Word, words: Iterator[Word]) -> str:
    """The value of an option that was written without one: only switches imply it."""
    if parameter.kind is Kind.SWITCH:
        return "1"
    following = next(words, None)
    if following is None:
        raise UserError(
            f"{word.text} needs a value.",
            facts={parameter.name: wanted(parameter.kind, parameter.choices)},
            cure=f"Write {parameter.name}=...",
        )
    return following.text


def _plain_name(option: str) -> str:
    return option.removeprefix("--").replace("-", "_")


def _check_selection(command: ConsoleCommand, selection: Sequence[Word]) -> None:
    if command.free_words:
        return
    if command.selects is Selects.ONE and not selection:
        raise UserError(
            f"{command.name} needs to be told which job.", cure=f"Write {command.name} JOB."
        )
    if command.selects is Selects.REQUIRED and not selection:
        raise UserError(
            f"{command.name} needs to be told which jobs.",
            cure=f"{command.name} all, {command.name} failed, or ids and wildcards.",
        )
    if command.selects is Selects.NOTHING and selection:
        raise UserError(
            f"{command.name} takes no jobs.",
            facts={"given": " ".join(word.source for word in selection)},
            cure=f"Write just {command.name}.",
        )


def _unknown_parameter(command: ConsoleCommand, word: str, name: str) -> UserError:
    names = [parameter.name for parameter in command.accepted]
    known = f"It has {', '.join(names)}." if names else "It has none."
    cure = _near(name, names) or known
    if name == "help":
        cure = f"help {command.name} tells about it."
    elif not word.startswith("--"):
        cure = f"{cure} To choose a job with = in its id, write {word!r}."
    return UserError(f"{command.name} has no parameter {name!r}.", cure=cure)


def _near(name: str, names: Sequence[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, names, n=3)
    return f"Did you mean {' or '.join(near)}?" if near else ""


def all_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
