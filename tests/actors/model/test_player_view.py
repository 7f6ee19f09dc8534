"""A player as clients see it."""

from datetime import UTC, datetime, timedelta

import attrs

from actors.model.obstacle import Obstacle
from actors.model.player import Deck, Player, PlayerState
from actors.model.player_queue import MOST_ITEMS, PlayerQueue, QueueItem
from actors.model.player_view import MOST_CHECKED, player_view, queue_view, told

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
ITEM = QueueItem(id="1", track_id="t")
DECK = Deck(
    player=Player(state=PlayerState.PLAYING, item=ITEM, length_s=100.0, position_s=20.0, since=NOW, version=3),
    queue=PlayerQueue(version=5, items=(ITEM,)),
)


def test_the_position_is_that_of_the_moment_which_stands_beside_it():
    at_change, now = player_view(DECK), player_view(DECK, NOW + timedelta(seconds=2))

    assert (at_change.position, at_change.at) == (20.0, NOW)
    assert (now.position, now.at) == (22.0, NOW + timedelta(seconds=2))
    assert (now.version, now.queue_version) == (3, 5)


def test_events_tell_of_the_half_that_changed():
    louder = attrs.evolve(DECK, player=attrs.evolve(DECK.player, version=4))
    shorter = attrs.evolve(DECK, queue=DECK.queue.with_items(()))

    assert told(DECK, DECK) == []
    assert [kind for kind, _ in told(DECK, louder)] == ["PLAYER_STATE_UPDATE"]
    assert told(DECK, shorter) == [("QUEUE_UPDATE", {"version": 6, "items": ()})]
    assert queue_view(DECK).items[0].track_id == "t"


def test_what_can_be_played_of_the_same_queue_is_told_item_by_item():
    items = (ITEM, QueueItem(id="2", track_id="u"), QueueItem(id="3", track_id="t"))
    before = attrs.evolve(DECK, queue=attrs.evolve(DECK.queue, items=items), obstacles={"u": Obstacle.GROWING})
    after = attrs.evolve(before, obstacles={"t": Obstacle.MISSING, "u": Obstacle.GROWING})
    ((kind, payload),) = told(before, after)

    assert (kind, payload["version"]) == ("VALIDATION_UPDATE", DECK.queue.version)
    assert payload["items"] == tuple(
        {"itemId": item_id, "trackId": "t", "isPlayable": False, "reason": "missing"} for item_id in ("1", "3")
    )
    assert [item.reason for item in queue_view(after).items] == ["missing", "growing", "missing"]
    assert [item["isPlayable"] for item in told(after, before)[0][1]["items"]] == [True, True]


def test_a_queue_that_is_another_one_says_itself_what_can_be_played():
    after = attrs.evolve(DECK, queue=DECK.queue.with_items((ITEM, ITEM)), obstacles={"t": Obstacle.REMOVED})
    ((kind, payload),) = told(DECK, after)

    assert (kind, [item["reason"] for item in payload["items"]]) == ("QUEUE_UPDATE", ["removed", "removed"])


def test_a_whole_queue_that_goes_away_is_told_in_few_messages_of_a_bounded_size():
    items = tuple(QueueItem(id=str(number), track_id=f"t{number}") for number in range(MOST_ITEMS))
    before = attrs.evolve(DECK, queue=attrs.evolve(DECK.queue, items=items))
    after = attrs.evolve(before, obstacles={item.track_id: Obstacle.MISSING for item in items})
    events = told(before, after)

    assert [len(payload["items"]) for _, payload in events] == [MOST_CHECKED] * (MOST_ITEMS // MOST_CHECKED)
    assert [one["itemId"] for _, payload in events for one in payload["items"]] == [item.id for item in items]
