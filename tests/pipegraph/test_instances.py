"""Objects whose methods return jobs: an edit runs the jobs that can see it, and no others."""

from __future__ import annotations

import time

from tests.fingerprint.conftest import load as load  # a fixture
from tests.pipegraph.running import well

STUDY = """
import time
from weft import pipegraph as ppg

class Sample:
    suffix = "bam"

    def __init__(self, name):
        self.name = name
        self.created = time.time()
        self.jobs = {}

    def align(self):
        def run(path):
            path.write_text(self._aligned())
        job = ppg.FileGeneratingJob(f"{self.name}.{self.suffix}", run)
        self.jobs["align"] = job
        return job

    def _aligned(self):
        return f"{self.name} aligned"

    def plot(self):
        job = ppg.FileGeneratingJob(f"{self.name}.png", self.draw)
        job.depends_on(self.align())
        self.jobs["plot"] = job
        return job

    def draw(self, path):
        path.write_text(f"plot of {self.name}")

    def __repr__(self):
        return f"{self.name} {self.created}"

def define():
    for name in ("a", "b"):
        Sample(name).plot()
"""


def test_an_edit_of_one_method_runs_only_its_jobs(load):
    names = ["a.bam", "a.png", "b.bam", "b.png"]
    assert well(load(study=STUDY).define) == names
    time.sleep(0.002)  # another moment of creation
    assert well(load(study=STUDY).define) == []
    edited = STUDY.replace("plot of", "picture of")
    assert well(load(study=edited).define) == ["a.png", "b.png"]


def test_an_edit_of_a_method_that_a_job_calls_runs_it(load):
    well(load(study=STUDY).define)
    edited = STUDY.replace("{self.name} aligned", "{self.name} mapped")
    assert well(load(study=edited).define) == ["a.bam", "a.png", "b.bam", "b.png"]


def test_two_objects_of_a_class_are_told_apart_by_what_their_jobs_use(load):
    well(load(study=STUDY).define)
    edited = STUDY.replace("self.jobs = {}", "self.jobs = {'x': name}; self.more = 1")
    assert well(load(study=edited).define) == []
