"""Sending."""

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from supervision import (
    Actor,
    ActorStoppedError,
    AskTimeoutError,
    Child,
    DeadlockError,
    InFlight,
    Intensity,
    Mailbox,
    MailboxFullError,
    MessageFailedError,
    Overflow,
    Ref,
    RefusedError,
    Restart,
    Supervisor,
    run,
)
from supervision.testing import Probe


def explode(message: object) -> object:
    if isinstance(message, Exception):
        raise message
    return message


class Holder(Actor[trio.Event]):
    """Holds each message until its event is set."""

    async def received(self, message: trio.Event) -> str:
        await message.wait()
        return "released"

    receive = received


def holder(**options) -> Supervisor:
    return Supervisor("r", children=[Child("a", Holder, **options)])


async def test_messages_of_one_sender_keep_their_order(autojump_clock) -> None:
    probe = Probe()
    async with run(Supervisor("r", children=[probe.child("a", mailbox=Mailbox(capacity=3))])) as running:
        for n in range(500):
            await running.ref("r/a").tell(n)

    assert probe.messages[:400] == list(range(400))


@pytest.mark.parametrize("timeout_s", [0, -1, float("inf"), float("nan")])
async def test_ask_has_a_finite_time_out(timeout_s, autojump_clock) -> None:
    async with run(Supervisor("r", children=[Probe().child("a")])) as running:
        with pytest.raises(ValueError, match="timeout_s"):
            await running.ref("r/a").ask(1, timeout_s=timeout_s)


async def test_ask_times_out_and_its_late_answer_is_counted(autojump_clock) -> None:
    async with run(holder()) as running:
        hold, began = trio.Event(), trio.current_time()
        with pytest.raises(AskTimeoutError) as raised:
            await running.ref("r/a").ask(hold, timeout_s=3)
        assert trio.current_time() == began + 3
        assert raised.value.path == "r/a"
        hold.set()
        await wait_all_tasks_blocked()

        assert running.status().find("r/a").late_answers == 1
        assert running.status().find("r/a").handled == 1


async def test_waiting_for_room_counts_towards_the_time_out(autojump_clock) -> None:
    async with run(holder(mailbox=Mailbox(capacity=1))) as running:
        hold, ref = trio.Event(), running.ref("r/a")
        ref.tell_nowait(hold)
        await wait_all_tasks_blocked()
        ref.tell_nowait(hold)
        with pytest.raises(AskTimeoutError):
            await ref.ask(hold, timeout_s=1)
        hold.set()
        await wait_all_tasks_blocked()

        assert running.status().find("r/a").handled == 2


async def test_time_out_in_the_round_of_the_answer_gives_one_of_them_and_never_both(autojump_clock) -> None:
    class Punctual(Actor[float]):
        async def receive(self, message: float) -> str:
            await trio.sleep(message)
            return "answer"

    async with run(Supervisor("r", children=[Child("a", Punctual, mailbox=Mailbox(capacity=1))])) as running:
        ref, outcomes = running.ref("r/a"), []

        async def ask() -> None:
            try:
                outcomes.append(await ref.ask(1.0, timeout_s=3.0))
            except AskTimeoutError:
                outcomes.append("late")

        for _ in range(50):
            outcomes.clear()
            async with trio.open_nursery() as nursery:
                for _ in range(5):
                    nursery.start_soon(ask)
            assert len(outcomes) == 5
            assert outcomes.count("answer") in {2, 3}
            await trio.sleep(10)
            status = running.status().find("r/a")
            assert (status.mailbox_depth, status.waiting_senders) == (0, 0)
        assert len(running._engine._timers) == 0


async def test_asking_a_stopped_actor_fails_at_once(autojump_clock) -> None:
    async with run(Supervisor("r", children=[Probe().child("a")])) as running:
        await running.stop_child("r/a")
        began = trio.current_time()
        with pytest.raises(ActorStoppedError):
            await running.ref("r/a").ask(1, timeout_s=100)

        assert trio.current_time() == began


