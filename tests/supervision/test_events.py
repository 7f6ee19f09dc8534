"""Events and their streams."""

import gc

import trio
from trio.testing import wait_all_tasks_blocked

from supervision import Event, EventKind, Restart, Supervisor, run
from supervision.events import RECENT_EVENTS, STREAM_CAPACITY, EventHub
from supervision.testing import Probe


def crash(message: object) -> None:
    raise ValueError(message)


def event(number: int) -> Event:
    return Event(kind=EventKind.STARTED, path="r", at_s=0, incarnation=number)


async def test_stream_tells_what_happens_from_its_opening_until_the_end(autojump_clock) -> None:
    seen = []

    async def listen(events) -> None:
        seen.extend([(each.kind, each.path) async for each in events])

    async with trio.open_nursery() as nursery, run(Supervisor("r", children=[Probe(crash).child("a")])) as running:
        nursery.start_soon(listen, running.events())
        await wait_all_tasks_blocked()
        await running.ref("r/a").tell("no")
        await wait_all_tasks_blocked()

    assert seen == [
        (EventKind.DEAD_LETTER, "r/a"),
        (EventKind.EXITED, "r/a"),
        (EventKind.RESTARTED, "r/a"),
        (EventKind.EXITED, "r/a"),
        (EventKind.EXITED, "r"),
    ]


async def test_exit_carries_the_error_and_a_dead_letter_its_message(autojump_clock) -> None:
    tree = Supervisor("r", children=[Probe(crash).child("a", restart=Restart.TEMPORARY)])
    async with run(tree) as running, running.events() as events:
        running.ref("r/a").tell_nowait("no")
        letter, exited = await anext(events), await anext(events)

    assert letter.dead_letter.message == "no"
    assert letter.dead_letter.path == "r/a"
    assert (exited.error.kind, exited.error.message) == (ValueError, "no")
    assert exited.incarnation == 1


async def test_slow_listener_loses_the_oldest_and_knows_how_many(autojump_clock) -> None:
    hub = EventHub()
    stream = hub.open()
    for number in range(STREAM_CAPACITY + 5):
        hub.emit(event(number))

    assert stream.missed == 5
    assert (await anext(stream)).incarnation == 5
    assert len(hub.recent) == RECENT_EVENTS


async def test_cancelled_listener_loses_nothing(autojump_clock) -> None:
    hub = EventHub()
    stream = hub.open()
    with trio.move_on_after(1):
        await anext(stream)
    hub.emit(event(1))

    assert (await anext(stream)).incarnation == 1


async def test_closed_stream_is_told_no_more(autojump_clock) -> None:
    hub = EventHub()
    async with hub.open() as stream:
        pass
    hub.emit(event(1))
    hub.close()

    assert [each async for each in hub.open()] == []
    assert not stream._waiting


async def test_stream_that_nobody_holds_is_forgotten(autojump_clock) -> None:
    hub = EventHub()
    kept = hub.open()
    hub.open()
    gc.collect()
    hub.emit(event(1))

    assert len(hub._streams) == 1
    assert (await anext(kept)).incarnation == 1


async def test_stream_opened_after_the_end_is_empty(autojump_clock) -> None:
    async with run(Supervisor("r")) as running:
        await running.stop()
        await wait_all_tasks_blocked()

        assert [each async for each in running.events()] == []


async def test_several_tasks_may_take_from_one_stream_and_each_event_goes_to_one_of_them(autojump_clock) -> None:
    stream, taken = EventHub().open(), []

    async def take() -> None:
        taken.append((await anext(stream)).incarnation)

    with trio.fail_after(1):
        async with trio.open_nursery() as nursery:
            for _ in range(3):
                nursery.start_soon(take)
            await wait_all_tasks_blocked()
            for number in range(3):
                stream.put(event(number))

    assert sorted(taken) == [0, 1, 2]
