"""What pages of other sites may see."""

import pytest

from web.front.cors import granted, is_preflight, origins_of

OURS = origins_of(["https://App.example/", "http://localhost:3000"])


@pytest.mark.parametrize(
    "origin", [None, "null", "https://evil.example", "https://app.example.evil.example", "http://app.example"]
)
def test_others_get_nothing_but_a_word_to_caches(origin):
    assert granted(origin, OURS) == [(b"vary", b"Origin")]


def test_without_sites_nothing_is_said():
    assert granted("https://app.example", frozenset()) == []


def test_a_configured_site_is_named_never_a_star():
    headers = dict(granted("https://app.example", OURS))

    assert headers[b"access-control-allow-origin"] == b"https://app.example"
    assert headers[b"access-control-allow-credentials"] == b"true"
    assert b"ETag" in headers[b"access-control-expose-headers"]
    asked = dict(granted("https://app.example", OURS, is_preflight=True))
    assert b"DELETE" in asked[b"access-control-allow-methods"]
    assert b"If-Match" in asked[b"access-control-allow-headers"]


def test_a_preflight_is_known_by_its_headers():
    asked = {"origin": "https://a", "access-control-request-method": "PUT"}
    assert is_preflight("OPTIONS", asked)
    assert not is_preflight("OPTIONS", {"origin": "https://a"})
    assert not is_preflight("GET", asked)
