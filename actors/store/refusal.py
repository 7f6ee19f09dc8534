"""What an error of asyncpg means to Rookery, and what to tell the person who runs it."""

import asyncio
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


def is_away(error: BaseException) -> bool:
    """Whether the connection is lost or was not to be had.

    asyncpg has one class for a closed connection and for calls that are wrong in themselves; its text tells them apart.
    """
    if isinstance(error, asyncpg.InterfaceError):
        return "clos" in str(error)
    return isinstance(error, AWAY)


def shown_url(url: str) -> str:
    """A database URL for people: without its password and options."""
    try:
        parts = urlsplit(url)
        host, port, user = parts.hostname or "", parts.port, parts.username
    except ValueError:
        return "the given URL"
    place = f"{user}@{host}" if user else host
    return f"{parts.scheme}://{place}{f':{port}' if port else ''}{parts.path}"


def connect_refusal(error: BaseException, url: str) -> RookeryError:
    """Why no first connection came about, with what to do about it."""
    shown = shown_url(url)
    if isinstance(error, asyncpg.InvalidCatalogNameError):
        return DatabaseError(f"PostgreSQL at {shown} has no such database. Create it: createdb {shown}")
    if isinstance(error, (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidPasswordError)):
        return DatabaseError(
            f"PostgreSQL at {shown} refuses the login ({error}). Check user and password of the database URL."
        )
    if isinstance(error, (asyncpg.ClientConfigurationError, ValueError)):
        return ConfigurationError(f"database_url cannot be used ({error}); it looks like postgresql://user@host/name")
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
    if isinstance(error, CONFLICTS):
        return DatabaseAwayError(f"PostgreSQL is too contended: {reason(error)}")
    return DatabaseError(f"PostgreSQL refused a statement: {reason(error)}")


def reason(error: BaseException) -> str:
    """An error in one line."""
    if isinstance(error, TimeoutError) and not str(error):
        return "no answer in time"
    return " ".join(str(error).split()) or type(error).__name__
