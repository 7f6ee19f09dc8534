"""One connection's stream, watched, on real sockets."""

import itertools
import socket as sockets
from functools import partial

import pytest
import trio

from web.serving.line import Line


@pytest.fixture
async def pair():
    """Both ends of a TCP connection whose kernels keep little."""
    listener = trio.socket.socket()
    listener.setsockopt(sockets.SOL_SOCKET, sockets.SO_SNDBUF, 4096)
    await listener.bind(("127.0.0.1", 0))
    listener.listen()
    theirs = trio.socket.socket()
    theirs.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    await theirs.connect(listener.getsockname())
    ours, _ = await listener.accept()
    listener.close()
    async with trio.SocketStream(theirs) as far, trio.SocketStream(ours) as near:
        yield near, far


async def read_all(stream, *, at_once=65536, between=None):
    total = 0
    while chunk := await stream.receive_some(at_once):
        total += len(chunk)
        if between is not None:
            await between()
    return total


async def test_bytes_go_through_and_hearing_is_noted(pair):
    near, far = pair
    line = Line(near)
    before = line.heard_at
    await line.send_all(b"hello")
    assert await far.receive_some(5) == b"hello"
    await far.send_all(b"you")

    assert await line.receive_some(3) == b"you"
    assert line.heard_at > before
    assert line.socket is near.socket


async def test_a_peer_that_takes_nothing_is_cut(pair):
    near, far = pair
    line = Line(near, stall_s=0.1)
    with trio.fail_after(5), pytest.raises(trio.BrokenResourceError):
        await line.send_all(b"x" * 10_000_000)

    with pytest.raises(trio.BrokenResourceError):
        await read_all(far)


async def test_slow_progress_is_no_stall(pair):
    near, far = pair
    line = Line(near, stall_s=0.3)
    received = 0

    async def read():
        nonlocal received
        received = await read_all(far, at_once=20_000, between=partial(trio.sleep, 0.01))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(read)
        with trio.fail_after(10):
            await line.send_all(b"x" * 200_000)  # takes several stalls in all
        await line.send_eof()

    assert received == 200_000


async def test_a_cut_wakes_the_writer_and_the_reader(pair):
    near, _ = pair
    line = Line(near)
    woken = []

    async def expect(work):
        with pytest.raises((trio.ClosedResourceError, trio.BrokenResourceError)):
            await work()
        woken.append(work)

    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(expect, lambda: line.send_all(b"x" * 10_000_000))
            nursery.start_soon(expect, line.receive_some)
            await trio.testing.wait_all_tasks_blocked()
            line.cut()

    assert len(woken) == 2
    line.cut()


async def test_whoever_waits_for_more_of_a_line_that_was_cut_learns_that_it_was(pair):
    line = Line(pair[0])
    line.cut()
    for _ in range(2):
        with pytest.raises(trio.ClosedResourceError):
            await line.receive_next(10)


async def test_sends_do_not_mix(pair):
    near, far = pair
    line = Line(near)
    received = bytearray()

    async def read():
        while len(received) < 600_000:
            received.extend(await far.receive_some(65536))

    async with trio.open_nursery() as nursery:
        for letter in (b"a", b"b", b"c"):
            nursery.start_soon(line.send_all, letter * 200_000)
        nursery.start_soon(read)

    runs = 1 + sum(before != after for before, after in itertools.pairwise(received))
    assert runs == 3


async def test_closing_ends_the_peers_reading(pair):
    near, far = pair
    line = Line(near)
    await line.aclose()

    assert await far.receive_some(1) == b""


async def test_what_goes_out_at_once_needs_no_turn(pair):
    near, far = pair
    line = Line(near)

    assert line.give(b"hello")
    assert await far.receive_some() == b"hello"
    assert line.owed_bytes == 0

    async with line._sending:
        assert not line.give(b"behind another")
    await line.aclose()
    assert line.give(b"gone")
    assert line.owed_bytes == 0


async def test_what_a_peer_does_not_take_of_a_message_is_owed_and_nothing_comes_before_it(pair):
    near, far = pair
    line = Line(near)
    given = [b"%d" % number * 300_000 for number in range(2)]

    assert line.give(given[0])
    assert 0 < line.owed_bytes < len(given[0])
    assert not line.give(given[1])
    total = bytearray()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(line.send_all, given[1])
        while len(total) < 600_000:
            total += await far.receive_some()

    assert bytes(total) == b"".join(given)
    assert line.owed_bytes == 0


async def test_a_peer_that_takes_nothing_takes_no_message(pair):
    near, _ = pair
    line = Line(near)
    while line.owed_bytes == 0:
        assert line.give(b"x" * 1_000_000)

    assert not line.give(b"x")
    line.cut()
    assert line.owed_bytes == 0


@pytest.mark.parametrize("at_once", [True, False])
async def test_what_was_begun_is_finished_before_anything_else(pair, at_once):
    near, far = pair
    line = Line(near)
    received = bytearray()
    with trio.CancelScope() as scope:
        async with trio.open_nursery() as nursery:
            if at_once:
                assert line.give(b"a" * 10_000_000)
            nursery.start_soon(line.send_all, b"" if at_once else b"a" * 10_000_000)
            await trio.testing.wait_all_tasks_blocked()
            nursery.start_soon(line.send_all, b"b" * 1_000)  # nothing of it is out when it is cancelled
            await trio.testing.wait_all_tasks_blocked()
            scope.cancel()
    assert line.owed_bytes > 0

    async def read():
        while not received.endswith(b"c"):
            received.extend(await far.receive_some(65536))

    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(read)
            await line.send_all(b"c")

    assert received == b"a" * 10_000_000 + b"c"


async def test_what_is_owed_is_nothing_once_the_peer_is_cut(pair):
    near, _ = pair
    line = Line(near, stall_s=0.01)
    assert line.give(b"x" * 10_000_000)
    with pytest.raises(trio.BrokenResourceError):
        await line.send_all(b"")

    assert line.owed_bytes == 0
