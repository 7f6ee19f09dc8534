"""Corners of sending: full mailboxes in odd places, and whom a sender gives way to."""

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from supervision import Actor, Child, Mailbox, MailboxFullError, Overflow, Shutdown, Supervisor, run
from supervision.testing import Probe
from tests.supervision.suites.busy import Slow

AT_ONCE = Shutdown(grace_s=0)


async def test_full_mailbox_met_in_a_nursery_fails_the_message_alone(autojump_clock) -> None:
    class Crowd(Actor[object]):
        async def started(self, context) -> None:
            self.other = context.ref_to("r/b")

        async def receive(self, message: object) -> None:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self.tell)
                nursery.start_soon(self.tell)

        async def tell(self) -> None:
            self.other.tell_nowait(1)

    full = Mailbox(capacity=1, overflow=Overflow.FAIL)
    async with run(Supervisor("r", children=[Child("b", Slow, mailbox=full), Child("a", Crowd)])) as running:
        for _ in range(2):
            running.ref("r/b").tell_nowait(100)
            await wait_all_tasks_blocked()
        running.ref("r/a").tell_nowait(1)
        await wait_all_tasks_blocked()
        status = running.status().find("r/a")

        assert (status.incarnation, status.failed) == (1, 1)
        assert [letter.reason for letter in running.status().dead_letters] == ["send_failed"]


async def test_cancelled_tell_was_not_taken_also_where_it_only_gives_way(autojump_clock) -> None:
    probe = Probe()
    sent = []
    async with run(Supervisor("r", children=[probe.child("a", mailbox=Mailbox(capacity=1000))])) as running:
        with trio.CancelScope() as scope:
            scope.cancel()
            for number in range(200):
                await running.ref("r/a").tell(number)
                sent.append(number)
        await wait_all_tasks_blocked()

    assert len(sent) < 64
    assert probe.messages == sent


@pytest.mark.parametrize("overflow", [Overflow.DROP_OLDEST, Overflow.DROP_NEWEST, Overflow.FAIL], ids=str)
async def test_sender_gives_way_to_others_also_at_a_full_mailbox(overflow, autojump_clock) -> None:
    mailbox = Mailbox(capacity=3, overflow=overflow)
    rounds = 0

    async def others() -> None:
        nonlocal rounds
        while True:
            await trio.lowlevel.checkpoint()
            rounds += 1

    tree = Supervisor("r", children=[Child("a", Slow, mailbox=mailbox, shutdown=AT_ONCE)])
    async with run(tree) as running, trio.open_nursery() as nursery:
        nursery.start_soon(others)
        for _ in range(1000):
            try:
                await running.ref("r/a").tell(1000)
            except MailboxFullError:
                assert overflow is Overflow.FAIL
        nursery.cancel_scope.cancel()

    assert 10 <= rounds <= 20


async def test_asker_whose_message_is_pushed_out_hears_of_it_at_once(autojump_clock) -> None:
    mailbox = Mailbox(capacity=1, overflow=Overflow.DROP_OLDEST)
    async with run(Supervisor("r", children=[Child("a", Slow, mailbox=mailbox)])) as running:
        running.ref("r/a").tell_nowait(10)
        await wait_all_tasks_blocked()
        began = trio.current_time()

        async def ask() -> None:
            with pytest.raises(MailboxFullError):
                await running.ref("r/a").ask(1, timeout_s=5)
            assert trio.current_time() == began

        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask)
            await wait_all_tasks_blocked()
            running.ref("r/a").tell_nowait(2)
