"""Workers that crash, loop, eat memory and vanish: one file is lost each time, and nothing else."""

import os
import signal
import sys
from functools import partial

import pytest
import trio
import trio.testing

from actors.errors import LimitExceededError, UnreadableError
from actors.work.frames import Ready, frame
from actors.work.pool import ATTEMPTS, IDLE_LIMIT_S, LOOK_EVERY_S, Limits, open_pool
from actors.work.worker import WorkerStartError

LIMITS = Limits(time_s=60, memory_bytes=256 * 1024 * 1024)
FILE = b"/music/one.mp3"


def ignore(done):
    """Nobody follows."""


@pytest.fixture
def pool_of(mishaps):
    """Opens a pool whose workers answer with their process id, unless a mishap befalls them."""
    return partial(open_pool, "act", result=int, size=1, limits=LIMITS, niceness=0, command=mishaps)


async def ended(process):
    """Wait until a process is no more than its exit status."""
    pidfd = os.pidfd_open(process.pid)
    try:
        await trio.lowlevel.wait_readable(pidfd)
    finally:
        os.close(pidfd)


async def test_nothing_starts_before_there_is_work(pool_of, workers):
    async with pool_of() as pool:
        assert workers() == []
        assert pool.statistics().started == 0


async def test_a_worker_is_used_again(pool_of):
    async with pool_of() as pool:
        pids = {await pool.carry_out(FILE, ignore) for _ in range(5)}

        assert len(pids) == 1
        assert pool.statistics().started == 1
        assert pool.statistics().idle == 1


@pytest.mark.parametrize("mishap, words", [("crash", "signal 11"), ("raise", "RuntimeError: nobody thought of this")])
async def test_a_crash_costs_one_file_and_the_next_gets_a_fresh_worker(pool_of, mishap, words):
    async with pool_of() as pool:
        before = await pool.carry_out(FILE, ignore)
        with pytest.raises(UnreadableError, match=words) as crash:
            await pool.carry_out(f"{mishap}.mp3".encode(), ignore)
        after = await pool.carry_out(FILE, ignore)

        assert crash.value.kind == "decoder_crashed"
        assert after != before
        assert pool.statistics().crashed == 1
        assert pool.statistics().started == 2


@pytest.mark.parametrize("mishap", ["loop", "stick"])
async def test_what_never_ends_is_killed_at_the_time_limit(pool_of, mishap, mock_clock, workers):
    killed = []

    def begun(done):
        killed.extend(workers())
        mock_clock.jump(LIMITS.time_s)

    async with pool_of() as pool:
        with pytest.raises(LimitExceededError, match="more than 60 s") as limit:
            await pool.carry_out(f"{mishap}.mp3".encode(), begun)

        assert limit.value.kind == "time_limit"
        assert workers() == []
        assert await pool.carry_out(FILE, ignore) != killed[0].pid
        assert pool.statistics().limited == 1


async def test_what_eats_memory_is_stopped_at_its_limit(pool_of):
    async with pool_of() as pool:
        before = await pool.carry_out(FILE, ignore)
        with pytest.raises(LimitExceededError) as limit:
            await pool.carry_out(b"eat.mp3", ignore)

        assert limit.value.kind == "memory_limit"
        assert await pool.carry_out(FILE, ignore) != before
        assert pool.statistics().limited == 1
        assert pool.statistics().crashed == 0


async def test_a_bad_file_does_not_cost_the_worker(pool_of):
    async with pool_of() as pool:
        before = await pool.carry_out(FILE, ignore)
        with pytest.raises(UnreadableError, match="it is torn"):
            await pool.carry_out(b"fail.mp3", ignore)

        assert await pool.carry_out(FILE, ignore) == before


async def test_an_answer_that_is_no_result_counts_as_a_crash(pool_of, workers):
    async with pool_of(result=str) as pool:
        with pytest.raises(UnreadableError, match="no result") as crash:
            await pool.carry_out(FILE, ignore)

        assert crash.value.kind == "decoder_crashed"
        assert pool.statistics().crashed == 1
        assert workers() == []


async def test_cancellation_ends_the_work_and_frees_the_place(pool_of, workers):
    async with pool_of() as pool:
        with trio.CancelScope() as scope:
            await pool.carry_out(b"stick.mp3", lambda _: scope.cancel())

        assert scope.cancelled_caught
        assert workers() == []
        assert pool.statistics().busy == 0
        assert await pool.carry_out(FILE, ignore) > 0


async def test_no_more_workers_run_than_there_are_places(pool_of, workers):
    begun = [trio.Event() for _ in range(2)]
    waiting = iter(begun)
    told = set()

    def follow(number, done):
        if number not in told:
            told.add(number)
            next(waiting).set()

    async with pool_of(size=2) as pool, trio.open_nursery() as nursery:
        for number in range(6):
            nursery.start_soon(pool.carry_out, b"loop.mp3", partial(follow, number))
        for event in begun:
            await event.wait()

        assert len(workers()) == 2
        assert pool.statistics().busy == 2
        assert pool.statistics().waiting == 4
        nursery.cancel_scope.cancel()


