"""Posts one JSON document to a URL. Run as a program of its own, and needs nothing of Weft.

A post may take seconds, and the process that makes jobs neither waits for it nor may have a thread
that does (its workers are forked). The URL comes by standard input: other users see the arguments
of a process. Exit code 1, with the reason in one line, when it failed.
"""

import json
import sys
from base64 import b64encode
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.parse import unquote, urlsplit, urlunsplit
from urllib.request import Request, urlopen

SECONDS = 5.0
"""That the other side may take for each step of its answer."""


def request_of(url: str, document: object) -> Request:
    """The POST of ``document``; a name and password in the URL go into a header.

    >>> request = request_of("https://me:secret@example.org/topic?x=1", {"text": "made"})
    >>> request.full_url, request.get_header("Authorization")
    ('https://example.org/topic?x=1', 'Basic bWU6c2VjcmV0')
    """
    parts = urlsplit(url)
    headers = {"Content-Type": "application/json", "User-Agent": "weft"}
    login, at, host = parts.netloc.rpartition("@")
    if at:
        headers["Authorization"] = f"Basic {b64encode(unquote(login).encode()).decode()}"
    whole = urlunsplit(parts._replace(netloc=host, fragment=""))
    return Request(whole, json.dumps(document).encode(), headers)


def problem_of(url: str, document: object) -> str:
    """Post ``document`` as JSON; why that failed, or nothing."""
    try:
        with urlopen(request_of(url, document), timeout=SECONDS):
            return ""
    except HTTPError as error:
        error.close()
        return f"HTTP {error.code} {error.reason}"
    except OSError as error:
        return str(getattr(error, "reason", error)) or type(error).__name__
    except (ValueError, HTTPException) as error:
        # Its words may have the URL in them, and that a password.
        return f"{type(error).__name__}: is the URL right?"


def main() -> int:
    """Post what standard input says."""
    wish = json.load(sys.stdin)
    problem = problem_of(wish["url"], wish["document"])
    sys.stderr.write(problem)
    return 1 if problem else 0


if __name__ == "__main__":
    raise SystemExit(main())
