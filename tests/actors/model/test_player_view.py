"""A player as clients see it."""

from datetime import UTC, datetime, timedelta

import attrs

from actors.model.player import Deck, Player, PlayerState
from actors.model.player_queue import PlayerQueue, QueueItem
from actors.model.player_view import player_view, queue_view, told

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
    assert queue_view(DECK.queue).items[0].track_id == "t"
