"""What requests show."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.credentials import Credential, Shown, credential, is_from_own_page
from web.errors import ProblemError
from web.sent import Sent


def sent(headers=(), cookies=None):
    """A head with these headers and cookies."""
    pairs = [(name.encode(), value.encode("utf-8", "surrogatepass")) for name, value in headers]
    return Sent([*pairs, *((b"cookie", f"{name}={value}".encode()) for name, value in (cookies or {}).items())])


def refusal(headers, cookies=None):
    with pytest.raises(ProblemError) as refused:
        credential(sent(headers, cookies))
    return refused.value.refusal


@pytest.mark.parametrize(
    "headers,cookies,secret",
    [
        ([("Authorization", "Bearer rt_a")], {}, "rt_a"),
        ([("authorization", "bEARER   rt_a ")], {}, "rt_a"),
        ([("X-API-Key", "rk_a")], {"rookery_session": "rt_b"}, "rk_a"),
        ([("Authorization", "Bearer rk_a")], {"rookery_session": "rt_b"}, "rk_a"),
        ([("Authorization", "Basic x"), ("X-API-Key", "rk_a")], {}, "rk_a"),
    ],
)
def test_one_thing_is_shown(headers, cookies, secret):
    assert credential(sent(headers, cookies)) == Credential(shown=Shown.of(secret))


def test_a_cookie_counts_where_no_header_does():
    shown = Shown.of("rt_b")

    assert credential(sent([("Authorization", "Basic x")], {"rookery_session": "rt_b"})) == Credential(
        shown=shown, is_cookie=True
    )
    assert credential(sent(cookies={"rookery_session": ""})) is credential(sent(cookies={"other": "rt_b"})) is None


def test_several_are_refused():
    bearer, key = ("Authorization", "Bearer rt_a"), ("X-API-Key", "rk_a")
    for headers in ([bearer, bearer], [bearer, key], [key, key], [bearer, ("Authorization", "Basic x")]):
        assert refusal(headers).code == "BAD_REQUEST"


def test_a_token_is_no_key():
    assert refusal([("X-API-Key", "rt_a")]).code == "UNAUTHENTICATED"


@given(st.text(max_size=50))
def test_whatever_stands_in_a_header_is_understood_or_refused(text):
    found = credential(sent([("Authorization", text)]))

    assert found is None or text.strip().lower().startswith("bearer")


def test_nothing_shows_the_secret_itself():
    assert "abc" not in repr(credential(sent([("X-API-Key", "rk_abc")])))


@pytest.mark.parametrize(
    "method,headers,is_own",
    [
        ("GET", [], True),
        ("HEAD", [], True),
        ("POST", [], False),
        ("DELETE", [("Origin", "http://localhost")], True),
        ("POST", [("Sec-Fetch-Site", "same-origin")], True),
        ("POST", [("Sec-Fetch-Site", "same-site")], False),
        ("POST", [("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "cross-site")], False),
        ("WEBSOCKET", [], False),
        ("WEBSOCKET", [("Origin", "http://localhost")], True),
    ],
)
def test_whether_the_own_page_asks(method, headers, is_own):
    assert is_from_own_page(method, sent(headers)) is is_own
