"""A survey of the source of Python's own standard library, with a report.

About 2,000 jobs; 765 where Python comes without its own tests, as that of Debian does.

The graph (each line a kind of job)::

    survey                    finds the modules, and defines all the other jobs
      measure-MODULE          parses one file: lines, functions, complexity, imports
        summary-PACKAGE       adds up one package
        complex-PACKAGE       counts its functions above the threshold
          sizes, complexity, imports   one figure each
            report            one HTML page with the figures

Some files of the standard library are broken on purpose, as food for its own tests. How a package
takes that is declared below: in a TOLERANT package such a file is named in the report, in all
others its job fails and blocks what depends on it, and nothing else.

Try::

    python stdlib_survey.py "parmake n=2"
    python stdlib_survey.py "ls failed"
    python stdlib_survey.py parmake --only json,email     # fewer packages
"""

from __future__ import annotations

import argparse
import ast
import html
import io
import sys
import sysconfig
import warnings
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import weft

TOO_COMPLEX = 10
"""More ways through a function than this make it hard to test (McCabe's own limit)."""

TOLERANT = ("test", "lib2to3.tests.data", "test.test_lib2to3.data")
"""Packages whose broken files are reported instead of failing."""

APART = ("test.tokenizedata",)
"""Packages of samples that are meant to fail: the report does not wait for them."""

BRANCHES = (
    ast.If,
    ast.IfExp,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.ExceptHandler,
    ast.Assert,
    ast.comprehension,
    ast.match_case,
)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Function(NamedTuple):
    """A function found in a module."""

    name: str
    complexity: int
    """Number of independent ways through it."""
    lines: int


class Module(NamedTuple):
    """The measures of one source file."""

    name: str
    lines: int
    classes: int
    functions: tuple[Function, ...]
    imports: tuple[str, ...]
    """Top-level names of the modules that it imports, each once."""
    error: str = ""
    """Why it can't be parsed, where that is tolerated."""


class Summary(NamedTuple):
    """The measures of one package."""

    name: str
    modules: int
    lines: int
    functions: int
    classes: int
    imports: dict[str, int]
    """How many of the modules import what."""
    largest: tuple[str, int]
    errors: tuple[str, ...]


class Verdict(NamedTuple):
    """What of one package is above the threshold."""

    name: str
    complex: int
    worst: tuple[Function, ...]
    histogram: dict[int, int]
    """Number of functions by complexity."""


# -- finding and measuring -----------------------------------------------------------------------


def find_packages(root: Path) -> dict[str, list[Path]]:
    """The source files of each package under ``root``; top-level modules are a package "(top)".

    The listing of each folder becomes a dependency of the job that calls this.
    """
    packages: dict[str, list[Path]] = {}
    folders = [weft.reads(root)]
    while folders:
        folder = folders.pop()
        name = ".".join(folder.relative_to(root).parts) or "(top)"
        entries = sorted(folder.iterdir())
        files = [path for path in entries if path.suffix == ".py" and path.is_file()]
        if files:
            packages[name] = files
        folders += [weft.reads(path) for path in entries if _is_package_folder(path)]
    return dict(sorted(packages.items()))


def _is_package_folder(path: Path) -> bool:
    skipped = {"site-packages", "dist-packages", "__pycache__"}
    return path.name not in skipped and path.is_dir() and not path.is_symlink()


def measure(path: Path, name: str) -> Module:
    """Parse one file and measure it; a file that is no Python is an error."""
    source = weft.reads(path).read_bytes()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes and the like: not our subject
        tree = ast.parse(source, str(path))
    functions, classes, imports = take_apart(tree)
    return Module(name, source.count(b"\n"), classes, functions, imports)


def measure_tolerantly(path: Path, name: str) -> Module:
    """Like ``measure``, but a broken file has its error as a result."""
    try:
        return measure(path, name)
    except (SyntaxError, ValueError) as error:
        lines = path.read_bytes().count(b"\n")
        return Module(name, lines, 0, (), (), error=f"{type(error).__name__}: {error}")


