"""A coalesced signal: whoever gives it never waits, whoever takes it learns that there was at least one."""

import trio


class Nudge:
    """Says "look again" to one waiting task.

    Any number of `give` before a `take` count as one. Giving cannot block, so a nudge closes no cycle of senders.
    """

    def __init__(self) -> None:
        self._event = trio.Event()

    def give(self) -> None:
        """Wake the taker, now or when it next looks."""
        self._event.set()

    async def take(self) -> None:
        """Wait for a nudge and use it up. Cancellation: a nudge that came stays for the next take."""
        await self._event.wait()
        self._event = trio.Event()