async def test_waiting_orders_get_their_turn(pool_of):
    pids = []

    async def one(pool):
        pids.append(await pool.carry_out(FILE, ignore))

    async with pool_of(size=2) as pool:
        async with trio.open_nursery() as nursery:
            for _ in range(12):
                nursery.start_soon(one, pool)

        assert len(pids) == 12
        assert len(set(pids)) == 2
        assert pool.statistics().idle == 2


async def test_a_worker_is_replaced_after_its_share_of_files(pool_of, workers):
    async with pool_of(files_per_worker=2) as pool:
        pids = [await pool.carry_out(FILE, ignore) for _ in range(5)]

    assert pids[0] == pids[1]
    assert pids[2] == pids[3]
    assert len(set(pids)) == 3
    assert workers() == []


async def test_a_worker_that_has_been_idle_for_a_while_is_ended(pool_of, mock_clock, workers):
    async with pool_of() as pool:
        await trio.testing.wait_all_tasks_blocked()
        await pool.carry_out(FILE, ignore)
        (worker,) = workers()
        mock_clock.jump(LOOK_EVERY_S)
        await trio.testing.wait_all_tasks_blocked()
        assert pool.statistics().idle == 1

        mock_clock.jump(IDLE_LIMIT_S)
        await ended(worker)

        assert pool.statistics().idle == 0
        assert await pool.carry_out(FILE, ignore) != worker.pid


async def test_the_end_of_a_pool_waits_for_no_idle_worker(pool_of, mock_clock, workers):
    async with pool_of() as pool:
        await pool.carry_out(FILE, ignore)
        (worker,) = workers()
        worker.send_signal(signal.SIGSTOP)
        before = mock_clock.current_time()
        mock_clock.autojump_threshold = 5  # passes only where something waits that never comes

    assert workers() == []
    assert mock_clock.current_time() == before


async def test_a_worker_that_died_in_its_sleep_costs_no_file(pool_of, workers):
    async with pool_of() as pool:
        before = await pool.carry_out(FILE, ignore)
        (worker,) = workers()
        worker.send_signal(signal.SIGKILL)
        await ended(worker)

        assert await pool.carry_out(FILE, ignore) != before
        assert pool.statistics().crashed == 0


async def test_workers_that_take_no_order_are_the_fault_of_no_file(pool_of):
    leaving = f"import os; os.write(1, {frame(Ready())!r}); os.read(0, 1); os._exit(3)"

    async with pool_of(command=(sys.executable, "-I", "-S", "-c", leaving)) as pool:
        with pytest.raises(WorkerStartError, match="went away"):
            await pool.carry_out(FILE, ignore)

        assert pool.statistics().started == ATTEMPTS


async def test_a_program_that_is_not_there_is_the_fault_of_no_file(pool_of):
    async with pool_of(command=("/nowhere/worker",)) as pool:
        with pytest.raises(WorkerStartError, match="does not start"):
            await pool.carry_out(FILE, ignore)

        assert pool.statistics().busy == 0


async def test_what_a_worker_prints_disturbs_nobody(pool_of, capfd):
    async with pool_of() as pool:
        pids = {await pool.carry_out(b"shout.mp3", ignore) for _ in range(3)}

    assert len(pids) == 1
    assert capfd.readouterr() == ("", "")


async def test_a_closed_pool_leaves_neither_process_nor_descriptor(pool_of, workers):
    before = set(os.listdir("/proc/self/fd"))

    async with pool_of(size=2, files_per_worker=1) as pool, trio.open_nursery() as nursery:
        for name in (FILE, FILE, b"fail.mp3", b"crash.mp3"):
            nursery.start_soon(tried, pool, name)

    assert workers() == []
    assert set(os.listdir("/proc/self/fd")) == before


async def tried(pool, path):
    """Have a file worked on, whatever comes of it."""
    try:
        await pool.carry_out(path, ignore)
    except UnreadableError:
        return


async def test_work_that_outlives_the_pool_leaves_no_process(pool_of, workers):
    begun = trio.Event()

    async with trio.open_nursery() as nursery, pool_of() as pool:
        nursery.start_soon(pool.carry_out, b"loop.mp3", lambda _: begun.set())
        await begun.wait()
        nursery.start_soon(pool.close)
        await trio.testing.wait_all_tasks_blocked()
        assert len(workers()) == 1
        nursery.cancel_scope.cancel()

    assert workers() == []


async def test_an_order_that_ends_after_the_pool_does_not_keep_its_worker(pool_of, workers):
    async with trio.open_nursery() as nursery, pool_of() as pool:
        nursery.start_soon(pool.carry_out, FILE, ignore)
        await trio.testing.wait_all_tasks_blocked()

    assert workers() == []
