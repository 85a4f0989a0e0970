"""The examples of pypipegraph's own description, as scripts with only the import changed."""

import subprocess
import sys
from pathlib import Path

HEAD = "from weft import pipegraph as pypipegraph\nimport os\n"


def script(text: str, name: str = "script.py") -> str:
    """Run a script in the working folder; what it printed."""
    Path(name).write_text(HEAD + text)
    done = subprocess.run(
        [sys.executable, name], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def names(folder: str = ".") -> set[str]:
    return {path.name for path in Path(folder).iterdir()}


SUMMARY = """
pypipegraph.new_pipeline()
output_filenameA = 'sampleA.txt'
def do_the_work():
    op = open(output_filenameA, 'w').write("hello world")
jobA = pypipegraph.FileGeneratingJob(output_filenameA, do_the_work)
output_filenameB = 'sampleB.txt'
def do_the_work():
     op = open(output_filenameB, 'w').write(open(output_filenameA, 'r').read() + ", once again")
jobB = pypipegraph.FileGeneratingJob(output_filenameB, do_the_work)
jobB.depends_on(jobA)
pypipegraph.run()
print('the pipegraph is done and has returned control to you.')
"""


def test_the_thirty_seconds_summary():
    assert script(SUMMARY).startswith("the pipegraph is done")
    assert Path("sampleA.txt").read_text() == "hello world"
    assert Path("sampleB.txt").read_text() == "hello world, once again"
    before = Path("sampleB.txt").stat().st_mtime_ns
    script(SUMMARY)
    assert Path("sampleB.txt").stat().st_mtime_ns == before
    assert names() == {"sampleA.txt", "sampleB.txt", "script.py", "out-script"}


DEFAULTS = """
pypipegraph.new_pipeline()
def write_to_file(filename, text):
    with open(filename, 'w') as op:
        op.write(text)
for filename in ('A', 'B', 'C'):
    def shu({bound}):
        write_to_file(filename=filename, text='hello world')
    job = pypipegraph.FileGeneratingJob(filename, shu)
outcomes = pypipegraph.run(print_failures=False, raise_on_job_error=False)
for job_id, outcome in outcomes.items():
    print(job_id, outcome.outcome.value, type(outcome.error).__name__)
"""


def test_a_default_binds_the_loop_variable():
    assert script(DEFAULTS.format(bound="filename=filename")).split("\n")[:3] == [
        "A Success NoneType",
        "B Success NoneType",
        "C Success NoneType",
    ]


def test_functions_that_all_write_the_last_file_break_their_contract():
    lines = script(DEFAULTS.format(bound="")).split("\n")
    assert {"A Failed JobContractError", "B Failed JobContractError"}.issubset(lines)


TITLES = """
pypipegraph.new_pipeline()
os.makedirs('pages', exist_ok=True)
def overview():
    with open('overview', 'w') as op:
        op.write('one two')
A = pypipegraph.FileGeneratingJob('overview', overview)
def define_downloads():
    jobs = []
    for name in open('overview').read().split():
        def download(name=name):
            with open('pages/%s.html' % name, 'w') as op:
                op.write('title of ' + name)
        jobs.append(pypipegraph.FileGeneratingJob('pages/%s.html' % name, download))
    return jobs
C = pypipegraph.DependencyInjectionJob('downloads', define_downloads)
C.depends_on(A)
def titles():
    with open('titles', 'w') as op:
        for name in sorted(os.listdir('pages')):
            op.write(open('pages/' + name).read() + ';')
Z = pypipegraph.FileGeneratingJob('titles', titles).depends_on(C)
outcomes = pypipegraph.run()
print(*sorted(name for name, one in outcomes.items() if one.outcome.value == 'Success'))
"""


def test_the_titles_of_downloaded_pages():
    ran = script(TITLES).split()
    assert ran == ["downloads", "overview", "pages/one.html", "pages/two.html", "titles"]
    assert Path("titles").read_text() == "title of one;title of two;"
    assert script(TITLES).split() == ["downloads"]


def test_a_page_more_makes_the_titles_anew():
    script(TITLES)
    ran = script(TITLES.replace("one two", "one two three")).split()
    assert ran == ["downloads", "overview", "pages/three.html", "titles"]
    assert Path("titles").read_text() == "title of one;title of three;title of two;"


SALES = """
pypipegraph.new_pipeline()
def one_graph_each():
    for member in {members!r}:
        def draw(member=member):
            with open(member + '.svg', 'w') as op:
                op.write(member)
        pypipegraph.FileGeneratingJob(member + '.svg', draw)
pypipegraph.JobGeneratingJob('graphs', one_graph_each)
outcomes = pypipegraph.run()
print(*sorted(name for name, one in outcomes.items() if one.outcome.value == 'Success'))
"""


def test_a_graph_for_each_member_of_the_sales_team():
    assert script(SALES.format(members=["ann", "bob"])).split() == ["ann.svg", "bob.svg", "graphs"]
    again = script(SALES.format(members=["ann", "bob", "cid"])).split()
    assert again == ["cid.svg", "graphs"]


LOADED = """
class Genome:
    pass
pypipegraph.new_pipeline()
genome = Genome()
load = pypipegraph.AttributeLoadingJob('genome', genome, 'sequence', lambda: 'ACGT' * 5)
cached = pypipegraph.CachedJob('cache/table', lambda: {'a': 7})
temp = pypipegraph.TempFileGeneratingJob('unpacked', lambda: open('unpacked', 'w').write('reads'))
def report():
    with open('report', 'w') as op:
        op.write('%i %i %s' % (len(genome.sequence), cached.value['a'], open('unpacked').read()))
job = pypipegraph.FileGeneratingJob('report', report)
job.depends_on(load + cached, [temp])
job.depends_on_params((1, 2))
pypipegraph.run()
print(job.was_run, hasattr(genome, 'sequence'), os.path.exists('unpacked'))
"""


def test_loaded_cached_and_temporary_data():
    assert script(LOADED) == "True False False\n"
    assert Path("report").read_text() == "20 7 reads"
    assert script(LOADED) == "False False False\n"


ADDED = """
try:
    pypipegraph.FileGeneratingJob('x', lambda: None)
except pypipegraph.PyPipeGraphError as error:
    print(error)
pypipegraph.new_pipeline()
a, b, c = [pypipegraph.FileGeneratingJob(x, lambda path: path.write_text('x')) for x in 'abc']
print([job.job_id for job in a + b], [job.job_id for job in a + [b]],
      [job.job_id for job in [a] + b], [job.job_id for job in (a + b) + (b + c)])
"""


def test_adding_jobs_and_no_pipegraph():
    out = script(ADDED)
    assert "There is no pipegraph" in out
    assert "new_pipegraph()" in out
    assert out.endswith("['a', 'b'] ['a', 'b'] ['a', 'b'] ['a', 'b', 'c']\n")


BROKEN = """
pypipegraph.new_pipeline()
def half():
    with open('bad', 'w') as op:
        op.write('half')
    print('out')
    raise ValueError('no more')
bad = pypipegraph.FileGeneratingJob('bad', half, rename_broken=True)
after = pypipegraph.FileGeneratingJob('after', lambda: None).depends_on(bad)
good = pypipegraph.FileGeneratingJob('good', lambda path: path.write_text('good'))
try:
    pypipegraph.run(print_failures=False)
except pypipegraph.RuntimeError as error:
    print(error.exceptions, good.was_run, after.failed, after.error_reason, bad.error_reason)
print(repr(bad.exception), bad.stdout.strip())
"""


def test_a_failure_leaves_the_rest_running_and_logs_behind():
    Path("logs").mkdir()
    lines = script(BROKEN).split("\n")
    assert lines[0] == "[ValueError('no more')] True True Indirect Exception"
    assert lines[1] == "ValueError('no more') out"
    assert Path("bad.broken").read_text() == "half"
    assert not Path("bad").exists()
    assert names("logs") == {"ppg_run.txt", "ppg_errors.txt", "ppg_graph.txt"}
    assert "ValueError: no more" in Path("logs/ppg_errors.txt").read_text()
    script(BROKEN)
    assert "ppg_errors.txt.1" in names("logs")
