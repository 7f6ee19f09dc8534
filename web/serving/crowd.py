"""How many connections there are, in all and from each address. Counts only."""

from collections import Counter

import attrs

from web.traffic.address import Networks, address_of, bucket_of


@attrs.define(kw_only=True)
class Crowd:
    """The open connections, by whom they come from.

    This machine itself and trusted proxies, which stand for many, are bounded only by the whole.
    """

    most: int
    most_per_address: int
    proxies: Networks = ()
    _by_address: Counter[str] = attrs.field(init=False, factory=Counter)

    def __len__(self) -> int:
        return self._by_address.total()

    def refusal(self, peer: str) -> int | None:
        """The status for one more connection of a peer that is one too many: 503 in all, 429 for its address."""
        if len(self) >= self.most:
            return 503
        if not self._stands_for_many(peer) and self._by_address[bucket_of(peer)] >= self.most_per_address:
            return 429
        return None

    def enter(self, peer: str) -> None:
        """One more."""
        self._by_address[bucket_of(peer)] += 1

    def leave(self, peer: str) -> None:
        """One less."""
        bucket = bucket_of(peer)
        self._by_address[bucket] -= 1
        if not self._by_address[bucket]:
            del self._by_address[bucket]

    def _stands_for_many(self, peer: str) -> bool:
        address = address_of(peer)
        return address is None or address.is_loopback or any(address in network for network in self.proxies)
