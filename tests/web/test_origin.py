"""Who may ask."""

import pytest

from web.origin import is_own_origin, names_of


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:8000", "localhost", "LOCALHOST:1", "localhost.", "[::1]:8000", "127.1.2.3"]
)
def test_loopback_is_always_known(host: str) -> None:
    assert names_of("127.0.0.1").include(host)
    assert names_of("0.0.0.0").include(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "evil.example:8000",
        "127.0.0.1.evil.example",
        "192.168.0.5",
        "a b",
        "x@localhost",
        "localhost/a",
        ":80",
        "[::1",
        "localhost:port",
    ],
)
def test_other_names_are_strangers_to_a_loopback_server(host: str) -> None:
    assert not names_of("127.0.0.1").include(host)


def test_a_server_beyond_loopback_is_known_by_its_addresses() -> None:
    names = names_of("0.0.0.0")

    assert names.include("192.168.0.5:8000")
    assert names.include("[fe80::1]")
    assert not names.include("evil.example")


def test_the_address_of_the_connection_is_a_name() -> None:
    assert names_of("127.0.0.1").include("192.168.0.5:8000", here="192.168.0.5")
    assert not names_of("127.0.0.1").include("192.168.0.6", here="192.168.0.5")


def test_further_names_are_known() -> None:
    assert names_of("127.0.0.1", "Music.Example").include("music.example")


def test_a_server_is_known_by_the_name_it_listens_on() -> None:
    assert names_of("Music.Local").include("music.local:8000")


@pytest.mark.parametrize(
    "origin, host, expected",
    [
        ("http://127.0.0.1:8000", "127.0.0.1:8000", True),
        ("http://localhost", "localhost:80", True),
        ("https://localhost", "localhost", True),
        ("http://localhost:8000", "127.0.0.1:8000", False),
        ("http://127.0.0.1:9000", "127.0.0.1:8000", False),
        ("http://evil.example", "127.0.0.1:8000", False),
        ("null", "127.0.0.1:8000", False),
        ("", "127.0.0.1:8000", False),
        ("file://", "127.0.0.1:8000", False),
        ("http://127.0.0.1:8000/path", "127.0.0.1:8000", False),
        ("http://x@127.0.0.1:8000", "127.0.0.1:8000", False),
        ("http://127.0.0.1:99999", "127.0.0.1:8000", False),
    ],
)
def test_only_this_servers_pages_are_its_own(origin: str, host: str, expected) -> None:
    assert is_own_origin(origin, host) is expected
