"""One frozen value that holds every setting, validated once; units stand in it."""

import ipaddress
import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import attrs

SECONDS = 1.0
MINUTES = 60 * SECONDS
HOURS = 60 * MINUTES
DAYS = 24 * HOURS
BYTES = 1
KIB = 1024 * BYTES
MIB = 1024 * KIB
GIB = 1024 * MIB

LONGEST_ANALYSIS_S = 12 * MINUTES
"""No `Config.analysis_limit_s` is longer; a claim on a track lasts some minutes more."""


def default_data_dir() -> Path:
    """The user's data folder, by the XDG base directory rules: `$XDG_DATA_HOME/rookery` or `~/.local/share/rookery`."""
    home = os.environ.get("XDG_DATA_HOME", "")
    base = Path(home) if home.startswith("/") else Path.home() / ".local" / "share"
    return base / "rookery"


def available_cores() -> int:
    """How many processors this process may use, at least 1."""
    return max(1, len(os.sched_getaffinity(0)))


def _one_of(*words: str) -> Callable[[object, "attrs.Attribute[str]", str], None]:
    """A check whose text is fit for people; that of attrs holds its own inner parts."""

    def check(_: object, attribute: "attrs.Attribute[str]", value: str) -> None:
        if value not in words:
            raise ValueError(f"{attribute.name!r} must be one of {', '.join(words)}, not {value!r}")

    return check


def _origins(_: object, attribute: "attrs.Attribute[tuple[str, ...]]", value: tuple[str, ...]) -> None:
    for text in value:
        parts = urlsplit(text)
        # `*` is none: whoever asks may be known by a cookie.
        if (
            parts.scheme not in {"http", "https"}
            or not parts.hostname
            or parts.path.strip("/")
            or parts.query
            or parts.username
        ):
            raise ValueError(f"{attribute.name!r} must be origins such as https://app.example, not {text!r}")


def _networks(_: object, attribute: "attrs.Attribute[tuple[str, ...]]", value: tuple[str, ...]) -> None:
    for text in value:
        try:
            ipaddress.ip_network(text, strict=False)
        except ValueError:
            raise ValueError(f"{attribute.name!r} must be addresses or networks, not {text!r}") from None


SHORTEST_ADMIN_KEY = 32
"""Characters; nobody guesses so many, if they were made by chance."""


def _unguessable(_: object, attribute: "attrs.Attribute[str | None]", value: str | None) -> None:
    """A check whose text holds nothing of the value."""
    if value is not None and not all(len(key) >= SHORTEST_ADMIN_KEY and key.isascii() for key in value.split(",")):
        raise ValueError(
            f"each key of {attribute.name!r} must have at least {SHORTEST_ADMIN_KEY} ASCII characters; commas stand between several"
        )


def _with_certificate(config: "Config", _: "attrs.Attribute[Path | None]", value: Path | None) -> None:
    if (value is None) != (config.certificate is None):
        raise ValueError("'certificate' and 'certificate_key' need each other")


