"""Nine chains of three jobs: each combination of two parameters is computed, refined and drawn.

Try::

    python example.py                   # a prompt: make, ls, stats, why, help
    python example.py "parmake n=2"     # one command, then back to the shell
    python example.py "remake draw*"    # only the last steps again
"""

import sys

import weft


def funcA(param1):  # noqa: N802 - the names that the example has had since compmake
    print(f"funcA({param1})")
    return param1 * 10


def funcB(res1, param2):  # noqa: N802
    print(f"funcB({res1}, {param2})")
    return res1 + param2


def draw(res2):
    print(f"draw({res2})")
    return "#" * res2


if __name__ == "__main__":
    context = weft.Context()
    for param1 in [1, 2, 3]:
        for param2 in [4, 5, 6]:
            context.comp_prefix(f"{param1}-{param2}")
            res1 = context.comp(funcA, param1)
            res2 = context.comp(funcB, res1, param2)
            context.comp(draw, res2)

    commands = sys.argv[1:]
    if commands:
        context.batch_command(" ".join(commands))
    else:
        context.compmake_console()
