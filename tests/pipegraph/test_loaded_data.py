"""Data that loading jobs put into an object never count for the code that holds it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.pipegraph.running import well
from weft import pipegraph as ppg


class Genome:
    def __init__(self, name: str) -> None:
        self.name = name

    def length(self) -> int:
        return len(self.sequence)


def by_attribute(owner: Any, use) -> None:
    loading = ppg.AttributeLoadingJob("load", owner, "sequence", lambda: "ACGT")
    _generate(loading, lambda: use(owner))


def by_entry(owner: dict, use) -> None:
    loading = ppg.DictEntryLoadingJob("load", owner, "sequence", lambda: "ACGT")
    _generate(loading, lambda: use(owner))


def _generate(loading: ppg.Job, use) -> None:
    def define() -> None:
        for number in range(3):

            def write(path: Path, number: int = number) -> None:
                path.write_text(str(use() + number))

            ppg.FileGeneratingJob(f"{number}.txt", write).depends_on(loading)

    ppg.JobGeneratingJob("generate", define).depends_on(loading)


CASES = {
    "a method": lambda: by_attribute(Genome("hg38"), lambda genome: genome.length()),
    "an attribute": lambda: by_attribute(Genome("hg38"), lambda genome: len(genome.sequence)),
    "the whole object": lambda: by_attribute(
        Genome("hg38"), lambda genome: len(vars(genome)["sequence"])
    ),
    "a namespace": lambda: by_attribute(
        SimpleNamespace(name="hg38"), lambda genome: len(genome.sequence)
    ),
    "a dict": lambda: by_entry({"name": "hg38"}, lambda genome: len(genome["sequence"])),
}


@pytest.mark.parametrize("case", CASES)
def test_jobs_generated_while_data_are_loaded_run_once(case):
    files = ["0.txt", "1.txt", "2.txt"]
    assert [name for name in well(CASES[case]) if name in files] == files
    assert [name for name in well(CASES[case]) if name in files] == []
    assert Path("2.txt").read_text() == "6"


def test_what_else_the_object_holds_still_counts():
    def define(name: str) -> None:
        by_attribute(Genome(name), lambda genome: len(genome.sequence) + len(genome.name))

    well(lambda: define("hg38"))
    assert "0.txt" in well(lambda: define("mm10x"))


def test_consumers_of_the_script_run_once_too():
    def define() -> None:
        genome = Genome("hg38")
        loading = ppg.AttributeLoadingJob("load", genome, "sequence", lambda: "ACGT")
        ppg.FileGeneratingJob(
            "a.txt", lambda path: path.write_text(str(genome.length()))
        ).depends_on(loading)

    assert "a.txt" in well(define)
    assert well(define) == []