@attrs.frozen(kw_only=True)
class Config:
    """Every setting of the service.

    From a TOML file, then `ROOKERY_…` in the environment, then the command line; the later wins.
    """

    roots: tuple[Path, ...] = ()
    host: str = "127.0.0.1"
    hosts: tuple[str, ...] = ()
    """Further names by which browsers reach the server, such as a proxy's; requests under any other are refused."""
    port: int = attrs.field(default=8000, validator=[attrs.validators.ge(0), attrs.validators.le(65535)])
    certificate: Path | None = None
    """A PEM file with the certificate, and those that vouch for it, that is shown by https; with one, nothing but https is spoken."""
    certificate_key: Path | None = attrs.field(default=None, validator=_with_certificate)
    """A PEM file with its private key, without a password."""
    data_dir: Path = attrs.field(factory=default_data_dir)
    database_url: str | None = attrs.field(default=None, repr=False)
    """May hold a password, so no `repr` shows it."""
    redis_url: str | None = attrs.field(default=None, repr=False)
    """A Redis that several Rookeries share, for kept answers and limits; the password in it is shown nowhere."""
    log_level: str = attrs.field(default="info", validator=_one_of("debug", "info", "warning", "error"))
    server: str = attrs.field(default="lane", validator=_one_of("lane", "hypercorn"))
    """What speaks HTTP: Rookery's own lane, or Hypercorn's stock protocols, which are HTTP/1.1 and WebSocket alone."""
    log_format: str = attrs.field(default="text", validator=_one_of("text", "json"))

    no_auth: bool = False
    """Whoever can reach the service is an administrator, accounts or not."""
    admin_key: str | None = attrs.field(default=None, repr=False, validator=_unguessable)
    """Keys that let programs in as administrators, with commas between them; with one, nobody is let in without."""
    login_s: float = attrs.field(default=14 * DAYS, validator=attrs.validators.gt(0))
    """What a login gives lasts so long."""

    workers: int = attrs.field(factory=available_cores, validator=attrs.validators.ge(1))
    """Child processes that read and analyze files at once."""
    probe_limit_s: float = attrs.field(default=2 * MINUTES, validator=attrs.validators.gt(0))
    """Reading tags and hashing one file may take this long."""
    analysis_limit_s: float = attrs.field(
        default=10 * MINUTES, validator=[attrs.validators.gt(0), attrs.validators.le(LONGEST_ANALYSIS_S)]
    )
    """Analyzing one file may take this long; at most 12 minutes, so that it ends before its claim in the catalogue does.

    A claim that ends earlier would hand the same file to a second analyzer.
    """
    worker_memory_bytes: int = attrs.field(default=2 * GIB, validator=attrs.validators.ge(1))
    """Address space of one worker above what it has at its start."""
    conversions: int = attrs.field(factory=lambda: 2 * available_cores(), validator=attrs.validators.ge(1))
    """Recordings that are converted to another form at once, for those who listen; each takes a process."""
    quarantine_after: int = attrs.field(default=3, validator=attrs.validators.ge(1))
    """Failures after which a file is left alone until its bytes change."""

    settle_s: float = attrs.field(default=1 * SECONDS, validator=attrs.validators.gt(0))
    """Two equal readings of a file's size and mtime must lie this far apart."""
    reconcile_s: float = attrs.field(default=10 * MINUTES, validator=attrs.validators.gt(0))
    """The whole of every root is compared with the catalogue this often."""
    missing_fraction: float = attrs.field(default=0.2, validator=[attrs.validators.ge(0.0), attrs.validators.le(1.0)])
    """When more than this part of a root would go missing in one pass, a person must confirm it."""

    upload_limit_bytes: int = attrs.field(default=4 * GIB, validator=attrs.validators.ge(1))
    """One uploaded file may have so many."""
    body_rate_bytes: int = attrs.field(default=1 * KIB, validator=attrs.validators.ge(0))
    """So many a second must come of a body on average, after its first 20 seconds; 0 for any. Slower ones are given up (408)."""
    trash_kept_s: float = attrs.field(
        default=30 * DAYS, validator=[attrs.validators.ge(0), attrs.validators.le(10_000 * DAYS)]
    )
    """What was removed can be restored for so long."""

    players: int = attrs.field(default=1_000, validator=attrs.validators.ge(1))
    """People whose players are awake at once."""
    player_idle_s: float = attrs.field(default=10 * MINUTES, validator=attrs.validators.gt(0))
    """A player in which nothing plays goes to sleep after this; it is kept, and wakes at the next command."""

    database_connections: int = attrs.field(default=10, validator=attrs.validators.ge(2))
    query_limit_s: float = attrs.field(default=30 * SECONDS, validator=attrs.validators.gt(0))
    event_retention: int = attrs.field(default=100_000, validator=attrs.validators.ge(1))
    """So many events of the live feed are kept for those who come back."""
    client_queue_bytes: int = attrs.field(default=1 * MIB, validator=attrs.validators.ge(1))
    """What may wait for one client of the live feed."""
    proxies: tuple[str, ...] = attrs.field(default=(), validator=_networks)
    """Addresses and networks of proxies whose X-Forwarded-For is believed."""
    cors_origins: tuple[str, ...] = attrs.field(default=(), validator=_origins)
    """Other sites, such as https://app.example, whose pages may use this server from a browser; none by default."""
    rate_read: int = attrs.field(default=3_000, validator=attrs.validators.ge(0))
    """Reading requests a minute, per address and per user; 0 is no limit. All at once if need be."""
    rate_write: int = attrs.field(default=600, validator=attrs.validators.ge(0))
    """The same for what writes."""
    rate_login: int = attrs.field(default=20, validator=attrs.validators.ge(0))
    """Attempts to log in a minute, per address."""
    rate_loopback: bool = False
    """Whether the three hold for this machine itself too."""
    connections: int = attrs.field(default=512, validator=attrs.validators.ge(1))
    """Open connections in all, streams among them; keep it well below the limit of open files."""
    connections_per_address: int = attrs.field(default=100, validator=attrs.validators.ge(1))
    """The same from one address, but for this machine itself and for `proxies`."""
    requests_at_once: int = attrs.field(default=64, validator=attrs.validators.ge(1))
    """Requests that are worked at; streams count until they begin."""
    requests_waiting: int = attrs.field(default=512, validator=attrs.validators.ge(0))
    request_wait_s: float = attrs.field(default=5 * SECONDS, validator=attrs.validators.ge(0))
    """So long each of those may wait for its turn."""
    cache_bytes: int = attrs.field(default=64 * MIB, validator=attrs.validators.ge(0))
    """What kept answers may take in this process; 0 keeps none."""
    heartbeat_s: float = attrs.field(default=20 * SECONDS, validator=attrs.validators.gt(0))
    stream_heartbeat_s: float = attrs.field(default=15 * SECONDS, validator=attrs.validators.gt(0))
    shutdown_s: float = attrs.field(default=10 * SECONDS, validator=attrs.validators.ge(5 * SECONDS))
    """From the signal to the end of the process."""
