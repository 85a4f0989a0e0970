"""Jobs that define jobs: a tree that grows while it is computed, and is summed up again.

How many jobs there will be is known only when they run. Change ``split`` or DEPTH and make again:
branches that come out the same are not computed a second time.

Try::

    python example_dynamic.py "parmake n=2"
    python example_dynamic.py "ls"
"""

import weft

DEPTH = 4


def leaf(value):
    return value * value


def add(parts):
    return sum(parts)


def split(value):
    """Two unequal halves."""
    return value // 3, value - value // 3


def grow(context, value, depth):
    """The promise of the sum of the squares of what ``value`` is split into."""
    if depth == 0 or value < 2:
        return context.comp(leaf, value)
    branches = [context.comp_dynamic(grow, part, depth - 1) for part in split(value)]
    return context.comp(add, branches)


def show(total):
    print(f"The sum is {total}.")
    return total


if __name__ == "__main__":
    context = weft.Context()
    tree = context.comp_dynamic(grow, 100, DEPTH, job_id="tree")
    context.comp(show, tree)
    context.main()
