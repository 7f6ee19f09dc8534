"""Limits told: what a request counted against stands in its answer, and what is over them is refused."""

import math

from actors.model.user import LOCAL_USER_ID
from web.errors import ProblemError, Refusal
from web.exchange import exchange
from web.services import services
from web.traffic import Verdict


def over(verdict: Verdict) -> Refusal:
    """The refusal of a request that is over a quota."""
    quota, retry = verdict.quota, max(1, math.ceil(verdict.retry_s))
    return Refusal(
        code="RATE_LIMITED",
        message=f"{quota.limit} requests in {quota.window_s:g} s are allowed; come again in {retry} s",
        details={"policy": quota.name, "limit": quota.limit, "windowSeconds": quota.window_s},
        headers={"Retry-After": str(retry)},
    )


async def count_caller() -> None:
    """Count the present request for its user, who must be known by now.

    Raises:
        ProblemError: RATE_LIMITED.
    """
    current = exchange()
    if current.caller is None or current.caller.user_id == LOCAL_USER_ID:
        return
    verdict = await services().traffic.count_user(current.client, current.method, current.caller.user_id)
    if verdict is not None:
        current.verdicts.append(verdict)
        if not verdict.is_allowed:
            raise ProblemError.of(over(verdict))
