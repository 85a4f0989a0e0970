"""Calls as doit tasks: NUMBER. Keeps its state in ./doit.db."""

import json
import sys

from doit.cmd_base import ModuleTaskLoader
from doit.doit_cmd import DoitMain
from doit.tools import config_changed

ran = 0


def nothing(_number):
    global ran
    ran += 1


def task_nothing():
    for i in range(int(sys.argv[1])):
        yield {
            "name": str(i),
            "actions": [(nothing, [i])],
            "uptodate": [config_changed(str(i))],
        }


if __name__ == "__main__":
    loader = ModuleTaskLoader({"task_nothing": task_nothing})
    code = DoitMain(loader).run(["run", "--db-file", "doit.db", "--reporter", "zero"])
    print(json.dumps({"ran": ran}))
    sys.exit(code)
