"""One life of an actor or task."""

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from supervision import (
    Actor,
    Child,
    DeclineStart,
    EventKind,
    InFlight,
    Mailbox,
    MessageFailedError,
    RefusedError,
    Restart,
    Shutdown,
    StartError,
    Supervisor,
    run,
)


class Diary(Actor[object]):
    """Notes what happens to it, and does what it is sent."""

    def __init__(self, notes: list) -> None:
        self.notes = notes

    async def started(self, context) -> None:
        self.context = context
        self.notes.append(f"started {context.incarnation}")

    async def receive(self, message: object) -> object:
        if callable(message):
            return await message(self)
        self.notes.append(message)
        return message

    async def stopped(self) -> None:
        self.notes.append(f"stopped {self.context.reason}")


def one(notes: list, **options) -> Supervisor:
    return Supervisor("r", children=[Child("a", lambda: Diary(notes), **options)])


async def crash(_: Diary) -> None:
    raise ValueError("no")


async def forever(_: Diary) -> None:
    await trio.sleep_forever()


def exits(running) -> list:
    return [event.reason for event in running.recent_events() if event.kind is EventKind.EXITED and event.path == "r/a"]


async def crash_and_wait(running, path: str, error: object) -> None:
    running.ref(path).tell_nowait(error)
    await trio.sleep_forever()


async def test_clean_up_runs_after_a_stop_with_its_reason(autojump_clock) -> None:
    notes = []
    async with run(one(notes)):
        pass

    assert notes == ["started 1", "stopped stopped"]


async def test_clean_up_runs_after_a_crash_before_the_next_start(autojump_clock) -> None:
    notes = []
    async with run(one(notes)) as running:
        running.ref("r/a").tell_nowait(crash)
        await wait_all_tasks_blocked()

    assert notes == ["started 1", "stopped crashed", "started 2", "stopped stopped"]


async def test_clean_up_does_not_run_after_a_kill(autojump_clock) -> None:
    notes = []
    async with run(one(notes)) as running:
        await running.stop_child("r/a", how="kill")
        assert exits(running) == ["killed"]

    assert notes == ["started 1"]


async def test_clean_up_has_the_grace_and_no_more(autojump_clock) -> None:
    async def slow(self) -> None:
        await trio.sleep(100)

    class Slow(Diary):
        stopped = slow

    tree = Supervisor("r", children=[Child("a", lambda: Slow([]), shutdown=Shutdown(grace_s=3))])
    began = trio.current_time()
    async with run(tree) as running:
        pass
    assert trio.current_time() == began + 3
    assert exits(running) == ["killed"]


async def test_clean_up_after_a_crash_has_the_grace_too(autojump_clock) -> None:
    class Slow(Diary):
        async def stopped(self) -> None:
            await trio.sleep(100)

    tree = Supervisor("r", children=[Child("a", lambda: Slow([]), shutdown=Shutdown(grace_s=3))])
    async with run(tree) as running:
        began = trio.current_time()
        with pytest.raises(MessageFailedError):
            await running.ref("r/a").ask(crash, timeout_s=9)
        assert trio.current_time() == began
        assert await running.ref("r/a").ask("hello", timeout_s=9) == "hello"
        assert trio.current_time() == began + 3
        assert exits(running) == ["crashed"]


async def test_failing_clean_up_is_a_crash(autojump_clock) -> None:
    class Bad(Diary):
        async def stopped(self) -> None:
            raise KeyError("bad")

    async with run(Supervisor("r", children=[Child("a", lambda: Bad([]))])) as running:
        await running.stop_child("r/a")
        assert exits(running) == ["crashed"]
        assert "KeyError" in running.status().find("r/a").last_error


