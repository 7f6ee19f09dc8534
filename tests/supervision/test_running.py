"""The tree from outside: start, send, stop."""

import pytest
import trio
import trio.testing

from supervision import (
    Actor,
    ActorStoppedError,
    Backoff,
    Child,
    DeadlockError,
    EscalatedError,
    EventKind,
    InFlight,
    Intensity,
    Mailbox,
    MailboxFullError,
    MessageFailedError,
    Restart,
    Shutdown,
    StartError,
    Strategy,
    Supervisor,
    run,
)


class Echo(Actor[object]):
    """Answers what it is sent, raises errors, waits for events."""

    async def receive(self, message: object) -> object:
        if isinstance(message, Exception):
            raise message
        if isinstance(message, trio.Event):
            await message.wait()
        return message


async def test_actor_answers_an_ask(autojump_clock) -> None:
    async with run(Supervisor("root", children=[Child("echo", Echo)])) as running:
        echo = running.ref("root/echo")

        assert await echo.ask("hello", timeout_s=1) == "hello"


async def test_crash_is_restarted_and_keeps_what_was_queued(autojump_clock) -> None:
    tree = Supervisor("root", children=[Child("echo", Echo)], backoff=Backoff(first_s=1))
    async with run(tree) as running:
        echo = running.ref("root/echo")
        echo.tell_nowait(ValueError("no"))
        echo.tell_nowait("next")

        assert await echo.ask("hello", timeout_s=5) == "hello"
        status = running.status().find("root/echo")
        assert status.handled == 2
        assert status.incarnation == 2
        kinds = [event.kind for event in running.recent_events()]
        assert kinds == [
            EventKind.STARTED,
            EventKind.STARTED,
            EventKind.DEAD_LETTER,
            EventKind.EXITED,
            EventKind.BACKOFF,
            EventKind.RESTARTED,
        ]


async def crash_twice(running) -> None:
    for _ in range(2):
        with pytest.raises(MessageFailedError):
            await running.ref("root/echo").ask(ValueError("no"), timeout_s=1)
    await trio.sleep_forever()


async def test_too_many_crashes_cancel_the_body_and_raise_one_error(autojump_clock) -> None:
    tree = Supervisor("root", children=[Child("echo", Echo)], intensity=Intensity(restarts=1))
    with pytest.raises(EscalatedError) as raised:
        async with run(tree) as running:
            await crash_twice(running)

    assert isinstance(raised.value.__cause__, ValueError)


async def test_failing_start_stops_those_before_in_reverse(autojump_clock) -> None:
    seen = []

    def noting(name):
        class Noting(Actor[object]):
            async def started(self, context) -> None:
                seen.append(f"+{name}")
                if name == "c":
                    raise ValueError(name)

            async def receive(self, message) -> None: ...

            async def stopped(self) -> None:
                seen.append(f"-{name}")

        return Child(name, Noting)

    with pytest.raises(StartError) as raised:
        async with run(Supervisor("root", children=[noting(name) for name in "abcd"])):
            pytest.fail("the body must not run")

    assert seen == ["+a", "+b", "+c", "-b", "-a"]
    assert raised.value.path == "root/c"
    assert isinstance(raised.value.__cause__, ValueError)


@pytest.mark.parametrize(
    "strategy,restarted",
    [
        (Strategy.ONE_FOR_ONE, "b"),
        (Strategy.REST_FOR_ONE, "bc"),
        (Strategy.ONE_FOR_ALL, "abc"),
    ],
    ids=str,
)
async def test_strategy_restarts(strategy, restarted, autojump_clock) -> None:
    tree = Supervisor("root", children=[Child(name, Echo) for name in "abc"], strategy=strategy)
    async with run(tree) as running:
        with pytest.raises(MessageFailedError):
            await running.ref("root/b").ask(ValueError("no"), timeout_s=1)
        await trio.testing.wait_all_tasks_blocked()

        again = [child.path[-1] for child in running.status().root.children if child.incarnation == 2]
        assert again == list(restarted)
        assert running.status().root.restarts_in_window == 1


async def test_body_error_comes_out_alone_after_the_stop(autojump_clock) -> None:
    with pytest.raises(KeyError):
        async with run(Supervisor("root", children=[Child("echo", Echo)])) as running:
            raise KeyError("body")

    assert running.status().root.state == "stopped"


async def test_full_mailbox_makes_sender_wait(autojump_clock) -> None:
    async with run(Supervisor("root", children=[Child("echo", Echo, mailbox=Mailbox(capacity=1))])) as running:
        echo = running.ref("root/echo")
        hold = trio.Event()
        echo.tell_nowait(hold)
        await trio.testing.wait_all_tasks_blocked()
        echo.tell_nowait(1)
        with pytest.raises(MailboxFullError):
            echo.tell_nowait(2)
        with trio.move_on_after(1) as scope:
            await echo.tell(3)
        assert scope.cancelled_caught
        hold.set()

        assert await echo.ask(4, timeout_s=1) == 4
        assert running.status().find("root/echo").handled == 3


