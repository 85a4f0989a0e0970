"""The benchmarks' harness: it runs, and what it says is what happened."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def in_harness(code: str) -> str:
    """Run code that imports the package ``benchmarks``, which is not installed."""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def quick_run():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", "--no-peers"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_quick_run_fills_every_row_of_weft(quick_run):
    assert "failed" not in quick_run
    rows = [line for line in quick_run.splitlines() if line.startswith("| weft")]
    # Calls cold and with nothing to do, the array; files cold (isolated, shared, and shared with a
    # function for each) and with nothing to do, with one function and with many; the loaded array
    # for one job and for four; integers through a queue between two processes and between eight,
    # each in two ways; arrays through a queue.
    assert len(rows) == 3 + 5 + 2 + 4 + 1
    assert "but ran" not in quick_run


def test_a_quick_run_names_absent_peers(quick_run):
    assert re.search(r"\| doit \| absent: not asked for", quick_run)


def test_a_changed_leaf_runs_jobs_and_the_way_back_none(quick_run):
    table = quick_run.partition("### One changed leaf")[2].partition("###")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in table.splitlines()
        if re.match(r"\| \d", line)
    ]
    # 10 and 40 jobs wide: the leaf reaches 1 + 3 + 5 ... of each layer, as far as that is wide.
    assert [(row[0], row[3], row[5]) for row in rows] == [("100", "75", "0"), ("400", "100", "0")]


def test_what_a_tool_remembers_is_told_per_file(quick_run):
    table = quick_run.partition("### 200 files of a few bytes")[2].partition("###")[0]
    left = [line.split("|")[-2].strip() for line in table.splitlines() if "| weft" in line]
    assert len(left) == 3
    assert all(int(number.replace(",", "")) > 0 for number in left)


def test_a_sample_has_the_words_and_the_peak_of_the_process():
    code = """
from pathlib import Path
from tempfile import mkdtemp
from benchmarks.measure import sample
import sys
program = "x = bytearray(60_000_000); print('{\\"ran\\": 3}')"
big = sample([sys.executable, "-c", program], cwd=Path(mkdtemp()))
print(big.said["ran"], big.peak > 60_000_000, big.seconds > 0)
"""
    assert in_harness(code) == "3 True True"


def test_a_sample_does_not_see_how_large_the_harness_is():
    code = """
from pathlib import Path
from tempfile import mkdtemp
from benchmarks.measure import sample
import sys
def peak():
    return sample([sys.executable, "-c", "pass"], cwd=Path(mkdtemp())).peak
before = peak()
ballast = bytearray(200_000_000)
print(abs(peak() - before) < 20_000_000)
"""
    assert in_harness(code) == "True"


def test_a_process_that_takes_too_long_or_fails_is_no_sample():
    code = """
from pathlib import Path
from tempfile import mkdtemp
from benchmarks.measure import Failed, sample
import sys
for words, timeout in (["import time; time.sleep(60)"], 0.5), (["raise SystemExit(3)"], 60):
    try:
        sample([sys.executable, "-c", *words], cwd=Path(mkdtemp()), timeout=timeout)
    except Failed as error:
        print(str(error).splitlines()[0].rpartition(":")[2].strip())
"""
    assert in_harness(code).splitlines() == ["exit code -9", "exit code 3"]


def test_a_contestant_that_takes_too_long_is_out_and_says_why():
    code = """
from pathlib import Path
from tempfile import mkdtemp
from benchmarks.contest import Contestant
import sys
command = [sys.executable, "-c", "import time; time.sleep(60)"]
slow = Contestant("slow", lambda _folder: command, limit=0.5)
print(slow.run(Path(mkdtemp())), slow.out, slow.absent.rpartition(":")[2].strip())
"""
    assert in_harness(code) == "None True exit code -9"


def test_a_queue_that_loses_or_doubles_an_item_is_no_sample():
    code = """
from benchmarks.workloads.queue_items import check
check([{"began": 1.0}, {"count": 3, "total": 3}, {"count": 1, "total": 3}], 4)
for count, total in (3, 3), (4, 5), (5, 9):
    try:
        check([{"count": count, "total": total}], 4)
    except SystemExit as error:
        print(error)
"""
    assert in_harness(code).splitlines() == [
        "3 of 4 items came, with the sum 3",
        "4 of 4 items came, with the sum 5",
        "5 of 4 items came, with the sum 9",
    ]


def test_results_go_between_the_markers_and_nowhere_else(tmp_path):
    page = tmp_path / "README.md"
    code = f"""
from pathlib import Path
from benchmarks.table import BEGIN, END, Table, write
page = Path({str(page)!r})
page.write_text(f"before\\n{{BEGIN}}\\nold\\n{{END}}\\nafter\\n")
write(page, str(Table("Title", ("", "s"), [("weft", "1.0")], "Note.")))
"""
    in_harness(code)
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    assert "| weft | 1.0 |" in text
