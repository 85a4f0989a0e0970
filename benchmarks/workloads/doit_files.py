"""Files as targets of doit tasks: NUMBER. Keeps its state in ./doit.db."""

import json
import sys
from pathlib import Path

from doit.cmd_base import ModuleTaskLoader
from doit.doit_cmd import DoitMain
from doit.tools import run_once

ran = 0


def write(path):
    global ran
    ran += 1
    Path(path).write_text(path)


def task_write():
    for i in range(int(sys.argv[1])):
        path = f"files/{i}"
        yield {
            "name": str(i),
            "actions": [(write, [path])],
            "targets": [path],
            "uptodate": [run_once],
        }


if __name__ == "__main__":
    Path("files").mkdir(exist_ok=True)
    loader = ModuleTaskLoader({"task_write": task_write})
    code = DoitMain(loader).run(["run", "--db-file", "doit.db", "--reporter", "zero"])
    print(json.dumps({"ran": ran}))
    sys.exit(code)
