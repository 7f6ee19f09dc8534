"""The pulse of one client of the live socket: asked for signs of life, until there are none or the service stops."""

import trio

from web.connections import Cause
from web.live.wire import SignsOfLife


async def until_over(pulse: SignsOfLife | None, *, heartbeat_s: float, stopping: trio.Event) -> Cause:
    """Wait until nothing at all was heard for two heartbeats, or `stopping`; which of them. Asks once a heartbeat meanwhile.

    Without a pulse silence is not noticed.
    """
    ask_at = trio.current_time() + heartbeat_s
    while not stopping.is_set():
        until = float("inf")
        if pulse is not None:
            silent_at = pulse.heard_at + 2 * heartbeat_s
            if trio.current_time() >= silent_at:
                return Cause.SILENT
            if trio.current_time() >= ask_at:
                ask_at = trio.current_time() + heartbeat_s
                await pulse.ping()
                continue
            until = min(ask_at, silent_at)
        with trio.move_on_at(until):
            await stopping.wait()
    return Cause.SHUTDOWN
