"""A tree in a Trio run of its own thread, held still between the steps that a test lets it take.

Each step is done there and waits until nobody has anything to do; time stands still between them and passes, deadline by deadline,
only where a step lets it.
"""

import contextlib
import logging
import math
from abc import abstractmethod
from concurrent.futures import Future
from threading import Thread

import trio
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize
from trio.testing import MockClock, wait_all_tasks_blocked

from supervision import AdministrationError, Event, SendError, StartError, SupervisionError, SupervisorStatus, run
from supervision.testing import scheduled
from tests.supervision.suites.world import World, build, shapes


class HeldTree(RuleBasedStateMachine):
    """One random tree, from its start to its end. `check_end` says what must be true then."""

    @initialize(shape=shapes, schedule=st.integers(0, 1000))
    def start(self, shape, schedule: int) -> None:
        logging.disable(logging.CRITICAL)
        self.world = World()
        self.tree = build(shape, self.world)
        self.number = 0
        self.waiting: list[trio.CancelScope] = []
        self.touched: set[str] = set()
        self.events: list[Event] = []
        self.ended: list[BaseException | None] = []
        self.stopped_at = math.inf
        self.order = scheduled(schedule)
        self.order.__enter__()
        self.clock = MockClock()
        up: Future = Future()
        self.thread = Thread(target=trio.run, args=(self.life, up), kwargs={"clock": self.clock}, daemon=True)
        self.thread.start()
        self.token = up.result(timeout=20)

    async def life(self, up: Future) -> None:
        self.living = trio.lowlevel.current_statistics().tasks_living
        self.over = trio.Event()
        async with trio.open_nursery() as self.senders:
            self.senders.start_soon(self.live, up)
            await self.over.wait()
            self.senders.cancel_scope.cancel()
        self.tasks_left = trio.lowlevel.current_statistics().tasks_living - self.living

    async def live(self, up: Future) -> None:
        error: BaseException | None = None
        self.finish, self.ended_event = trio.Event(), trio.Event()
        self.clock.autojump_threshold = 0
        try:
            async with run(self.tree, seed=1) as self.running:
                self.stream = self.running.events()
                self.events.extend(self.running.recent_events())
                self.clock.autojump_threshold = math.inf
                up.set_result(trio.lowlevel.current_trio_token())
                await self.finish.wait()
                self.stopped_at = trio.current_time()
        except SupervisionError as raised:
            error = raised
        self.ended.append(error)
        self.ended_event.set()

    # How a rule is done.

    def do(self, step, *arguments) -> None:
        async def all_of_it() -> None:
            await step(*arguments)
            await wait_all_tasks_blocked()

        trio.from_thread.run(all_of_it, trio_token=self.token)

    def path(self, place: int, kind: type = object) -> str:
        paths = [node.path for node in self.running.status().walk() if isinstance(node, kind)]
        return paths[place % len(paths)]

    async def administer(self, verb: str, place: int, *rest) -> None:
        path = self.path(place, SupervisorStatus if verb == "start_child" else object)
        self.touched.add(path)

        async def change() -> None:
            with contextlib.suppress(AdministrationError, StartError, SendError):
                await getattr(self.running, verb)(path, *rest)

        self.senders.start_soon(change)

    # The end.

    def teardown(self) -> None:
        if not hasattr(self, "token"):
            return
        try:
            trio.from_thread.run(self.end, trio_token=self.token)
            self.thread.join(timeout=20)
            assert not self.thread.is_alive(), "a task outlives the tree"
            self.check_end()
        finally:
            self.order.__exit__(None, None, None)
            logging.disable(logging.NOTSET)

    async def end(self) -> None:
        self.clock.autojump_threshold = 0
        await trio.sleep(60)  # what was asked for by hand is over before the order of the end is looked at
        self.finish.set()
        with trio.move_on_after(10_000):
            await self.ended_event.wait()
        self.over.set()

    @abstractmethod
    def check_end(self) -> None:
        """Look at what must be true when the tree has ended."""