def take_apart(tree: ast.Module) -> tuple[tuple[Function, ...], int, tuple[str, ...]]:
    """The functions, the number of classes, and the imports below ``tree``.

    A nested function counts by itself, not for the one around it.
    """
    functions: list[list] = []
    imports: set[str] = set()
    classes = 0
    todo: list[tuple[ast.AST, list | None, str]] = [(tree, None, "")]
    while todo:
        node, owner, scope = todo.pop()
        if isinstance(node, FUNCTIONS):
            scope = f"{scope}{node.name}."
            owner = [scope[:-1], 1, node.end_lineno - node.lineno + 1]
            functions.append(owner)
        elif isinstance(node, ast.ClassDef):
            scope = f"{scope}{node.name}."
            classes += 1
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            imports |= imported(node)
        elif owner:
            owner[1] += ways_added(node)
        todo += [(child, owner, scope) for child in ast.iter_child_nodes(node)]
    return tuple(Function(*found) for found in functions), classes, tuple(sorted(imports))


def ways_added(node: ast.AST) -> int:
    """How many more ways through its function ``node`` makes."""
    if isinstance(node, ast.BoolOp):
        return len(node.values) - 1
    if isinstance(node, ast.comprehension):
        return 1 + len(node.ifs)
    return int(isinstance(node, BRANCHES))


def imported(node: ast.Import | ast.ImportFrom) -> set[str]:
    """Top-level names that an import statement reaches; relative ones don't count."""
    if isinstance(node, ast.Import):
        return {alias.name.partition(".")[0] for alias in node.names}
    return {node.module.partition(".")[0]} if node.module and not node.level else set()


# -- one package -------------------------------------------------------------------------------


def summarise(package: str, modules: list[Module]) -> Summary:
    """Add up the modules of a package."""
    counts = Counter(name for module in modules for name in module.imports)
    largest = max(modules, key=lambda module: module.lines)
    return Summary(
        package,
        len(modules),
        sum(module.lines for module in modules),
        sum(len(module.functions) for module in modules),
        sum(module.classes for module in modules),
        dict(sorted(counts.items())),
        (largest.name, largest.lines),
        tuple(f"{module.name}: {module.error}" for module in modules if module.error),
    )


def is_complex(function: Function) -> bool:
    """Whether a function is above the threshold."""
    return function.complexity > TOO_COMPLEX


def judge(package: str, modules: list[Module]) -> Verdict:
    """Find the functions of a package that are above the threshold."""
    functions = [
        found._replace(name=f"{module.name}.{found.name}")
        for module in modules
        for found in module.functions
    ]
    above = sorted(filter(is_complex, functions), key=lambda f: (-f.complexity, f.name))
    histogram = Counter(function.complexity for function in functions)
    return Verdict(package, len(above), tuple(above[:10]), dict(sorted(histogram.items())))


def by_library(summaries: list[Summary], what: str) -> dict[str, int]:
    """The sum of one measure per top-level package, largest first."""
    sums: Counter[str] = Counter()
    for summary in summaries:
        sums[summary.name.partition(".")[0]] += getattr(summary, what)
    return dict(sums.most_common())


# -- figures -----------------------------------------------------------------------------------

INK, MUTED, PALE = "#22313f", "#7a8794", "#e6eaed"
BLUE, ORANGE = "#2f6f9f", "#d9793a"


