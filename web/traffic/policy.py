"""Which quota a request counts against, and how the headers tell it. Pure.

The headers are those of draft-ietf-httpapi-ratelimit-headers-09: `RateLimit-Policy: "read";q=3000;w=60` and
`RateLimit: "read";r=2999;t=1`.
"""

import math
from collections.abc import Iterable

import attrs

from actors.config import MINUTES, Config
from web.traffic.gcra import Quota, Verdict

FREE = frozenset({"/livez", "/readyz", "/health"})
"""Whoever watches the service must hear of it when it has the most to do."""
LOGIN = "/api/v1/auth/login"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "WEBSOCKET"})
WINDOW_S = 1 * MINUTES


@attrs.frozen(kw_only=True)
class Policy:
    """Requests per minute, by what they do."""

    read: Quota | None
    write: Quota | None
    login: Quota | None
    """A password guessed wrong costs as much as one that is right."""

    @classmethod
    def of(cls, config: Config) -> "Policy":
        """What is configured; 0 is no limit."""
        return cls(
            read=_quota("read", config.rate_read),
            write=_quota("write", config.rate_write),
            login=_quota("login", config.rate_login),
        )

    def of_address(self, method: str, path: str) -> Quota | None:
        """What counts for the address that asks, before anything is known of who it is; None is free."""
        if path in FREE:
            return None
        if method == "POST" and path == LOGIN:
            return self.login
        return self.read if method in _SAFE else self.write

    def of_user(self, method: str) -> Quota | None:
        """What counts for the user, wherever they ask from."""
        quota = self.read if method in _SAFE else self.write
        return quota and attrs.evolve(quota, name=f"{quota.name}-user")


def limit_headers(verdicts: Iterable[Verdict]) -> list[tuple[bytes, bytes]]:
    """The headers of an answer that was counted."""
    listed = list(verdicts)
    if not listed:
        return []
    policy = ", ".join(f'"{one.quota.name}";q={one.quota.limit};w={one.quota.window_s:.0f}' for one in listed)
    state = ", ".join(f'"{one.quota.name}";r={one.remaining};t={math.ceil(one.reset_s)}' for one in listed)
    return [(b"ratelimit-policy", policy.encode()), (b"ratelimit", state.encode())]


def _quota(name: str, limit: int) -> Quota | None:
    return Quota(name=name, limit=limit, window_s=WINDOW_S) if limit else None
