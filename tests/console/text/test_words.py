import pytest

from weft.console.text.words import duration_words, size_words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "0.0 ms"),
        (0.00994, "9.9 ms"),
        (0.00996, "10 ms"),
        (0.9996, "1.0 s"),
        (0.4, "400 ms"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.99, "1 min"),
        (3599.9, "1 h"),
        (90000, "1 d 1 h"),
    ],
)
def test_durations_read_well_at_the_edges(seconds: float, words: str) -> None:
    assert duration_words(seconds) == words


def test_sizes_have_units() -> None:
    assert [size_words(n) for n in (0, 2048, 3 * 2**40)] == ["0 B", "2.0 KiB", "3.0 TiB"]