def new_figure(title: str, note: str, height: float):
    """A figure with a heading in the house style, and its axes."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    plt.rcParams.update({"font.size": 10.5, "text.color": INK, "axes.labelcolor": INK})
    figure, axes = plt.subplots(figsize=(9, height), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.2, h_pad=0.2)  # inches around everything
    axes.set_title(title, loc="left", fontsize=15, fontweight="bold", pad=32)
    below = {"xycoords": "axes fraction", "textcoords": "offset points"}
    axes.annotate(note, (0, 1), (0, 13), color=MUTED, annotation_clip=False, **below)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(MUTED)
    axes.tick_params(which="both", colors=INK, length=0)
    return figure, axes


def as_png(figure) -> bytes:
    """The figure as the bytes of a PNG file, 1350 pixels wide."""
    from matplotlib import pyplot as plt

    target = io.BytesIO()
    figure.savefig(target, dpi=150, facecolor="white", metadata={"Software": None})
    plt.close(figure)
    return target.getvalue()


def draw_bars(axes, values: dict[str, int], colour: str) -> None:
    """Horizontal bars with their numbers at the end, the first on top."""
    names = list(values)
    bars = axes.barh(names, list(values.values()), color=colour, height=0.72)
    axes.bar_label(bars, labels=[f"{n:,}" for n in values.values()], padding=4, color=INK)
    axes.invert_yaxis()
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.margins(x=0.1, y=0.01)


def draw_sizes(summaries: list[Summary]) -> bytes:
    """Lines of code of the twenty largest libraries."""
    lines = by_library(summaries, "lines")
    total = sum(lines.values())
    note = f"Lines of Python source, {total:,} in all; the 20 largest of {len(lines)}"
    figure, axes = new_figure("Where the standard library's code is", note, 6.4)
    draw_bars(axes, dict(list(lines.items())[:20]), BLUE)
    return as_png(figure)


def draw_imports(summaries: list[Summary]) -> bytes:
    """The twenty modules that the most modules import."""
    counts: Counter[str] = Counter()
    for summary in summaries:
        counts.update(summary.imports)
    modules = sum(summary.modules for summary in summaries)
    note = f"Number of modules, of {modules:,}, that import it"
    figure, axes = new_figure("What the standard library builds on", note, 6.4)
    draw_bars(axes, dict(counts.most_common(20)), BLUE)
    return as_png(figure)


def draw_complexity(verdicts: list[Verdict]) -> bytes:
    """How many functions have how many ways through, and which are above the threshold."""
    counts: Counter[int] = Counter()
    for verdict in verdicts:
        counts.update(verdict.histogram)
    above = sum(verdict.complex for verdict in verdicts)
    note = (
        f"Functions by the number of ways through them; {above:,} of {counts.total():,}"
        f" ({above / max(1, counts.total()):.1%}) have more than {TOO_COMPLEX}"
    )
    figure, axes = new_figure("How complex its functions are", note, 4.6)
    top = 50
    ways = range(1, top + 1)
    heights = [counts[n] for n in ways]
    heights[-1] += sum(number for n, number in counts.items() if n > top)
    colours = [ORANGE if n > TOO_COMPLEX else BLUE for n in ways]
    axes.bar(ways, heights, color=colours, width=0.8)
    axes.set_yscale("log")
    axes.set(xlabel="ways through the function", ylabel="functions (log scale)", xlim=(0, top + 1))
    axes.set_xticks([1, *range(5, top + 1, 5)], ["1", *map(str, range(5, top, 5)), f"{top}+"])
    axes.yaxis.set_major_formatter(lambda value, _place: f"{value:,.0f}")
    axes.grid(axis="y", color=PALE)
    axes.set_axisbelow(True)
    axes.axvline(TOO_COMPLEX + 0.5, color=INK, linewidth=1, linestyle=(0, (4, 3)))
    axes.annotate(
        f"threshold: {TOO_COMPLEX}",
        (TOO_COMPLEX + 0.5, 1),
        (6, -4),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        va="top",
    )
    return as_png(figure)


# -- the report ----------------------------------------------------------------------------------

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;color:#22313f;max-width:60rem;margin:2rem auto;"
    "padding:0 1rem}img{width:100%;margin:1.5rem 0}table{border-collapse:collapse}"
    "td,th{padding:.2rem .9rem .2rem 0;text-align:left;border-bottom:1px solid #e6eaed}"
    "td.n{text-align:right}code{font-size:.92em}"
)


def write_report(
    folder: Path, summaries: list[Summary], verdicts: list[Verdict], figures: dict[str, bytes]
) -> str:
    """Write the page and the figures into ``folder``; give the page's path.

    What was written is declared as read, so that the job runs again when somebody removes it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, png in figures.items():
        (folder / f"{name}.png").write_bytes(png)
        weft.reads(folder / f"{name}.png")
    page = folder / "report.html"
    page.write_text(page_text(summaries, verdicts, list(figures)), encoding="utf-8")
    return str(weft.reads(page))


