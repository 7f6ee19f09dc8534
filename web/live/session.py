"""One client of the live socket, from its first message to the close. Knows the protocol, no web framework."""

import contextlib
from collections.abc import Sequence
from typing import Any

import msgspec
import structlog
import trio

from actors.config import SECONDS
from actors.errors import DatabaseError
from actors.feed import Ending, Feed, Frame
from actors.model.event import TOPICS
from actors.model.player_commands import Command, Device
from web.cache import QueryCache
from web.cache.figures import figures
from web.connections import Cause, Connection
from web.live.commands import CarryOut, Commands
from web.live.door import Entrance, divided
from web.live.heartbeat import until_over
from web.live.messages import Connect, Incoming, Refused, Topics, incoming
from web.live.rate import Rate
from web.live.replies import Replies
from web.live.wire import CODES, Close, Wire, cause_of, goodbye, message_text

BAD_IN_A_ROW = 3
INTRODUCTION_S = 10 * SECONDS
"""By then a client must have said who it is."""
DEVICE_CHARACTERS = 100
"""So much is kept of what a client calls itself."""
CLOSING_S = 2 * SECONDS
"""So long the peer's own close is waited for."""
FAREWELL_S = 1 * SECONDS
GATHER_S = 0.002 * SECONDS
"""A client for whom more waits already, is written to again only after so long."""
log = structlog.get_logger()


