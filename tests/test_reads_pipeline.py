"""The example of a pipeline, run as a user runs it: after each edit, what must run and no more."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parent.parent / "examples" / "reads_pipeline.py"
BAD = "mutant-2"
GOOD = ("mutant-1", "mutant-3", "wildtype-1", "wildtype-2", "wildtype-3")
GENERATOR = {"samples"}
"""Runs each time: nobody knows otherwise what there is to do."""
BLOCKED = {f"counts/{BAD}.tsv", f"reports/{BAD}.tsv", "plots/mutant.svg"}


def filtered(*samples: str) -> set[str]:
    return {f"filtered/{sample}.fastq" for sample in samples}


def counts(*samples: str) -> set[str]:
    return {f"counts/{sample}.tsv" for sample in samples}


def reports(*samples: str) -> set[str]:
    return {f"reports/{sample}.tsv" for sample in samples}


@dataclass
class Ran:
    """What became of the jobs in one run; those that were done before are not named."""

    done: set[str]
    failed: set[str]
    blocked: set[str]
    said: str


class Pipeline:
    """A copy of the example, and its folder ``out``."""

    def __init__(self, home: Path):
        self.script = home / "reads_pipeline.py"
        self.out = home / "out"
        shutil.copy(EXAMPLE, self.script)

    def run(self, figures: str = "svg") -> Ran:
        done = subprocess.run(
            [sys.executable, str(self.script), str(self.out), "--figures", figures],
            env={**os.environ, "NO_COLOR": "1", "PYTHONWARNINGS": "error"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        said = done.stdout + done.stderr
        outcomes = {
            word: set(re.findall(rf"^{word} +(.*)$", done.stdout, re.MULTILINE))
            for word in ("ran", "failed", "blocked")
        }
        assert done.returncode == bool(outcomes["failed"]), said
        return Ran(*outcomes.values(), said)

    def edit(self, before: str, after: str) -> None:
        source = self.script.read_text()
        assert source.count(before) == 1
        self.script.write_text(source.replace(before, after))

    def mend(self) -> None:
        """Give the damaged read its lost quality back."""
        path = self.out / "reads" / f"{BAD}.fastq"
        path.write_text(path.read_text().rstrip("\n") + "I\n")


@pytest.fixture
def pipeline(tmp_path):
    return Pipeline(tmp_path)


@pytest.fixture
def finished(pipeline):
    """A pipeline that has run once."""
    pipeline.run()
    return pipeline


def test_the_first_run_does_all_but_the_damaged_branch(pipeline):
    ran = pipeline.run()
    made = filtered(*GOOD) | counts(*GOOD) | reports(*GOOD) | {"plots/wildtype.svg"}
    assert ran.done == GENERATOR | {"genome"} | made
    assert ran.failed == filtered(BAD)
    assert ran.blocked == BLOCKED
    assert "read mutant-2:599 has 100 bases and 99 qualities" in ran.said


def test_temporary_and_half_written_files_are_gone_after_the_run(finished):
    assert list((finished.out / "filtered").iterdir()) == []
    assert not (finished.out / "plots" / "mutant.svg").exists()
    assert "wildtype-3" in (finished.out / "plots" / "wildtype.svg").read_text()


def test_without_an_edit_only_what_failed_is_tried_again(finished):
    ran = finished.run()
    assert ran.done == GENERATOR
    assert ran.failed == filtered(BAD)
    assert ran.blocked == BLOCKED


def test_a_comment_in_a_function_runs_nothing(finished):
    finished.edit("with path.open(", "# Read by read: there may be many.\n    with path.open(")
    assert finished.run().done == GENERATOR


def test_another_k_runs_the_counts_and_what_follows_with_the_temporary_files(finished):
    finished.edit("K = 15\n", "K = 13\n")
    ran = finished.run()
    made = filtered(*GOOD) | counts(*GOOD) | reports(*GOOD) | {"plots/wildtype.svg"}
    assert ran.done == GENERATOR | {"genome"} | made
    assert list((finished.out / "filtered").iterdir()) == []


def test_edited_reads_run_their_own_branch(finished):
    path = finished.out / "reads" / "wildtype-1.fastq"
    path.write_text("\n".join(path.read_text().splitlines()[:-40]) + "\n")
    one = "wildtype-1"
    branch = filtered(one) | counts(one) | reports(one) | {"plots/wildtype.svg"}
    assert finished.run().done == GENERATOR | {"genome"} | branch


def test_a_deleted_report_is_the_only_one_made_again(finished):
    (finished.out / "reports" / "wildtype-2.tsv").unlink()
    assert finished.run().done == GENERATOR | {"genome"} | reports("wildtype-2")


def test_a_mended_sample_runs_its_branch_and_the_plot_that_waited(finished):
    finished.mend()
    ran = finished.run()
    branch = filtered(BAD) | counts(BAD) | reports(BAD) | {"plots/mutant.svg"}
    assert ran.done == GENERATOR | {"genome"} | branch
    assert not ran.failed | ran.blocked
    assert finished.run().done == GENERATOR


def test_a_filter_rewritten_with_the_same_result_runs_nothing_below_it(finished):
    finished.mend()
    finished.run()
    finished.edit(
        """        for read in parse_fastq(raw):
            if read.mean_quality >= MIN_QUALITY:
                kept.write(read.record)
""",
        """        good = (read for read in parse_fastq(raw) if read.mean_quality >= MIN_QUALITY)
        kept.writelines(read.record for read in good)
""",
    )
    assert finished.run().done == GENERATOR | filtered(BAD, *GOOD)
    assert list((finished.out / "filtered").iterdir()) == []
    assert finished.run().done == GENERATOR


def test_an_edit_of_the_drawing_does_not_calculate_again(pipeline):
    pipeline.run(figures="png")
    plot = pipeline.out / "plots" / "wildtype.png"
    assert plot.read_bytes().startswith(b"\x89PNG")
    pipeline.edit('ylabel="coverage"', 'ylabel="mean coverage"')
    assert pipeline.run(figures="png").done == GENERATOR | {"plots/wildtype.png"}
