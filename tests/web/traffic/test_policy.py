"""Which quota counts, and how it is told."""

import pytest

from actors.config import Config
from web.traffic.gcra import verdict
from web.traffic.policy import Policy, limit_headers

POLICY = Policy.of(Config(rate_read=100, rate_write=10, rate_login=5))


@pytest.mark.parametrize(
    "method, path, name",
    [
        ("GET", "/api/v1/tracks", "read"),
        ("HEAD", "/", "read"),
        ("WEBSOCKET", "/ws", "read"),
        ("POST", "/api/v1/tracks", "write"),
        ("BREW", "/", "write"),
        ("POST", "/api/v1/auth/login", "login"),
        ("GET", "/api/v1/auth/login", "read"),
        ("GET", "/livez", None),
        ("GET", "/health", None),
    ],
)
def test_a_request_counts_by_what_it_does(method, path, name):
    quota = POLICY.of_address(method, path)
    assert (quota and quota.name) == name


def test_users_have_quotas_of_their_own():
    assert POLICY.of_user("GET").name == "read-user"
    assert POLICY.of_user("POST").limit == 10


def test_none_is_none():
    free = Policy.of(Config(rate_read=0, rate_write=0, rate_login=0))
    assert free.of_address("GET", "/") is None
    assert free.of_user("POST") is None


def test_the_headers_are_structured_fields():
    one = verdict(POLICY.read, is_allowed=True, backlog_s=0.6)
    two = verdict(POLICY.of_user("GET"), is_allowed=True, backlog_s=30.0)

    assert limit_headers([one, two]) == [
        (b"ratelimit-policy", b'"read";q=100;w=60, "read-user";q=100;w=60'),
        (b"ratelimit", b'"read";r=99;t=1, "read-user";r=50;t=30'),
    ]
    assert limit_headers([]) == []
