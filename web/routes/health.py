"""Whether the service lives, is ready, and is well."""

import math
from typing import Literal

import msgspec
from quart import Blueprint, Response

from web.encoding import answer, now
from web.endpoints import Answer, endpoint
from web.errors import ProblemError
from web.kept import lasting
from web.outside import Check, database_check, redis_check, task_queue_check, tree_check
from web.services import services

blueprint = Blueprint("health", __name__)


class Parts(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """What it works with."""

    database: Check
    """PostgreSQL."""
    redis: Check
    """The shared Redis, if there is one."""
    task_queue: Check
    """Workers and the analyzer that feeds them."""
    supervision: Check
    """The tree of actors."""


class Health(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """How this process is, as a whole and by what it works with; `uptime` in seconds."""

    status: Literal["ok", "degraded"]
    """`degraded` if a part does not work."""
    version: str
    """Of the program."""
    uptime: float
    """Seconds since the start."""
    services: Parts
    """By part."""


class Liveness(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """The service answers."""

    status: Literal["ok"] = "ok"
    """Always `ok`; otherwise there is a refusal."""


_PARTS = Parts(
    database=Check(status="ok"),
    redis=Check(status="off"),
    task_queue=Check(status="ok"),
    supervision=Check(status="degraded", reason="rookery/web is backoff"),
)
_HEALTH = Health(status="degraded", version="0.1.0", uptime=3600.0, services=_PARTS)


@endpoint(
    blueprint,
    "GET",
    "/health",
    tag="Service",
    is_open=True,
    is_hot=True,
    answers={200: Answer(meaning="It works; `degraded` if a part does not.", model=Health, example=_HEALTH)},
)
async def read_health() -> Response:
    """How the service is, by part, at most a second ago. A database that is away is answered by 503."""
    held = services()
    parts = await _parts()
    checks = {name: getattr(parts, name) for name in parts.__struct_fields__}
    _refuse_without(checks)
    return answer(
        Health(
            status="ok" if all(check.status in {"ok", "off"} for check in checks.values()) else "degraded",
            version=held.version,
            uptime=round((now() - held.started_at).total_seconds(), 3),
            services=parts,
        )
    )


@endpoint(
    blueprint,
    "GET",
    "/livez",
    tag="Service",
    limit_s=math.inf,
    is_open=True,
    is_hot=True,
    answers={200: Answer(meaning="It lives.", model=Liveness, example=Liveness())},
)
async def read_liveness() -> Response:
    """Whether the process answers at all."""
    return lasting(answer(Liveness()))


@endpoint(
    blueprint,
    "GET",
    "/readyz",
    tag="Service",
    is_open=True,
    is_hot=True,
    answers={200: Answer(meaning="It is ready.", model=Liveness, example=Liveness())},
)
async def read_readiness() -> Response:
    """Whether requests should be sent here: not during a shutdown, and not without the database (as of a second ago at most)."""
    if services().stopping.is_set():
        raise ProblemError("UNAVAILABLE", "The service is stopping", headers={"Retry-After": "5"})
    _refuse_without({"database": (await _parts()).database})
    return answer(Liveness())


async def _parts() -> Parts:
    """How all parts are. These paths are counted by no limit, so that a flood of them must not reach the database."""
    held = services()

    async def ask() -> Parts:
        return Parts(
            database=await database_check(held),
            redis=redis_check(held),
            task_queue=task_queue_check(held),
            supervision=tree_check(held),
        )

    parts: Parts = await held.health.of(ask)
    return parts


def _refuse_without(checks: dict[str, Check]) -> None:
    if any(check.status == "away" for check in checks.values()):
        told = msgspec.to_builtins(checks)
        raise ProblemError(
            "UNAVAILABLE", "A part is away that the service needs", details=told, headers={"Retry-After": "5"}
        )
