"""One client's way through the feed."""

from datetime import UTC, datetime, timedelta

import attrs
import msgspec
import pytest
import trio

from actors.feed import Ending, Feed
from actors.model.event import Passing


async def drained(subscription):
    """Everything that it would give without waiting."""
    frames = []
    with trio.move_on_after(0.01):
        while batch := await subscription.take():
            frames += batch
    return frames


def payload(frame):
    return msgspec.json.decode(frame.body)["payload"]


async def test_without_since_only_what_comes_later_is_given(log, autojump_clock):
    log.add("TRACK_ADDED", "TRACK_ADDED")
    feed = Feed(log, queue_bytes=10_000)
    async with feed.subscribe() as subscription:
        assert subscription.newest == 2
        feed.publish(log.add("TRACK_ADDED"))

        assert [frame.seq for frame in await drained(subscription)] == [3]


async def test_since_zero_gives_the_whole_log(log, autojump_clock):
    log.add(*["TRACK_ADDED"] * 450)
    feed = Feed(log, queue_bytes=10_000)
    async with feed.subscribe(since=0) as subscription:
        assert [frame.seq for frame in await drained(subscription)] == list(range(1, 451))


async def test_what_is_published_while_it_reads_the_log_comes_once_and_behind(log, autojump_clock):
    log.add(*["TRACK_ADDED"] * 300)
    feed = Feed(log, queue_bytes=10_000)
    async with feed.subscribe(since=100) as subscription:
        first = await subscription.take()
        feed.publish(log.add("TRACK_ADDED"))

        assert [frame.seq for frame in first + await drained(subscription)] == list(range(101, 302))


@pytest.mark.parametrize("since", [-1, 1, 99], ids=["negative", "pruned", "beyond the newest"])
async def test_a_number_that_cannot_be_continued_gives_resync_and_then_live(log, since, autojump_clock):
    log.add(*["TRACK_ADDED"] * 10)
    log.prune(5)
    feed = Feed(log, queue_bytes=10_000)
    async with feed.subscribe(since=since) as subscription:
        feed.publish(log.add("TRACK_ADDED"))
        resync, after = await drained(subscription)

        assert (resync.type, resync.seq, payload(resync)) == ("RESYNC", None, {"oldest": 6, "newest": 10})
        assert after.seq == 11


@pytest.mark.parametrize("since", [5, 10], ids=["just kept", "the newest"])
async def test_a_number_at_the_edge_can_be_continued(log, since, autojump_clock):
    log.add(*["TRACK_ADDED"] * 10)
    log.prune(5)
    feed = Feed(log, queue_bytes=10_000)
    async with feed.subscribe(since=since) as subscription:
        assert [frame.seq for frame in await drained(subscription)] == list(range(since + 1, 11))


async def test_a_number_that_another_node_told_before_this_one_is_no_reason_for_resync(log, autojump_clock):
    log.add("TRACK_ADDED")
    feed = Feed(log, queue_bytes=10_000)
    await feed.begin()
    later = log.add("TRACK_ADDED", "TRACK_ADDED", "TRACK_ADDED")
    async with feed.subscribe(since=3) as subscription:
        feed.publish(later)

        assert [frame.seq for frame in await drained(subscription)] == [4]


async def test_pruning_that_overtakes_a_reader_gives_resync(log, autojump_clock):
    log.add(*["TRACK_ADDED"] * 500)
    feed = Feed(log, queue_bytes=10_000)
    async with feed.subscribe(since=0) as subscription:
        await subscription.take()
        log.prune(10)
        (resync,) = await drained(subscription)

        assert payload(resync) == {"oldest": 491, "newest": 500}
        feed.publish(log.add("TRACK_ADDED"))
        assert [frame.seq for frame in await drained(subscription)] == [501]


async def test_topics_filter_and_can_be_changed(log, passing, autojump_clock):
    feed = Feed(log, queue_bytes=10_000)
    async with feed.subscribe(["progress"]) as subscription:
        feed.publish(log.add("TRACK_ADDED", "SCAN_UPDATE"))
        feed.publish_passing(passing("track:a", 0.5))
        assert [frame.type for frame in await drained(subscription)] == ["SCAN_UPDATE", "PROGRESS_UPDATE"]

        subscription.topics |= {"tracks"}
        feed.publish(log.add("TRACK_ADDED", "SCAN_UPDATE"))
        subscription.topics -= {"progress"}
        assert [frame.type for frame in await drained(subscription)] == ["TRACK_ADDED"]


