"""Calls through concurrent.futures: NUMBER WORKERS. Remembers nothing."""

import sys
from concurrent.futures import ProcessPoolExecutor


def nothing(number):
    return number


if __name__ == "__main__":
    number, workers = int(sys.argv[1]), int(sys.argv[2])
    with ProcessPoolExecutor(workers) as pool:
        futures = [pool.submit(nothing, i) for i in range(number)]
        for future in futures:
            future.result()
