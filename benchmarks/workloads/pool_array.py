"""An array of SIZE bytes through concurrent.futures with WORKERS: there and back by pickle."""

import json
import sys
from concurrent.futures import ProcessPoolExecutor

import numpy as np


def make(size):
    return np.arange(size // 8, dtype=np.float64)


def add_up(array):
    return float(array.sum())


if __name__ == "__main__":
    with ProcessPoolExecutor(int(sys.argv[2])) as pool:
        array = pool.submit(make, int(sys.argv[1])).result()
        pool.submit(add_up, array).result()
    print(json.dumps({"written": 0}))
