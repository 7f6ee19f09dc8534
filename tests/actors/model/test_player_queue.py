"""The queue, against a list."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.errors import ConflictError, InvalidError, ItemGoneError, VersionError
from actors.model.player_queue import MOST_ITEMS, PlayerQueue, QueueItem, added, cleared, moved, removed, stale


def queue_of(*track_ids: str) -> PlayerQueue:
    queue = PlayerQueue()
    for track_id in track_ids:
        queue = added(queue, track_id, None)
    return queue


def tracks(queue: PlayerQueue) -> str:
    return "".join(item.track_id for item in queue.items)


def test_a_track_may_stand_twice_each_time_as_an_item_of_its_own():
    queue = queue_of("a", "a")

    assert tracks(queue) == "aa"
    assert len({item.id for item in queue.items}) == 2


@pytest.mark.parametrize("position, expected", [(None, "abx"), (0, "xab"), (1, "axb"), (2, "abx"), (9, "abx")])
def test_a_track_is_put_where_it_is_wanted_and_at_the_end_of_a_shorter_queue(position, expected):
    assert tracks(added(queue_of("a", "b"), "x", position)) == expected


def test_an_id_is_never_used_again():
    queue = queue_of("a", "b")
    again = added(removed(queue, queue.items[1].id), "c", None)

    assert again.items[1].id not in {item.id for item in queue.items}
    assert added(cleared(again), "d", None).items[0].id not in {item.id for item in again.items}


def test_a_full_queue_takes_nothing_more():
    full = PlayerQueue(items=tuple(QueueItem(id=str(number), track_id="t") for number in range(MOST_ITEMS)))

    assert isinstance(added(full, "t", 0), ConflictError)


def test_what_is_not_there_cannot_be_removed_or_moved():
    assert isinstance(removed(queue_of("a"), "7"), ItemGoneError)
    assert isinstance(moved(queue_of("a"), "7", 0), ItemGoneError)


def test_nothing_is_moved_out_of_the_queue():
    queue = queue_of("a", "b")

    assert isinstance(moved(queue, queue.items[0].id, 2), InvalidError)


def test_what_changes_nothing_is_no_new_version():
    queue = queue_of("a", "b")

    assert moved(queue, queue.items[1].id, 1) == queue
    assert cleared(PlayerQueue(version=3)).version == 3


@pytest.mark.parametrize("version, is_stale", [(None, False), (2, False), (1, True), (3, True)])
def test_an_edit_of_another_version_is_refused_with_the_present_one(version, is_stale):
    refused = stale(queue_of("a", "b"), version)

    assert (refused is not None) == is_stale
    assert refused is None or (isinstance(refused, VersionError) and refused.version == 2)


@given(
    st.integers(1, 8).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1), st.integers(0, size - 1)))
)
def test_a_moved_item_stands_where_it_was_wanted_and_the_others_keep_their_order(case):
    size, start, goal = case
    queue = queue_of(*"abcdefgh"[:size])
    item = queue.items[start]
    after = moved(queue, item.id, goal)

    assert after.items[goal] == item
    assert [one for one in after.items if one != item] == [one for one in queue.items if one != item]
    assert after.version == queue.version + (start != goal)


def test_neighbors_are_given_nearest_first():
    queue = queue_of("a", "b", "c", "d")
    middle = queue.items[2].id

    assert tracks(attrs.evolve(queue, items=tuple(queue.before(middle)))) == "ba"
    assert tracks(attrs.evolve(queue, items=tuple(queue.after(middle)))) == "d"
    assert (queue.before("7"), queue.after("7")) == ((), ())