async def test_progress_of_one_subject_is_coalesced(log, passing, autojump_clock):
    feed = Feed(log, queue_bytes=10_000)
    async with feed.subscribe() as subscription:
        for step in range(50):
            feed.publish_passing(passing("track:a", step / 100))
            feed.publish_passing(passing("track:b", step / 100))

        assert [payload(frame)["done"] for frame in await drained(subscription)] == [0.49, 0.49]
        assert feed.statistics().coalesced == 98


async def test_one_who_takes_too_little_gets_resync_and_the_end(log, autojump_clock):
    feed = Feed(log, queue_bytes=1_000)
    async with feed.subscribe() as slow, feed.subscribe() as quick:
        seen = []
        for _ in range(20):
            feed.publish(log.add("TRACK_ADDED", size=100))
            seen += [frame.seq for frame in await drained(quick)]

        (resync,) = await drained(slow)
        assert resync.type == "RESYNC"
        assert slow.ending is Ending.TOO_SLOW
        assert await slow.take() == []
        assert seen == list(range(1, 21))
        assert feed.statistics().too_slow == 1
        assert feed.statistics().most_waiting_bytes == 0


async def test_a_cancelled_take_loses_nothing(log, autojump_clock):
    log.add(*["TRACK_ADDED"] * 300)
    log.pauses = 5
    feed = Feed(log, queue_bytes=100_000)
    seqs = []
    async with feed.subscribe(since=0) as subscription:
        while len(seqs) < 300:
            for checkpoints in range(9):
                with trio.CancelScope() as scope:
                    async with trio.open_nursery() as nursery:
                        nursery.start_soon(cancel_after, checkpoints, scope)
                        seqs += [frame.seq for frame in await subscription.take()]
                        nursery.cancel_scope.cancel()
                if len(seqs) >= 300:
                    break

    assert seqs == list(range(1, 301))


async def cancel_after(checkpoints, scope):
    for _ in range(checkpoints):
        await trio.lowlevel.checkpoint()
    scope.cancel()


async def test_leaving_ends_the_iteration_and_the_offers(log, autojump_clock):
    feed = Feed(log, queue_bytes=10_000)
    async with feed.subscribe() as subscription:
        pass
    feed.publish(log.add("TRACK_ADDED"))

    assert await subscription.take() == []
    assert feed.statistics().subscribers == 0


async def test_a_log_that_cannot_be_read_raises_and_can_be_tried_again(log, autojump_clock):
    class AwayError(Exception):
        pass

    log.add("TRACK_ADDED", "TRACK_ADDED")
    feed = Feed(log, queue_bytes=10_000)
    async with feed.subscribe(since=0) as subscription:
        real, log.after = log.after, fail_with(AwayError)
        with pytest.raises(AwayError):
            await subscription.take()
        log.after = real

        assert [frame.seq for frame in await drained(subscription)] == [1, 2]


def fail_with(error):
    async def fail(*_):
        await trio.lowlevel.checkpoint()
        raise error

    return fail


async def test_what_belongs_to_one_user_reaches_only_their_subscriptions_live_and_in_replay(log, passing):
    for number, owner in enumerate([None, "ada", "bo", None], start=1):
        log.add("QUEUE_UPDATE")
        log.history[-1] = attrs.evolve(log.history[-1], seq=number, owner=owner)
    feed = Feed(log, queue_bytes=10_000)
    heard = {}
    async with (
        feed.subscribe(since=0, owner="ada") as ada,
        feed.subscribe(since=0, owner="bo") as bo,
        feed.subscribe(since=0) as nobody,
    ):
        for name, subscription in (("ada", ada), ("bo", bo), ("nobody", nobody)):
            heard[name] = [frame.seq for frame in await drained(subscription)]
        log.add("QUEUE_UPDATE", "TRACK_ADDED")
        log.history[-2] = attrs.evolve(log.history[-2], owner="bo")
        feed.publish(log.history[-2:])
        feed.publish_passing(attrs.evolve(passing("player:bo", 0.1), owner="bo"))
        for name, subscription in (("ada", ada), ("bo", bo), ("nobody", nobody)):
            heard[name] += [frame.seq for frame in await drained(subscription)]

    assert heard == {"ada": [1, 2, 4, 6], "bo": [1, 3, 4, 5, 6, None], "nobody": [1, 4, 6]}


