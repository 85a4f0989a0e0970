"""``help``: the list of commands, and one page for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from weft.console.table import ConsoleCommand
from weft.console.text.screen import Screen, Tone, columns_of, hung
from weft.console.text.view import View
from weft.console.text.words import name_list

_USAGE_COLUMNS = 28
_EXAMPLES = (
    "fit* and failed",
    "all except draw()",
    "upstream of draw-1",
    "slower than 10s",
    "(fit-1 or fit-2) and stale",
)


@dataclass(frozen=True, slots=True)
class HelpLine:
    """One command in the list of commands."""

    section: str
    usage: str
    help: str


@dataclass(frozen=True, slots=True)
class HelpList(View):
    """All commands."""

    commands: tuple[HelpLine, ...]

    def lines(self, screen: Screen) -> Iterator[str]:
        section = ""
        width = min(max(columns_of(command.usage) for command in self.commands), _USAGE_COLUMNS)
        for command in self.commands:
            if command.section != section:
                section = command.section
                yield screen.paint(section, Tone.STRONG)
            yield from hung(f"  {command.usage:<{width}}  ", command.help, screen)
        yield ""
        yield from wrapped(
            "JOBS are ids, wildcards such as draw*, function(), states such as failed, and "
            f"expressions of them: {'; '.join(_EXAMPLES)}. help JOBS lists all words. "
            "Commands are separated by ;",
            screen,
        )
        yield from wrapped(
            "help COMMAND explains one. First steps: why says what failed and what an edit "
            "touches; parmake makes it.",
            screen,
        )


@dataclass(frozen=True, slots=True)
class HelpPage(View):
    """One command: its usage, and label and text of each parameter."""

    usage: str
    help: str
    description: str
    aliases: tuple[str, ...]
    parameters: tuple[tuple[str, str], ...]
    examples: tuple[str, ...]

    def lines(self, screen: Screen) -> Iterator[str]:
        yield from hung("", screen.paint(self.usage, Tone.STRONG), screen)
        yield from wrapped(f"{self.help} {self.description}".strip(), screen)
        width = max((len(name) for name, _ in self.parameters), default=0)
        for name, text in self.parameters:
            yield from hung(f"  {name:<{width}}  ", text, screen)
        if self.aliases:
            yield f"Also called: {name_list(self.aliases)}."
        for number, example in enumerate(self.examples):
            yield f"{'For example:' if not number else '':<13}{example}"


@dataclass(frozen=True, slots=True)
class HelpWords(View):
    """The words of the selection language."""

    words: Mapping[str, str]

    def lines(self, screen: Screen) -> Iterator[str]:
        yield screen.paint("JOBS", Tone.STRONG)
        width = max(map(len, self.words))
        for word, text in self.words.items():
            yield from hung(f"  {word:<{width}}  ", text, screen)
        yield f"For example: {'; '.join(_EXAMPLES)}"


def page_of(row: ConsoleCommand) -> HelpPage:
    """The page of one command."""
    parameters = tuple(
        (f"{p.name}=" + (f", -{p.short}" if p.short else ""), p.help) for p in row.accepted
    )
    return HelpPage(row.usage, row.help, row.description, row.aliases, parameters, row.examples)


def wrapped(text: str, screen: Screen) -> list[str]:
    """A paragraph, in at most 80 columns."""
    import textwrap

    return textwrap.wrap(text, min(screen.width, 80), break_long_words=False)
