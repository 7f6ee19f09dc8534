"""What an error of asyncpg means to Rookery, and what to tell the person who runs it."""

import asyncio
import re
from urllib.parse import urlsplit

import asyncpg

from actors.errors import ConfigurationError, DatabaseAwayError, DatabaseError, RookeryError

AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.InternalClientError,  # the driver lost its place when the server said goodbye unasked
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.IdleSessionTimeoutError,
    asyncpg.TooManyConnectionsError,
    OSError,  # refused, reset, no such socket; TimeoutError too
    asyncio.TimeoutError,
)
"""The connection is lost or was not to be had; a later try may succeed. See `is_away` for one more."""

DRIVER_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
"""All that asyncpg raises."""

CONFLICTS = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)
"""Two transactions were in each other's way; this one was undone and may be tried again at once."""

LOGIN = (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidPasswordError)
CHECK_LOGIN = "Check user and password of the database URL."


def is_away(error: BaseException) -> bool:
    """Whether the connection is lost or was not to be had.

    asyncpg has one class for a closed connection and for calls that are wrong in themselves; its text tells them apart.
    """
    if isinstance(error, asyncpg.InterfaceError):
        return "clos" in str(error)
    return isinstance(error, AWAY)


SCHEMES = ("postgresql", "postgres")
FORM = "postgresql://user:password@host:5432/name"
ESCAPES = "in which / ? # @ : % within a user or password are written %2F %3F %23 %40 %3A %25"


def shown_url(url: str) -> str:
    """A database URL for people: without its password and options, or no part of it where a password may be misplaced."""
    try:
        parts = urlsplit(url)
        host, port, user = parts.hostname or "", parts.port, parts.username
    except ValueError:
        return "the given URL"
    after = parts.path + parts.query + parts.fragment
    if (
        parts.scheme not in SCHEMES
        or parts.netloc.count("@") > 1
        or "@" in after
        or not {"=", "&"}.isdisjoint(parts.path)
    ):
        return "the given URL"
    place = f"{user}@{host}" if user else host
    return f"{parts.scheme}://{place}{f':{port}' if port else ''}{parts.path}"


def malformed_part(url: str) -> str | None:
    """Which part of a database URL cannot be meant as it stands, in words that hold nothing of it; None if none is."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in SCHEMES:
        return f"its beginning, which is not {SCHEMES[0]}://"
    place, behind = re.fullmatch("([^/?#]*)(.*)", rest, re.DOTALL).groups()  # type: ignore[union-attr]  # matches all
    hosts = place.rpartition("@")[2]
    if place.count("@") > 1 or ("@" in behind and "@" not in place and not HOSTS.fullmatch(hosts)):
        return "the user and password before the host"
    if not HOSTS.fullmatch(hosts):
        return "the host or its port"
    return None


HOSTS = re.compile(r"(?:(?:\[[^\[\]@]+\]|[^\[\]:@,]*)(?::[0-9]*)?(?:,|$))*")
"""Names or addresses, each with a port or none, separated by commas."""


def connect_refusal(error: BaseException, url: str) -> RookeryError:
    """Why no first connection came about, with what to do about it."""
    shown = shown_url(url)
    malformed = malformed_part(url)
    if malformed or isinstance(error, (asyncpg.ClientConfigurationError, ValueError)):
        # Nothing of the driver's text: it repeats parts of the URL, of the password too.
        part = malformed or "an option behind the question mark, or a file that it names"
        return ConfigurationError(f"database_url cannot be used, because of {part}. It looks like {FORM}, {ESCAPES}.")
    if isinstance(error, asyncpg.InvalidCatalogNameError):
        return DatabaseError(f"PostgreSQL at {shown} has no such database. Create it: createdb {shown}")
    if isinstance(error, LOGIN):
        return DatabaseError(f"PostgreSQL at {shown} refuses the login ({error}). {CHECK_LOGIN}")
    if is_away(error):
        return DatabaseAwayError(
            f"PostgreSQL at {shown} does not answer ({reason(error)}). Start it, or correct the database URL."
        )
    return DatabaseError(f"PostgreSQL at {shown} cannot be used: {reason(error)}")


def query_refusal(error: BaseException, limit_s: float) -> RookeryError:
    """What a failed read or write means, once trying again has not helped."""
    if isinstance(error, asyncpg.QueryCanceledError):
        return DatabaseError(f"PostgreSQL took longer than {limit_s:g} s for one statement, which was ended.")
    if is_away(error):
        return DatabaseAwayError(f"PostgreSQL is away: {reason(error)}")
    if isinstance(error, LOGIN):
        return DatabaseError(f"PostgreSQL refuses the login ({reason(error)}). {CHECK_LOGIN}")
    if isinstance(error, CONFLICTS):
        return DatabaseAwayError(f"PostgreSQL is too contended: {reason(error)}")
    return DatabaseError(f"PostgreSQL refused a statement: {reason(error)}")


def reason(error: BaseException) -> str:
    """An error in one line."""
    if isinstance(error, TimeoutError) and not str(error):
        return "no answer in time"
    return " ".join(str(error).split()) or type(error).__name__