async def test_redelivered_message_comes_first_and_is_answered(autojump_clock) -> None:
    tries = []

    class Flaky(Actor[str]):
        async def receive(self, message: str) -> str:
            tries.append(message)
            if len(tries) < 3:
                raise ValueError(message)
            return message

    child = Child("flaky", Flaky, mailbox=Mailbox(in_flight=InFlight.redeliver(times=2)))
    async with run(Supervisor("root", children=[child])) as running:
        assert await running.ref("root/flaky").ask("a", timeout_s=1) == "a"

        assert tries == ["a", "a", "a"]


async def test_task_is_ready_when_it_says_so(autojump_clock) -> None:
    began = trio.current_time()

    async def slow(context) -> None:
        await trio.sleep(3)
        context.ready()
        await context.stopping.wait()

    async def plain(context) -> None:
        await trio.sleep_forever()

    async with run(Supervisor("root", children=[Child("plain", plain), Child("slow", slow)])) as running:
        assert trio.current_time() == began + 3
        assert running.status().find("root/slow").state == "running"
    assert trio.current_time() == began + 8
    reasons = {event.path: event.reason for event in running.recent_events() if event.kind is EventKind.EXITED}
    assert reasons == {"root/slow": "stopped", "root/plain": "killed", "root": "stopped"}


async def test_administration_by_hand(autojump_clock) -> None:
    from supervision import AlreadyPresentError, AlreadyRunningError, NotFoundError

    async with run(Supervisor("root")) as running:
        ref = await running.start_child("root", Child("echo", Echo))
        with pytest.raises(AlreadyRunningError):
            await running.start_child("root", Child("echo", Echo))
        with pytest.raises(AlreadyRunningError):
            await running.remove_child("root/echo")
        await running.stop_child("root/echo")
        with pytest.raises(AlreadyPresentError):
            await running.start_child("root", Child("echo", Echo))
        assert await running.restart_child("root/echo") is ref
        assert await ref.ask(1, timeout_s=1) == 1
        await running.stop_child("root/echo", how="kill")
        await running.remove_child("root/echo")
        with pytest.raises(NotFoundError):
            await running.stop_child("root/echo")


async def test_running_stop_ends_all_and_the_body_goes_on(autojump_clock) -> None:
    went_on = False
    tree = Supervisor("root", children=[Child("echo", Echo, restart=Restart.TEMPORARY), Supervisor("below")])
    async with run(tree) as running:
        await running.stop()
        await trio.sleep(1)
        assert running.status().root.state == "stopped"
        assert await running.ref("root").watch() == "stopped"
        await running.stop()
        went_on = True

    assert went_on


async def test_stop_from_inside_the_tree_returns_at_once_and_cancels_the_body_at_the_end(autojump_clock) -> None:
    seen = []

    class Quits(Actor[str]):
        async def started(self, context) -> None:
            self.context = context

        async def receive(self, message: str) -> None:
            await self.context.running.stop()
            seen.append("returned")

        async def stopped(self) -> None:
            seen.append(self.context.reason)

    async with run(Supervisor("root", children=[Child("quits", Quits)])) as running:
        running.ref("root/quits").tell_nowait("quit")
        await trio.sleep_forever()

    assert seen == ["returned", "stopped"]


async def test_actor_cannot_wait_for_its_own_end(autojump_clock) -> None:
    class Suicidal(Actor[str]):
        async def started(self, context) -> None:
            self.context = context

        async def receive(self, message: str) -> str:
            with pytest.raises(DeadlockError):
                await self.context.running.stop_child(message)
            return "still here"

    async with run(Supervisor("root", children=[Supervisor("s", children=[Child("a", Suicidal)])])) as running:
        for path in ("root/s/a", "root/s"):
            assert await running.ref("root/s/a").ask(path, timeout_s=1) == "still here"
        assert running.status().deadlocks == (("root/s/a",), ("root/s/a",))


async def test_cancelled_start_of_a_child_goes_on(autojump_clock) -> None:
    async def slow(context) -> None:
        await trio.sleep(5)
        context.ready()
        await context.stopping.wait()

    async with run(Supervisor("root")) as running:
        with trio.move_on_after(1):
            await running.start_child("root", Child("slow", slow))
        assert running.status().find("root/slow").state == "starting"
        await trio.sleep(5)
        assert running.status().find("root/slow").state == "running"


