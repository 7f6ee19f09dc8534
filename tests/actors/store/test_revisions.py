"""The catalogue is called otherwise after every change that an answer shows."""

import math
import secrets

import attrs
import pytest
import trio
import trio.testing
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.errors import DatabaseAwayError
from actors.model.change import AddTrack, Content, Reading, SetContent
from actors.model.event import NewEvent
from actors.model.probe import Probe
from actors.model.track import Sound, Stage, Tags
from actors.store import revisions as module
from actors.store.revisions import Revisions
from actors.store.store import Store

BELONGINGS = """
CREATE TABLE belonging (person_id text, note text);
CREATE TRIGGER belonging_revision AFTER INSERT OR UPDATE OR DELETE ON belonging
  FOR EACH ROW EXECUTE FUNCTION revise_person();
INSERT INTO person (id, name, role) VALUES ('ada', 'ada', 'listener')
"""
SOUND = Sound(container="mp3", codec="mp3", duration_s=61.5, rate_hz=44_100, channels=2)


async def run(store: Store, sql: str) -> None:
    await store.pool.write(lambda connection: connection.execute(sql))


async def test_it_stays_while_nothing_changes(fresh_store: Store):
    assert await fresh_store.revisions.current() == await fresh_store.revisions.current()


async def test_an_event_changes_it(fresh_store: Store):
    before = await fresh_store.revisions.current()
    await fresh_store.events.add(NewEvent(type="TRACK_UPDATED", payload={}))
    assert await fresh_store.revisions.current() != before


async def test_roots_change_it_without_an_event(fresh_store: Store):
    seen = {await fresh_store.revisions.current()}
    root = await fresh_store.roots.add(b"/music")
    seen.add(await fresh_store.revisions.current())
    await fresh_store.roots.remove(root.id)
    seen.add(await fresh_store.revisions.current())
    assert len(seen) == 3


async def test_a_size_that_no_event_tells_changes_it(fresh_store: Store):
    root = await fresh_store.roots.add(b"/music")
    content = Content(stage=Stage.PENDING, probe=Probe(audio_hash=secrets.token_hex(32), sound=SOUND, tags=Tags()))

    def reading(size_bytes: int) -> Reading:
        return Reading(root_id=root.id, path=b"/music/a", size_bytes=size_bytes, mtime_ns=1, device=1, inode=1)

    await fresh_store.changes.apply([AddTrack(track_id="t", reading=reading(1), content=content)])
    before = await fresh_store.revisions.current()
    assert await fresh_store.changes.apply([SetContent(track_id="t", reading=reading(2), content=content)]) == 0

    assert await fresh_store.revisions.current() != before


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO belonging VALUES ('local', 'b')",
        "UPDATE belonging SET note = 'c' WHERE person_id = 'local'",
        "DELETE FROM belonging WHERE person_id = 'local'",
        "UPDATE belonging SET person_id = 'ada' WHERE person_id = 'local'",
    ],
    ids=["added", "changed", "removed", "given away"],
)
async def test_what_belongs_to_one_changes_it_for_that_one(fresh_store: Store, sql: str):
    await run(fresh_store, BELONGINGS)
    await run(fresh_store, "INSERT INTO belonging VALUES ('local', 'a'), ('ada', 'a')")
    revisions = fresh_store.revisions
    shared, own, other = await revisions.current(), await revisions.current("local"), await revisions.current("ada")

    await run(fresh_store, sql)

    assert await revisions.current() == shared
    assert await revisions.current("local") != own
    assert (await revisions.current("ada") == other) is ("ada" not in sql)


async def test_what_is_undone_leaves_it(fresh_store: Store):
    before = await fresh_store.revisions.current()

    async def fail(connection):
        await connection.execute("UPDATE feed SET revision = gen_random_uuid()")
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 — any would do
        await fresh_store.pool.write(fail)
    assert await fresh_store.revisions.current() == before


class SlowPool:
    """Answers, a while later, with what the state was when it was asked."""

    def __init__(self, took_s=1.0, *, error: Exception | None = None):
        self.state = self.asked = 0
        self.took_s = took_s
        self.error = error

    async def read(self, fn):
        self.asked += 1
        state = self.state
        await trio.sleep(self.took_s)
        if self.error is not None:
            raise self.error
        return f"{state:05}"


@attrs.define
class Caller:
    """One who asks at a moment, and perhaps gives up; what they got, and how things stood when they asked."""

    at_s: float
    gives_up_s: float
    person: str | None
    asked_at: int = -1
    got: str | None = None

    async def ask(self, revisions, pool) -> None:
        await trio.sleep(self.at_s)
        self.asked_at = pool.state
        with trio.move_on_after(self.gives_up_s):
            self.got = await revisions.current(self.person)


