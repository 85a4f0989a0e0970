"""Where each fact of a queue stands in its shared memory, in words of 8 bytes.

One word is written by one store, so a reader sees the old or the new value, and a process that is
killed leaves one of them. All that a queue knows are such words: no process keeps anything alone.
"""

from __future__ import annotations

from enum import IntEnum

WORD = 8
LINE = 8
"""Words of a cache line: what different processes write often stands in different lines."""
ROW = 2 * LINE
PLACES = 1024
"""Most producers, and most consumers, at one time."""

MUTEX = 0
"""A `pthread_mutex_t`, of at most 64 bytes."""
INTENT, ACTOR, VICTIM, OLD_END = 8, 9, 10, 11
"""What the holder of the mutex is about to do; the next one sees if it did not come to an end."""
CLOSED, MAXSIZE, STRICT, BATCH = 12, 13, 14, 15
HANDLE_LIFE, HANDLE_OWNER = 16, 17
BREAK = 18
"""First byte of the file that was never handed out."""
LAST_LIFE = 19
PRODUCERS, CONSUMERS = 20, 21
"""Rows in use or used before."""
DIED, DIED_LAST = 22, 23
"""How many producers ended without close, and the process of the last one."""
LEFT = 24
"""Not 0 if a consumer that is gone may have left items."""
WARM = 25
"""Bytes of memory in free extents."""
ROOM = 26
"""How many items may be put without counting again; for bounded queues."""
ASIDE = 27
"""Not 0 if large extents may wait for the end of a life that forked processes share."""
SLEEPERS = 32
"""Not 0 if a consumer waits for items."""
BLOCKED = 40
"""Not 0 if a producer waits for room."""
FREE = 48
"""Free extents, one list for each power of two."""
SIZES = 64
FIRST_PRODUCER = FREE + SIZES + LINE
FIRST_CONSUMER = FIRST_PRODUCER + PLACES * ROW
WORDS = FIRST_CONSUMER + PLACES * ROW
HEAD_SIZE = -(-WORDS * WORD // 4096) * 4096

STATE, LIFE, OWNER, WAITING = 0, 1, 2, 3
"""First words of each row. The owner is a process id, 0 while it is on its way to a child."""
BORN = 12
"""Number of the first life of the endpoint that has the row."""

PUT = 4
"""How many items the producer has put: the store that publishes an item."""
CLAIMED, READ_PAGE, FIRST_PAGE, LAST_PAGE = 8, 9, 10, 11
"""How many of them consumers have claimed; the pages of the stream: where to claim, first, last."""

STREAM, PAGE, NEXT, END = 4, 5, 6, 7
"""The range that a consumer has claimed: items from `NEXT` to before `END` of one page."""

LINK, SIZE, HAS_MEMORY, HOLDER = 0, 1, 2, 3
"""First words of each extent: the next one of a list, the exponent of its size, how many of its
bytes have memory, and the life of the views of it."""
FIRST_ITEM, LIMIT, CAPACITY = 4, 5, 6
"""A page: number of its first item, of the first one after it (-1 while it is written), and how
many its index has room for."""
INDEX = 8
"""From here on: at which byte of the page each item ends; the word before is where data begin."""

LIVES = 1 << 60
"""From this byte on locks stand for lives; nothing is ever written there."""


class State(IntEnum):
    """What became of an endpoint."""

    FREE = 0
    NEW = 1
    """Nobody has used it."""
    LENT = 2
    """Handed to a child, which has not used it yet."""
    OPEN = 3
    CLOSED = 4
    DEAD = 5
    """Its process ended, or dropped it, without close."""


LIVE = frozenset({State.NEW, State.LENT, State.OPEN})


class Intent(IntEnum):
    """What a holder of the mutex was about to do."""

    NOTHING = 0
    CLAIM = 1
    TAKE = 2
    """To take items that another consumer had claimed."""


def rows(first: int, count: int) -> range:
    """The word at which each of `count` rows begins."""
    return range(first, first + count * ROW, ROW)
