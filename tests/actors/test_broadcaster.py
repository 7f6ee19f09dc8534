"""The broadcaster, over a real log, in a real tree."""

import json
import random
from contextlib import asynccontextmanager
from functools import partial

import attrs
import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from actors.broadcaster import Broadcaster
from actors.errors import DatabaseAwayError
from actors.feed import Feed
from actors.messages import PlayerChanged, Progress
from actors.model.event import NewEvent
from actors.queued import Queued
from supervision import Actor, Backoff, Child, Intensity, Mailbox, Overflow, Supervisor, run

PATH = "rookery/broadcaster"
CONDUCTOR = "rookery/conductor"
PATIENT_S = 20


@pytest.fixture
def feed(fresh_store):
    return Feed(fresh_store.events, queue_bytes=1_000_000)


@attrs.define(eq=False)
class Told(Actor[PlayerChanged]):
    """In the conductor's place; keeps what it is told."""

    told: list[PlayerChanged]

    async def receive(self, message: PlayerChanged) -> None:
        """Keep it."""
        self.told.append(message)


@pytest.fixture
def told() -> list[PlayerChanged]:
    return []


@pytest.fixture
def queued() -> Queued:
    return Queued()


@pytest.fixture
def running(fresh_store, feed, queued, store_config, told):
    @asynccontextmanager
    async def start(**settings):
        config = attrs.evolve(store_config, **settings)
        tree = Supervisor(
            "rookery",
            intensity=Intensity(restarts=100, within_s=1.0),
            backoff=Backoff(first_s=0.0),
            children=[
                Child("conductor", lambda: Told(told), mailbox=Mailbox(capacity=10)),
                Child(
                    "broadcaster",
                    lambda: Broadcaster(
                        store=fresh_store, feed=feed, queued=queued, config=config, conductor=CONDUCTOR
                    ),
                    mailbox=Mailbox(capacity=10, overflow=Overflow.DROP_OLDEST),
                ),
                Child("idle", idle),
            ],
        )
        async with run(tree, signals=False) as running:
            yield running

    return start


async def idle(context):
    context.ready()
    await context.stopping.wait()


def tracks(count):
    return [NewEvent(type="TRACK_ADDED", payload={"number": number}) for number in range(count)]


async def taken(subscription, count):
    frames = []
    with trio.fail_after(PATIENT_S):
        async for frame in subscription:
            frames.append(frame)
            if len(frames) == count:
                return frames
    return frames


async def test_what_is_logged_reaches_the_subscribers(running, feed, fresh_store):
    async with running(), feed.subscribe(["tracks"]) as subscription:
        await fresh_store.events.add(*tracks(3))
        frames = await taken(subscription, 3)

    assert [json.loads(frame.body)["payload"]["number"] for frame in frames] == [0, 1, 2]


async def test_progress_is_passed_on_without_a_number(running, feed):
    async with running() as tree, feed.subscribe(["progress"]) as subscription:
        await tree.ref(PATH).tell(Progress(subject="track:a", stage="analyzing", done=0.5))
        (frame,) = await taken(subscription, 1)

    message = json.loads(frame.body)
    assert message["payload"] == {"subject": "track:a", "stage": "analyzing", "done": 0.5}
    assert "seq" not in message


async def test_what_happens_in_the_tree_is_logged(running, feed):
    async with feed.subscribe(["supervision"]) as subscription, running() as tree:
        (frame,) = await taken(subscription, 1)
        await tree.stop_child("rookery/idle")
        (stopped,) = await taken(subscription, 1)

    message = json.loads(frame.body)
    assert message["type"] == "SUPERVISION_EVENT"
    assert message["seq"] > 0
    assert (message["payload"]["path"], message["payload"]["kind"]) == (PATH, "started")
    assert json.loads(stopped.body)["payload"]["path"] == "rookery/idle"


async def test_the_conductor_hears_of_every_player_before_its_devices_do(running, feed, fresh_store, told):
    def player(state, version):
        payload = {"player": {"state": state, "version": version, "queueVersion": 2}}
        return NewEvent(type="PLAYER_STATE_UPDATE", payload=payload, owner="ada")

    queue = NewEvent(type="QUEUE_UPDATE", payload={"version": 3, "items": []}, owner="ada")
    async with running(), feed.subscribe(["player"], owner="ada") as subscription:
        await fresh_store.events.add(*tracks(3), player("playing", 7), player("paused", 8), queue)
        await taken(subscription, 3)
        await wait_all_tasks_blocked()

    assert told == [
        PlayerChanged(person_id="ada", version=7, queue_version=2, is_playing=True),
        PlayerChanged(person_id="ada", version=8, queue_version=2),
        PlayerChanged(person_id="ada", queue_version=3),
    ]


