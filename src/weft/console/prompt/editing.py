"""The line editor's view of the console: prompt_toolkit's completer, lexer and toolbar."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import FormattedText, StyleAndTextTuples
from prompt_toolkit.lexers import Lexer

from weft.console.prompt.completion import Names, completions, shaded
from weft.console.session import Session
from weft.console.table import Table
from weft.console.text.render import LOOKS
from weft.console.text.words import count_words, one_line
from weft.errors import WeftError
from weft.model.states import JobState
from weft.settings import SETTINGS

COUNTED = 20_000
"""Jobs up to which the toolbar counts their states: 0.1 s before each prompt."""

_STYLES = {
    JobState.DONE: "ansigreen",
    JobState.FAILED: "ansired",
    JobState.TIMED_OUT: "ansired",
    JobState.OUT_OF_MEMORY: "ansired",
    JobState.RUNNING: "ansibrightyellow",
    JobState.BLOCKED: "ansiyellow",
}


class CommandCompleter(Completer):
    """Completes commands, parameters, words of the selection language, and ids."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._names: Names | None = None

    def get_completions(self, document: Document, _event: CompleteEvent) -> Iterable[Completion]:
        """What can stand in the place of the word before the cursor."""
        text = document.text_before_cursor
        length, candidates = completions(text, self._session.table, self._now())
        for one in candidates:
            yield Completion(one.text, start_position=-length, display_meta=one.about)

    def _now(self) -> Names:
        """The names of the present graph; sorted again only when jobs came or went."""
        graph = self._session.context.graph
        if self._names is None or len(self._names.ids) != len(graph):
            functions = sorted({command.name for command in graph.commands.values()})
            self._names = Names(sorted(graph.jobs), functions, [row.name for row in SETTINGS])
        return self._names


class CommandLexer(Lexer):
    """Colours a line by what its parts mean."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def lex_document(self, document: Document) -> Callable[[int], StyleAndTextTuples]:
        """The coloured parts of each line."""

        def line(number: int) -> StyleAndTextTuples:
            return [(s.value, part) for s, part in shaded(document.lines[number], self._table)]

        return line


def toolbar(session: Session) -> FormattedText:
    """How many jobs are in which state now; without what can't be found out."""
    context = session.context
    parts = [("", f" {one_line(context.folder.name)}: {count_words(len(context.graph), 'job')}")]
    if len(context.graph) <= COUNTED:
        try:
            counts = Counter(context.survey().states.values())
        except WeftError as error:
            return FormattedText([("", f" {one_line(error.title)}")])
        for state in JobState:
            if counts[state]:
                text = f"{LOOKS[state].glyph} {counts[state]} {state.value}"
                parts += [("", "  "), (_STYLES.get(state, ""), text)]
    return FormattedText(parts)
