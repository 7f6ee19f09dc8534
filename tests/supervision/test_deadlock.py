"""The graph of waits."""

from hypothesis import given
from hypothesis import strategies as st

from supervision.deadlock import WaitGraph


def test_waiting_for_oneself_is_a_cycle() -> None:
    assert WaitGraph[str]().cycle("a", "a") == ("a",)


def test_cycle_is_named_from_the_one_that_closes_it() -> None:
    graph = WaitGraph[str]()
    graph.add("b", "c")
    graph.add("c", "a")

    assert graph.cycle("a", "b") == ("a", "b", "c")
    assert graph.cycle("d", "b") is None


def test_a_wait_that_is_over_closes_nothing() -> None:
    graph = WaitGraph[str]()
    graph.add("b", "a")
    graph.add("b", "c")
    graph.remove("b", "a")

    assert graph.cycle("a", "b") is None
    assert graph.waiting_for("b") == ("c",)
    graph.remove("b", "c")
    assert len(graph) == 0


def reaches(edges, start, goal) -> bool:
    seen, pending = set(), [start]
    while pending:
        node = pending.pop()
        if node == goal:
            return True
        if node not in seen:
            seen.add(node)
            pending.extend(after for before, after in edges if before == node)
    return False


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=20), st.integers(0, 6), st.integers(0, 6))
def test_finds_a_cycle_exactly_when_there_is_one(edges, waiter, target) -> None:
    graph = WaitGraph[int]()
    for before, after in edges:
        graph.add(before, after)
    cycle = graph.cycle(waiter, target)

    assert (cycle is not None) == reaches(edges, target, waiter)
    if cycle is not None and len(cycle) > 1:
        steps = list(zip(cycle, (*cycle[1:], cycle[0]), strict=True))
        assert steps[0] == (waiter, target)
        assert all(step in edges for step in steps[1:])
