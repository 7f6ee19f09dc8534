"""Random trees under random orders, crashes, stops and time, on random schedules; what must hold of all of them."""

import logging
from collections import Counter

import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trio.testing import wait_all_tasks_blocked

from supervision import (
    AdministrationError,
    EscalatedError,
    EventKind,
    Running,
    SendError,
    StartError,
    SupervisorStatus,
    run,
)
from supervision.testing import replay
from tests.supervision.suites.world import Order, World, build, leaves, shapes

steps = st.lists(
    st.one_of(
        st.tuples(
            st.just("send"),
            st.integers(0, 5),
            st.sampled_from(["work", "work", "ask", "ask", "crash", "end"]),
            st.sampled_from([0, 0.25, 2]),
        ),
        st.tuples(st.just("sleep"), st.sampled_from([0, 0.05, 0.5, 2, 10])),
        st.tuples(st.just("stop"), st.integers(0, 8), st.sampled_from(["stop", "drain", "kill"])),
        st.tuples(st.just("restart"), st.integers(0, 8)),
        st.tuples(st.just("remove"), st.integers(0, 8)),
        st.tuples(st.just("add"), st.integers(0, 8), leaves),
    ),
    max_size=25,
)


async def send(running: Running, world: World, path: str, order: Order) -> None:
    with trio.move_on_after(3):
        try:
            await running.ref(path).tell(order)
        except (SendError, AdministrationError):
            return
        world.accepted.append(order)


async def change(what: str, running: Running, path: str, *rest) -> None:
    try:
        if what == "stop":
            await running.stop_child(path, *rest)
        elif what == "restart":
            await running.restart_child(path)
        elif what == "remove":
            await running.remove_child(path)
        else:
            await running.start_child(path, rest[0])
    except (AdministrationError, StartError, SendError):
        pass


async def perform(running: Running, world: World, program, nursery: trio.Nursery) -> None:
    for number, (what, *rest) in enumerate(program):
        nodes = list(running.status().walk())
        check_picture(nodes)
        if what == "sleep":
            await trio.sleep(rest[0])
            continue
        kind = SupervisorStatus if what == "add" else object
        paths = [node.path for node in nodes if isinstance(node, kind)]
        path = paths[rest[0] % len(paths)]
        if what == "send":
            nursery.start_soon(send, running, world, path, Order(rest[0], number, rest[1], rest[2]))
            await wait_all_tasks_blocked()
        elif what == "add":
            nursery.start_soon(change, what, running, path, build(rest[1], world, f"x{number}"))
        else:
            nursery.start_soon(change, what, running, path, *rest[1:])


def check_picture(nodes) -> None:
    """One consistent tree at any moment."""
    for node in nodes:
        if isinstance(node, SupervisorStatus):
            assert node.restarts_remaining >= 0
            if node.state in {"stopped", "failed"}:
                assert all(child.state in {"stopped", "failed", "stuck"} for child in node.children)
        else:
            assert node.mailbox_depth <= node.mailbox_capacity
            assert node.waiting_senders == 0 or node.mailbox_depth == node.mailbox_capacity


async def life(shape, program) -> None:
    world = World()
    living = trio.lowlevel.current_statistics().tasks_living
    try:
        async with run(build(shape, world), seed=1) as running:
            await wait_all_tasks_blocked()
            async with trio.open_nursery() as nursery:
                await perform(running, world, program, nursery)
            await trio.sleep(60)
            settled = list(running.status().walk())
            assert {node.state for node in settled} <= {"running", "stopped", "failed"}
    except* EscalatedError:
        pass
    check_end(running, world, living)


def check_end(running: Running, world: World, living: int) -> None:
    events = running.recent_events()
    letters = [event.dead_letter.message for event in events if event.kind is EventKind.DEAD_LETTER]
    handled = [order for orders in world.handled.values() for order in orders]
    fates = Counter(handled + letters)
    # A sender that was cancelled when it had just been admitted never learns of it, so there may be more than were accepted.
    assert not Counter(world.accepted) - fates, "neither handled nor a dead letter"
    assert max(fates.values(), default=0) <= 1, "handled twice, or handled and a dead letter"
    for orders in world.handled.values():
        for sender in {order.sender for order in orders}:
            numbers = [order.number for order in orders if order.sender == sender]
            assert numbers == sorted(numbers), "order of one sender"
    assert all(count == 0 for count in world.alive.values()), "a task is left"
    assert trio.lowlevel.current_statistics().tasks_living <= living
    engine = running._engine
    assert (engine._tasks, len(engine._timers), len(engine.waits)) == (0, 0, 0)
    assert [event for event in events if event.kind is EventKind.STUCK] == []
    assert running.status().root.state in {"stopped", "failed"}


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(shapes, steps, st.integers(0, 1000))
def test_what_must_hold_of_all_trees(shape, program, schedule) -> None:
    logging.disable(logging.CRITICAL)
    try:
        replay(life, shape, program, seed=schedule)
    finally:
        logging.disable(logging.NOTSET)
