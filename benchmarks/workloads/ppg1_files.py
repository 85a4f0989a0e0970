"""Files by pypipegraph: NUMBER WORKERS, each made by a closure of its own."""

import json
import sys
from pathlib import Path

import pypipegraph as ppg


def write(path):
    Path(path).write_text(path)


def main():
    number, workers = map(int, sys.argv[1:])
    Path("files").mkdir(exist_ok=True)
    coordinator = ppg.resource_coordinators.LocalSystem(workers, interactive=False)
    ppg.new_pipegraph(coordinator, quiet=True, interactive=False, dump_graph=False)
    jobs = []
    for i in range(number):
        path = f"files/{i}"
        jobs.append(ppg.FileGeneratingJob(path, lambda path=path: write(path)))
    ppg.run_pipegraph()
    print(json.dumps({"ran": sum(bool(job.was_run) for job in jobs)}))


if __name__ == "__main__":
    main()
