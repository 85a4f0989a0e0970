"""What a command is: its name, its parameters, whether it takes jobs, and who carries it out."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from weft.console.parser import Line, Word
from weft.errors import UserError
from weft.model.resources import parse_memory

if TYPE_CHECKING:
    from weft.console.session import Session
    from weft.console.views import View


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


class Kind(Enum):
    """The type of a parameter's value."""

    INTEGER = "a whole number, at least 1"
    SWITCH = "1 or 0"
    MEMORY = 'an amount such as "2GB"'
    TEXT = "a text"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One ``name=value`` of a command; ``default`` None lets the handler decide."""

    name: str
    kind: Kind
    default: Any
    help: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Arguments:
    """What one call of a command asks for: words that choose jobs, and all parameters."""

    selection: tuple[str, ...]
    values: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.values[name]


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
    free_words: bool = field(default=False)
    """Whether its words name something else than jobs."""

    @property
    def usage_short(self) -> str:
        """How it is written, without its parameters."""
        words = {Selects.REQUIRED: "JOBS", Selects.OPTIONAL: "[JOBS]"}.get(self.selects, "")
        return f"{self.name} {'[COMMAND]' if self.free_words else words}".strip()

    @property
    def usage(self) -> str:
        """How it is written, with all that it takes."""
        return " ".join([self.usage_short, *(f"[{p.name}=]" for p in self.parameters)])


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
        Of the jobs: a word with ``=`` or ``--`` that is one of them, and no parameter, chooses that
        job.

    Raises
    ------
    UserError
        For unknown parameters, impossible values, missing or unwanted jobs.
    """
    known = {parameter.name: parameter for parameter in command.parameters}
    values = {parameter.name: parameter.default for parameter in command.parameters}
    selection = []
    for word in line.words:
        name, text = _setting(word) or ("", None)
        if name in known:
            values[name] = parse_value(known[name], _implied(known[name]) if text is None else text)
        elif not name or word.text in ids or (command.free_words and text is None):
            selection.append(word.text)
        else:
            raise _unknown_parameter(command, word.text, name)
    _check_selection(command, selection)
    return Arguments(tuple(selection), values)


def _setting(word: Word) -> tuple[str, str | None] | None:
    """Name and value of ``name=value`` or ``--name=value``; of ``--name`` the name and None."""
    if not word.text.startswith("--"):
        return word.setting
    if word.equals < 0:
        quoted = "=" in word.text
        return None if quoted else (_plain_name(word.text), None)
    return _plain_name(word.text[: word.equals]), word.text[word.equals + 1 :]


def _plain_name(option: str) -> str:
    return option.removeprefix("--").replace("-", "_")


def _implied(parameter: Parameter) -> str:
    """The value of ``--name``: only switches have one."""
    return "1" if parameter.kind is Kind.SWITCH else ""


def _check_selection(command: ConsoleCommand, selection: Sequence[str]) -> None:
    if command.free_words:
        return
    if command.selects is Selects.REQUIRED and not selection:
        raise UserError(
            f"{command.name} needs to be told which jobs.",
            cure=f"{command.name} all, {command.name} failed, or ids and wildcards.",
        )
    if command.selects is Selects.NOTHING and selection:
        raise UserError(
            f"{command.name} takes no jobs.",
            facts={"given": " ".join(selection)},
            cure=f"Write just {command.name}.",
        )


def _unknown_parameter(command: ConsoleCommand, word: str, name: str) -> UserError:
    names = [parameter.name for parameter in command.parameters]
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


_SWITCHES = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("0", "false", "no", "off"), False),
}


def parse_value(parameter: Parameter, text: str) -> Any:
    """The value that ``text`` means for ``parameter``.

    >>> parse_value(Parameter("n", Kind.INTEGER, 1, ""), "4")
    4
    """
    value: Any = None
    match parameter.kind:
        case Kind.INTEGER:
            value = int(text) if text.isdecimal() and int(text) else None
        case Kind.SWITCH:
            value = _SWITCHES.get(text.lower())
        case Kind.MEMORY:
            value = parse_memory(text)
        case Kind.TEXT:
            value = text if not parameter.choices or text in parameter.choices else None
    if value is None:
        wanted = " or ".join(parameter.choices) or parameter.kind.value
        raise UserError(f"{parameter.name}={text}: {parameter.name} is {wanted}.")
    return value


def all_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
