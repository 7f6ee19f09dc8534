"""What one client of the live socket tells its player: in its order, one command at a time, each with its answer."""

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import trio

from actors.config import SECONDS
from actors.errors import RookeryError
from actors.model.player import Deck
from actors.model.player_commands import Command, Device
from supervision import SupervisionError
from web.errors import refusal_of
from web.live.messages import Refused

COMMANDS_WAITING = 100
"""A client that commands faster than its player obeys is told so."""
LEAVING_S = 10 * SECONDS
"""So long what a client said before it left is still carried out."""
STOPPING_S = 1 * SECONDS
"""The same when the service stops."""

CarryOut = Callable[[str, Command, Device | None], Awaitable[Deck]]
"""Carries out a command of a user, named by id, that one of their devices tells, and gives their player; raises what it is refused with."""
Reply = Callable[[str, dict[str, Any], str | None], None]
"""Answers by a type, a payload and the request's id. Never waits."""


class Commands:
    """The commands of one client that wait for their turn. What was put is carried out even if the client leaves."""

    def __init__(self, carry_out: CarryOut, reply: Reply, *, stopping: trio.Event) -> None:
        self.teller: Device | None = None
        """What the client calls itself, once it has said so."""
        self._carry_out = carry_out
        self._reply = reply
        self._stopping = stopping
        self._waiting: deque[tuple[str, Command, str | None]] = deque()
        self._has_more = trio.Event()
        self._is_last = False
        self._work = trio.CancelScope(shield=True)

    def put(self, user_id: str, command: Command, request_id: str | None) -> None:
        """Let a command wait for its turn. Raises: Refused with OVERLOADED when too many wait."""
        if len(self._waiting) >= COMMANDS_WAITING:
            message = f"{COMMANDS_WAITING} commands wait already"
            raise Refused("OVERLOADED", message, request_id=request_id, is_bad=False)
        self._waiting.append((user_id, command, request_id))
        self._has_more.set()

    async def serve(self) -> None:
        """Carry out what waits, for ever: each is answered by ACK, or by ERROR.

        Cancellation: what waits is still carried out, for `LEAVING_S` at most, or `STOPPING_S`.
        """
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._carry_out_all)
            try:
                await trio.sleep_forever()
            finally:
                self._is_last = True
                self._work.deadline = trio.current_time() + (STOPPING_S if self._stopping.is_set() else LEAVING_S)
                self._has_more.set()

    async def _carry_out_all(self) -> None:
        with self._work:
            while self._waiting or not self._is_last:
                if not self._waiting:
                    self._has_more = trio.Event()
                    await self._has_more.wait()
                    continue
                user_id, command, request_id = self._waiting.popleft()
                self._reply(*await self._answer(user_id, command), request_id)

    async def _answer(self, user_id: str, command: Command) -> tuple[str, dict[str, Any]]:
        try:
            deck = await self._carry_out(user_id, command, self.teller)
        except (RookeryError, SupervisionError) as error:
            refusal = refusal_of(error)
            said = "; ".join(fault.message for fault in refusal.errors) or refusal.message
            told: dict[str, Any] = {"code": refusal.code, "message": said}
            return "ERROR", told | ({"details": dict(refusal.details)} if refusal.details else {})
        return "ACK", {"version": deck.player.version, "queueVersion": deck.queue.version}
