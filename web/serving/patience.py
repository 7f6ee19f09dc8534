"""What one HTTP/2 connection may cost beside what it asks for. Counts only."""

import attrs

from web.serving.lane import SKIP_BYTES

BURDENS = 500
"""So often, and as often as was answered, a peer may reset streams before their end or change its settings; who does more only wants
to make work. A change is remembered until the next head goes out."""


@attrs.define(eq=False)
class Patience:
    """With the peer of a connection."""

    answered: int = 0
    """So many streams had their whole answer."""
    _burdens: int = attrs.field(init=False, default=0)
    _skipped_bytes: int = attrs.field(init=False, default=0)

    def bears(self) -> bool:
        """Count something that asks for nothing; whether the connection goes on behind it."""
        self._burdens += 1
        return self._burdens <= BURDENS + self.answered

    def skips(self, size_bytes: int) -> bool:
        """Count bytes of a body that nobody will read; whether more of it may come.

        Not none at all: curl and httpx forget an answer behind which its stream is reset.
        """
        self._skipped_bytes += size_bytes
        return self._skipped_bytes <= SKIP_BYTES
