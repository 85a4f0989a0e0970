"""A graph of Weft: SHAPE NUMBER WORKERS [LEAF]. Weft itself says how many jobs ran."""

import sys

import weft

LAYERS = 10


def nothing(number):
    return number


def step(before):
    return before + 1


def add_up(parts):
    return len(parts)


def combine(first, second, third, number):
    return (3 * first + 5 * second + 7 * third + number) % 2**61


def independent(context, number, _leaf):
    comp = context.comp
    for i in range(number):
        comp(nothing, i)


def chain(context, number, leaf):
    last = context.comp(nothing, leaf)
    for _ in range(number - 1):
        last = context.comp(step, last)


def fan_in(context, number, _leaf):
    context.comp(add_up, [context.comp(nothing, i) for i in range(number - 1)])


def layers(context, number, leaf):
    width = number // LAYERS
    below = [context.comp(nothing, 1_000_000 + leaf)]
    below += [context.comp(nothing, i) for i in range(1, width)]
    for _ in range(LAYERS - 1):
        below = [
            context.comp(combine, below[i], below[(i + 1) % width], below[(i + 2) % width], i)
            for i in range(width)
        ]


SHAPES = {"independent": independent, "chain": chain, "fan-in": fan_in, "layers": layers}


def main():
    shape, number, workers = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    leaf = int(sys.argv[4]) if len(sys.argv) > 4 else 0
    context = weft.Context("out")
    SHAPES[shape](context, number, leaf)
    context.batch_command(f"parmake n={workers}")


if __name__ == "__main__":
    main()
