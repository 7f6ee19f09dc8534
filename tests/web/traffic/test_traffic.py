"""What is counted for whom."""

from actors.config import Config
from web.traffic import MemoryBuckets, Traffic


def traffic(**settings):
    return Traffic.of(Config(rate_read=2, **settings), MemoryBuckets())


async def test_this_machine_is_not_counted_unless_told():
    assert await traffic().count_address("127.0.0.1", "GET", "/") is None
    assert await traffic().count_address("unknown", "GET", "/") is None
    assert await traffic().count_address("unknown behind 127.0.0.1", "GET", "/") is not None
    assert await traffic(rate_loopback=True).count_address("127.0.0.1", "GET", "/") is not None


async def test_addresses_and_users_are_counted_apart():
    here = traffic()
    for client in ("192.0.2.1", "192.0.2.2"):
        for _ in range(2):
            assert (await here.count_address(client, "GET", "/")).is_allowed
    assert not (await here.count_address("192.0.2.1", "GET", "/")).is_allowed
    for client in ("192.0.2.1", "192.0.2.2"):
        assert (await here.count_user(client, "GET", "ada")).is_allowed
    assert not (await here.count_user("192.0.2.3", "GET", "ada")).is_allowed


def test_a_proxy_is_believed_if_it_is_one():
    assert traffic(proxies=("127.0.0.1",)).client("127.0.0.1", ["192.0.2.1"]) == "192.0.2.1"
    assert traffic().client("127.0.0.1", ["192.0.2.1"]) == "127.0.0.1"
