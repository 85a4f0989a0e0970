"""An array of SIZE bytes loaded once for CONSUMERS jobs that read it at the same time.

When each has read all of it, the first adds up the memory of all processes.
"""

import json
import os
import sys
import time
from pathlib import Path

import numpy as np
import psutil

from weft import pipegraph as ppg

loaded = {}
MAIN = os.getpid()
PATIENCE = 60.0
"""Seconds until a consumer takes it that the others don't run."""


def load(size):
    loaded["array"] = np.arange(size // 8, dtype=np.float64)


def read(path, number, consumers):
    total = loaded["array"].sum()
    Path(f"read-{number}").touch()
    if number == 0:
        wait_for("read-*", consumers)
        path.write_text(str(memory()))
        Path("seen").touch()
    else:
        wait_for("seen", 1)
        path.write_text(str(total))


def wait_for(pattern, number):
    """Until there are as many files of the pattern."""
    end = time.monotonic() + PATIENCE
    while len(list(Path().glob(pattern))) < number:
        if time.monotonic() > end:
            raise TimeoutError(f"{pattern}: fewer than {number} came")
        time.sleep(0.01)


def memory():
    """Bytes of the main process and all below it, shared pages counted once."""
    main = psutil.Process(MAIN)
    return sum(one.memory_full_info().pss for one in [main, *main.children(recursive=True)])


def main():
    size, consumers = map(int, sys.argv[1:])
    ppg.new_pipegraph(ppg.resource_coordinators.LocalSystem(consumers), quiet=True, folder="state")
    data = ppg.DataLoadingJob("array", lambda: load(size))
    for i in range(consumers):
        job = ppg.FileGeneratingJob(f"seen-by-{i}", lambda path, i=i: read(path, i, consumers))
        job.depends_on(data)
    ppg.run_pipegraph()
    print(json.dumps({"memory": int(Path("seen-by-0").read_text())}))


if __name__ == "__main__":
    main()
