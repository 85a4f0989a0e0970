"""``python -m benchmarks``: run all rows, print the tables, write them into README.md."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from benchmarks import arrays, calls, files, looking, machine, peers, queues, shapes
from benchmarks.contest import Settings
from benchmarks.table import Table, write

README = Path(__file__).with_name("README.md")
GROUPS: dict[str, Callable[[Settings], Table]] = {
    "cold": calls.cold,
    "noop": calls.nothing_to_do,
    "growth": shapes.growth,
    "leaf": shapes.changed_leaf,
    "million": shapes.million,
    "array": arrays.passing,
    "looking": looking.answers,
    "files": files.cold,
    "files-noop": files.nothing_to_do,
    "files-chain": files.chain,
    "loading": files.loading,
    "queue-one": queues.one_to_one,
    "queue-many": queues.many_to_many,
    "queue-arrays": queues.arrays,
}


def main() -> None:
    """Measure what was asked for; about ten minutes for all of it."""
    options = parse()
    found = peers.nobody()
    if not options.no_peers:
        found = peers.find()
    with machine.scratch_folder() as scratch:
        head = f"Machine: {machine.describe(scratch)}. Peers: {found.describe()}."
        before = machine.load()
        settings = Settings(scratch, found, options.quick, lambda text: print(text, flush=True))
        tables = [GROUPS[name](settings) for name in options.only or GROUPS]
    head += f" Load over 1, 5 and 15 minutes: {before} at the start, {machine.load()} at the end."
    text = "\n\n".join([head, *map(str, tables)])
    print(f"\n{text}")
    if options.only or options.quick:
        print("\nA part or a quick run: README.md is left as it is.")
    else:
        write(README, text)


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="tiny sizes: only to see it work")
    parser.add_argument("--only", nargs="+", choices=GROUPS, help="some groups of rows")
    parser.add_argument("--no-peers", action="store_true", help="install and run no other tools")
    return parser.parse_args()


if __name__ == "__main__":
    main()
