"""Times of commands in one process that has a folder open: FOLDER REPEATS. Tells them as JSON."""

import json
import statistics
import sys
import time
from pathlib import Path

from weft.console.context import Context
from weft.console.session import Session
from weft.console.text.screen import Screen

COMMANDS = {
    "ls": "ls",
    "ls_blocked": "ls blocked",
    "stats": "stats",
    "why_job": "why combine-77",
    "why": "why",
    "details_job": "details combine-77",
}


def main():
    folder, repeats = sys.argv[1], int(sys.argv[2])
    began = time.perf_counter()
    context = Context.remembered(folder)
    said = {"opening": time.perf_counter() - began}
    with Path("shown").open("w") as stream:
        session = Session(context, Screen(stream))
        for name, command in COMMANDS.items():
            taken = []
            for _ in range(repeats):
                began = time.perf_counter()
                session.run(command)
                taken.append(time.perf_counter() - began)
            said[name] = statistics.median(taken)
    print(json.dumps(said))


if __name__ == "__main__":
    main()
