"""What comes in over one connection, beyond what the lane's own tests see."""

import socket as sockets

import pytest
import trio

from web.serving.inlet import PREFACE, HandOverError, Inlet
from web.serving.line import Line
from web.serving.request import request


@pytest.fixture
async def ends():
    """The inlet of one end, and the stream of the other."""
    ours, theirs = sockets.socketpair()
    stream = trio.SocketStream(trio.socket.from_stdlib_socket(theirs))
    line = Line(trio.SocketStream(trio.socket.from_stdlib_socket(ours)))
    async with stream:
        yield Inlet(line), stream
    await line.aclose()


async def first(inlet: Inlet):
    head = await inlet.next_head() if await inlet.first_byte() else None
    return head and request(head)


async def test_http_2_is_handed_over_with_its_first_bytes(ends) -> None:
    inlet, stream = ends
    await stream.send_all(PREFACE + b"SM\r\n\r\n")

    with pytest.raises(HandOverError) as begun:
        await first(inlet)
    assert begun.value.read == PREFACE + b"SM\r\n\r\n"


async def test_what_comes_while_an_answer_is_made_is_bounded(ends) -> None:
    inlet, stream = ends
    with trio.move_on_after(0.2):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(stream.send_all, b"x" * 10_000_000)
            await inlet.until_left()

    assert len(inlet.buffer) <= 2 * 64 * 1024


async def test_a_peer_that_leaves_within_a_head_is_no_request(ends) -> None:
    inlet, stream = ends
    await stream.send_all(b"GET / HT")
    await stream.send_eof()

    assert await first(inlet) is None