async def test_whoever_comes_back_goes_on_behind_what_belonged_to_others(log):
    log.add(*["QUEUE_UPDATE"] * 3)
    log.history[:] = [attrs.evolve(event, owner="bo") for event in log.history]
    log.add("TRACK_ADDED")
    feed = Feed(log, queue_bytes=10_000)

    async with feed.subscribe(since=0, owner="ada") as subscription:
        assert [frame.seq for frame in await subscription.take()] == [4]


async def test_the_feed_knows_whether_a_user_listens(log):
    feed = Feed(log, queue_bytes=10_000)
    async with feed.subscribe(["player"], owner="ada"), feed.subscribe(["tracks"], owner="bo"):
        assert feed.is_heard("player", owner="ada")
        assert not feed.is_heard("player", owner="bo")
        assert feed.is_taken("player")
        assert not feed.is_taken("logs")
        assert set(feed.hearers("player")) == {"ada"}

    assert not feed.is_taken("player")
    assert not feed.is_heard("player", owner="ada")


async def test_the_feed_knows_whether_anybody_takes_a_topic(log):
    feed = Feed(log, queue_bytes=10_000)
    assert not feed.is_taken("logs")
    async with feed.subscribe(["logs"]), feed.subscribe(["tracks"]) as other:
        other.topics |= {"logs"}
        other.topics |= {"logs"}
        other.topics -= {"logs", "tracks"}
        assert feed.is_taken("logs")
        assert not feed.is_taken("tracks")
    other.topics |= {"logs"}

    assert not feed.is_taken("logs")


async def test_a_user_listens_from_the_moment_that_a_client_takes_the_topic_until_it_does_not(log):
    feed = Feed(log, queue_bytes=10_000)
    async with feed.subscribe(["tracks"], owner="ada") as subscription:
        subscription.topics |= {"player"}
        assert feed.is_heard("player", owner="ada")
        subscription.topics -= {"player"}
        assert not feed.is_heard("player", owner="ada")
    subscription.topics |= {"player"}

    assert not feed.is_heard("player", owner="ada")


async def test_a_position_reaches_each_device_of_its_user_that_is_there(log, autojump_clock):
    def position(number):
        payload = {"position": number}
        return Passing(
            type="PLAYBACK_POSITION",
            subject="player:ada",
            payload=payload,
            at=datetime(2026, 3, 1, tzinfo=UTC),
            owner="ada",
        )

    feed = Feed(log, queue_bytes=10_000)
    async with feed.subscribe(["player"], owner="ada") as radio:
        async with feed.subscribe(["player"], owner="ada") as phone, feed.subscribe(["player"], owner="bo") as other:
            feed.publish_passing(position(1))
            for device in (radio, phone):
                (frame,) = await device.take()
                assert frame.owner == "ada"
        feed.publish_passing(position(2))
        assert feed.is_heard("player", owner="ada")
        assert [len(one.backlog) for one in (radio, phone, other)] == [1, 0, 0]


async def test_what_waits_and_how_old_it_is_can_be_seen(log, passing, autojump_clock):
    feed = Feed(log, queue_bytes=10_000)
    async with feed.subscribe() as subscription:
        first, second, third = log.add("TRACK_ADDED", "TRACK_ADDED", "TRACK_ADDED")
        feed.publish([first])
        in_hand = await subscription.take()
        feed.publish([second, third])
        feed.publish_passing(passing("track:a", 0.5))
        feed.publish_passing(passing("track:a", 0.6))

        behind = subscription.statistics(now=first.at + timedelta(seconds=4))
        assert (behind.seq, behind.sent, behind.lag_messages, behind.lag_s) == (0, 0, 4, 4.0)
        assert behind.lag_bytes == sum(len(frame.body) for frame in in_hand) + subscription.backlog.size_bytes
        assert (behind.coalesced, behind.dropped) == (1, 0)
        await drained(subscription)

        done = subscription.statistics(now=first.at + timedelta(seconds=9))
        assert (done.seq, done.sent, done.lag_messages, done.lag_bytes, done.lag_s) == (3, 4, 0, 0, 0.0)


async def test_one_that_reads_the_log_lags_by_what_it_has_not_read(log, autojump_clock):
    log.add(*["TRACK_ADDED"] * 450)
    feed = Feed(log, queue_bytes=10_000)
    async with feed.subscribe(since=0) as subscription:
        await subscription.take()

        behind = subscription.statistics(now=log.history[0].at + timedelta(seconds=5))
        assert (behind.seq, behind.lag_messages, behind.lag_s) == (0, 450, 5.0)
