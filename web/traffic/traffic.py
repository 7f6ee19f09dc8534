"""What holds for all that comes in: one value, made from the configuration."""

from collections.abc import Sequence

import attrs

from actors.config import Config
from web.traffic.address import UNKNOWN, Networks, bucket_of, client_of, is_loopback, networks_of
from web.traffic.buckets import Buckets
from web.traffic.gcra import Quota, Verdict
from web.traffic.policy import Policy
from web.traffic.room import WaitingRoom


@attrs.frozen(kw_only=True, eq=False)
class Traffic:
    """Quotas, where they are counted, and the waiting room."""

    policy: Policy
    buckets: Buckets
    room: WaitingRoom
    proxies: Networks
    counts_loopback: bool

    @classmethod
    def of(cls, config: Config, buckets: Buckets) -> "Traffic":
        """As configured."""
        return cls(
            policy=Policy.of(config),
            buckets=buckets,
            room=WaitingRoom(
                places=config.requests_at_once, chairs=config.requests_waiting, patience_s=config.request_wait_s
            ),
            proxies=networks_of(config.proxies),
            counts_loopback=config.rate_loopback,
        )

    def client(self, peer: str | None, forwarded: Sequence[str]) -> str:
        """The address of who asks; see `client_of`."""
        return client_of(peer, forwarded, self.proxies)

    async def count_address(self, client: str, method: str, path: str) -> Verdict | None:
        """Count a request for its address; None where nothing is counted."""
        return await self._take(self.policy.of_address(method, path), client, bucket_of(client))

    async def count_user(self, client: str, method: str, user_id: str) -> Verdict | None:
        """Count a request for its user; None where nothing is counted."""
        return await self._take(self.policy.of_user(method), client, user_id)

    async def _take(self, quota: Quota | None, client: str, whom: str) -> Verdict | None:
        # A Unix socket's peers are on this machine, and nothing tells them apart.
        is_here = client == UNKNOWN or is_loopback(client)
        if quota is None or (is_here and not self.counts_loopback):
            return None
        return await self.buckets.take(f"{quota.name}:{whom}", quota)
