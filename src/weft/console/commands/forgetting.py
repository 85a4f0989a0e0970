"""``invalidate``, ``clean``, ``forget``, ``delete`` and ``gc``: they drop what is remembered.

Each says first what it is about to do; at a prompt the person is asked whether to go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from weft.console.table import Arguments, ConsoleCommand, Kind, Parameter, Section, Selects
from weft.console.text.words import count_words, duration_words, size_words

if TYPE_CHECKING:
    from weft.console.session import Session
    from weft.context.forgetting import Collected, Preview
    from weft.store.garbage import Waste

_DONE = {
    "invalidate": "invalidated",
    "clean": "cleaned",
    "forget": "forgotten",
    "delete": "deleted",
}
"""By the name of the command, what was done."""


def _change(name: str, session: Session, arguments: Arguments) -> str:
    from weft.context.forgetting import Change, carry_out, preview

    planned = preview(session.context, Change(name), arguments.selection)
    done = _DONE[name]
    if not planned.ids:
        return f"No job is {_words(arguments.selection)} now: nothing was {done}."
    if not session.confirm(intention(planned)):
        return f"Nothing was {done}."
    ids = carry_out(session.context, planned.change, planned)
    told = f"{done.capitalize()} {count_words(len(ids), 'job')}."
    if name == "delete":
        told += " A script that still defines them brings them back, as jobs that never ran."
    return told


def _words(selection: Sequence[str]) -> str:
    return " or ".join(selection)


def intention(planned: Preview) -> str:
    """What a change is about to do, in one sentence."""
    jobs = f"{planned.change.value.capitalize()} {count_words(len(planned.ids), 'job')}"
    weight, parts = planned.weight, []
    if weight.jobs:
        parts.append(f"results of {count_words(weight.jobs, 'job')}")
        parts.append(size_words(weight.size))
        parts.append(f"{duration_words(weight.seconds)} of computing")
    if weight.attempts and planned.change.value in {"forget", "delete"}:
        parts.append(f"{count_words(weight.attempts, 'attempt')} with their logs")
    return f"{jobs}: {', '.join(parts)}." if parts else f"{jobs}, of which nothing is remembered."


# -- gc ----------------------------------------------------------------------------------------


def _gc(session: Session, arguments: Arguments) -> str:
    from weft.store.garbage import Policy

    settings = session.context.settings
    keep, grace = arguments["keep"], arguments["grace"]
    policy = Policy(
        settings["keep"] if keep is None else keep,
        settings["grace"] if grace is None else grace,
    )
    found = session.context.collect(policy, dry_run=True)
    if found.waste.empty:
        return "There is nothing to remove."
    what = waste_words(found.waste)
    if arguments["dry_run"]:
        return f"Would remove {what}."
    if not session.confirm(f"Remove {what}."):
        return "Nothing was removed."
    return _collected(session.context.collect(policy))


def _collected(found: Collected) -> str:
    told = f"Removed {waste_words(found.waste)}."
    if found.after < found.before:
        told += f" The database is {size_words(found.before - found.after)} smaller."
    return told


def waste_words(waste: Waste) -> str:
    """What a garbage collection removes, with the bytes."""
    doomed = waste.doomed
    rest = len(waste.codes) + len(waste.file_stats) + len(waste.retired) + waste.loose
    counts = (
        (len(doomed.traces), "old trace"),
        (len(doomed.attempts), "attempt"),
        (len(waste.values), "value"),
        (len(waste.files), "stray file"),
        (rest, "other row"),
    )
    parts = [count_words(number, noun) for number, noun in counts if number]
    if doomed.jobs:
        jobs = count_words(len(doomed.jobs), "job")
        parts.append(f"all about {jobs} that nobody defines any more")
    return f"{', '.join(parts)}; {size_words(waste.bytes)}"


COMMANDS = (
    ConsoleCommand(
        "clean",
        Section.FORGETTING,
        "Drop the results of these jobs.",
        partial(_change, "clean"),
        Selects.REQUIRED,
        description="Also of the jobs that they defined. The next make runs them again.",
    ),
    ConsoleCommand(
        "invalidate",
        Section.FORGETTING,
        "Let the next make run these jobs again.",
        partial(_change, "invalidate"),
        Selects.REQUIRED,
        description="Results stay: where the new ones are equal, nothing after them runs.",
    ),
    ConsoleCommand(
        "forget",
        Section.FORGETTING,
        "Drop all that is known of these jobs.",
        partial(_change, "forget"),
        Selects.REQUIRED,
        description="Results, attempts and logs; also of the jobs that they defined.",
    ),
    ConsoleCommand(
        "delete",
        Section.FORGETTING,
        "Forget these jobs, and take them out of the graph.",
        partial(_change, "delete"),
        Selects.REQUIRED,
        description=(
            "Refused when other jobs depend on them. A script that still defines them brings "
            "them back."
        ),
    ),
    ConsoleCommand(
        "gc",
        Section.FORGETTING,
        "Remove from the folder what nothing needs any more.",
        _gc,
        parameters=(
            Parameter("keep", Kind.INTEGER, None, "newest results of each job that are kept (8)"),
            Parameter(
                "grace",
                Kind.AGE,
                None,
                "how long jobs are kept that nobody defines any more (7d)",
            ),
            Parameter("dry_run", Kind.SWITCH, default=False, help="1: only say what (0)"),
        ),
        description=(
            "Old results of jobs with many; all about jobs that are defined no more; values and "
            "files that nothing refers to. What makes a job fresh now is kept in any case."
        ),
        examples=("gc --dry-run", "gc keep=1 grace=0"),
    ),
)
