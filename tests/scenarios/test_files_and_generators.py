"""Files that jobs read, and jobs that make jobs, with real scripts."""

from __future__ import annotations

from tests.scenarios.project import Project

READING = """
import weft
from saying import say

def parse(path):
    say("parse")
    return int(weft.reads(path).read_text())

def double(number):
    say("double")
    return 2 * number

if __name__ == "__main__":
    context = weft.Context("out")
    context.options(keep_failed=True).comp(double, context.options(keep_failed=True).comp(parse, "n.txt"))
    context.main()
"""  # noqa: E501


def test_a_job_runs_again_when_a_file_that_it_read_changed(project: Project) -> None:
    """Rules 3 and 4."""
    project.write(script=READING)
    data = project.folder / "n.txt"
    data.write_text("3")
    assert project.run("make").jobs == ["double", "parse"]
    data.touch()
    assert project.run("make").jobs == [], "touched, not changed"
    data.write_text("4")
    assert project.run("make").jobs == ["double", "parse"]
    assert "n.txt" in project.run("why parse").stdout
    data.write_text("3")
    assert project.run("make").jobs == [], "back to the old content"
    data.write_text("03")
    assert project.run("make").jobs == ["parse"], "another content, the same result"


def test_a_file_that_a_thread_of_the_job_read_counts_too(project: Project) -> None:
    """Rule 4: a worker process runs one job at a time, so its threads belong to that job."""
    threaded = READING.replace("import weft\n", "import weft\nfrom concurrent.futures import *\n")
    whole = "int(weft.reads(path).read_text())"
    inner = f"ThreadPoolExecutor(1).submit(lambda: {whole}).result()"
    project.write(script=threaded.replace(whole, inner))
    data = project.folder / "n.txt"
    data.write_text("3")
    assert project.run("make").jobs == ["double", "parse"]
    data.write_text("4")
    assert project.run("make").jobs == ["double", "parse"]


def test_a_kept_failure_is_tried_again_when_the_file_that_it_read_changed(project: Project) -> None:
    """Rule 11."""
    project.write(script=READING)
    data = project.folder / "n.txt"
    data.write_text("three")
    first = project.run("make")
    assert (first.code, first.jobs) == (113, ["parse"])
    assert project.run("make").jobs == []
    data.write_text("3")
    again = project.run("make")
    assert (again.code, again.jobs) == (0, ["double", "parse"]), again.stdout + again.stderr


GENERATING = """
import weft
from saying import say

FACTOR = 2

def leaf(i):
    say(f"leaf-{i}")
    return i * FACTOR

def grow(context, n):
    say("grow")
    return [context.comp(leaf, i) for i in range(n)]

def total(values):
    say("total")
    return sum(values)

if __name__ == "__main__":
    context = weft.Context("out")
    context.comp(total, context.comp_dynamic(grow, 3))
    context.main()
"""


def test_an_edit_of_a_generated_jobs_function_reruns_generator_and_job_and_why_names_it(
    project: Project,
) -> None:
    """Rule 13."""
    project.write(script=GENERATING)
    everything = ["grow", "leaf-0", "leaf-1", "leaf-2", "total"]
    first = project.run("parmake n=2")
    assert first.jobs == everything, first.stdout + first.stderr
    assert project.run("parmake n=2").jobs == []
    project.edit("script", "FACTOR = 2", "FACTOR = 3")
    assert project.run("parmake n=2").jobs == everything
    assert "FACTOR" in project.run("why grow-leaf-1").stdout


def test_fewer_generated_jobs_retire_the_others_and_more_run_only_the_new_ones(
    project: Project,
) -> None:
    """Rules 13, 14 and 16."""
    project.write(script=GENERATING)
    project.run("parmake n=2")
    project.edit("script", "comp_dynamic(grow, 3)", "comp_dynamic(grow, 4)")
    assert project.run("parmake n=2").jobs == ["grow", "leaf-3", "total"]
    project.edit("script", "comp_dynamic(grow, 4)", "comp_dynamic(grow, 2)")
    assert project.run("parmake n=2").jobs == ["grow", "total"]
    listed = project.run("ls").stdout
    assert "grow-leaf-1" in listed
    assert "grow-leaf-2" not in listed


def test_a_generator_that_fails_leaves_its_previous_jobs_as_they_were(project: Project) -> None:
    """Rule 16."""
    project.write(script=GENERATING)
    project.run("parmake n=2")
    project.edit("script", 'say("grow")', 'say("grow"); assert n < 3')
    assert project.run("parmake n=2").code == 113
    assert "grow-leaf-2" in project.run("ls").stdout
    project.edit("script", "assert n < 3", "assert n < 4")
    assert project.run("parmake n=2").jobs == ["grow"]
