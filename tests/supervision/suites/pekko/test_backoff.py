"""Pekko's cases of backoff: when a restart comes, and what becomes of messages meanwhile."""

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from supervision import Backoff, Child, Intensity, Mailbox, Overflow, Running, Supervisor, run
from tests.supervision.suites.pekko.counter import Counter, ask, crash, tree

CASES = {
    "restart after exponential backoff": "test_delay_grows_up_to_its_cap",
    "reset exponential backoff count after reset timeout": "test_delay_starts_again_after_a_steady_time",
    "restart with exponential backoff when deferred factory throws": "test_restart_that_fails_is_tried_again_after_longer_delays",
    "publish dropped messages while backing off and stash is full": "test_messages_for_which_there_is_no_room_while_it_is_down_are_told_of",
}  # fmt: skip


async def delay_s(running: Running) -> float:
    """How long one crash keeps it down."""
    began = trio.current_time()
    await crash(running)
    assert await ask(running, "count") == 0
    return round(trio.current_time() - began, 6)


async def test_delay_grows_up_to_its_cap(autojump_clock) -> None:
    backoff = Backoff(first_s=1, factor=3, most_s=10, jitter=0)
    async with run(tree([], backoff=backoff, intensity=Intensity(restarts=10))) as running:
        assert [await delay_s(running) for _ in range(5)] == [1, 3, 9, 10, 10]


async def test_delay_starts_again_after_a_steady_time(autojump_clock) -> None:
    backoff = Backoff(first_s=1, factor=2, jitter=0, reset_after_s=30)
    async with run(tree([], backoff=backoff, intensity=Intensity(restarts=10))) as running:
        assert [await delay_s(running), await delay_s(running)] == [1, 2]
        await trio.sleep(29)
        assert await delay_s(running) == 4
        await trio.sleep(30)
        assert [await delay_s(running), await delay_s(running)] == [1, 2]


async def test_restart_that_fails_is_tried_again_after_longer_delays(autojump_clock) -> None:
    tried_s = []

    class Flaky(Counter):
        async def started(self, context) -> None:
            tried_s.append(trio.current_time())
            if 1 < context.incarnation < 5:
                raise OSError("no")
            await super().started(context)

    backoff = Backoff(first_s=1, factor=2, most_s=10, jitter=0)
    async with run(tree([], kind=Flaky, backoff=backoff, intensity=Intensity(restarts=10))) as running:
        assert await delay_s(running) == 15
    assert [round(at_s - tried_s[0]) for at_s in tried_s] == [0, 1, 3, 7, 15]


@pytest.mark.parametrize(
    "overflow,handled,dropped,reason",
    [
        (Overflow.DROP_NEWEST, [1, 2], [3, 4], "dropped_newest"),
        (Overflow.DROP_OLDEST, [3, 4], [1, 2], "dropped_oldest"),
    ],
    ids=str,
)
async def test_messages_for_which_there_is_no_room_while_it_is_down_are_told_of(
    overflow, handled, dropped, reason, autojump_clock
) -> None:
    seen = []

    def note(number: int):
        async def noting(_: Counter) -> None:
            seen.append(number)

        return noting

    notes = {number: note(number) for number in (1, 2, 3, 4)}
    small = Child("a", lambda: Counter([]), mailbox=Mailbox(capacity=2, overflow=overflow))
    async with run(Supervisor("r", backoff=Backoff(first_s=1), children=[small])) as running:
        await crash(running)
        for noting in notes.values():
            running.ref("r/a").tell_nowait(noting)
        letters = running.status().dead_letters[1:]
        assert [letter.message for letter in letters] == [notes[number] for number in dropped]
        assert {letter.reason for letter in letters} == {reason}
        await trio.sleep(5)
        await wait_all_tasks_blocked()
    assert seen == handled
