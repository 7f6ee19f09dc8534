"""Whose request it is."""

import pytest

from web.traffic.address import bucket_of, client_of, is_loopback, networks_of

PROXIES = networks_of(["10.0.0.0/8", "::1"])


@pytest.mark.parametrize(
    "peer, forwarded, expected",
    [
        ("192.0.2.1", [], "192.0.2.1"),
        ("192.0.2.1", ["198.51.100.7"], "192.0.2.1"),
        ("10.0.0.1", ["198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", ["203.0.113.9, 198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", ["203.0.113.9", "198.51.100.7, 10.0.0.2"], "198.51.100.7"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", ["198.51.100.7, nonsense"], "unknown behind 10.0.0.1"),
        ("10.0.0.1", ["198.51.100.7, nonsense, 10.0.0.2"], "unknown behind 10.0.0.2"),
        ("10.0.0.1", ["198.51.100.7:4711"], "198.51.100.7"),
        ("10.0.0.1", ["[2001:db8::1]:4711"], "2001:db8::1"),
        ("::1", ["_hidden"], "unknown behind ::1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("::1", ["2001:db8::1"], "2001:db8::1"),
        ("::ffff:10.0.0.1", ["::ffff:192.0.2.9"], "192.0.2.9"),
        ("fe80::1%eth0", [], "fe80::1"),
        (None, ["198.51.100.7"], "unknown"),
        ("10.0.0.1", ["10.0.0.9," * 10_000], "10.0.0.9"),
    ],
)
def test_what_trusted_proxies_say_is_believed_and_nothing_else(peer, forwarded, expected):
    assert client_of(peer, forwarded, PROXIES) == expected


@pytest.mark.parametrize(
    "client, expected",
    [("192.0.2.1", "192.0.2.1"), ("2001:db8:0:1::5", "2001:db8:0:1::/64"), ("unknown", "unknown"), ("::1", "::/64")],
)
def test_a_host_of_ipv6_counts_with_its_whole_network(client, expected):
    assert bucket_of(client) == expected


@pytest.mark.parametrize(
    "client, expected",
    [
        *[(here, True) for here in ("127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1")],
        *[(other, False) for other in ("192.0.2.1", "::ffff:192.0.2.1", "fe80::1%eth0", "", "unix:", None)],
        *[(nobody, False) for nobody in ("unknown", "unknown behind 127.0.0.1")],
    ],
)
def test_this_machine_is_known(client, expected):
    assert is_loopback(client) is expected


def test_what_is_no_network_is_refused():
    with pytest.raises(ValueError, match="proxy"):
        networks_of(["proxy.example"])
