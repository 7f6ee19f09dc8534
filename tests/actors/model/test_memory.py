"""Memories as values."""

from datetime import UTC, datetime

from actors.model.memory import Memory, distinct, memory_view


def test_tags_that_differ_in_case_and_accents_alone_count_once():
    assert distinct([" Mix ", "mix", "MÍX", "other"]) == ("Mix", "other")


def test_a_view_says_all_that_there_is():
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    memory = Memory(
        id="m",
        track_id="t",
        track_title="Rook",
        position_s=1.5,
        text="so",
        tags=("a",),
        added_at=moment,
        changed_at=moment,
    )
    view = memory_view(memory)

    assert (view.id, view.track_id, view.track_title, view.position, view.text) == ("m", "t", "Rook", 1.5, "so")
    assert (view.tags, view.added_at, view.changed_at, view.version) == (("a",), moment, moment, 1)
