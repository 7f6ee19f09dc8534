"""Whose request it is, as far as addresses tell. Pure."""

import ipaddress
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Networks = tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]

MOST_HOPS = 20
"""Of a longer chain of proxies only the nearest count."""
UNKNOWN = "unknown"
"""Of a peer without an address: one at a Unix socket, or one that has left."""

_WITH_PORT = re.compile(r"\[([^\]]*)\](?::\d*)?|([\d.]+):\d*", re.ASCII)


def networks_of(texts: Iterable[str]) -> Networks:
    """Addresses and networks from their text.

    Raises:
        ValueError: one is neither.
    """
    return tuple(ipaddress.ip_network(text, strict=False) for text in texts)


@lru_cache(maxsize=4096)
def address_of(text: str) -> Address | None:
    """An address from its text, which may name a port too, IPv4 inside IPv6 as IPv4; None for anything else."""
    found = _WITH_PORT.fullmatch(text.strip())
    bare = (found[1] or found[2]) if found else text.strip()
    try:
        address = ipaddress.ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def client_of(peer: str | None, forwarded: Sequence[str], proxies: Networks) -> str:
    """The address of who asks.

    Args:
        peer: to which the connection goes.
        forwarded: values of X-Forwarded-For, in their order. They count only as far as trusted proxies wrote them: from the
            right, up to the first address that is no proxy.
        proxies: who is trusted to say so.

    Returns: an address; `UNKNOWN …` with the proxy's where that says something else, for such a client may be anybody.
    """
    address = address_of(peer or "")
    if address is None:
        return peer or UNKNOWN
    hops = [hop for value in forwarded for hop in value.split(",") if hop.strip()][-MOST_HOPS:]
    while _is_in(address, proxies) and hops:
        before = address_of(hops.pop())
        if before is None:
            return f"{UNKNOWN} behind {address}"
        address = before
    return str(address)


@lru_cache(maxsize=4096)
def is_loopback(client: str | None) -> bool:
    """Whether an address is of this machine itself; what is no address is not."""
    address = address_of(client or "")
    return address is not None and address.is_loopback


def bucket_of(client: str) -> str:
    """Whom a limit counts together: one IPv4 address, or one /64 of IPv6, of which a single host may use any."""
    address = address_of(client)
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return client


def _is_in(address: Address, networks: Networks) -> bool:
    return any(address in network for network in networks)
