"""How many connections there may be."""

from hypothesis import given
from hypothesis import strategies as st

from web.serving.crowd import Crowd
from web.traffic import networks_of

A, B, PROXY, HERE = "192.0.2.1", "192.0.2.2", "10.0.0.1", "127.0.0.1"


def crowd():
    return Crowd(most=5, most_per_address=2, proxies=networks_of(["10.0.0.0/8"]))


def test_one_address_may_not_have_them_all():
    here = crowd()
    here.enter(A)
    here.enter(A)

    assert here.refusal(A) == 429
    assert here.refusal(B) is None
    here.leave(A)
    assert here.refusal(A) is None


def test_hosts_of_one_ipv6_network_are_one():
    here = crowd()
    here.enter("2001:db8::1")
    here.enter("2001:db8::2")
    assert here.refusal("2001:db8::3") == 429


def test_who_stands_for_many_is_bounded_by_the_whole():
    here = crowd()
    for peer in (PROXY, PROXY, PROXY, HERE, HERE):
        assert here.refusal(peer) is None
        here.enter(peer)
    assert {here.refusal(peer) for peer in (A, PROXY, HERE)} == {503}


@given(st.lists(st.sampled_from([A, B, PROXY, HERE]), max_size=50))
def test_who_has_left_leaves_no_trace(peers):
    here = crowd()
    inside = []
    for peer in peers:
        if here.refusal(peer) is None:
            here.enter(peer)
            inside.append(peer)
        assert len(here) == len(inside) <= 5
    for peer in inside:
        here.leave(peer)
    assert len(here) == 0
    assert not here._by_address
