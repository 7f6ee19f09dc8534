"""One stream of HTTP/2 as an app sees it, over frames that are only written down."""

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from web.serving.fields import asked
from web.serving.inlet import SILENCE_LIMIT_S
from web.serving.stream import LEFT, Stream


class Recorded:
    """Takes `takes` bytes of an answer at a time; None for a peer that takes nothing."""

    def __init__(self, takes=3):
        self.takes = takes
        self.done = []

    def send_head(self, number, head, *, is_last):
        self.done.append(("head", head, is_last))

    async def send_some(self, number, data, *, is_last):
        await trio.lowlevel.checkpoint()
        if self.takes is None:
            return None
        taken = min(self.takes, len(data))
        self.done.append(("data", bytes(data[:taken]), is_last and taken == len(data)))
        return taken

    def has_taken(self, number, size_bytes):
        self.done.append(("taken", size_bytes))

    def reset(self, number):
        self.done.append(("reset", number))


def stream(frames, *more, method=b"POST", has_body=True):
    head = [(b":method", method), (b":scheme", b"https"), (b":path", b"/"), (b":authority", b"a.example"), *more]
    return Stream(1, asked(head, has_body=has_body), frames, heard_at=0.0, common=[(b"date", b"now")])


async def test_a_body_comes_piece_by_piece_and_its_room_is_given_back():
    frames = Recorded()
    one = stream(frames)
    one.take(b"ab", 5)
    first = await one.receive()
    one.take(b"c", 1)
    one.complete()

    assert first == {"type": "http.request", "body": b"ab", "more_body": True}
    assert await one.receive() == {"type": "http.request", "body": b"c", "more_body": False}
    assert frames.done == [("taken", 5), ("taken", 1)]


async def test_what_came_in_many_small_pieces_is_one():
    frames = Recorded()
    one = stream(frames)
    for _ in range(1000):
        one.take(b"a", 3)
    one.complete()

    assert await one.receive() == {"type": "http.request", "body": b"a" * 1000, "more_body": False}
    assert frames.done == [("taken", 3000)]


async def test_an_end_that_comes_late_is_told_too():
    one = stream(Recorded())
    one.take(b"ab", 2)
    await one.receive()
    one.complete()

    assert await one.receive() == {"type": "http.request", "body": b"", "more_body": False}


async def test_padding_is_no_part_of_a_body():
    frames = Recorded()
    stream(frames).take(b"", 9)

    assert frames.done == [("taken", 9)]


async def test_who_waits_to_go_on_is_told_to_when_the_body_is_wanted(nursery):
    frames = Recorded()
    one = stream(frames, (b"expect", b"100-continue"))
    nursery.start_soon(one.receive)
    await wait_all_tasks_blocked()

    assert frames.done == [("head", [(b":status", b"100")], False)]


async def test_a_silent_body_is_given_up(autojump_clock):
    one = stream(Recorded())
    began = trio.current_time()

    assert await one.receive() is LEFT
    assert trio.current_time() - began == pytest.approx(SILENCE_LIMIT_S)
    assert one.refused.status == 408


@pytest.mark.parametrize("event", ["leave", "answer"])
async def test_behind_the_body_comes_the_peers_leaving_or_the_end_of_the_answer(nursery, event):
    one = stream(Recorded(), has_body=False)
    await one.receive()
    got = []

    async def wait():
        got.append(await one.receive())

    nursery.start_soon(wait)
    await wait_all_tasks_blocked()
    assert got == []
    if event == "leave":
        one.leave()
    else:
        await one.send({"type": "http.response.start", "status": 204, "headers": []})
        await one.send({"type": "http.response.body"})
    await wait_all_tasks_blocked()
    assert got == [LEFT]


async def test_an_answer_says_its_length_and_nothing_that_belongs_to_a_connection():
    frames = Recorded()
    one = stream(frames, has_body=False)
    headers = [(b"X-A", b"1"), (b"Connection", b"close"), (b"Transfer-Encoding", b"chunked")]
    await one.send({"type": "http.response.start", "status": 200, "headers": headers})
    assert frames.done == []
    await one.send({"type": "http.response.body", "body": b"hello"})

    head = [(b":status", b"200"), (b"x-a", b"1"), (b"content-length", b"5"), (b"date", b"now")]
    assert frames.done == [("head", head, False), ("data", b"hel", False), ("data", b"lo", True)]
    assert one.is_answered


@pytest.mark.parametrize("name, value", [(b"x", b"1\r\ny: 2"), (b"x", b"\x00"), (b"x y", b"1")])
async def test_what_is_no_header_is_the_apps_fault(name, value):
    frames = Recorded()
    one = stream(frames, has_body=False)
    await one.send({"type": "http.response.start", "status": 200, "headers": [(name, value)]})
    with pytest.raises(ValueError, match="not a header"):
        await one.send({"type": "http.response.body", "body": b"hello"})

    assert frames.done == []


@pytest.mark.parametrize("method, status", [(b"HEAD", 200), (b"GET", 204), (b"GET", 304)])
async def test_what_has_no_body_ends_with_its_head(method, status):
    frames = Recorded()
    one = stream(frames, method=method, has_body=False)
    await one.send({"type": "http.response.start", "status": status, "headers": []})
    await one.send({"type": "http.response.body", "body": b"hello"})

    assert [(kind, is_last) for kind, _, is_last in frames.done] == [("head", True)]


async def test_a_peer_that_takes_nothing_is_broken_off_and_hears_no_more():
    frames = Recorded(takes=None)
    one = stream(frames, has_body=False)
    await one.send({"type": "http.response.start", "status": 200, "headers": []})
    await one.send({"type": "http.response.body", "body": b"hello", "more_body": True})
    await one.send({"type": "http.response.body", "body": b"again"})

    assert [kind for kind, *_ in frames.done] == ["head", "reset"]
    assert one.has_stalled
    assert (await one.receive(), await one.receive())[1] is LEFT


async def test_an_answer_in_the_wrong_order_is_the_apps_fault():
    one = stream(Recorded(), has_body=False)
    with pytest.raises(RuntimeError, match="begins with"):
        await one.send({"type": "http.response.body"})
    await one.send({"type": "http.response.start", "status": 200})
    with pytest.raises(RuntimeError, match="one start"):
        await one.send({"type": "http.response.start", "status": 200})
    await one.send({"type": "http.response.body"})
    with pytest.raises(RuntimeError, match="has ended"):
        await one.send({"type": "http.response.body"})


def test_what_nobody_reads_is_forgotten_with_its_room():
    one = stream(Recorded())
    one.take(b"ab", 3)
    one.take(b"c", 2)

    assert one.forget() == 5
    assert one.forget() == 0
