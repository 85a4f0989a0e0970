import pytest

import weft
from weft.console.news.news import Event, Tally, news_of_end, news_of_failure
from weft.scheduler.status import Counts
from weft.scheduler.summary import RunSummary
from weft.settings.sources import NEWS_VARIABLES

TALLY = Tally(ran=4, done=3, failed=1, blocked=2, seconds=61.23456)


def test_a_run_that_went_well() -> None:
    summary = RunSummary(ran=12, counts=Counts(done=90, total=90), seconds=184.0)
    news = news_of_end("out-fits", "here", summary, TALLY)
    assert news.text == "out-fits: made; 12 ran, 90 done, in 3 min 4 s."
    assert news.document() == {
        "text": news.text,
        "context": "out-fits",
        "event": "end",
        "failed": 0,
        "blocked": 0,
        "ran": 12,
        "done": 90,
        "seconds": 184.0,
        "host": "here",
        "job": "",
        "cause": "",
    }


def test_a_run_with_failures_names_the_first() -> None:
    error = weft.MakeFailed("2 jobs failed.", failed=("fit-0", "fit-1"), blocked=("draw-0",))
    news = news_of_end("out-fits", "here", error, TALLY)
    assert news.text == (
        "out-fits: 2 jobs failed (fit-0, ...), 1 blocked; 4 ran, 3 done, in 1 min 1 s."
    )
    assert (news.job, news.tally.failed, news.tally.blocked) == ("fit-0", 2, 1)


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (weft.StoreError("The disk is full."), "The disk is full"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (ValueError("no\nnumber"), "ValueError: no\\nnumber"),
    ],
)
def test_a_run_that_ended_early_says_why(error: BaseException, cause: str) -> None:
    news = news_of_end("out-fits", "here", error, TALLY)
    assert news.cause == cause
    assert news.text.startswith(f"out-fits: ended early: {cause}; 4 ran")


def test_variables_have_the_names_that_are_no_settings() -> None:
    variables = news_of_failure("out-fits", "here", "fit-0", "OSError", TALLY).variables()
    assert sorted(variables) == sorted(NEWS_VARIABLES)
    assert (variables["WEFT_EVENT"], variables["WEFT_SECONDS"]) == ("failure", "61.235")


def test_texts_of_others_are_made_harmless_and_short() -> None:
    cause = "\x1b[2J\0 \ud800" + "x" * 10_000
    news = news_of_failure("out", "here", "a\nb", cause, TALLY)
    assert news.event is Event.FAILURE
    assert news.job == "a\\nb"
    assert news.cause.startswith("\\x1b[2J\\x00 \\ud800xxx")
    assert len(news.cause) == 300
    assert news.text.isprintable()
    news.text.encode()
