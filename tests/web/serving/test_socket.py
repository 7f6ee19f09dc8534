"""The WebSocket protocol (RFC 6455), frame by frame, with bytes made here."""

import contextlib
import struct

import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trio.testing import wait_all_tasks_blocked

UPGRADE = (
    b"GET /ws?x=1 HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%b\r\n"
)
LIMIT = 400_000
"""Bytes of a message, of the connections of these tests."""
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def frame(opcode: int, data: bytes = b"", *, final: bool = True, reserved: int = 0, masked: bool = True) -> bytes:
    """One frame of a client."""
    length = len(data)
    if length < 126:
        size, extended = length, b""
    elif length < 1 << 16:
        size, extended = 126, struct.pack("!H", length)
    else:
        size, extended = 127, struct.pack("!Q", length)
    mask = b"\x01\x02\x03\x04"
    begin = bytes([final << 7 | reserved << 4 | opcode, masked << 7 | size]) + extended
    if not masked:
        return begin + data
    return begin + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))


async def read_frame(stream: trio.SocketStream) -> tuple[int, bytes]:
    """Opcode and data of one frame of the server, which is whole and without a mask."""

    async def exactly(count: int) -> bytes:
        got = b""
        while len(got) < count:
            more = await stream.receive_some(count - len(got))
            assert more, "the line ended"
            got += more
        return got

    with trio.fail_after(10):
        first, second = await exactly(2)
        assert first & 0xF0 == 0x80
        assert second < 128
        size = second
        if size == 126:
            (size,) = struct.unpack("!H", await exactly(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", await exactly(8))
        return first & 15, await exactly(size)


class App:
    """Echoes messages; keeps what it got."""

    def __init__(self, *, subprotocol: str | None = None) -> None:
        self.got: list = []
        self.scope: dict = {}
        self.subprotocol = subprotocol

    async def __call__(self, scope, receive, send) -> None:
        self.scope = scope
        assert await receive() == {"type": "websocket.connect"}
        await send({"type": "websocket.accept", "subprotocol": self.subprotocol, "headers": [(b"x", b"y")]})
        while (message := await receive())["type"] == "websocket.receive":
            self.got.append(message["text"] if message["bytes"] is None else message["bytes"])
            await send({"type": "websocket.send", **{k: v for k, v in message.items() if k != "type"}})
        self.got.append(message)


@pytest.fixture
def app() -> App:
    return App()


@pytest.fixture
async def peer(connect, app):
    async with connect(app) as peer:
        await peer.send(UPGRADE % b"")
        assert (await peer.until(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
        yield peer


async def closing_code(peer) -> int:
    """The code of the closing frame that comes next."""
    opcode, data = await read_frame(peer.stream)
    assert opcode == CLOSE, (opcode, data)
    return struct.unpack("!H", data[:2])[0]


async def test_the_handshake_is_that_of_the_standard(connect) -> None:
    app = App(subprotocol="b")
    async with connect(app) as peer:
        await peer.send(UPGRADE % b"Sec-WebSocket-Protocol: a, b\r\nSec-WebSocket-Extensions: permessage-deflate\r\n")
        told = (await peer.until(b"\r\n\r\n")).lower()

    assert b"\r\nsec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n" in told
    assert b"\r\nsec-websocket-protocol: b\r\n" in told
    assert b"\r\nx: y\r\n" in told
    assert b"extensions" not in told
    assert (app.scope["type"], app.scope["scheme"], app.scope["path"]) == ("websocket", "ws", "/ws")
    assert (app.scope["query_string"], app.scope["subprotocols"]) == (b"x=1", ["a", "b"])


@pytest.mark.parametrize(
    "before,after",
    [
        (b"Version: 13", b"Version: 8"),
        (b"Sec-WebSocket-Version: 13\r\n", b""),
        (b"dGhlIHNhbXBsZSBub25jZQ==", b"short"),
        (b"dGhlIHNhbXBsZSBub25jZQ==", b"dGhlIHNhbXBsZSBub25jZQ=="[:-4]),
        (b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", b""),
        (b"Host: a", b"Host: a\r\nContent-Length: 13"),
        (b"Host: a", b"Host: a\r\nTransfer-Encoding: chunked"),
        (b"Host: a", b"Host: a\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="),
    ],
    ids=["version 8", "no version", "odd key", "short key", "no key", "body", "chunked body", "two keys"],
)
async def test_what_is_no_handshake_is_refused(connect, app, before, after) -> None:
    async with connect(app) as peer:
        await peer.send((UPGRADE % b"").replace(before, after) + b"some bytes..")

        assert (await peer.rest()).startswith(b"HTTP/1.1 400 ")
    assert app.scope == {}


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 300_000])
async def test_messages_of_all_sizes_come_back(peer, size) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(peer.send, frame(TEXT, b"x" * size) + frame(BINARY, b"\xff" * size))

        assert await read_frame(peer.stream) == (TEXT, b"x" * size)
        assert await read_frame(peer.stream) == (BINARY, b"\xff" * size)


async def test_fragments_are_one_message_and_control_frames_come_between(peer, app) -> None:
    await peer.send(frame(TEXT, b"caf\xc3", final=False) + frame(PING, b"are you there"))
    assert await read_frame(peer.stream) == (PONG, b"are you there")
    await peer.send(
        frame(0, b"\xa9 ", final=False) + frame(PONG, b"unasked") + frame(0, b"", final=False) + frame(0, b"noir")
    )

    assert await read_frame(peer.stream) == (TEXT, "café noir".encode())
    assert app.got == ["café noir"]


async def test_bytes_may_come_one_by_one(peer) -> None:
    for byte in frame(TEXT, b"slowly"):
        await peer.send(bytes([byte]))

    assert await read_frame(peer.stream) == (TEXT, b"slowly")


@pytest.mark.parametrize(
    "sent,code",
    [
        (frame(TEXT, b"x", masked=False), 1002),
        (frame(TEXT, b"x", reserved=4), 1002),
        (frame(TEXT, b"x", reserved=1), 1002),
        (frame(3, b"x"), 1002),
        (frame(7, b"x"), 1002),
        (frame(11), 1002),
        (frame(PING, b"x" * 126), 1002),
        (frame(PING, b"x", final=False), 1002),
        (frame(CLOSE, b"x"), 1002),
        (frame(CLOSE, struct.pack("!H", 1005)), 1002),
        (frame(CLOSE, struct.pack("!H", 999)), 1002),
        (frame(CLOSE, struct.pack("!H", 1000) + b"\xff"), 1007),
        (frame(0, b"x"), 1002),
        (frame(TEXT, b"x", final=False) + frame(TEXT, b"y"), 1002),
        (frame(TEXT, b"\xff"), 1007),
        (frame(TEXT, b"\xed\xa0\x80"), 1007),
        (frame(TEXT, b"\xc3", final=False) + frame(0, b"x"), 1007),
        (frame(TEXT, b"caf\xc3"), 1007),
        (frame(TEXT, b"x" * (LIMIT + 1)), 1009),
        (frame(TEXT, b"x" * LIMIT, final=False) + frame(0, b"xx"), 1009),
    ],
    ids=[
        *(
            "no mask",
            "reserved bit",
            "another",
            "reserved opcode",
            "the next",
            "reserved control",
            "long ping",
            "part of a ping",
        ),
        *(
            "half a code",
            "code that is none",
            "code too low",
            "reason not UTF-8",
            "part of nothing",
            "message inside another",
        ),
        *("not UTF-8", "surrogate", "cut sign", "cut at the end", "too long", "too long in parts"),
    ],
)
async def test_what_breaks_the_protocol_closes_with_its_code(peer, app, sent, code) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(quietly, peer.send, sent)

        assert await closing_code(peer) == code
        await peer.rest()
    assert [message["type"] for message in app.got] == ["websocket.disconnect"]
    assert app.got[0]["code"] == code


async def quietly(send, data: bytes) -> None:
    with contextlib.suppress(trio.BrokenResourceError):
        await send(data)


@pytest.mark.parametrize(
    "payload,code", [(b"", 1005), (struct.pack("!H", 1000), 1000), (struct.pack("!H", 4321) + b"why", 4321)]
)
async def test_a_close_is_answered_and_told(peer, app, payload, code) -> None:
    await peer.send(frame(CLOSE, payload))

    assert (await read_frame(peer.stream))[0] == CLOSE
    assert await peer.rest() == b""
    assert app.got == [{"type": "websocket.disconnect", "code": code, "reason": None}]


async def test_a_close_that_cannot_be_answered_in_time_is_one(connect) -> None:
    async def give_up(scope, receive, send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        async with trio.open_nursery() as nursery:
            nursery.start_soon(send, {"type": "websocket.send", "bytes": b"x" * 10_000_000})
            await wait_all_tasks_blocked()
            nursery.start_soon(receive)
            await wait_all_tasks_blocked()
            nursery.cancel_scope.cancel()
        given_up.set()
        heard.append(await receive())

    heard: list = []
    given_up = trio.Event()
    async with connect(give_up) as peer:
        await peer.send(UPGRADE % b"" + frame(CLOSE))
        await given_up.wait()
        await quietly(peer.send, frame(TEXT, b"late"))
        await peer.rest()

    assert [message["type"] for message in heard] == ["websocket.disconnect"]


async def test_nothing_that_is_given_stands_behind_the_close(connect) -> None:
    async def give_late(scope, receive, send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await receive()
        assert peer.connection.line.give(b"\x81\x04late")

    async with connect(give_late) as peer:
        await peer.send(UPGRADE % b"" + frame(CLOSE))
        await peer.until(b"\r\n\r\n")

        assert (await read_frame(peer.stream))[0] == CLOSE
        assert await peer.rest() == b""


async def test_many_frames_at_once_leave_others_their_turns(connect) -> None:
    turns = 0

    async def hear(scope, receive, send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await receive()

    async def count() -> None:
        nonlocal turns
        while not peer.ended.is_set():
            turns += 1
            await trio.lowlevel.checkpoint()

    async with connect(hear) as peer, trio.open_nursery() as nursery:
        nursery.start_soon(count)
        await peer.send(UPGRADE % b"" + frame(PONG) * 2_000 + frame(CLOSE))
        await peer.rest()

    assert turns >= 2_000


async def test_a_peer_that_just_leaves_is_told_as_1006(peer, app) -> None:
    await peer.stream.aclose()
    with trio.fail_after(10):
        await peer.ended.wait()

    assert app.got == [{"type": "websocket.disconnect", "code": 1006, "reason": None}]


async def test_the_app_closes_and_waits_for_the_answer(connect) -> None:
    async def leave(scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": 4008, "reason": "too slow"})

    async with connect(leave) as peer:
        await peer.send(UPGRADE % b"")
        await peer.until(b"\r\n\r\n")
        assert await read_frame(peer.stream) == (CLOSE, struct.pack("!H", 4008) + b"too slow")
        await wait_all_tasks_blocked()
        assert not peer.ended.is_set()
        await peer.send(frame(CLOSE, struct.pack("!H", 4008)))

        assert await peer.rest() == b""


async def test_an_app_may_refuse_before_it_accepts(connect) -> None:
    async def refuse(scope, receive, send):
        await receive()
        await send({"type": "websocket.http.response.start", "status": 401, "headers": [(b"x", b"y")]})
        await send({"type": "websocket.http.response.body", "body": b"who are you?"})

    async with connect(refuse) as peer:
        await peer.send(UPGRADE % b"")
        told = await peer.rest()

    assert told.startswith(b"HTTP/1.1 401 ")
    assert told.endswith(b"\r\n\r\nwho are you?")


async def test_a_close_before_the_accept_is_403(connect) -> None:
    async def refuse(scope, receive, send):
        await receive()
        await send({"type": "websocket.close", "code": 1008})

    async with connect(refuse) as peer:
        await peer.send(UPGRADE % b"")

        assert (await peer.rest()).startswith(b"HTTP/1.1 403 ")


async def test_an_app_that_fails_closes(connect) -> None:
    async def fail(scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        raise RuntimeError("a bug")

    async with connect(fail) as peer:
        await peer.send(UPGRADE % b"")
        await peer.until(b"\r\n\r\n")

        assert await closing_code(peer) == 1011


pieces = st.lists(
    st.one_of(
        st.builds(frame, st.sampled_from([TEXT, BINARY]), st.binary(max_size=200)),
        st.builds(frame, st.sampled_from([PING, PONG]), st.binary(max_size=125)),
        st.builds(
            frame,
            st.integers(0, 15),
            st.binary(max_size=10),
            final=st.booleans(),
            reserved=st.integers(0, 7),
            masked=st.booleans(),
        ),
        st.binary(max_size=10),
    ),
    max_size=6,
).map(b"".join)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=100)
@given(pieces)
def test_whatever_comes_the_connection_ends_in_order(connect, data) -> None:
    async def main() -> None:
        app = App()
        async with connect(app) as peer:
            await peer.send(UPGRADE % b"")
            await peer.until(b"\r\n\r\n")
            await peer.send(data)
            await peer.stream.send_eof()
            assert b"<reset>" not in await peer.rest()
        assert app.got[-1]["type"] == "websocket.disconnect"

    trio.run(main)
