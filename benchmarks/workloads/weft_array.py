"""An array of SIZE bytes through Weft with WORKERS."""

import json
import sys
from pathlib import Path

import numpy as np

import weft


def make(size):
    return np.arange(size // 8, dtype=np.float64)


def add_up(array):
    return float(array.sum())


if __name__ == "__main__":
    context = weft.Context("out")
    context.comp(add_up, context.comp(make, int(sys.argv[1])))
    context.batch_command(f"parmake n={sys.argv[2]}")
    size = sum(path.stat().st_size for path in Path("out").rglob("*") if path.is_file())
    print(json.dumps({"written": size}))