tenths = st.integers(0, 60).map(lambda number: number / 10)
callers = st.builds(Caller, at_s=tenths, gives_up_s=st.just(math.inf) | tenths, person=st.sampled_from([None, "ada"]))


@settings(max_examples=200, deadline=None)
@given(st.lists(callers, max_size=12), st.sampled_from([0.1, 0.2, 1.0]), st.sampled_from([1, 2, module.GROUP]))
def test_no_name_is_older_than_the_question(several, took_s, group) -> None:
    async def everybody() -> None:
        patched.setattr(module, "GROUP", group)
        pool = SlowPool(took_s)
        revisions = Revisions(pool)

        async def change() -> None:
            while True:
                await trio.sleep(0.05)
                pool.state += 1

        async with trio.open_nursery() as changing:
            changing.start_soon(change)
            async with trio.open_nursery() as asking:
                for caller in several:
                    asking.start_soon(caller.ask, revisions, pool)
            changing.cancel_scope.cancel()
        assert not revisions._running
        assert not revisions._next

    with pytest.MonkeyPatch.context() as patched:
        trio.run(everybody, clock=trio.testing.MockClock(autojump_threshold=0))
    for caller in several:
        if caller.gives_up_s == math.inf:
            assert caller.got is not None
        assert caller.got is None or int(caller.got) >= caller.asked_at


async def test_many_at_once_ask_twice(autojump_clock) -> None:
    pool = SlowPool(0.1)
    revisions = Revisions(pool)
    async with trio.open_nursery() as nursery:
        for _ in range(100):
            nursery.start_soon(revisions.current)

    assert pool.asked == 2


class GatedPool:
    """Answers when it is let."""

    def __init__(self):
        self.gates = []

    async def read(self, fn):
        self.gates.append(trio.Event())
        await self.gates[-1].wait()
        return "name"


async def test_those_who_share_go_on_in_groups_in_the_order_in_which_they_came() -> None:
    pool = GatedPool()
    revisions = Revisions(pool)
    count, done, turns = 10 * module.GROUP, [], 0

    async def ask(number: int) -> None:
        await revisions.current()
        done.append((number, turns))

    async def take_turns() -> None:
        nonlocal turns
        while True:
            await trio.lowlevel.checkpoint()
            turns += 1

    async with trio.open_nursery() as nursery:
        nursery.start_soon(revisions.current)
        await trio.testing.wait_all_tasks_blocked()
        async with trio.open_nursery() as asking:
            for number in range(count + 1):
                asking.start_soon(ask, number)
                await trio.testing.wait_all_tasks_blocked()
            pool.gates[0].set()
            await trio.testing.wait_all_tasks_blocked()
            nursery.start_soon(take_turns)
            pool.gates[1].set()
        nursery.cancel_scope.cancel()

    # The first puts the question for all, and goes on when it has told them.
    told = [(number, turn) for number, turn in done if number != 0]
    groups = [told[start : start + module.GROUP] for start in range(0, count, module.GROUP)]
    assert [sorted(number for number, _ in group) for group in groups] == [
        list(range(start + 1, start + 1 + module.GROUP)) for start in range(0, count, module.GROUP)
    ]
    assert told[-1][1] - told[0][1] >= len(groups) - 1


async def test_who_gives_up_while_telling_the_others_leaves_nobody_behind(autojump_clock) -> None:
    revisions = Revisions(SlowPool(0.1))
    done = []

    async def ask() -> None:
        done.append(await revisions.current())
        if len(done) == 1:
            telling.cancel()

    telling = trio.CancelScope()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(revisions.current)
        await trio.testing.wait_all_tasks_blocked()

        async def tell() -> None:
            with telling:
                await revisions.current()

        nursery.start_soon(tell)
        await trio.testing.wait_all_tasks_blocked()
        for _ in range(5 * module.GROUP):
            nursery.start_soon(ask)

    assert telling.cancelled_caught
    assert len(done) == 5 * module.GROUP


async def test_a_reading_that_hangs_holds_up_nobody_else(autojump_clock) -> None:
    pool = SlowPool(1_000)
    revisions = Revisions(pool)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(revisions.current)
        await trio.testing.wait_all_tasks_blocked()
        pool.took_s = 0.1
        with trio.fail_after(1):
            assert await revisions.current() == "00000"
        nursery.cancel_scope.cancel()


async def test_a_failure_is_told_to_all_who_share_it(autojump_clock) -> None:
    revisions = Revisions(SlowPool(0.1, error=DatabaseAwayError("away")))
    failed = []

    async def ask() -> None:
        with pytest.raises(DatabaseAwayError):
            await revisions.current()
        failed.append(True)

    async with trio.open_nursery() as nursery:
        for _ in range(10):
            nursery.start_soon(ask)

    assert len(failed) == 10
