"""Two hundred random orders of kills and closes: nothing is lost, doubled or left waiting."""

from __future__ import annotations

import pytest

from tests.queues.orders import Order

ORDERS, CHUNK = 200, 10


@pytest.mark.parametrize("first", range(0, ORDERS, CHUNK))
def test_random_kills_and_closes_lose_and_double_nothing(first, tmp_path):
    for number in range(first, first + CHUNK):
        Order.draw(number).run(tmp_path)
