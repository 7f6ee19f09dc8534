"""Whoever follows the feed gets each event of their topics once and in order, whatever happens to them, the servers and the log."""

from functools import partial
from itertools import chain, count
from typing import Any

import attrs
import pytest
import trio
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from actors.config import KIB, Config
from actors.feed import feed, subscription
from actors.model.event import TOPIC_OF_TYPE, NewEvent
from actors.model.user import LOCAL_CALLER
from actors.store.store import Store, open_store
from tests.web.suites.follower import LAST, Follower, Leg, check, last_events
from tests.web.suites.node import Node

NODES = 2
TYPES = ("TRACK_ADDED", "SCAN_UPDATE", "SUPERVISION_EVENT", "VALIDATION_UPDATE", "TRACK_UPDATED", "VALIDATION_UPDATE")
NOBODY = "somebody-else"
PAUSE_S = 0.03
LIMIT_S = 60
COPY = """
CREATE TABLE IF NOT EXISTS told (LIKE event);
CREATE OR REPLACE FUNCTION copy_event() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN INSERT INTO told SELECT NEW.*; RETURN NEW; END $$;
CREATE OR REPLACE TRIGGER copy_event AFTER INSERT ON event FOR EACH ROW EXECUTE FUNCTION copy_event()
"""
"""The log with all that was pruned from it."""
TOLD = "SELECT * FROM told WHERE seq > $1 ORDER BY seq"


@attrs.frozen
class Restart:
    """A server ends and begins again."""

    node: int
    kindly: bool


@attrs.frozen
class Prune:
    """All but the newest events are dropped from the log."""

    keep: int


LEGS = st.lists(
    st.builds(
        Leg,
        transport=st.sampled_from(["socket", "events", "lines"]),
        node=st.integers(0, NODES - 1),
        most=st.integers(0, 25),
        ending=st.sampled_from(["clean", "reset", "torn"]),
    ),
    max_size=8,
)
SUBSETS = st.sets(st.sampled_from(list(LAST)), min_size=1).map(lambda chosen: tuple(t for t in LAST if t in chosen))
FOLLOWERS = st.lists(st.tuples(SUBSETS, st.booleans(), LEGS), min_size=2, max_size=5)
WRITERS = st.lists(st.lists(st.integers(1, 30), min_size=3, max_size=15), min_size=1, max_size=3)
TROUBLES = st.lists(
    st.one_of(
        st.builds(Restart, node=st.integers(0, NODES - 1), kindly=st.booleans()),
        st.builds(Prune, keep=st.integers(0, 40)),
    ),
    max_size=5,
)


@attrs.define(eq=False)
class World:
    """Two servers, one log, and how much of it is gone."""

    store: Store
    nodes: list[Node]
    pruned: int = 0

    async def write(self, sizes: list[int], name: int) -> None:
        """One writer; a fifth of what it logs belongs to somebody else."""
        for burst, size in enumerate(sizes):
            events = []
            for number in range(size):
                kind = TYPES[(number + burst + name) % len(TYPES)]
                is_private = TOPIC_OF_TYPE[kind] == "player"
                owner = (LOCAL_CALLER.user_id if number % 2 else NOBODY) if is_private else None
                events.append(NewEvent(type=kind, payload={"writer": name, "place": [burst, number]}, owner=owner))
            await self.store.events.add(*events)
            await trio.sleep(PAUSE_S)

    async def trouble(self, troubles: list[Restart | Prune]) -> None:
        """What befalls them, one after the other."""
        for trouble in troubles:
            await trio.sleep(PAUSE_S)
            if isinstance(trouble, Restart):
                await self.nodes[trouble.node].is_up.wait()
                self.nodes[trouble.node].end(kindly=trouble.kindly)
            else:
                _, newest = await self.store.events.bounds()
                self.pruned = max(
                    self.pruned, newest - trouble.keep
                )  # before it is so, for those who notice it at once
                statement = "DELETE FROM event WHERE seq <= $1"
                await self.store.pool.write(partial(_execute, statement, self.pruned))

    async def follow(self, follower: Follower, legs: list[Leg]) -> None:
        """One client, through its legs and then to the last event of its topics."""
        onward = (Leg(transport="socket", node=number % NODES, most=10_000, ending="clean") for number in count())
        for leg in chain(legs, onward):
            if follower.is_done:
                return
            node = self.nodes[leg.node]
            await node.is_up.wait()
            await follower.go(node.port, leg)

    async def conclude(self) -> None:
        """Log the last event of each topic, again and again, until cancelled: a RESYNC may pass one by."""
        while True:
            await self.store.events.add(*last_events())
            await trio.sleep(10 * PAUSE_S)


def _execute(statement: str, number: int, connection: Any) -> Any:
    return connection.execute(statement, number)


@pytest.fixture(autouse=True)
def short_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """So little is remembered, and read at once, that most of those who come back are told from the log, in several pages."""
    monkeypatch.setattr(feed, "REMEMBERED_BYTES", 4 * KIB)
    monkeypatch.setattr(subscription, "PAGE", 10)


@settings(
    max_examples=12, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(followers=FOLLOWERS, writers=WRITERS, troubles=TROUBLES)
async def test_each_event_comes_once_and_in_order_whatever_happens(
    followers, writers, troubles, database_url: str, store_config: Config
) -> None:
    config = attrs.evolve(store_config, database_connections=3)
    with trio.fail_after(LIMIT_S):
        async with open_store(config, url=database_url) as store, trio.open_nursery() as whole:
            await store.pool.write(lambda connection: connection.execute(COPY))
            _, base = await store.events.bounds()
            world = World(store, [Node(database_url, config) for _ in range(NODES)])
            for node in world.nodes:
                whole.start_soon(node.run)
            clients = [
                Follower(topics=topics, seen=base if from_start else None, pruned=lambda: world.pruned)
                for topics, from_start, _ in followers
            ]
            async with trio.open_nursery() as around:
                async with trio.open_nursery() as following:
                    async with trio.open_nursery() as happening:
                        for client, (_, _, legs) in zip(clients, followers, strict=True):
                            following.start_soon(world.follow, client, legs)
                        for name, sizes in enumerate(writers):
                            happening.start_soon(world.write, sizes, name)
                        happening.start_soon(world.trouble, troubles)
                    around.start_soon(world.conclude)
                around.cancel_scope.cancel()
            told = await store.pool.read(lambda connection: connection.fetch(TOLD, base))
            whole.cancel_scope.cancel()

    assert [row["seq"] for row in told] == list(range(base + 1, base + 1 + len(told)))
    for client in clients:
        check(client, told)
