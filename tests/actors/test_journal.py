"""What the process logs, written by any thread and by what interrupts one, and read on the loop."""

import itertools
import random
import signal
import threading
from datetime import UTC, datetime

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from actors.journal import GRAVE_LINES, PAGE, Journal, Reader
from actors.model.log_line import Level, LogLine

AT = datetime(2026, 3, 1, tzinfo=UTC)
PATIENT_S = 20


def line(message="m", level=Level.INFO, logger="rookery", **others):
    return LogLine(at=AT, level=level, logger=logger, message=message, **others)


def filled(count, **bounds):
    journal = Journal(**bounds)
    for number in range(1, count + 1):
        journal.add(line(str(number)))
    return journal


def messages(entries):
    return [entry.line.message for entry in entries]


async def taken(reader):
    with trio.fail_after(PATIENT_S):
        return [(heard.entry.number, heard.dropped) for heard in await reader.take()]


def test_lines_are_numbered_and_the_oldest_make_room():
    journal = filled(5, lines=3)

    assert journal.newest == 5
    assert [(entry.number, entry.line.message) for entry in journal.kept()] == [(3, "3"), (4, "4"), (5, "5")]
    assert messages(journal.after(3, 10)) == ["4", "5"]
    assert messages(journal.after(0, 2)) == ["3", "4"]


def test_lines_are_bounded_in_bytes_too():
    journal = Journal(limit_bytes=10 * line("x" * 1_000).size_bytes)
    for _ in range(50):
        journal.add(line("x" * 1_000))

    assert len(journal.kept()) == 10


def test_what_is_grave_is_kept_longer_and_bounded_too():
    journal = Journal(lines=2)
    for number in range(GRAVE_LINES + 10):
        journal.add(line(f"w{number}", Level.WARNING))
        journal.add(line())
    kept = journal.kept()

    assert len(kept) == GRAVE_LINES + 2
    assert kept[0].line.message == "w9"
    assert [entry.number for entry in kept] == sorted(entry.number for entry in kept)


async def test_a_reader_gets_what_comes_after_it_was_made():
    journal = filled(3)
    reader = Reader(journal)
    journal.add(line("four"))

    assert (reader.behind, reader.waiting().line.message) == (1, "four")
    assert await taken(reader) == [(4, 0)]
    assert (reader.behind, reader.waiting()) == (0, None)


async def test_a_reader_that_waits_is_woken_from_another_thread():
    journal = Journal()
    reader, heard = Reader(journal), []

    async def read():
        heard.extend(await taken(reader))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(read)
        await wait_all_tasks_blocked()
        await trio.to_thread.run_sync(journal.add, line())

    assert heard == [(1, 0)]


async def test_lines_that_come_close_together_are_read_together(autojump_clock):
    journal = Journal()
    reader = Reader(journal)

    async def write():
        await wait_all_tasks_blocked()
        journal.add(line())
        await trio.sleep(0.01)
        journal.add(line())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(write)

        assert await taken(reader) == [(1, 0), (2, 0)]


async def test_a_reader_that_is_slow_is_told_what_it_lost():
    journal = filled(1, lines=3)
    reader = Reader(journal)
    for _ in range(10):
        journal.add(line())

    assert await taken(reader) == [(9, 7), (10, 0), (11, 0)]
    assert (reader.given, reader.lost) == (3, 7)


async def test_what_is_not_wanted_is_left_out_and_what_was_lost_is_told_with_the_next_that_is():
    journal = filled(0, lines=3)
    reader = Reader(journal, wants=lambda one: one.level >= Level.ERROR)
    for _ in range(5):
        journal.add(line())
    assert reader.passed == 0
    journal.add(line(level=Level.ERROR))

    assert await taken(reader) == [(6, 3)]
    assert reader.passed == 6


async def test_much_is_read_in_pages():
    reader = Reader(filled(PAGE + 5), seen=0)

    assert [len(await reader.take()), len(await reader.take())] == [PAGE, 5]


async def test_what_was_not_used_is_given_once_more():
    journal = filled(3)
    reader = Reader(journal, seen=0)
    heard = await reader.take()
    reader.put_back(heard[1:])
    journal.add(line())

    assert reader.given == 1
    assert await taken(reader) == [(2, 0), (3, 0)]
    assert await taken(reader) == [(4, 0)]


