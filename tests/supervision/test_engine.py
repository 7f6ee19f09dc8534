"""The whole engine: names, seeds, ends, what is left behind."""

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from supervision import (
    ActorStoppedError,
    Backoff,
    Child,
    EventKind,
    Intensity,
    NotFoundError,
    Shutdown,
    Strategy,
    Supervisor,
    run,
)
from supervision.testing import Probe, replay


def crash(message: object) -> None:
    raise ValueError(message)


async def scenario(seed: int | None) -> list:
    tree = Supervisor(
        "r",
        strategy=Strategy.REST_FOR_ONE,
        intensity=Intensity(restarts=100),
        backoff=Backoff(first_s=0.1, jitter=0.5),
        children=[Probe(crash).child(name) for name in "abcd"],
    )
    async with run(tree, seed=seed) as running:
        for _ in range(5):
            for name in "abcd":
                running.ref(f"r/{name}").tell_nowait(name)
            await trio.sleep(2)
    return [(event.kind, event.path, event.at_s, event.delay_s, event.reason) for event in running.recent_events()]


def test_same_seed_gives_the_same_event_log_on_any_schedule() -> None:
    logs = [replay(scenario, 7, seed=schedule) for schedule in range(20)]

    assert all(log == logs[0] for log in logs)
    assert replay(scenario, 8, seed=0) != logs[0]


def test_without_a_seed_the_jitter_differs_from_run_to_run() -> None:
    assert replay(scenario, None, seed=0) != replay(scenario, None, seed=0)


async def test_outer_cancellation_stops_in_order_and_goes_on_out(autojump_clock) -> None:
    probe = Probe()
    with trio.move_on_after(5) as scope:
        async with run(Supervisor("r", children=[probe.child("a"), probe.child("b")])) as running:
            await trio.sleep_forever()

    assert scope.cancelled_caught
    ends = [(event.path, event.reason) for event in running.recent_events() if event.kind is EventKind.EXITED]
    assert ends == [("r/b", "stopped"), ("r/a", "stopped"), ("r", "stopped")]


async def test_outer_cancellation_during_the_start_stops_what_had_started(autojump_clock) -> None:
    seen = []

    async def slow(context) -> None:
        try:
            await trio.sleep(100)
        finally:
            seen.append("slow ended")
        context.ready()

    tree = Supervisor("r", children=[Probe().child("a"), Child("slow", slow, shutdown=Shutdown(grace_s=1))])
    with trio.move_on_after(5) as scope:
        async with run(tree):
            pytest.fail("not started")

    assert scope.cancelled_caught
    assert seen == ["slow ended"]


async def test_cancelled_while_shutting_down_still_stops_all(autojump_clock) -> None:
    async def slow(context) -> None:
        await context.stopping.wait()
        await trio.sleep(3)
        done.append(1)

    done = []
    with trio.move_on_after(1):
        async with run(Supervisor("r", children=[Child("slow", slow)])):
            pass

    assert done == [1]


async def test_body_error_comes_out_though_the_shutdown_was_cancelled(autojump_clock) -> None:
    async def slow(context) -> None:
        await context.stopping.wait()
        await trio.sleep(3)

    with pytest.raises(KeyError), trio.move_on_after(1):
        async with run(Supervisor("r", children=[Child("slow", slow)])):
            raise KeyError("body")


async def test_names_are_found_before_their_children_start(autojump_clock) -> None:
    found = []

    async def early(context) -> None:
        ref = context.ref_to("r/late")
        ref.tell_nowait("hello")
        found.append(ref.path)
        await context.stopping.wait()

    probe = Probe()
    async with run(Supervisor("r", children=[Child("early", early), probe.child("late")])) as running:
        await wait_all_tasks_blocked()
        assert found == ["r/late"]
        assert probe.messages == ["hello"]
        with pytest.raises(NotFoundError):
            running.ref("r/nobody")


async def test_nothing_is_left_behind(autojump_clock) -> None:
    before = trio.lowlevel.current_statistics().tasks_living
    async with run(Supervisor("r", children=[Probe(crash).child(name) for name in "abc"])) as running:
        running.ref("r/a").tell_nowait(1)
        await wait_all_tasks_blocked()
        engine = running._engine

    assert trio.lowlevel.current_statistics().tasks_living == before
    assert len(engine._timers) == 0
    assert len(engine.waits) == 0
    assert engine._tasks == 0
    with pytest.raises(ActorStoppedError):
        running.ref("r/a").tell_nowait(1)


async def test_error_of_the_engine_itself_kills_everything_and_comes_out(autojump_clock) -> None:
    with pytest.raises(ZeroDivisionError):
        async with run(Supervisor("r", children=[Probe().child("a"), Probe().child("b")])) as running:
            await break_and_wait(running)

    assert running._engine._tasks == 0


async def break_and_wait(running) -> None:
    running._engine.timers_at(trio.current_time(), lambda: 1 / 0)
    await trio.sleep_forever()


async def test_body_error_and_escalation_at_once_give_the_bodys_error(autojump_clock) -> None:
    with pytest.raises(KeyError):
        async with run(Supervisor("r", intensity=Intensity(restarts=0), children=[Probe(crash).child("a")])) as running:
            await die_together(running)


async def die_together(running) -> None:
    try:
        running.ref("r/a").tell_nowait(1)
        await trio.sleep_forever()
    finally:
        raise KeyError("body")
