"""Pending timers."""

from supervision.timers import Timers


def drain(timers: Timers, now_s: float) -> None:
    while action := timers.due(now_s):
        action()


def test_what_is_due_is_done_once_in_order_of_time() -> None:
    timers, done = Timers(), []
    timers.at(2, lambda: done.append("b"))
    timers.at(1, lambda: done.append("a"))
    timers.at(3, lambda: done.append("c"))
    assert timers.next_at_s() == 1
    drain(timers, 2)
    drain(timers, 2)

    assert done == ["a", "b"]
    assert len(timers) == 1


def test_same_time_keeps_the_order_of_asking() -> None:
    timers, done = Timers(), []
    for name in "abc":
        timers.at(1, lambda name=name: done.append(name))
    drain(timers, 1)

    assert done == ["a", "b", "c"]


def test_cancelled_ones_are_not_done_and_not_waited_for() -> None:
    timers, done = Timers(), []
    first = timers.at(1, lambda: done.append("a"))
    timers.at(2, lambda: done.append("b"))
    first.cancel()
    first.cancel()

    assert timers.next_at_s() == 2
    drain(timers, 5)
    assert done == ["b"]
    assert timers.next_at_s() == float("inf")


def test_many_cancelled_ones_leave_nothing_behind() -> None:
    timers = Timers()
    keep = timers.at(1e9, lambda: None)
    for n in range(10_000):
        timers.at(n, lambda: None).cancel()

    assert len(timers) == 1
    assert len(timers._heap) < 100
    assert keep.action is not None
