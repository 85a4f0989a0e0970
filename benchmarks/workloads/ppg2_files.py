"""Files by pypipegraph2: NUMBER WORKERS, all made by one function."""

import json
import sys
from pathlib import Path

import pypipegraph2 as ppg2
from pypipegraph2.enums import JobOutcome


def write(path):
    path.write_text(str(path))


def main():
    number, workers = map(int, sys.argv[1:])
    Path("files").mkdir(exist_ok=True)
    ppg2.new(cores=workers, run_mode=ppg2.RunMode.NONINTERACTIVE)
    for i in range(number):
        ppg2.FileGeneratingJob(f"files/{i}", write)
    done = ppg2.run()
    outcomes = [one.outcome for name, one in done.items() if name.startswith("files/")]
    print(json.dumps({"ran": outcomes.count(JobOutcome.Success)}))


if __name__ == "__main__":
    main()
