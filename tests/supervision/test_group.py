"""Ordered changes of several siblings."""

import trio
from trio.testing import wait_all_tasks_blocked

from supervision import Actor, Backoff, Child, Intensity, Strategy, Supervisor, run


class Sibling(Actor[object]):
    """Notes start and stop, each of which takes a second."""

    def __init__(self, name: str, notes: list) -> None:
        self.name = name
        self.notes = notes

    async def started(self, context) -> None:
        await trio.sleep(1)
        self.notes.append(f"+{self.name}")

    async def receive(self, message: object) -> None:
        raise ValueError(message)

    async def stopped(self) -> None:
        await trio.sleep(1)
        self.notes.append(f"-{self.name}")


def tree_of(names: str, notes: list, **options) -> Supervisor:
    children = [Child(name, lambda name=name: Sibling(name, notes)) for name in names]
    return Supervisor("r", children=children, intensity=Intensity(restarts=10, within_s=1000), **options)


async def test_group_stops_from_the_right_and_starts_from_the_left(autojump_clock) -> None:
    notes = []
    async with run(tree_of("abcd", notes, strategy=Strategy.REST_FOR_ONE)) as running:
        notes.clear()
        running.ref("r/b").tell_nowait("no")
        await trio.sleep(20)

        assert notes == ["-b", "-d", "-c", "+b", "+c", "+d"]


async def test_earlier_crash_while_a_group_restarts_widens_it(autojump_clock) -> None:
    notes = []
    async with run(tree_of("abcd", notes, strategy=Strategy.REST_FOR_ONE)) as running:
        notes.clear()
        running.ref("r/c").tell_nowait("no")
        await trio.sleep(2.5)
        assert notes == ["-c", "-d"]
        running.ref("r/a").tell_nowait("no")
        await trio.sleep(30)

        assert notes[-4:] == ["+a", "+b", "+c", "+d"]
        states = {child.path[-1]: child.state for child in running.status().root.children}
        assert states == dict.fromkeys("abcd", "running")
        assert running.status().root.restarts_in_window == 2


async def test_crash_of_one_already_up_while_its_group_still_starts(autojump_clock) -> None:
    notes = []
    async with run(tree_of("abc", notes, strategy=Strategy.ONE_FOR_ALL)) as running:
        notes.clear()
        running.ref("r/c").tell_nowait("no")
        running.ref("r/a").tell_nowait("kept for the next incarnation")
        await trio.sleep(60)

        assert all(child.state == "running" for child in running.status().root.children)
        assert notes[-3:] == ["+a", "+b", "+c"]


async def test_one_for_one_restarts_do_not_wait_for_each_other(autojump_clock) -> None:
    notes = []
    async with run(tree_of("abc", notes)) as running:
        notes.clear()
        for name in "abc":
            running.ref(f"r/{name}").tell_nowait("no")
        await trio.sleep(2.5)

        assert sorted(notes) == ["+a", "+b", "+c", "-a", "-b", "-c"]


async def test_stop_by_hand_of_one_member_lets_the_others_go_on(autojump_clock) -> None:
    notes = []
    tree = tree_of("abc", notes, strategy=Strategy.ONE_FOR_ALL, backoff=Backoff(first_s=10, jitter=0))
    async with run(tree) as running:
        notes.clear()
        running.ref("r/a").tell_nowait("no")
        await trio.sleep(5)
        assert {child.state for child in running.status().root.children} == {"backoff"}
        await running.stop_child("r/b")
        await trio.sleep(20)

        assert notes[-2:] == ["+a", "+c"]
        assert running.status().find("r/b").state == "stopped"


async def test_stop_by_hand_while_the_member_starts_again(autojump_clock) -> None:
    notes = []
    async with run(tree_of("ab", notes, strategy=Strategy.ONE_FOR_ALL)) as running:
        running.ref("r/a").tell_nowait("no")
        await trio.sleep(2.5)
        assert running.status().find("r/a").state == "restarting"
        await running.stop_child("r/a")
        await wait_all_tasks_blocked()
        await trio.sleep(5)

        assert running.status().find("r/a").state == "stopped"
        assert running.status().find("r/b").state == "running"


async def test_whole_tree_stops_in_the_middle_of_a_group_restart(autojump_clock) -> None:
    for wait in range(10):
        notes = []
        async with run(tree_of("abc", notes, strategy=Strategy.ONE_FOR_ALL)) as running:
            running.ref("r/b").tell_nowait("no")
            await trio.sleep(wait / 2)
        assert all(notes.count(f"+{name}") == notes.count(f"-{name}") for name in "abc")
        assert running.status().root.state == "stopped"


async def test_crash_of_an_earlier_sibling_during_the_first_start_begins_it_again(autojump_clock) -> None:
    lives = []

    async def first(context) -> None:
        lives.append(f"first {context.incarnation}")
        await trio.sleep(0.5)
        if context.incarnation == 1:
            raise ValueError("during the start of the next")
        await context.stopping.wait()

    async def second(context) -> None:
        lives.append(f"second {context.incarnation}")
        with trio.move_on_after(2):
            await context.stopping.wait()
            return
        context.ready()
        await context.stopping.wait()

    for strategy in (Strategy.REST_FOR_ONE, Strategy.ONE_FOR_ALL):
        lives.clear()
        tree = Supervisor("r", strategy=strategy, children=[Child("first", first), Child("second", second)])
        began = trio.current_time()
        async with run(tree) as running:
            assert trio.current_time() == began + 2.5
            assert lives == ["first 1", "second 1", "first 2", "second 2"]
            assert running.status().root.state == "running"