async def test_child_stopped_while_it_starts_answers_its_starter(autojump_clock) -> None:
    from supervision import ActorStoppedError

    async def slow(context) -> None:
        await context.stopping.wait()
        if context.incarnation > 5:
            context.ready()
        raise trio.TooSlowError

    errors = []
    async with run(Supervisor("root", children=[Child("echo", Echo)])) as running, trio.open_nursery() as nursery:

        async def start() -> None:
            try:
                await running.start_child("root", Child("slow", slow))
            except (ActorStoppedError, trio.TooSlowError) as error:
                errors.append(type(error))

        nursery.start_soon(start)
        await trio.testing.wait_all_tasks_blocked()
        await running.stop_child("root/slow")

    assert errors == [trio.TooSlowError]


async def test_what_is_no_tree_is_refused(autojump_clock) -> None:
    from supervision import SpecError

    with pytest.raises(SpecError):
        async with run(Child("echo", Echo)):
            pass


async def test_renewing_a_child_loses_nothing_of_its_mailbox_and_spends_no_budget(autojump_clock) -> None:
    handled: list[object] = []

    class Slow(Actor[object]):
        async def receive(self, message: object) -> object:
            await trio.sleep(1)
            handled.append(message)
            return message

    tree = Supervisor(
        "root",
        children=[Child("slow", Slow, mailbox=Mailbox(capacity=3), shutdown=Shutdown(grace_s=5))],
        intensity=Intensity(restarts=0, within_s=60),
    )
    async with run(tree) as running, trio.open_nursery() as nursery:
        slow = running.ref("root/slow")
        for number in range(6):
            nursery.start_soon(slow.tell, number)
        await trio.testing.wait_all_tasks_blocked()
        waiting = running.status().find("root/slow").waiting_senders
        ref = await running.renew_child("root/slow")

        assert waiting > 0
        assert ref is slow or ref == slow
        assert running.status().find("root/slow").incarnation == 2
        assert running.status().dead_letter_count == 0
        await trio.sleep(10)
        assert sorted(handled) == list(range(6))
        assert running.status().root.restarts_in_window == 0


async def test_a_renewal_whose_start_fails_is_tried_again_after_its_backoff(autojump_clock) -> None:
    starts: list[float] = []

    class Reluctant(Actor[object]):
        async def started(self, context: object) -> None:
            starts.append(trio.current_time())
            if len(starts) == 2:
                raise OSError("not now")

        async def receive(self, message: object) -> object:
            return message

    tree = Supervisor("root", children=[Child("one", Reluctant)], backoff=Backoff(first_s=3, jitter=0))
    async with run(tree) as running:
        await running.renew_child("root/one")

        assert len(starts) == 3
        assert starts[2] - starts[1] == pytest.approx(3)
        assert await running.ref("root/one").ask("there", timeout_s=1) == "there"


async def test_renewing_what_waits_for_its_restart_starts_it_at_once(autojump_clock) -> None:
    tree = Supervisor("root", children=[Child("echo", Echo)], backoff=Backoff(first_s=1_000, most_s=1_000, jitter=0))
    async with run(tree) as running:
        running.ref("root/echo").tell_nowait(ValueError("no"))
        await trio.sleep(1)
        since = trio.current_time()
        await running.renew_child("root/echo")

        assert trio.current_time() - since < 1


async def test_renewing_what_was_stopped_by_hand_starts_it(autojump_clock) -> None:
    async with run(Supervisor("root", children=[Child("echo", Echo)])) as running:
        await running.stop_child("root/echo")
        await running.renew_child("root/echo")

        assert await running.ref("root/echo").ask("there", timeout_s=1) == "there"


async def test_a_renewal_that_makes_its_supervisor_give_up_says_so(autojump_clock) -> None:
    class Broken(Actor[object]):
        starts = 0

        async def started(self, context: object) -> None:
            Broken.starts += 1
            if Broken.starts > 1:
                raise OSError("never again")

        async def receive(self, message: object) -> object:
            return message

    async def renew() -> None:
        async with run(tree) as running:
            with pytest.raises(ActorStoppedError):
                await running.renew_child("root/one")
            await trio.sleep_forever()

    tree = Supervisor("root", children=[Child("one", Broken)], intensity=Intensity(restarts=1, within_s=60))
    with pytest.raises(EscalatedError):
        await renew()


async def test_a_supervisor_is_renewed_with_all_below_it(autojump_clock) -> None:
    tree = Supervisor("root", children=[Supervisor("inner", children=[Child("a", Echo), Child("b", Echo)])])
    async with run(tree) as running:
        await running.renew_child("root/inner")

        assert running.status().find("root/inner/a").incarnation == 2
        assert await running.ref("root/inner/b").ask("there", timeout_s=1) == "there"
