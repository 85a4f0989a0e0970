"""``graph``, ``gantt`` and ``timeline``: pictures; they write nothing but the file asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.console.table import Arguments, ConsoleCommand, Kind, Parameter, Section, Selects

if TYPE_CHECKING:
    from weft.console.session import Session
    from weft.console.text.view import View


def _graph(session: Session, arguments: Arguments) -> View:
    from weft.console.drawing.graphing import NothingDrawn, Target, draw_graph
    from weft.console.drawing.picture import Label
    from weft.console.views.sight import sight

    target = Target.of(arguments["format"], arguments["to"])
    with sight(session.context) as seen:
        jobs = seen.chosen(arguments.selection)
        if not jobs:
            return NothingDrawn(arguments.selection)
        label = Label(arguments["label"])
        return draw_graph(seen, jobs, target, collapse=arguments["collapse"], label=label)


def _gantt(session: Session, arguments: Arguments) -> View:
    from weft.console.drawing.gantt import draw_gantt
    from weft.console.views.sight import sight

    with sight(session.context) as seen:
        return draw_gantt(seen, arguments.selection, arguments["run"], arguments["to"])


def _timeline(session: Session, arguments: Arguments) -> View:
    from weft.console.drawing.timeline import timeline
    from weft.console.views.sight import sight

    with sight(session.context) as seen:
        return timeline(seen, arguments.selection, arguments["run"], show_all=arguments["all"])


_RUN = Parameter("run", Kind.INTEGER, None, "number of the run (the newest that ran something)")

COMMANDS = (
    ConsoleCommand(
        "graph",
        Section.LOOKING,
        "Draw jobs and what they depend on.",
        _graph,
        Selects.OPTIONAL,
        (
            Parameter(
                "format",
                Kind.TEXT,
                None,
                "svg, dot, png or mermaid (by the ending of to=, or svg)",
                ("svg", "dot", "png", "mermaid"),
            ),
            Parameter("to", Kind.TEXT, None, "the file; - for the screen (weft-graph.svg)"),
            Parameter(
                "label", Kind.TEXT, "id", "id, function or none (id)", ("id", "function", "none")
            ),
            Parameter(
                "collapse", Kind.SWITCH, None, "1: one box per function; 0: per job (by number)"
            ),
        ),
        description=(
            "Arrows follow the data; dashed ones lead from a generator to jobs that it defined. "
            "More than 200 jobs are shown as one box per function, with counts. PNG needs the "
            "extra weft[plot]."
        ),
    ),
    ConsoleCommand(
        "gantt",
        Section.LOOKING,
        "Draw what ran when in a run, as a web page.",
        _gantt,
        Selects.OPTIONAL,
        (_RUN, Parameter("to", Kind.TEXT, None, "the file (weft-gantt.html)")),
        description=(
            "One bar per attempt, one row per worker. The critical path is the chain of jobs that "
            "takes longest: with any number of workers, the run takes no less."
        ),
    ),
    ConsoleCommand(
        "timeline",
        Section.LOOKING,
        "Show what ran when in a run.",
        _timeline,
        Selects.OPTIONAL,
        (
            _RUN,
            Parameter(
                "all", Kind.SWITCH, default=False, help="1: all jobs, not only the longest 40 (0)"
            ),
        ),
    ),
)
