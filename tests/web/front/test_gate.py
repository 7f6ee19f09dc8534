"""Who comes in at all."""

import pytest

from web.front.gate import Gate
from web.origin import names_of

GATE = Gate(names=names_of("127.0.0.1"), origins=frozenset({"https://app.example"}))


def refusal(headers, *, method="POST", kind="http", path=b"/"):
    scope = {
        "type": kind,
        "method": method,
        "raw_path": path,
        "query_string": b"",
        "http_version": "1.1",
        "headers": list(headers.items()),
        "server": ("127.0.0.1", 8000),
    }
    refused = GATE.refusal(scope, {"host": "localhost:8000", **headers})
    return refused and refused.code


@pytest.mark.parametrize(
    "headers, expected",
    [
        ({}, None),
        ({"origin": "http://localhost:8000"}, None),
        ({"origin": "https://app.example"}, None),
        ({"origin": "http://localhost:3000"}, "FORBIDDEN"),
        ({"origin": "https://localhost:8000"}, None),
        ({"origin": "null"}, "FORBIDDEN"),
        ({"origin": ""}, "FORBIDDEN"),
        ({"origin": "https://evil.example", "sec-fetch-site": "same-origin"}, "FORBIDDEN"),
        ({"sec-fetch-site": "same-origin"}, None),
        ({"sec-fetch-site": "none"}, None),
        ({"sec-fetch-site": "same-site"}, "FORBIDDEN"),
        ({"sec-fetch-site": "cross-site"}, "FORBIDDEN"),
        ({"host": "evil.example:8000", "origin": "http://evil.example:8000"}, "BAD_REQUEST"),
        ({"host": "127.0.0.1.evil.example"}, "BAD_REQUEST"),
    ],
    ids=str,
)
def test_writes_come_from_here_or_from_programs(headers, expected):
    assert refusal(headers) == expected
    assert refusal(headers, method="GET", kind="websocket") == expected


def test_a_page_that_was_pointed_here_by_its_own_name_reads_nothing():
    assert refusal({"host": "evil.example"}, method="GET") == "BAD_REQUEST"


def test_reading_is_open_to_links_of_other_sites():
    assert refusal({"sec-fetch-site": "cross-site", "origin": "https://evil.example"}, method="GET") is None


def test_what_is_too_long_is_refused_first():
    assert refusal({}, path=b"/" + b"x" * 8192) == "URI_TOO_LONG"
    assert refusal({f"x-{number}": "" for number in range(101)}) == "HEADERS_TOO_LARGE"
