"""Files by weft.pipegraph: SHAPE NUMBER WORKERS. Keeps its state in ./state."""

import json
import sys
from pathlib import Path

from weft import pipegraph as ppg


def write(path):
    path.write_text(str(path))


def pass_on(path):
    before = path.with_name(str(int(path.name) - 1))
    path.write_text(before.read_text())


def shared(number):
    """All made by one function."""
    for i in range(number):
        ppg.FileGeneratingJob(f"files/{i}", write)


def closures(number):
    """Each made by a closure of its own."""
    for i in range(number):
        path = Path(f"files/{i}")
        ppg.FileGeneratingJob(path, lambda path=path: write(path))


def chain(number):
    """Each copied from the one before."""
    last = ppg.FileGeneratingJob("files/0", write)
    for i in range(1, number):
        last = ppg.FileGeneratingJob(f"files/{i}", pass_on).depends_on(last)


SHAPES = {"isolated": shared, "shared": shared, "closures": closures, "chain": chain}
"""All but the first let their jobs share the workers' processes."""


def main():
    shape, number, workers = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    Path("files").mkdir(exist_ok=True)
    coordinator = ppg.resource_coordinators.LocalSystem(workers)
    isolated = None if shape == "isolated" else False
    ppg.new_pipegraph(coordinator, quiet=True, folder="state", isolated=isolated)
    SHAPES[shape](number)
    outcomes = ppg.run()
    print(json.dumps({"ran": len(outcomes.ran)}))


if __name__ == "__main__":
    main()
