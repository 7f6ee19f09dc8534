"""Which actor a call belongs to."""

import trio

from supervision import Actor, Child, Supervisor, run
from supervision.caller import waiting_actor


class Looker(Actor[str]):
    """Notes whose call it is, here and in tasks that it opens."""

    def __init__(self, seen: dict) -> None:
        self.seen = seen

    async def started(self, context) -> None:
        self.context = context
        self.note("started")

    def note(self, where: str) -> None:
        leaf = waiting_actor()
        self.seen[where] = leaf and leaf.path

    async def note_soon(self, where: str) -> None:
        self.note(where)

    async def receive(self, message: str) -> None:
        self.note("receive")
        self.context.start_soon(self.note_soon, "subtask")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.note_soon, "nursery")


async def test_calls_in_receive_and_its_nurseries_are_the_actors_own(autojump_clock) -> None:
    seen = {}
    async with run(Supervisor("r", children=[Child("a", lambda: Looker(seen))])) as running:
        await running.ref("r/a").ask("look", timeout_s=1)
        await trio.sleep(1)

    assert seen == {"started": "r/a", "receive": "r/a", "nursery": "r/a", "subtask": None}
    assert waiting_actor() is None


async def test_task_put_into_a_foreign_nursery_is_nobodys(autojump_clock) -> None:
    seen = {}

    class Thrower(Looker):
        async def receive(self, message: trio.Nursery) -> None:
            message.start_soon(self.note_soon, "foreign")

    tree = Supervisor("r", children=[Child("a", lambda: Thrower(seen))])
    async with run(tree) as running, trio.open_nursery() as nursery:
        await running.ref("r/a").ask(nursery, timeout_s=1)

    assert seen["foreign"] is None