@pytest.mark.parametrize("restart", list(Restart), ids=str)
async def test_asking_one_that_crashes_on_it_fails_at_once_with_the_cause(restart, autojump_clock) -> None:
    async with run(Supervisor("r", children=[Probe(explode).child("a", restart=restart)])) as running:
        began = trio.current_time()
        with pytest.raises(MessageFailedError) as raised:
            await running.ref("r/a").ask(ValueError("no"), timeout_s=100)

        assert trio.current_time() == began
        assert isinstance(raised.value.__cause__, ValueError)


async def test_queued_ask_fails_at_once_when_the_actor_ends(autojump_clock) -> None:
    async with run(holder()) as running:
        hold, ref, errors = trio.Event(), running.ref("r/a"), []

        async def ask() -> None:
            try:
                await ref.ask(hold, timeout_s=1000)
            except ActorStoppedError as error:
                errors.append(error)

        async with trio.open_nursery() as nursery:
            ref.tell_nowait(hold)
            nursery.start_soon(ask)
            await wait_all_tasks_blocked()
            await running.stop_child("r/a", how="kill")

        assert len(errors) == 1


async def test_dropped_ask_fails_at_once(autojump_clock) -> None:
    async with run(holder(mailbox=Mailbox(capacity=1, overflow=Overflow.DROP_NEWEST))) as running:
        hold, ref = trio.Event(), running.ref("r/a")
        ref.tell_nowait(hold)
        await wait_all_tasks_blocked()
        ref.tell_nowait(hold)
        with pytest.raises(MailboxFullError):
            await ref.ask(hold, timeout_s=100)
        hold.set()


async def test_waiting_sender_waits_on_over_a_restart(autojump_clock) -> None:
    probe = Probe(explode)
    async with run(Supervisor("r", children=[probe.child("a", mailbox=Mailbox(capacity=1))])) as running:
        ref = running.ref("r/a")
        ref.tell_nowait(ValueError("no"))
        await ref.tell("first")
        await ref.tell("second")
        assert await ref.ask("third", timeout_s=1) == "third"

    assert probe.messages[1:] == ["first", "second", "third"]


async def test_stop_makes_waiting_senders_raise(autojump_clock) -> None:
    async with run(holder(mailbox=Mailbox(capacity=1))) as running:
        hold, ref, errors = trio.Event(), running.ref("r/a"), []

        async def send() -> None:
            try:
                await ref.tell(hold)
            except ActorStoppedError as error:
                errors.append(error)

        async with trio.open_nursery() as nursery:
            ref.tell_nowait(hold)
            await wait_all_tasks_blocked()
            ref.tell_nowait(hold)
            nursery.start_soon(send)
            await wait_all_tasks_blocked()
            assert running.status().find("r/a").waiting_senders == 1
            nursery.start_soon(running.stop_child, "r/a")
            await wait_all_tasks_blocked()
            assert len(errors) == 1
            hold.set()


@pytest.mark.parametrize("path", ["r/t", "r"])
async def test_sending_to_tasks_and_supervisors_is_refused(path, autojump_clock) -> None:
    async def task(context) -> None:
        await context.stopping.wait()

    async with run(Supervisor("r", children=[Child("t", task)])) as running:
        with pytest.raises(RefusedError):
            running.ref(path).tell_nowait(1)
        with pytest.raises(RefusedError):
            await running.ref(path).ask(1, timeout_s=1)


async def test_watch_tells_the_end_for_good_once_to_everyone_and_never_a_restart(autojump_clock) -> None:
    ended = []
    tree = Supervisor("r", children=[Probe(explode).child("a", restart=Restart.TRANSIENT)])
    async with run(tree) as running:
        ref = running.ref("r/a")

        async def watch() -> None:
            ended.append(await ref.watch())

        async with trio.open_nursery() as nursery:
            nursery.start_soon(watch)
            nursery.start_soon(watch)
            with pytest.raises(MessageFailedError):
                await ref.ask(ValueError("no"), timeout_s=1)
            await wait_all_tasks_blocked()
            assert ended == []
            await running.stop_child("r/a")
        assert ended == ["stopped", "stopped"]
        assert await ref.watch() == "stopped"
        await running.restart_child("r/a")
        with trio.move_on_after(5) as scope:
            await ref.watch()
        assert scope.cancelled_caught