async def test_a_player_is_nudged_when_the_log_tells_of_a_track_in_its_queue(running, feed, queued, fresh_store):
    looks = []
    for person_id, track_id in (("ada", "a"), ("bo", "b")):
        place = queued.join(person_id, partial(looks.append, person_id))
        queued.hold(place, [track_id])
    async with running(), feed.subscribe(["tracks"]) as subscription:
        for track_id in ("x", "a", "c"):
            await fresh_store.events.add(*tracks(2), NewEvent(type="TRACK_MISSING", payload={"trackId": track_id}))
        await fresh_store.events.add(NewEvent(type="TRACK_UPDATED", payload={"track": {"id": "a"}}))
        await taken(subscription, 10)

    assert set(looks) == {"ada"}


async def test_after_a_gap_in_the_log_everybody_looks(running, feed, queued, fresh_store):
    looks = []
    queued.join("ada", partial(looks.append, "ada"))
    await feed.begin()
    await fresh_store.events.add(*tracks(9))
    await fresh_store.events.prune(5)
    async with running(), feed.subscribe(["tracks"]) as subscription:
        await taken(subscription, 1)

    assert looks == ["ada"]


async def test_a_conductor_that_has_ended_holds_up_nobody(running, feed, fresh_store):
    payload = {"player": {"state": "playing", "version": 7, "queueVersion": 1}}
    async with running() as tree, feed.subscribe(["player"], owner="ada") as subscription:
        await tree.stop_child(CONDUCTOR)
        await fresh_store.events.add(NewEvent(type="PLAYER_STATE_UPDATE", payload=payload, owner="ada"))
        await taken(subscription, 1)

        assert tree.status().find(PATH).incarnation == 1


async def test_crashes_at_any_point_lose_and_double_nothing(running, feed, fresh_store):
    total = 400
    chance = random.Random(1)
    first = (await fresh_store.events.bounds())[1]

    async def write():
        for _ in range(total // 20):
            await fresh_store.events.add(*tracks(20))

    async def crash(tree):
        while feed.newest < first + total:
            await tree.stop_child(PATH, how="kill")
            await tree.restart_child(PATH)
            await trio.sleep(chance.uniform(0, 0.05))  # anywhere in its work, but not before it has begun

    async with running() as tree, feed.subscribe(since=first) as subscription, trio.open_nursery() as nursery:
        nursery.start_soon(write)
        nursery.start_soon(crash, tree)
        seqs = []
        with trio.fail_after(PATIENT_S):
            while len(seqs) < total:
                seqs += [frame.seq for frame in await subscription.take()]
        nursery.cancel_scope.cancel()

    assert seqs == list(range(first + 1, first + 1 + len(seqs)))


async def test_the_log_is_pruned_to_what_is_kept(running, fresh_store, monkeypatch):
    monkeypatch.setattr("actors.broadcaster.PRUNE_EVERY_S", 0.01)
    await fresh_store.events.add(*tracks(50))
    async with running(event_retention=10):
        with trio.fail_after(PATIENT_S):
            while True:
                oldest, newest = await fresh_store.events.bounds()
                if newest - oldest == 9:
                    break


async def test_a_database_that_is_away_is_waited_for(running, feed, fresh_store, monkeypatch):
    monkeypatch.setattr("actors.broadcaster.AWAY_S", 0.01)
    real, failures = fresh_store.events.after, []

    async def after(seq, limit):
        if len(failures) < 3:
            failures.append(seq)
            raise DatabaseAwayError("away")
        return await real(seq, limit)

    monkeypatch.setattr(type(fresh_store.events), "after", lambda _, seq, limit: after(seq, limit))
    async with running() as tree, feed.subscribe(["tracks"]) as subscription:
        await fresh_store.events.add(*tracks(2))
        assert len(await taken(subscription, 2)) == 2
        assert tree.status().find(PATH).incarnation == 1

    assert len(failures) == 3
