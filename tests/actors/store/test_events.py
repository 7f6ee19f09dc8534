"""The event log: complete, in order, the same for everyone."""

import random
from collections.abc import Sequence

import asyncpg
import pytest
import trio

from actors.config import Config
from actors.model.event import Event, NewEvent
from actors.store.events import append
from actors.store.store import Store, open_store


def new(number: int) -> NewEvent:
    return NewEvent(type="TRACK_ADDED", payload={"number": number})


async def log(store: Store, events: Sequence[NewEvent]) -> int:
    return await store.pool.write(lambda connection: append(connection, events))


async def test_events_come_back_as_they_were_logged_and_in_order(fresh_store: Store):
    assert await log(fresh_store, [new(1), new(2)]) == 2
    assert await fresh_store.events.add(new(3)) == 3
    events = await fresh_store.events.after(0, 10)
    assert [(event.seq, event.type, event.payload) for event in events] == [
        (number, "TRACK_ADDED", {"number": number}) for number in (1, 2, 3)
    ]
    assert all(event.at.utcoffset() is not None for event in events)
    assert [event.seq for event in await fresh_store.events.after(1, 1)] == [2]
    assert await fresh_store.events.after(3, 10) == []


async def test_nothing_to_log_uses_up_no_number(fresh_store: Store):
    assert await log(fresh_store, []) == 0
    assert await log(fresh_store, [new(1)]) == 1
    assert await log(fresh_store, []) == 1


async def test_a_write_that_fails_leaves_no_gap(fresh_store: Store):
    async def fail(connection: asyncpg.Connection) -> None:
        await append(connection, [new(1)])
        raise LookupError

    with pytest.raises(LookupError):
        await fresh_store.pool.write(fail)
    assert await log(fresh_store, [new(2)]) == 1


async def test_an_event_is_the_same_at_every_reading(fresh_store: Store, fresh_database_url: str, store_config: Config):
    await log(fresh_store, [new(1)])
    async with open_store(store_config, url=fresh_database_url) as other:
        assert await other.events.after(0, 10) == await fresh_store.events.after(0, 10)


async def test_the_bounds_follow_logging_and_pruning(fresh_store: Store):
    events = fresh_store.events
    assert await events.bounds() == (1, 0)
    await log(fresh_store, [new(number) for number in range(10)])
    assert await events.bounds() == (1, 10)
    assert await events.prune(4) == 6
    assert await events.bounds() == (7, 10)
    assert [event.seq for event in await events.after(0, 100)] == [7, 8, 9, 10]
    assert await events.prune(0) == 4
    assert await events.bounds() == (11, 10)
    assert await log(fresh_store, [new(11)]) == 11


async def test_text_that_postgresql_refuses_can_be_told(fresh_store: Store):
    await fresh_store.events.add(NewEvent(type="ANALYSIS_FAILED", payload={"message": "a\0b\udce9"}))
    assert (await fresh_store.events.after(0, 1))[0].payload == {"message": "a\ufffdb\ufffd"}


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_no_reader_ever_sees_a_number_before_all_smaller_ones(
    fresh_database_url: str, store_config: Config, seed: int
):
    """Writers in two programs, some slow, some failing, log at once; readers in both see one log without a gap."""
    dice = random.Random(seed)
    writers, each = 6, 12
    sizes = [[dice.randint(1, 3) for _ in range(each)] for _ in range(writers)]
    fails = [[dice.random() < 0.2 for _ in range(each)] for _ in range(writers)]
    pauses = [[dice.choice([0, 0, 0.002, 0.005]) for _ in range(each)] for _ in range(writers)]
    total = sum(
        size
        for row, lost in zip(sizes, fails, strict=True)
        for size, is_lost in zip(row, lost, strict=True)
        if not is_lost
    )
    seen: list[list[Event]] = [[], []]

    async def write(store: Store, writer: int) -> None:
        for turn in range(each):

            async def once(connection: asyncpg.Connection, turn: int = turn) -> None:
                await connection.execute("SELECT pg_sleep($1)", pauses[writer][turn])
                await append(connection, [new(writer)] * sizes[writer][turn])
                await connection.execute("SELECT pg_sleep($1)", pauses[writer][-turn])
                if fails[writer][turn]:
                    raise LookupError

            try:
                await store.pool.write(once)
            except LookupError:
                assert fails[writer][turn]

    async def read(store: Store, into: list[Event]) -> None:
        while len(into) < total:
            for event in await store.events.after(len(into), 1000):
                assert event.seq == len(into) + 1
                into.append(event)

    async with (
        open_store(store_config, url=fresh_database_url) as one,
        open_store(store_config, url=fresh_database_url) as two,
        trio.open_nursery() as nursery,
    ):
        for index, store in enumerate((one, two)):
            nursery.start_soon(read, store, seen[index])
        for writer in range(writers):
            nursery.start_soon(write, (one, two)[writer % 2], writer)
    assert seen[0] == seen[1]
    assert [event.at for event in seen[0]] == sorted(event.at for event in seen[0])


async def test_an_event_of_one_user_alone_keeps_its_owner_and_leaves_kept_answers_right(fresh_store):
    before = await fresh_store.revisions.current()
    newest = await fresh_store.events.add(NewEvent(type="QUEUE_UPDATE", payload={}, owner="local"))

    assert [event.owner for event in await fresh_store.events.after(newest - 1, 10)] == ["local"]
    assert await fresh_store.revisions.current() == before
    await fresh_store.events.add(NewEvent(type="QUEUE_UPDATE", payload={}, owner="local"), new(1))
    assert await fresh_store.revisions.current() != before
