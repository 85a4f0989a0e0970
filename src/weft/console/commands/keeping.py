"""``history``, ``dump``, ``export``, ``check-consistency`` and ``fsck``: what is kept, how well.

What they need is imported when one of them is called.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from weft.console.table import Arguments, ConsoleCommand, Kind, Parameter, Section, Selects
from weft.console.text.words import count_words
from weft.errors import CommandFailed, UserError

if TYPE_CHECKING:
    from weft.console.session import Session
    from weft.console.text.view import View


def _fsck(session: Session, arguments: Arguments) -> View:
    from weft.console.views.consistency import check_page

    as_json = arguments["json"]
    page = check_page(session.context, session.screen, repair=arguments["repair"])
    if not page.wrong:
        return page
    session.show(page, as_json=as_json)
    raise CommandFailed(
        f"What is kept has {count_words(len(page.wrong), 'fault')}.",
        cure="make does the jobs again." if page.repaired else "fsck repair=1 gives them up.",
    )


def _check_consistency(session: Session, arguments: Arguments) -> View:
    from weft.console.views.consistency import consistency
    from weft.console.views.sight import sight

    with sight(session.context) as seen:
        found = consistency(seen)
    if not found.problems:
        return found
    session.show(found, as_json=arguments["json"])
    raise CommandFailed(
        "What is remembered does not hold together.",
        cure="fsck tells what is damaged; clean JOBS and make do these jobs anew.",
    )


def _history(session: Session, arguments: Arguments) -> View:
    from weft.console.views.history import history, run_page
    from weft.console.views.sight import sight

    with sight(session.context) as seen:
        if arguments["run"] is not None:
            return run_page(seen, arguments["run"])
        return history(seen, arguments["limit"])


def _dump(session: Session, arguments: Arguments) -> View:
    from weft.console.views.exporting import as_pickle, print_values, write_files
    from weft.console.views.sight import sight

    with sight(session.context) as seen:
        jobs = seen.chosen(arguments.selection)
        if arguments["directory"] == "-":
            return print_values(seen, jobs, session.screen.width)
        folder = Path(arguments["directory"])
        return write_files(seen, jobs, folder, as_pickle, overwrite=arguments["overwrite"])


def _export(session: Session, arguments: Arguments) -> View:
    from weft.console.views.exporting import as_file, write_files
    from weft.console.views.sight import sight

    if not arguments["to"]:
        raise UserError("export needs a folder.", cure="export JOBS to=results")
    folder = Path(arguments["to"])
    with sight(session.context) as seen:
        jobs = seen.chosen(arguments.selection)
        return write_files(seen, jobs, folder, as_file, overwrite=arguments["overwrite"])


_OVERWRITE = Parameter(
    "overwrite", Kind.SWITCH, default=False, help="1: also over files that it did not write (0)"
)

COMMANDS = (
    ConsoleCommand(
        "history",
        Section.LOOKING,
        "List the runs, or tell what one of them did.",
        _history,
        parameters=(
            Parameter("run", Kind.INTEGER, None, "number of the run to tell about"),
            Parameter("limit", Kind.INTEGER, 20, "how many of the newest to list (20)"),
        ),
        description="Only runs that had something to do are there.",
        examples=("history", "history run=12"),
    ),
    ConsoleCommand(
        "dump",
        Section.LOOKING,
        "Write the results of these jobs as pickles.",
        _dump,
        Selects.REQUIRED,
        (
            Parameter("directory", Kind.TEXT, ".", "the folder; - to print the values (.)"),
            _OVERWRITE,
        ),
        description="One file ID.pickle for each job that is done.",
        examples=("dump fit* directory=fits", "dump fit-0.1 directory=-"),
    ),
    ConsoleCommand(
        "export",
        Section.LOOKING,
        "Write results as files for other programs.",
        _export,
        Selects.REQUIRED,
        (Parameter("to", Kind.TEXT, None, "the folder"), _OVERWRITE),
        description=(
            "Texts as .txt, bytes as .bin, arrays as .npy, dicts of arrays as .npz, tables as "
            ".csv, figures as .png, plain data as .json, all else as .pickle."
        ),
        examples=("export draw* to=figures",),
    ),
    ConsoleCommand(
        "check-consistency",
        Section.LOOKING,
        "Compare the job graph and the store.",
        _check_consistency,
        aliases=("check_consistency",),
    ),
    ConsoleCommand(
        "fsck",
        Section.LOOKING,
        "Read everything that is kept, and say what is damaged.",
        _fsck,
        parameters=(
            Parameter(
                "repair",
                Kind.SWITCH,
                default=False,
                help="1: give up what is damaged; the next make does these jobs again (0)",
            ),
        ),
        description=(
            "Damaged files are kept beside the others as *.damaged. Without repair=1 nothing is "
            "written."
        ),
    ),
)
