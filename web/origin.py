"""Who may ask: by which name this server is called (Host), and on behalf of which page (Origin). Pure.

A page on another site can make a browser send requests here, and can point its own name at this address; both show in
these two headers. Without accounts everyone who comes through is an administrator.
"""

import ipaddress
import socket
from functools import lru_cache
from urllib.parse import urlsplit

import attrs

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
LOOPBACK_NAMES = frozenset({"localhost", "localhost.localdomain"})

_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


@attrs.frozen(kw_only=True)
class Names:
    """The names by which a server may be asked for."""

    names: frozenset[str]
    """Lower case."""
    any_address: bool
    """Whether every literal IP address is one of them: true where the server listens beyond loopback, since a page
    cannot make a browser put an address into Host unless it really connects there."""

    def include(self, host: str, *, here: str | None = None) -> bool:
        """Whether a Host header, with or without a port, names this server.

        Args:
            host: the header.
            here: the address to which the connection was made; it always is a name of the server.
        """
        name, _ = _split(host)
        if name is None:
            return False
        if name in self.names:
            return True
        address = _address(name)
        return address is not None and (self.any_address or address.is_loopback or name == here)


def names_of(host: str, *further: str) -> Names:
    """The names of a server that listens on a host: loopback always, its own name, addresses beyond loopback, further ones."""
    address = _address(host.strip("[]"))
    beyond = not (address.is_loopback if address is not None else host.lower() in LOOPBACK_NAMES)
    names = LOOPBACK_NAMES | {name.lower().rstrip(".") for name in (host, *further)}
    if beyond:
        names |= {socket.gethostname().lower(), f"{socket.gethostname().lower()}.local"}
    return Names(names=frozenset(names), any_address=beyond)


def is_own_origin(origin: str, host: str) -> bool:
    """Whether an Origin header belongs to a page of this very server, which was asked for as `host`.

    `null` and everything that is no http(s) address are foreign.
    """
    try:
        parts = urlsplit(origin)
        port = parts.port or _DEFAULT_PORTS[parts.scheme]
    except (KeyError, ValueError):
        return False
    if parts.scheme not in {"http", "https"} or parts.hostname is None or parts.username or parts.path not in {"", "/"}:
        return False
    name, own_port = _split(host)
    return parts.hostname == name and port == (own_port or _DEFAULT_PORTS[parts.scheme])


@lru_cache(maxsize=1024)
def _split(host: str) -> tuple[str | None, int | None]:
    try:
        parts = urlsplit(f"//{host}")
        if parts.path or parts.query or parts.fragment or parts.username is not None or not parts.hostname:
            return None, None
        return parts.hostname.rstrip("."), parts.port
    except ValueError:
        return None, None


@lru_cache(maxsize=1024)
def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None
