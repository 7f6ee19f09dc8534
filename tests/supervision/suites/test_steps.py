"""Random trees, one step at a time: after each order, stop, restart or leap in time all that must hold is looked at."""

import itertools
import math
from collections import Counter

import trio
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule
from trio.testing import wait_all_tasks_blocked

from supervision import AdministrationError, EventKind, SendError, Strategy, SupervisorStatus
from supervision.leaf import Leaf
from tests.supervision.suites.held import HeldTree
from tests.supervision.suites.world import Order, build, leaves

places = st.integers(0, 8)


class TreeMachine(HeldTree):
    """What may be done to a tree, and what must hold after each of it."""

    # The rules. Once the tree has ended, it can only be looked at.

    @property
    def on(self) -> bool:
        return not self.ended

    @precondition(lambda self: self.on)
    @rule(
        place=places,
        deed=st.sampled_from(["work", "work", "ask", "crash", "end"]),
        takes_s=st.sampled_from([0, 0.25, 2]),
        times=st.integers(1, 3),
    )
    def send(self, place: int, deed: str, takes_s: float, times: int) -> None:
        async def step() -> None:
            path = self.path(place)
            for _ in range(times):
                self.number += 1
                scope = trio.CancelScope()
                self.waiting.append(scope)
                self.senders.start_soon(self.tell, scope, path, Order(place, self.number, deed, takes_s))
                await wait_all_tasks_blocked()

        self.do(step)

    async def tell(self, scope: trio.CancelScope, path: str, order: Order) -> None:
        with scope:
            try:
                await self.running.ref(path).tell(order)
            except (SendError, AdministrationError):
                return
            self.world.accepted.append(order)

    @precondition(lambda self: self.on)
    @rule()
    def give_up_the_last_send(self) -> None:
        async def step() -> None:
            if self.waiting:
                self.waiting.pop().cancel()

        self.do(step)

    @precondition(lambda self: self.on)
    @rule(seconds=st.sampled_from([0.05, 0.5, 2, 10, 60]))
    def let_time_pass(self, seconds: float) -> None:
        async def step() -> None:
            self.clock.autojump_threshold = 0
            await trio.sleep(seconds)
            self.clock.autojump_threshold = math.inf

        self.do(step)

    @precondition(lambda self: self.on)
    @rule(place=places, how=st.sampled_from(["stop", "drain", "kill"]))
    def stop_by_hand(self, place: int, how: str) -> None:
        self.do(self.administer, "stop_child", place, how)

    @precondition(lambda self: self.on)
    @rule(verb=st.sampled_from(["restart_child", "renew_child", "remove_child"]), place=places)
    def change_by_hand(self, verb: str, place: int) -> None:
        self.do(self.administer, verb, place)

    @precondition(lambda self: self.on)
    @rule(place=places, leaf=leaves)
    def add(self, place: int, leaf) -> None:
        self.number += 1
        self.do(self.administer, "start_child", place, build(leaf, self.world, f"x{self.number}"))

    @rule()
    def look(self) -> None:
        """Also at a tree that has ended."""

        async def step() -> None:
            status = self.running.status()
            assert self.on or status.root.state in {"stopped", "failed"}

        self.do(step)

    # What must hold after each of them.

    @invariant()
    def all_holds(self) -> None:
        if hasattr(self, "token") and self.on:
            trio.from_thread.run_sync(self.check, trio_token=self.token)

    def check(self) -> None:
        self.take_events()
        self.check_messages()
        for node in self.running.status().walk():
            if isinstance(node, SupervisorStatus):
                self.check_supervisor(node)
            else:
                assert node.mailbox_depth <= node.mailbox_capacity
                assert node.waiting_senders == 0 or node.mailbox_depth == node.mailbox_capacity
        assert all(count in {0, 1} for count in self.world.alive.values()), "two incarnations at once"

    def take_events(self) -> None:
        self.events.extend(self.stream._waiting)
        self.stream._waiting.clear()

    def check_messages(self) -> None:
        """Every accepted message is handled, a dead letter, queued or in hand: one of these, once."""
        nodes = [node for node in self.running._engine.nodes.values() if isinstance(node, Leaf)]
        held = []
        for node in nodes:
            here = [node.in_hand] * (node.in_hand is not node.nothing) + list(node.queue.items)
            here = [getattr(item, "message", item) for item in here]
            held += here
            told = [order for order in [*self.world.handled.get(node.path, []), *here] if order.sender < 100]
            for sender in {order.sender for order in told}:
                numbers = [order.number for order in told if order.sender == sender]
                assert numbers == sorted(numbers), f"order of sender {sender} at {node.path}"
        letters = [event.dead_letter.message for event in self.events if event.kind is EventKind.DEAD_LETTER]
        handled = [order for orders in self.world.handled.values() for order in orders]
        fates = Counter(order for order in [*held, *letters, *handled] if order.sender < 100)
        assert fates == Counter(order for order in self.world.accepted if order.sender < 100)

    def check_supervisor(self, node: SupervisorStatus) -> None:
        branch = self.running._engine.nodes[node.path]
        assert node.restarts_in_window <= branch.spec.intensity.restarts, "more restarts than the budget"
        assert node.restarts_in_window == branch.budget._shares.total(), "each restart is somebody's"
        if node.state in {"stopped", "failed"}:
            assert all(child.state in {"stopped", "failed"} for child in node.children)

    # The end.

    def check_end(self) -> None:
        self.take_events()
        assert self.tasks_left == 0
        engine = self.running._engine
        assert (engine._tasks, engine._starting, len(engine._timers), len(engine.waits)) == (0, 0, 0, 0)
        assert not any(self.world.alive.values()), "a sub-task is left"
        assert [event for event in self.events if event.kind is EventKind.STUCK] == []
        self.check_messages()
        assert not any(isinstance(node, Leaf) and node.queue.items for node in engine.nodes.values())
        self.check_stop_order()
        self.check_budgets()

    def check_stop_order(self) -> None:
        """Reverse of the start order, one at a time."""
        serials = {path: node.serial for path, node in self.running._engine.nodes.items()}
        stops = [
            event.path
            for event in self.events
            if event.kind is EventKind.EXITED and event.at_s >= self.stopped_at and event.reason != "crashed"
        ]
        for parent in {path.rpartition("/")[0] for path in stops}:
            siblings = [serials[path] for path in stops if path.rpartition("/")[0] == parent and path in serials]
            assert siblings == sorted(siblings, reverse=True), f"stop order below {parent}"
        cleanings = sorted((began, ended) for _, began, ended in self.world.cleanings if began >= self.stopped_at)
        assert all(ended <= began for (_, ended), (began, _) in itertools.pairwise(cleanings))

    def check_budgets(self) -> None:
        """Where nobody meddled: no more restarts of children within any window than the intensity bears."""
        for path, node in self.running._engine.nodes.items():
            if isinstance(node, Leaf) or node.spec.strategy is not Strategy.ONE_FOR_ONE:
                continue
            if any(f"{path}/".startswith(f"{other}/") or other.startswith(f"{path}/") for other in self.touched):
                continue
            limit = node.spec.intensity
            times: list[float] = []
            for event in self.events:
                if event.path == path:
                    times = []
                elif event.kind is EventKind.RESTARTED and event.path.rpartition("/")[0] == path:
                    times = [at_s for at_s in times if at_s >= event.at_s - limit.within_s] + [event.at_s]
                    assert len(times) <= limit.restarts + 1, f"{path} bore more than its intensity"


TestTree = TreeMachine.TestCase
TestTree.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
