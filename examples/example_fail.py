"""The nine chains of example.py, of which some fail: all that can be completed is completed.

Try::

    python example_fail.py "parmake n=2"   # 2 jobs fail, 1 is blocked, 24 are done
    python example_fail.py "ls failed"
    python example_fail.py "make"          # tries only the failed ones (and what they block) again
"""

import weft


def funcA(param1):  # noqa: N802 - the names that the example has had since compmake
    print(f"funcA({param1})")
    return param1 * 10


def funcB(res1, param2):  # noqa: N802
    print(f"funcB({res1}, {param2})")
    if param2 == 4 and res1 == 10:
        raise ValueError(f"funcB can't work with {res1} and {param2}.")
    return res1 + param2


def draw(res2):
    print(f"draw({res2})")
    if res2 == 36:
        raise RuntimeError("The pen is empty.")
    return "#" * res2


if __name__ == "__main__":
    context = weft.Context()
    for param1 in [1, 2, 3]:
        for param2 in [4, 5, 6]:
            context.comp_prefix(f"{param1}-{param2}")
            res1 = context.comp(funcA, param1)
            res2 = context.comp(funcB, res1, param2)
            context.comp(draw, res2)
    context.main()
