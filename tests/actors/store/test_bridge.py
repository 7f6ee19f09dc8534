"""The bridge between Trio and the asyncio thread."""

import asyncio
import threading

import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actors.store import bridge as bridge_module
from actors.store.bridge import open_bridge

THREAD = "rookery-database"


def bridge_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == THREAD]


async def echo(value: object) -> object:
    await asyncio.sleep(0)
    return value


async def test_a_result_comes_back():
    async with open_bridge() as bridge:
        assert await bridge.run(echo, 7) == 7


async def test_an_error_comes_back_as_itself():
    async def fail() -> None:
        raise LookupError("gone")

    async with open_bridge() as bridge:
        with pytest.raises(LookupError, match="gone"):
            await bridge.run(fail)
        assert await bridge.run(echo, 1) == 1


async def test_many_calls_run_at_once():
    """A barrier of as many parties as calls opens only if none waits for another to end."""
    parties = 50
    answers = []

    async with open_bridge() as bridge:

        async def make_barrier() -> asyncio.Barrier:
            return asyncio.Barrier(parties)

        barrier = await bridge.run(make_barrier)

        async def call() -> None:
            answers.append(await bridge.run(barrier.wait))

        async with trio.open_nursery() as nursery:
            for _ in range(parties):
                nursery.start_soon(call)
    assert sorted(answers) == list(range(parties))


async def test_cancelling_the_caller_cancels_the_asyncio_task_and_waits_for_it():
    began = trio.Event()
    token = trio.lowlevel.current_trio_token()
    ended = []

    async def work() -> None:
        token.run_sync_soon(began.set)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0)
            ended.append("cleaned up")
            raise

    async with open_bridge() as bridge:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(bridge.run, work)
            await began.wait()
            nursery.cancel_scope.cancel()
        assert ended == ["cleaned up"]


async def test_a_call_that_finishes_although_cancelled_gives_its_result():
    began = trio.Event()
    token = trio.lowlevel.current_trio_token()
    answers = []

    async def stubborn() -> str:
        token.run_sync_soon(began.set)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "committed"
        return "never"

    async with open_bridge() as bridge:
        with trio.CancelScope() as scope:
            async with trio.open_nursery() as nursery:

                @nursery.start_soon
                async def call() -> None:
                    answers.append(await bridge.run(stubborn))

                await began.wait()
                scope.cancel()
    assert answers == ["committed"]


async def test_a_call_that_ignores_cancellation_is_left_behind(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bridge_module, "CANCEL_LIMIT_S", 0.05)
    monkeypatch.setattr(bridge_module, "CLOSE_LIMIT_S", 0.05)
    began = trio.Event()
    token = trio.lowlevel.current_trio_token()

    async def deaf() -> None:
        token.run_sync_soon(began.set)
        never = asyncio.Event()
        while True:
            try:
                await never.wait()
            except asyncio.CancelledError:
                continue

    async with open_bridge() as bridge:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(bridge.run, deaf)
            await began.wait()
            nursery.cancel_scope.cancel()
        assert await bridge.run(echo, 2) == 2
    assert bridge_threads() == []


async def test_a_cancelled_caller_starts_nothing():
    ran = []

    async def work() -> None:
        ran.append(True)

    async with open_bridge() as bridge:
        with trio.CancelScope() as scope:
            scope.cancel()
            await bridge.run(work)
        await bridge.run(echo, 0)
    assert ran == []


async def test_a_closed_bridge_refuses_calls():
    async with open_bridge() as bridge:
        pass
    with pytest.raises(trio.ClosedResourceError):
        await bridge.run(echo, 1)


async def test_the_thread_ends_with_the_block():
    async with open_bridge():
        assert len(bridge_threads()) == 1
    assert bridge_threads() == []


async def test_the_thread_ends_when_the_block_fails_or_is_cancelled():
    with pytest.raises(LookupError):
        async with open_bridge():
            raise LookupError
    with trio.CancelScope() as scope:
        async with open_bridge():
            scope.cancel()
            await trio.lowlevel.checkpoint()
    assert bridge_threads() == []


async def test_the_thread_ends_when_the_bridge_is_opened_in_a_cancelled_scope():
    with trio.CancelScope() as scope:
        scope.cancel()
        async with open_bridge():
            await trio.lowlevel.checkpoint()
    assert bridge_threads() == []


async def test_callers_in_flight_are_told_when_the_bridge_closes():
    began = trio.Event()
    token = trio.lowlevel.current_trio_token()

    async def wait() -> None:
        token.run_sync_soon(began.set)
        await asyncio.Event().wait()

    async def call() -> None:
        with pytest.raises(trio.BrokenResourceError):
            await bridge.run(wait)

    async with trio.open_nursery() as nursery, open_bridge() as bridge:
        nursery.start_soon(call)
        await began.wait()


async def test_clean_up_runs_in_a_cancelled_scope_and_within_its_limit():
    done = []

    async def clean() -> None:
        await asyncio.sleep(0)
        done.append("cleaned")

    async with open_bridge() as bridge:
        with trio.CancelScope() as scope:
            scope.cancel()
            await bridge.finish(clean, limit_s=10)
            await bridge.finish(asyncio.Event().wait, limit_s=0.01)
    assert done == ["cleaned"]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["answer", "fail", "cancel"]), max_size=30))
def test_every_call_of_any_mixture_ends_in_its_own_way(kinds: list[str]):
    outcomes: dict[int, str] = {}

    async def work(kind: str) -> str:
        if kind == "fail":
            raise LookupError
        if kind == "cancel":
            await asyncio.Event().wait()
        await asyncio.sleep(0)
        return kind

    async def main() -> None:
        async with open_bridge() as bridge, trio.open_nursery() as nursery:

            async def call(number: int, kind: str) -> None:
                with trio.CancelScope() as scope:
                    if kind == "cancel":
                        nursery.start_soon(cancel_soon, scope)
                    try:
                        outcomes[number] = await bridge.run(work, kind)
                    except LookupError:
                        outcomes[number] = "fail"
                if scope.cancelled_caught:
                    outcomes[number] = "cancel"

            async def cancel_soon(scope: trio.CancelScope) -> None:
                await trio.lowlevel.checkpoint()
                scope.cancel()

            for number, kind in enumerate(kinds):
                nursery.start_soon(call, number, kind)

    trio.run(main)
    assert outcomes == dict(enumerate(kinds))