async def test_watch_tells_of_a_crash_for_good(autojump_clock) -> None:
    tree = Supervisor("r", children=[Probe(explode).child("a", restart=Restart.TEMPORARY)])
    async with run(tree) as running:
        ref = running.ref("r/a")
        ref.tell_nowait(ValueError("no"))

        assert await ref.watch() == "crashed"
        with pytest.raises(ActorStoppedError):
            ref.tell_nowait(1)


async def test_refused_ask_leaves_no_trace_of_a_wait(autojump_clock) -> None:
    class Stubborn(Actor[str]):
        async def started(self, context) -> None:
            self.context = context

        async def receive(self, message: str) -> None:
            with pytest.raises(ActorStoppedError):
                await self.context.ref_to(message).ask("hello", timeout_s=1)
            seen.append(self.context.running.status().find("r/a").waiting_for)

    seen = []
    async with run(Supervisor("r", children=[Child("a", Stubborn), Probe().child("b")])) as running:
        await running.stop_child("r/b")
        await running.ref("r/a").ask("r/b", timeout_s=1)

    assert seen == [()]


async def test_sender_gives_way_to_others(autojump_clock) -> None:
    seen = []

    async def bystander() -> None:
        while True:
            await trio.lowlevel.checkpoint()
            seen.append(1)

    tree = Supervisor("r", children=[Probe().child("a", mailbox=Mailbox(capacity=10_000))])
    async with run(tree) as running, trio.open_nursery() as nursery:
        nursery.start_soon(bystander)
        for n in range(1000):
            await running.ref("r/a").tell(n)
        nursery.cancel_scope.cancel()

    assert len(seen) >= 10


class Peer(Actor[tuple]):
    """Asks or tells along the path that it is sent."""

    async def started(self, context) -> None:
        self.context = context

    async def receive(self, message: tuple) -> object:
        verb, *path = message
        if not path:
            return "end"
        ref = self.context.ref_to(path[0])
        if verb == "ask":
            return await ref.ask((verb, *path[1:]), timeout_s=50)
        return await ref.tell((verb, *path[1:]))


def peers(names: str, capacity: int = 100) -> Supervisor:
    children = [Child(name, Peer, mailbox=Mailbox(capacity=capacity)) for name in names]
    return Supervisor("r", children=children, intensity=Intensity(restarts=100))


async def test_chain_of_asks_is_no_deadlock(autojump_clock) -> None:
    async with run(peers("abc")) as running:
        assert await running.ref("r/a").ask(("ask", "r/b", "r/c"), timeout_s=1) == "end"
        assert running.status().deadlocks == ()


@pytest.mark.parametrize("names", ["a", "ab", "abcde"])
async def test_cycle_of_asks_is_raised_at_once_in_the_one_that_closes_it(names, autojump_clock) -> None:
    async with run(peers(names)) as running:
        began = trio.current_time()
        way = [f"r/{name}" for name in (*names[1:], names[0])]
        with pytest.raises(MessageFailedError) as raised:
            await running.ref("r/a").ask(("ask", *way), timeout_s=50)
        assert trio.current_time() == began
        error = raised.value
        while error.__cause__ is not None:
            error = error.__cause__

        assert isinstance(error, DeadlockError)
        assert set(error.cycle) == {f"r/{name}" for name in names}
        assert running.status().deadlocks == (error.cycle,)
        assert running.status().deadlock_count == 1


async def test_cycle_of_full_mailboxes_is_raised_and_its_message_not_delivered(autojump_clock) -> None:
    async with run(peers("ab", capacity=1)) as running:
        a, b = running.ref("r/a"), running.ref("r/b")
        a.tell_nowait(("tell", "r/b"))
        b.tell_nowait(("tell", "r/a"))
        await wait_all_tasks_blocked()
        # Both mailboxes are filled in the same round in which both actors begin to send to each other.
        for _ in range(3):
            for ref, other in ((a, "r/b"), (b, "r/a")):
                try:
                    ref.tell_nowait(("tell", other))
                except MailboxFullError:
                    continue
        began = trio.current_time()
        await wait_all_tasks_blocked()
        assert trio.current_time() == began
        status = running.status()

        assert all(child.mailbox_depth == 0 for child in status.root.children)


