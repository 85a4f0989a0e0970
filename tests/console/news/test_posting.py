import json
from collections.abc import Iterator

import pytest

from tests.console.receiver import Receiver
from weft.console.news.posting import problem_of, request_of


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


def test_a_document_is_posted_as_json(receiver: Receiver) -> None:
    assert problem_of(receiver.url("/topic?x=1"), {"text": "made"}) == ""
    (received,) = receiver.received
    assert received.path == "/topic?x=1"
    assert received.headers["content-type"] == "application/json"
    assert json.loads(received.body) == {"text": "made"}


def test_a_name_and_password_become_a_header(receiver: Receiver) -> None:
    url = receiver.url("/").replace("://", "://me:s%40fe@")
    assert problem_of(url, {}) == ""
    assert receiver.received[0].headers["authorization"] == "Basic bWU6c0BmZQ=="
    assert "me" not in receiver.received[0].headers["host"]


def test_an_error_of_the_other_side_is_told(receiver: Receiver) -> None:
    receiver.status = 404
    assert problem_of(receiver.url("/"), {}) == "HTTP 404 Not Found"


def test_that_nobody_answers_is_told(receiver: Receiver) -> None:
    url = receiver.url("/")
    receiver.close()
    assert "refused" in problem_of(url, {})


@pytest.mark.parametrize(
    "url", ["http://", "http://[1/key", "http://host:port/key", "http://a/ key"]
)
def test_an_impossible_url_is_told_without_what_may_be_secret_in_it(url: str) -> None:
    problem = problem_of(url, {})
    assert problem
    assert "key" not in problem


def test_a_fragment_stays_here() -> None:
    assert request_of("http://a.example/x#y", {}).full_url == "http://a.example/x"
