"""Who makes the present request, and what they may do."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import trio

from actors.errors import BusyError, DatabaseError
from actors.model.user import LOCAL_CALLER, Caller, Role
from web.access import Shown
from web.credentials import Credential, credential, is_from_own_page, unauthenticated
from web.errors import ProblemError
from web.exchange import exchange, timed
from web.sent import Sent
from web.services import services
from web.traffic import bucket_of

_LOG_IN = "Log in, or show a key"
_UNKNOWN = "What was shown lets nobody in (any more); log in again, or show another key"


def caller() -> Caller:
    """Who makes the present request; inside one only.

    Raises:
        ProblemError: UNAUTHENTICATED where nobody has been identified.
    """
    known = exchange().caller
    if known is None:
        raise unauthenticated(_LOG_IN)
    return known


def demand(role: Role) -> None:
    """Let the present request go on only if its caller has this role or a higher one.

    Raises:
        ProblemError: FORBIDDEN, or UNAUTHENTICATED where nobody has been identified.
    """
    if not caller().role.includes(role):
        raise ProblemError("FORBIDDEN", f"This needs the role {role}", details={"role": caller().role})


async def identify() -> None:
    """Find out who makes the present HTTP request, once, before anything else is done for it.

    Raises:
        ProblemError: UNAUTHENTICATED; BAD_REQUEST for several credentials; FORBIDDEN for a cookie out of place.
        DatabaseError: it cannot be found out.
    """
    current = exchange()
    if current.caller is None:
        with timed("auth"):
            current.caller, current.shown = await admitted(current.method, current.sent, current.client)


async def admitted(method: str, sent: Sent, client: str | None) -> tuple[Caller, Shown | None]:
    """Who asks, and what they came in by.

    Args:
        method: of the request; WEBSOCKET for a socket.
        sent: the head of the request or handshake.
        client: address of the peer.

    Raises:
        ProblemError: as `identify`.
        DatabaseError: it cannot be found out.
    """
    given = credential(sent)
    access = services().access
    found = await access.caller_of(given.shown) if given is not None else None
    if given is not None and found is not None:
        _check_page(given, method, sent)
        return found, given.shown
    # A cookie may be left from another time, or from another service of this machine.
    if (given is None or given.is_cookie) and await access.is_open_to(client):
        return LOCAL_CALLER, None
    raise unauthenticated(_LOG_IN if given is None else _UNKNOWN, is_wrong=given is not None)


def _check_page(given: Credential, method: str, sent: Sent) -> None:
    if given.is_cookie and not is_from_own_page(method, sent):
        raise ProblemError("FORBIDDEN", "By its cookie alone a page may only read; send Origin, or a bearer token")


@contextmanager
def attempt(name: str) -> Iterator[None]:
    """Inside, somebody tries to prove by a password that they have this name. An error that comes out counts as a failure,
    unless it is ours.

    Raises:
        ProblemError: RATE_LIMITED, before anything is tried.
    """
    attempts, address = services().access.attempts, bucket_of(exchange().client)
    wait_s = attempts.begin(name, address, now_s=trio.current_time())
    if wait_s > 0:
        raise ProblemError(
            "RATE_LIMITED", "Too many failed; try again later", headers={"Retry-After": str(math.ceil(wait_s))}
        )
    try:
        yield
    except (BusyError, DatabaseError):
        attempts.withdraw(name, address, now_s=trio.current_time())
        raise
    attempts.succeed(name, address, now_s=trio.current_time())