def page_text(summaries: list[Summary], verdicts: list[Verdict], figures: list[str]) -> str:
    """The page as HTML."""
    modules = sum(summary.modules for summary in summaries)
    lines = sum(summary.lines for summary in summaries)
    worst = sorted((f for v in verdicts for f in v.worst), key=lambda f: -f.complexity)[:15]
    errors = [error for summary in summaries for error in summary.errors]
    version = ".".join(map(str, sys.version_info[:3]))
    lead = f"{modules:,} modules in {len(summaries)} packages: {lines:,} lines."
    parts = [
        f"<h1>The standard library of Python {version}</h1>",
        f"<p>{lead} Left out by declaration: {', '.join(APART)}.</p>",
        *(f'<img src="{name}.png" alt="{name}">' for name in figures),
        "<h2>The most complex functions</h2>",
        table(("function", "ways", "lines"), worst),
        f"<h2>Files that don't parse, in tolerant packages: {len(errors)}</h2>",
        "<ul>",
        *(f"<li><code>{html.escape(error)}</code></li>" for error in errors),
        "</ul>",
    ]
    head = f'<!doctype html><meta charset="utf-8"><title>Python {version}</title>'
    return "\n".join([head, f"<style>{STYLE}</style>", *parts, ""])


def table(heads: tuple[str, ...], rows: list[Function]) -> str:
    """An HTML table; numbers are set to the right."""
    cells = ["<tr>" + "".join(f"<th>{head}</th>" for head in heads) + "</tr>"]
    for name, *numbers in rows:
        figures = "".join(f'<td class="n">{number:,}</td>' for number in numbers)
        cells.append(f"<tr><td><code>{html.escape(name)}</code></td>{figures}</tr>")
    return f"<table>{''.join(cells)}</table>"


# -- the graph -----------------------------------------------------------------------------------


def survey(context, root: Path, folder: Path, only: tuple[str, ...] = ()):
    """Define the jobs of the survey of ``root``; the result is that of the report."""
    summaries, verdicts = [], []
    for package, files in find_packages(root).items():
        if only and package.partition(".")[0] not in only:
            continue
        modules = [measure_job(context, package, path) for path in files]
        summary = context.comp(summarise, package, modules, job_id=f"summary-{package}")
        verdict = context.comp(judge, package, modules, job_id=f"complex-{package}")
        if package not in APART:
            summaries.append(summary)
            verdicts.append(verdict)
    figures = {
        "sizes": context.comp(draw_sizes, summaries, job_id="sizes"),
        "complexity": context.comp(draw_complexity, verdicts, job_id="complexity"),
        "imports": context.comp(draw_imports, summaries, job_id="imports"),
    }
    return context.comp(write_report, folder, summaries, verdicts, figures, job_id="report")


def measure_job(context, package: str, path: Path):
    """The job that measures one file, as its package takes broken ones."""
    name = path.stem if package == "(top)" else f"{package}.{path.stem}"
    function = measure_tolerantly if package in TOLERANT else measure
    return context.comp(function, path, name, job_id=f"measure-{name}")


def main() -> None:
    """Read the command line, define the survey and do what was asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("commands", nargs="*", help='such as "parmake n=2"; none: the prompt')
    parser.add_argument("--root", type=Path, default=Path(sysconfig.get_path("stdlib")))
    parser.add_argument("--report", type=Path, default=Path("report"), help="folder of the report")
    parser.add_argument("--only", default="", help="top-level packages, with commas between")
    options = parser.parse_args()
    only = tuple(filter(None, options.only.split(",")))
    context = weft.Context()
    context.comp_dynamic(survey, options.root, options.report.resolve(), only)
    context.main(options.commands)


if __name__ == "__main__":
    main()
