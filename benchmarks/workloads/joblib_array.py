"""An array of SIZE bytes through joblib.Memory, read back by memory map."""

import json
import sys
from pathlib import Path

import joblib
import numpy as np


def make(size):
    return np.arange(size // 8, dtype=np.float64)


def add_up(array):
    return float(array.sum())


if __name__ == "__main__":
    memory = joblib.Memory("memory", verbose=0, mmap_mode="r")
    array = memory.cache(make)(int(sys.argv[1]))
    memory.cache(add_up)(array)
    size = sum(path.stat().st_size for path in Path("memory").rglob("*") if path.is_file())
    print(json.dumps({"written": size}))
