"""Topics of the live feed."""

from datetime import UTC, datetime

from actors.model.event import TOPIC_OF_TYPE, TOPICS, Event, Passing

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_every_type_belongs_to_a_topic_that_can_be_named():
    assert set(TOPIC_OF_TYPE.values()) <= set(TOPICS)


def test_events_and_passing_messages_know_their_topic():
    assert Event(seq=1, type="TRACK_ADDED", payload={}, at=NOW).topic == "tracks"
    assert Passing(type="PROGRESS_UPDATE", subject="track:1", payload={}, at=NOW).topic == "progress"