async def test_stop_finishes_the_message_in_hand(autojump_clock) -> None:
    notes = []

    async def slow(actor: Diary) -> None:
        await trio.sleep(2)
        actor.notes.append("done")

    async with run(one(notes)) as running:
        ref = running.ref("r/a")
        ref.tell_nowait(slow)
        ref.tell_nowait("next")
        await wait_all_tasks_blocked()
        await running.stop_child("r/a")
        assert [letter.reason for letter in running.status().dead_letters] == ["stopped"]

    assert notes == ["started 1", "done", "stopped stopped"]


async def test_drain_empties_the_mailbox_first_and_takes_no_more(autojump_clock) -> None:
    notes = []

    async def slow(actor: Diary) -> None:
        await trio.sleep(1)

    async with run(one(notes)) as running:
        ref = running.ref("r/a")
        for message in (slow, 1, slow, 2):
            ref.tell_nowait(message)
        await running.stop_child("r/a", how="drain")
        assert exits(running) == ["drained"]

    assert notes == ["started 1", 1, 2, "stopped drained"]


async def test_drain_has_the_grace_and_no_more(autojump_clock) -> None:
    async with run(one([], shutdown=Shutdown(grace_s=2))) as running:
        running.ref("r/a").tell_nowait(forever)
        running.ref("r/a").tell_nowait(1)
        began = trio.current_time()
        await running.stop_child("r/a", how="drain")

        assert trio.current_time() == began + 2
        assert exits(running) == ["killed"]
        assert [letter.reason for letter in running.status().dead_letters] == ["killed", "stopped"]


async def test_kill_interrupts_the_message_in_hand(autojump_clock) -> None:
    async with run(one([])) as running:
        running.ref("r/a").tell_nowait(forever)
        await wait_all_tasks_blocked()
        began = trio.current_time()
        await running.stop_child("r/a", how="kill")

        assert trio.current_time() == began
        assert [letter.reason for letter in running.status().dead_letters] == ["killed"]


@pytest.mark.parametrize("grace_s,waited", [(0, 0), (3, 3)])
async def test_grace_is_waited_and_then_it_is_killed(grace_s, waited, autojump_clock) -> None:
    tree = one([], shutdown=Shutdown(grace_s=grace_s))
    async with run(tree) as running:
        running.ref("r/a").tell_nowait(forever)
        await wait_all_tasks_blocked()
        began = trio.current_time()
        await running.stop_child("r/a")

        assert trio.current_time() == began + waited
        assert exits(running) == ["killed"]


async def test_infinite_grace_waits_for_ever(autojump_clock) -> None:
    async def long(_: Diary) -> None:
        await trio.sleep(80_000)

    async with run(one([], shutdown=Shutdown(grace_s=float("inf")))) as running:
        running.ref("r/a").tell_nowait(long)
        await wait_all_tasks_blocked()
        await running.stop_child("r/a")

        assert exits(running) == ["stopped"]


@pytest.mark.parametrize("restart", [Restart.PERMANENT, Restart.TEMPORARY], ids=str)
async def test_declining_child_is_kept_without_running(restart, autojump_clock) -> None:
    class Declines(Diary):
        async def started(self, context) -> None:
            raise DeclineStart

    tree = Supervisor(
        "r",
        children=[Child("a", lambda: Declines([]), restart=restart), Child("b", lambda: Diary([]))],
    )
    async with run(tree) as running:
        assert running.status().find("r/b").state == "running"
        found = running.status().find("r/a")
        if restart is Restart.TEMPORARY:
            assert found is None
        else:
            assert found.state == "stopped"
            assert await running.ref("r/a").watch() == "declined"


async def test_factory_that_makes_no_actor_is_a_failed_start(autojump_clock) -> None:
    with pytest.raises(StartError) as raised:
        async with run(Supervisor("r", children=[Child("a", lambda: 5)])):
            pass

    assert isinstance(raised.value.__cause__, TypeError)