class Session:
    """Runs one client. `run` returns when either side has closed the socket.

    The input is always drained: no message waits for an answer to be taken. So pings are answered by the server below
    under any load, and a client that does not read cannot hold more than its queue.
    """

    def __init__(
        self,
        wire: Wire,
        *,
        connection: Connection,
        door: Entrance,
        feed: Feed,
        stopping: trio.Event,
        heartbeat_s: float,
        cache: QueryCache,
        carry_out: CarryOut,
    ) -> None:
        self._wire = wire
        self._connection = connection
        self._door = door
        self._feed = feed
        self._stopping = stopping
        self._heartbeat_s = heartbeat_s
        self._cache = cache
        self._connect_id: str | None = None
        self._connected = trio.Event()
        self._known = trio.Event()
        self._welcomed = trio.Event()
        self._carry_out = carry_out
        self._device: Device | None = None
        self._commands: Commands | None = None  # most clients only listen
        self._replies = Replies(self._answer)
        self._sending = trio.Lock()
        self._active = trio.CancelScope()
        self._tasks: trio.Nursery
        self._reason = "internal error"
        self._has_left = False
        self._bad_in_a_row = 0
        self._rate = Rate(now=trio.current_time())

    async def run(self) -> None:
        """Serve the client to its end. Cancellation: it is told GOODBYE if it can be within a second."""
        try:
            async with trio.open_nursery() as nursery:
                self._replies.begin(nursery)
                with self._active:
                    async with trio.open_nursery() as self._tasks:
                        for task in (self._follow, self._heed_pulse, self._heed_door):
                            self._tasks.start_soon(task)
                        await self._listen()
            if self._has_left:
                return
            cause = self._connection.cause
            await self._wire.close(Close.INTERNAL if cause is None else CODES[cause], self._reason)
        except BaseException as error:
            with trio.move_on_after(FAREWELL_S, shield=True):
                if _is_cancellation(error):
                    await self._wire.send(message_text("GOODBYE", goodbye("shutting down"), None))
                    await self._wire.close(Close.GOING_AWAY, "shutting down")
                else:
                    await self._wire.close(Close.INTERNAL, "internal error")
            raise
        with trio.move_on_after(CLOSING_S), contextlib.suppress(trio.EndOfChannel):
            while True:
                await self._wire.receive()

    def _end(self, cause: Cause, reason: str) -> None:
        """Close after the replies that are waiting. The first cause counts."""
        if self._connection.cause is None:
            self._connection.ends(cause)
            self._reason = reason
            log.debug("live socket ends", session=self._connection.id, cause=cause, reason=reason)
        self._active.cancel()

    async def _listen(self) -> None:
        while True:
            try:
                message = await self._wire.receive()
            except trio.EndOfChannel:
                self._has_left = True
                self._active.cancel()
                return
            if not self._rate.allows(trio.current_time()):
                self._error(Refused("RATE_LIMITED", "too many messages"))
                self._end(Cause.TOO_MANY, "too many messages")
                return
            try:
                await self._do(incoming(message))
            except Refused as refused:
                self._error(refused)
                self._bad_in_a_row = self._bad_in_a_row + 1 if refused.is_bad else 0
                if self._bad_in_a_row >= BAD_IN_A_ROW:
                    self._end(Cause.BAD_MESSAGES, refused.message)
                    return
            else:
                self._bad_in_a_row = 0

    async def _do(self, message: Incoming) -> None:
        if not await self._is_let_in(message):
            return
        match message.payload:
            case Connect():
                if self._connection.subscription is not None:
                    raise Refused("CONFLICT", "already connected", request_id=message.request_id, is_bad=False)
                topics = self._allowed(message.payload.topics, message.request_id)
                self._name(message.payload.device)
                self._connection.subscription = self._feed.subscribe(
                    topics,
                    message.payload.since,
                    owner=self._door.caller.user_id if self._door.caller else None,
                    outlet=self._wire.outlet,
                )
                self._connect_id = message.request_id
                self._connected.set()
            case Topics(topics=topics):
                if self._connection.subscription is None:
                    raise Refused("CONFLICT", "CONNECT first", request_id=message.request_id, is_bad=False)
                if message.type == "SUBSCRIBE":
                    self._connection.subscription.topics |= frozenset(self._allowed(topics, message.request_id))
                else:
                    self._connection.subscription.topics -= frozenset(topics)
                present = [topic for topic in TOPICS if topic in self._connection.subscription.topics]
                self._reply("ACK", {"topics": present}, message.request_id)
            case Command():
                assert self._door.caller is not None
                if self._commands is None:
                    self._commands = Commands(self._carry_out, self._reply, stopping=self._stopping)
                    self._commands.teller = self._device
                    self._tasks.start_soon(self._commands.serve)
                self._commands.put(self._door.caller.user_id, message.payload, message.request_id)
            case _ if message.type == "GET_CACHE_STATS":
                self._reply("CACHE_STATS", msgspec.to_builtins(figures(self._cache.statistics())), message.request_id)
            case _:
                self._reply("PONG", {}, message.request_id)

    def _name(self, device: Device | None) -> None:
        """Note what the client calls itself."""
        self._device = device
        if self._commands is not None:
            self._commands.teller = device
        if device is not None:
            self._connection.device = (device.name or device.id)[:DEVICE_CHARACTERS]

    async def _is_let_in(self, message: Incoming) -> bool:
        """Whether who speaks is known; a token in the first CONNECT says it, and wins over what the handshake showed."""
        token = (
            message.payload.token
            if isinstance(message.payload, Connect) and self._connection.subscription is None
            else None
        )
        refused = None
        if token is not None:
            try:
                await self._door.admit(token)
            except Refused as error:
                refused = error
        elif self._door.caller is None:
            refused = Refused("UNAUTHENTICATED", "CONNECT with a token, or show one with the handshake")
        if refused is None:
            self._connection.caller = self._door.caller
            self._known.set()
            return True
        self._shut(Refused(refused.code, refused.message, request_id=message.request_id))
        return False

    def _allowed(self, topics: tuple[str, ...] | None, request_id: str | None) -> tuple[str, ...]:
        """Of the topics asked for, those that the role may have; the others are told, and hold up none of these."""
        assert self._door.caller is not None
        allowed, refused = divided(topics, self._door.caller.role)
        if refused is not None:
            self._error(Refused(refused.code, refused.message, request_id=request_id))
        return allowed

    def _shut(self, refused: Refused) -> None:
        self._error(refused)
        self._end(cause_of(refused), refused.message)

    async def _heed_door(self) -> None:
        """Close when nobody has said who they are in time, and when who came in may not stay."""
        if self._door.caller is None:
            with trio.move_on_after(INTRODUCTION_S):
                await self._known.wait()
            if not self._known.is_set():
                self._shut(Refused("UNAUTHENTICATED", "nobody has said who they are"))
                return
        if not self._connected.is_set():
            # CONNECT may still bring in somebody else, whose access ends at another time.
            with trio.CancelScope() as until_connected:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._cancel_when_connected, until_connected)
                    self._shut(await self._door.until_shut())
        self._shut(await self._door.until_shut())

    async def _cancel_when_connected(self, scope: trio.CancelScope) -> None:
        await self._connected.wait()
        scope.cancel()

    async def _follow(self) -> None:
        """The feed, once the client has said CONNECT."""
        try:
            await self._connected.wait()
            assert self._connection.subscription is not None
            async with self._connection.subscription as subscription:
                payload = {
                    "session": self._connection.id,
                    "seq": subscription.newest,
                    "heartbeatSeconds": self._heartbeat_s,
                }
                await self._send(message_text("WELCOME", payload, self._connect_id))
                self._welcomed.set()
                while frames := await subscription.take():
                    await self._send_all(frames)
                    if subscription.backlog:
                        # Under load the system call is the cost: what comes in a moment goes out in the same one.
                        await trio.sleep(GATHER_S)
            if subscription.ending is Ending.TOO_SLOW:
                self._end(Cause.TOO_SLOW, "too slow")
        except DatabaseError as error:
            self._error(Refused("UNAVAILABLE", str(error)))
            self._reply("GOODBYE", goodbye("the database is away"), None)
            self._end(Cause.UNAVAILABLE, "the database is away")
        finally:
            self._welcomed.set()

    async def _heed_pulse(self) -> None:
        over = await until_over(self._wire.pulse, heartbeat_s=self._heartbeat_s, stopping=self._stopping)
        if over is Cause.SHUTDOWN:
            self._reply("GOODBYE", goodbye("shutting down"), None)
            self._end(over, "shutting down")
        else:
            self._end(over, "silent")

    async def _answer(self, text: str) -> None:
        if self._connection.subscription is not None:
            await self._welcomed.wait()  # WELCOME is the first answer, whatever was asked behind CONNECT
        await self._send(text)

    async def _send_all(self, frames: Sequence[Frame]) -> None:
        """Send frames in their order, joined into one write where the server lets them through."""
        if self._wire.outlet is None:
            for frame in frames:
                await self._send(frame.text)
            return
        # The line keeps one frame from cutting into another.
        await self._wire.outlet.send(b"".join([frame.framed for frame in frames]))

    async def _send(self, text: str) -> None:
        async with self._sending:
            await self._wire.send(text)

    def _reply(self, message_type: str, payload: dict[str, Any], request_id: str | None) -> None:
        if not self._replies.put(message_text(message_type, payload, request_id)):
            self._end(Cause.TOO_SLOW, "answers are not taken")

    def _error(self, refused: Refused) -> None:
        self._reply("ERROR", {"code": refused.code, "message": refused.message}, refused.request_id)


def _is_cancellation(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return error.split(trio.Cancelled)[1] is None
    return isinstance(error, trio.Cancelled)
