"""Whether the service lives, is ready, and is well."""

from typing import Literal

import msgspec
import trio
from quart import Blueprint, Response

from actors.config import SECONDS
from actors.errors import DatabaseError
from supervision import ActorState
from web.encoding import answer, now
from web.endpoints import Answer, endpoint
from web.errors import ProblemError
from web.exchange import timed
from web.services import services

blueprint = Blueprint("health", __name__)

PATIENCE_S = 2 * SECONDS
"""A database that says nothing for so long is away."""

_IN_ORDER = frozenset({ActorState.RUNNING, ActorState.STOPPED})


class Check(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """One part of the service: `away` means that the service cannot do without it; `reason` says why it is not `ok`."""

    status: Literal["ok", "degraded", "away"]
    reason: str | None = None


class Health(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """How the service is, as a whole and by part; `uptime` in seconds."""

    status: Literal["ok", "degraded"]
    version: str
    uptime: float
    checks: dict[str, Check]


class Liveness(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """The service answers."""

    status: Literal["ok"] = "ok"


_CHECKS = {"database": Check(status="ok"), "supervision": Check(status="degraded", reason="rookery/web is backoff")}
_HEALTH = Health(status="degraded", version="0.1.0", uptime=3600.0, checks=_CHECKS)


@endpoint(
    blueprint,
    "GET",
    "/health",
    tag="Service",
    is_open=True,
    answers={200: Answer(meaning="It works; `degraded` if a part does not.", model=Health, example=_HEALTH)},
)
async def read_health() -> Response:
    """How the service is, by part. A database that is away is answered by 503."""
    checks = {"database": await _database(), "supervision": _supervision()}
    _refuse_without(checks)
    held = services()
    return answer(
        Health(
            status="ok" if all(check.status == "ok" for check in checks.values()) else "degraded",
            version=held.version,
            uptime=round((now() - held.started_at).total_seconds(), 3),
            checks=checks,
        )
    )


@endpoint(
    blueprint,
    "GET",
    "/livez",
    tag="Service",
    is_open=True,
    answers={200: Answer(meaning="It lives.", model=Liveness, example=Liveness())},
)
async def read_liveness() -> Response:
    """Whether the process answers at all."""
    return answer(Liveness())


@endpoint(
    blueprint,
    "GET",
    "/readyz",
    tag="Service",
    is_open=True,
    answers={200: Answer(meaning="It is ready.", model=Liveness, example=Liveness())},
)
async def read_readiness() -> Response:
    """Whether requests should be sent here: not during a shutdown, and not without the database."""
    if services().stopping.is_set():
        raise ProblemError("UNAVAILABLE", "The service is stopping", headers={"Retry-After": "5"})
    _refuse_without({"database": await _database()})
    return answer(Liveness())


def _refuse_without(checks: dict[str, Check]) -> None:
    if any(check.status == "away" for check in checks.values()):
        told = msgspec.to_builtins(checks)
        raise ProblemError(
            "UNAVAILABLE", "A part is away that the service needs", details=told, headers={"Retry-After": "5"}
        )


async def _database() -> Check:
    with trio.move_on_after(PATIENCE_S) as patience, timed("db"):
        try:
            await services().store.events.bounds()
        except DatabaseError as error:
            return Check(status="away", reason=str(error))
    if patience.cancelled_caught:
        return Check(status="away", reason=f"It did not answer within {PATIENCE_S:g} s")
    return Check(status="ok")


def _supervision() -> Check:
    ill = [f"{node.path} is {node.state}" for node in services().running.status().walk() if node.state not in _IN_ORDER]
    return Check(status="degraded", reason="; ".join(ill)) if ill else Check(status="ok")