async def test_subtasks_die_with_their_incarnation(autojump_clock) -> None:
    notes = []

    async def tick(actor: Diary) -> None:
        try:
            await trio.sleep_forever()
        finally:
            actor.notes.append("subtask ended")

    async def begin(actor: Diary) -> None:
        actor.context.start_soon(tick, actor)

    async with run(one(notes)) as running:
        ref = running.ref("r/a")
        await ref.tell(begin)
        await wait_all_tasks_blocked()
        await ref.tell(crash)
        await wait_all_tasks_blocked()

    assert notes == ["started 1", "subtask ended", "stopped crashed", "started 2", "stopped stopped"]


async def test_crash_of_a_subtask_is_the_incarnations(autojump_clock) -> None:
    async def begin(actor: Diary) -> None:
        actor.context.start_soon(crash, actor)
        await trio.sleep_forever()

    async with run(one([])) as running:
        with pytest.raises(MessageFailedError) as raised:
            await running.ref("r/a").ask(begin, timeout_s=1)
        assert isinstance(raised.value.__cause__, ValueError)
        await wait_all_tasks_blocked()
        assert exits(running) == ["crashed"]
        assert running.status().find("r/a").incarnation == 2


async def test_subtask_that_fails_while_it_is_cancelled_makes_the_stop_a_crash(autojump_clock) -> None:
    async def bad_loser() -> None:
        try:
            await trio.sleep_forever()
        finally:
            raise KeyError("bad loser")

    async def begin(actor: Diary) -> None:
        actor.context.start_soon(bad_loser)

    async with run(one([])) as running:
        await running.ref("r/a").ask(begin, timeout_s=1)
        await wait_all_tasks_blocked()
        await running.stop_child("r/a")
        assert exits(running) == ["crashed"]
        assert "bad loser" in running.status().find("r/a").last_error


async def test_subtask_begun_while_it_is_killed_is_cancelled_too(autojump_clock) -> None:
    async def last_wish(actor: Diary) -> None:
        try:
            await trio.sleep_forever()
        finally:
            actor.context.start_soon(trio.sleep_forever)

    async with run(one([])) as running:
        running.ref("r/a").tell_nowait(last_wish)
        await wait_all_tasks_blocked()
        began = trio.current_time()
        await running.stop_child("r/a", how="kill")
        assert trio.current_time() == began


async def test_dead_incarnation_starts_no_subtasks(autojump_clock) -> None:
    contexts = []

    async def keep(actor: Diary) -> None:
        contexts.append(actor.context)
        raise ValueError("no")

    async with run(one([])) as running:
        running.ref("r/a").tell_nowait(keep)
        await wait_all_tasks_blocked()
        with pytest.raises(RefusedError):
            contexts[0].start_soon(trio.sleep, 1)


async def test_mixed_group_is_a_crash_of_its_real_part(autojump_clock) -> None:
    async def both(_: Diary) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            nursery.cancel_scope.cancel()
            raise ValueError("real")

    async with run(one([])) as running:
        with pytest.raises(MessageFailedError):
            await running.ref("r/a").ask(both, timeout_s=1)
        await wait_all_tasks_blocked()
        assert exits(running) == ["crashed"]


async def test_crash_while_being_killed_is_reported_as_killed_with_its_error(autojump_clock) -> None:
    async def stubborn(_: Diary) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            try:
                await trio.sleep_forever()
            finally:
                raise ValueError("on the way out")

    async with run(one([])) as running:
        running.ref("r/a").tell_nowait(stubborn)
        await wait_all_tasks_blocked()
        await running.stop_child("r/a", how="kill")
        assert exits(running) == ["killed"]
        assert running.status().root.restarts_in_window == 0


async def test_error_that_cannot_be_sorted_out_leaves_the_tree_able_to_end(autojump_clock) -> None:
    class Unsplittable(ExceptionGroup):
        def split(self, condition):
            raise RuntimeError("no")

    async def crash_badly(_: Diary) -> None:
        raise Unsplittable("bad", [ValueError()])

    with pytest.raises(ExceptionGroup) as raised:
        async with run(one([])) as running:
            await crash_and_wait(running, "r/a", crash_badly)

    assert raised.group_contains(RuntimeError, match="no")
    assert running.status().root.state == "stopped"