class Pair(Actor[str]):
    """Fills the other's mailbox while it is itself full."""

    def __init__(self, other: str, gate: trio.Event) -> None:
        self.other = other
        self.gate = gate

    async def started(self, context) -> None:
        self.context = context

    async def receive(self, message: str) -> None:
        if message == "go":
            await self.gate.wait()
            for _ in range(3):
                await self.context.ref_to(self.other).tell("filler")


async def test_two_actors_that_wait_on_each_others_full_mailboxes_are_found(autojump_clock) -> None:
    gate = trio.Event()
    mailbox = Mailbox(capacity=1)
    tree = Supervisor(
        "r",
        children=[
            Child("a", lambda: Pair("r/b", gate), mailbox=mailbox),
            Child("b", lambda: Pair("r/a", gate), mailbox=mailbox),
        ],
    )
    async with run(tree) as running:
        running.ref("r/a").tell_nowait("go")
        running.ref("r/b").tell_nowait("go")
        await wait_all_tasks_blocked()
        gate.set()
        await wait_all_tasks_blocked()
        status = running.status()

        assert len(status.deadlocks) == 1
        assert set(status.deadlocks[0]) == {"r/a", "r/b"}
        assert "DeadlockError" in "".join(child.last_error or "" for child in status.root.children)


async def test_answered_wait_closes_no_cycle_in_the_same_round(autojump_clock) -> None:
    class Caller(Actor[str]):
        async def started(self, context) -> None:
            self.context = context

        async def receive(self, message: str) -> str:
            if message == "go":
                return await self.context.ref_to("r/callee").ask("question", timeout_s=5)
            return "pong"

    class Callee(Actor[str]):
        async def started(self, context) -> None:
            self.context = context
            context.start_soon(self.sub)
            self.go = trio.Event()

        async def sub(self) -> None:
            await self.go.wait()
            self.got = await self.context.ref_to("r/caller").ask("ping", timeout_s=5)

        async def receive(self, message: str) -> str:
            self.go.set()
            return "answer"

    tree = Supervisor("r", children=[Child("callee", Callee), Child("caller", Caller)])
    for _ in range(20):
        async with run(tree) as running:
            assert await running.ref("r/caller").ask("go", timeout_s=5) == "answer"
            await wait_all_tasks_blocked()
            assert running.status().deadlocks == ()


async def test_uncaught_full_mailbox_fails_the_message_not_the_actor(autojump_clock) -> None:
    class Forward(Actor[object]):
        async def started(self, context) -> None:
            self.context = context

        async def receive(self, message: object) -> str:
            if message == "hello":
                return "hello"
            self.context.ref_to("r/hold").tell_nowait(message)
            return "sent"

    tree = Supervisor("r", children=[Child("hold", Holder, mailbox=Mailbox(capacity=1)), Child("forward", Forward)])
    async with run(tree) as running:
        hold, ref = trio.Event(), running.ref("r/forward")
        for _ in range(2):
            assert await ref.ask(hold, timeout_s=1) == "sent"
        with pytest.raises(MessageFailedError) as raised:
            await ref.ask(hold, timeout_s=1)
        assert isinstance(raised.value.__cause__, MailboxFullError)
        assert await ref.ask("hello", timeout_s=1) == "hello"
        status = running.status().find("r/forward")

        assert (status.incarnation, status.failed, status.dead_letters) == (1, 1, 1)
        assert running.status().dead_letters[-1].reason == "send_failed"
        hold.set()


async def test_refs_are_the_same_for_all_incarnations(autojump_clock) -> None:
    async with run(Supervisor("r", children=[Probe(explode).child("a")])) as running:
        ref: Ref[object] = running.ref("r/a")
        ref.tell_nowait(ValueError("no"))
        await wait_all_tasks_blocked()

        assert running.ref("r/a") is ref
        assert repr(ref) == "<Ref r/a>"


async def test_quarantined_message_is_tried_once(autojump_clock) -> None:
    probe = Probe(explode)
    mailbox = Mailbox(in_flight=InFlight.quarantine())
    async with run(Supervisor("r", children=[probe.child("a", mailbox=mailbox)])) as running:
        error = ValueError("no")
        running.ref("r/a").tell_nowait(error)
        await wait_all_tasks_blocked()

        assert probe.messages == [error]
        assert [(letter.reason, letter.message) for letter in running.status().dead_letters] == [("quarantined", error)]
        assert running.status().find("r/a").quarantined == 1