@pytest.mark.parametrize("count,numbers", [(0, []), (2, [2, 4]), (9, [2, 4])])
async def test_a_reader_may_begin_with_the_last_that_it_wants(count, numbers):
    journal = Journal()
    for level in (Level.INFO, Level.ERROR, Level.DEBUG, Level.ERROR, Level.INFO):
        journal.add(line(level=level))
    reader = Reader.of_last(journal, count, wants=lambda one: one.level >= Level.ERROR)
    journal.add(line(level=Level.ERROR))
    heard = []
    while (6, 0) not in heard:
        heard += await taken(reader)

    assert heard == [(number, 0) for number in (*numbers, 6)]


async def test_a_take_that_is_cancelled_loses_nothing(autojump_clock):
    journal = Journal()
    reader = Reader(journal)
    for _ in range(3):
        with trio.move_on_after(1):
            await reader.take()
    journal.add(line())
    with trio.move_on_after(0):
        await reader.take()

    assert await taken(reader) == [(1, 0)]
    assert journal._waiting == []


def test_lines_from_before_a_loop_are_there_in_it_and_one_after_its_end_wakes_nobody():
    journal = filled(2)
    reader = Reader(journal, seen=0)
    left = []

    async def main():
        assert await taken(reader) == [(1, 0), (2, 0)]
        trio.lowlevel.spawn_system_task(journal.more, 2)
        await wait_all_tasks_blocked()
        left.extend(journal._waiting)

    trio.run(main)
    journal._waiting.extend(left)  # as one whose loop was killed
    journal.add(line())

    assert len(left) == 1
    assert journal.newest == 3


async def test_what_is_written_in_the_middle_of_writing_is_counted_as_lost_and_keeps_the_order():
    journal = Journal()

    class Interrupted:
        """Numbers, at the second of which somebody else writes."""

        def __init__(self):
            self.numbers = itertools.count(1)

        def __next__(self):
            number = next(self.numbers)
            if number == 2:
                journal.add(line("in the middle"))
            return number

    journal._numbers = Interrupted()
    reader = Reader(journal)
    for _ in range(3):
        journal.add(line())

    assert await taken(reader) == [(1, 0), (2, 0), (4, 1)]


async def test_who_waits_for_a_line_that_is_there_already_does_not_wait(autojump_clock):
    with trio.fail_after(1):
        await filled(1).more(0)


async def test_what_a_thread_writes_while_it_is_muted_is_lost_and_what_others_write_is_not():
    journal = Journal()
    reader = Reader(journal)
    with journal.mute():
        journal.add(line("own"))
        other = threading.Thread(target=journal.add, args=(line("other"),))
        other.start()
        other.join()
    journal.add(line("after"))

    assert await taken(reader) == [(2, 1), (3, 0)]


async def test_of_what_many_threads_write_every_line_is_given_or_counted_as_lost():
    journal, threads, each = Journal(lines=50), 4, 500
    reader = Reader(journal)
    chance = random.Random(1)
    begin = threading.Barrier(threads)

    def write():
        begin.wait(PATIENT_S)
        for _ in range(each):
            journal.add(line())

    given = dropped = newest = 0
    async with trio.open_nursery() as nursery:
        for _ in range(threads):
            nursery.start_soon(trio.to_thread.run_sync, write)
        while newest < threads * each:
            for number, lost in await taken(reader):
                assert number == newest + lost + 1
                newest, given, dropped = number, given + 1, dropped + lost
            await trio.sleep(chance.uniform(0, 0.01))  # slow now and then

    assert given + dropped == journal.newest == threads * each
    assert (reader.given, reader.lost) == (given, dropped)


async def test_a_signal_may_come_in_the_middle_of_a_line_and_write_one():
    journal, written, caught = Journal(lines=50), 3_000, 0

    def on_signal(*_):
        nonlocal caught
        caught += 1
        journal.add(line("signal"))

    before = signal.signal(signal.SIGALRM, on_signal)
    reader, total = Reader(journal), 0
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0002)
    try:
        for number in range(written):
            journal.add(line())
            if number % 5 == 0:
                total += sum(1 + dropped for _, dropped in await taken(reader))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    journal.add(line("last"))
    while reader.behind:
        total += sum(1 + dropped for _, dropped in await taken(reader))

    assert caught > 0
    assert total == written + caught + 1
