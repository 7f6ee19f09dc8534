"""Who takes what."""

from hypothesis import given
from hypothesis import strategies as st

from actors.feed.hearers import Hearers

TOPICS = st.frozensets(st.sampled_from("xyz"))


def test_a_user_takes_a_topic_as_long_as_any_client_does():
    hearers = Hearers()
    hearers.change("ada", more={"player", "tracks"})
    hearers.change("ada", more={"player"})
    hearers.change("ada", fewer={"player", "tracks"})

    assert (set(hearers.of("player")), set(hearers.of("tracks")), set(hearers.of("jobs"))) == ({"ada"}, set(), set())


@given(st.lists(st.tuples(st.sampled_from("AB"), TOPICS)), st.data())
def test_whoever_comes_and_goes_it_is_what_those_who_are_there_take(clients, data):
    hearers, there = Hearers(), []
    for owner, topics in clients:
        hearers.change(owner, more=topics)
        there.append((owner, topics))
        if data.draw(st.booleans()):
            leaves, given_up = there.pop(data.draw(st.integers(0, len(there) - 1)))
            hearers.change(leaves, fewer=given_up)
        for topic in "xyz":
            assert set(hearers.of(topic)) == {owner for owner, topics in there if topic in topics}