async def test_own_cancellation_is_no_crash_and_costs_no_restart(autojump_clock) -> None:
    async def cancel_itself(actor: Diary) -> None:
        actor.context._incarnation.scope.cancel()
        await trio.sleep_forever()

    async with run(one([])) as running:
        running.ref("r/a").tell_nowait(cancel_itself)
        await wait_all_tasks_blocked()

        assert exits(running) == ["cancelled"]
        assert running.status().root.restarts_in_window == 0
        assert running.status().find("r/a").incarnation == 2


async def test_context_stop_ends_it_normally_after_the_message_in_hand(autojump_clock) -> None:
    async def enough(actor: Diary) -> str:
        actor.context.stop()
        return "bye"

    async with run(one([], restart=Restart.TRANSIENT)) as running:
        ref = running.ref("r/a")
        assert await ref.ask(enough, timeout_s=1) == "bye"
        assert await ref.watch() == "normal"
        assert running.status().find("r/a").state == "stopped"


async def test_asker_waiting_is_seen_by_the_asked(autojump_clock) -> None:
    seen = []

    async def look(actor: Diary) -> None:
        seen.append(actor.context.asker_waiting)
        await trio.sleep(2)
        seen.append(actor.context.asker_waiting)

    async with run(one([])) as running:
        with pytest.raises(trio.TooSlowError), trio.fail_after(1):
            await running.ref("r/a").ask(look, timeout_s=50)
        await trio.sleep(2)
        await running.ref("r/a").tell(look)
        await trio.sleep(3)

    assert seen == [True, False, False, False]


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt, SystemExit, trio.TrioInternalError], ids=lambda kind: kind.__name__
)
async def test_fatal_errors_stop_the_tree_and_come_out(error, autojump_clock) -> None:
    async def die(_: Diary) -> None:
        raise error

    notes = []
    with pytest.raises(error):
        async with run(one(notes)) as running:
            await crash_and_wait(running, "r/a", die)

    assert notes == ["started 1", "stopped fatal"]


async def test_redelivery_ends_after_so_many_tries(autojump_clock) -> None:
    tries = []

    async def poison(_: Diary) -> None:
        tries.append(1)
        raise ValueError("no")

    notes = []
    async with run(one(notes, mailbox=Mailbox(in_flight=InFlight.redeliver(times=2)))) as running:
        ref = running.ref("r/a")
        ref.tell_nowait(poison)
        ref.tell_nowait("next")
        await wait_all_tasks_blocked()
        status = running.status().find("r/a")

        assert len(tries) == 3
        assert status.redelivered == 2
        assert [letter.reason for letter in running.status().dead_letters] == ["redeliveries_used_up"]
    assert "next" in notes


async def test_actor_gives_way_to_others_while_it_has_messages(autojump_clock) -> None:
    seen = []

    async def bystander() -> None:
        while True:
            await trio.lowlevel.checkpoint()
            seen.append(1)

    tree = one([], mailbox=Mailbox(capacity=10_000))
    async with run(tree) as running, trio.open_nursery() as nursery:
        for n in range(1000):
            running.ref("r/a").tell_nowait(n)
        nursery.start_soon(bystander)
        await running.ref("r/a").ask("last", timeout_s=1)
        nursery.cancel_scope.cancel()

    assert len(seen) >= 10


async def test_child_does_not_inherit_the_context_of_the_caller_that_started_it(autojump_clock) -> None:
    from contextvars import ContextVar

    marked = ContextVar("marked", default=False)
    seen = []

    async def look(context) -> None:
        seen.append(marked.get())

    async with run(Supervisor("r")) as running:
        marked.set(True)
        await running.start_child("r", Child("t", look, restart=Restart.TEMPORARY))
        await wait_all_tasks_blocked()

    assert seen == [False]
