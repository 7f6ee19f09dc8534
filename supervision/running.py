"""How a tree is run, and what can be done with it while it runs."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from typing import Any, Literal

import trio

from supervision.answer import Answer
from supervision.branch import Branch
from supervision.caller import current
from supervision.child import Child, Supervisor
from supervision.engine import Engine
from supervision.errors import (
    AlreadyPresentError,
    NotFoundError,
    RefusedError,
    SendError,
    SpecError,
)
from supervision.events import Event, EventStream
from supervision.node import How, Node, Phase
from supervision.ref import Ref
from supervision.signals import heed
from supervision.snapshot import part, snapshot
from supervision.status import ActorStatus, Status, SupervisorStatus


class Running:
    """A running tree. Its methods may be called from any task of the same Trio run, also from inside the tree."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def ref(self, path: str) -> Ref[Any]:
        """The ref of a child by its full path, which starts with the root's name.

        Raises:
            NotFoundError: no child has this path.
        """
        return self._node(path).ref

    def status(self) -> Status:
        """The whole tree at this moment, also after it has ended."""
        return snapshot(self._engine)

    def status_of(self, path: str) -> ActorStatus | SupervisorStatus:
        """One child at this moment, with all below it; costs nothing for the others.

        Raises:
            NotFoundError: no child has this path.
        """
        return part(self._node(path))

    def events(self) -> EventStream:
        """What happens from now on: `async with running.events() as events: async for event in events: ...`."""
        return self._engine.hub.open()

    def recent_events(self) -> tuple[Event, ...]:
        """The last events, at most 1,000, oldest first; those of the start are there too."""
        return tuple(self._engine.hub.recent)

    @trio.lowlevel.enable_ki_protection
    async def start_child(self, supervisor_path: str, child: Child | Supervisor) -> Ref[Any]:
        """Add a child, last in start order, and wait until it is ready (or declined to start).

        Raises:
            NotFoundError: no such supervisor.
            AlreadyRunningError: a child of that name runs.
            AlreadyPresentError: a child of that name is there, stopped.
            RefusedError: not a supervisor, not running, or it has `max_children`.
            SpecError: it cannot be a child of this supervisor.
            StartError: it failed to start, and was forgotten again.
            ActorStoppedError: it was stopped before it was ready.

        Cancellation: the child goes on starting.
        """
        branch = self._node(supervisor_path)
        if not isinstance(branch, Branch):
            raise RefusedError(supervisor_path, "is no supervisor")
        branch.spec.check_child(child)
        if branch.phase is not Phase.UP:
            raise RefusedError(supervisor_path, "is not running")
        there = branch.children.get(child.name)
        if there is not None:
            there.refuse_if_active()
            raise AlreadyPresentError(there.path)
        most = branch.spec.max_children
        if most is not None and len(branch.children) >= most:
            raise RefusedError(supervisor_path, f"has {most} children, as many as it may")
        return await self._start(branch.adopt(child, added=True))

    @trio.lowlevel.enable_ki_protection
    async def restart_child(self, path: str) -> Ref[Any]:
        """Start a child again that is stopped, has ended or declined, and wait until it is ready.

        Raises:
            NotFoundError: no child has this path.
            AlreadyRunningError: it runs, or waits for its restart.
            RefusedError: it is the root, or its supervisor is dynamic or not running.
            StartError: it failed to start and stays down.
            ActorStoppedError: it was stopped before it was ready.

        Cancellation: the child goes on starting.
        """
        node, branch = self._child(path)
        if branch.dynamic:
            raise RefusedError(branch.path, "is dynamic: what ended is forgotten")
        node.refuse_if_active()
        if branch.phase is not Phase.UP:
            raise RefusedError(branch.path, "is not running")
        node.by_hand = node.resting = False
        node.open()
        return await self._start(node)

    @trio.lowlevel.enable_ki_protection
    async def renew_child(self, path: str) -> Ref[Any]:
        """End a child's incarnation and start the next one; wait until it is ready. Nobody who sends to it notices.

        The message in hand is finished within the grace, then it goes as at any restart: what waits in the mailbox stays, in its
        order, and waiting senders go on waiting. It uses none of the budget. A start that fails is an ordinary crash: it is tried again
        after its backoff, within the budget. A child in backoff is started at once, one that is stopped as by `restart_child`.

        Raises:
            NotFoundError: no child has this path.
            RefusedError: it is the root, or its supervisor is not running.
            DeadlockError: the caller is part of what would end, and would wait for its own end.
            StartError: as `restart_child`, where it was stopped before.
            ActorStoppedError: it was stopped, or ended for good, before it was ready again.

        Cancellation: the child goes on being renewed.
        """
        node, branch = self._child(path)
        self._refuse_own_end(node)
        if branch.phase is not Phase.UP:
            raise RefusedError(branch.path, "is not running")
        if not node.live and node.group is None:
            return await self.restart_child(path)
        renewed: Answer[Ref[Any]] = Answer()
        node.renewers.append(renewed)
        branch.renew(node)
        return await renewed.wait()

    @trio.lowlevel.enable_ki_protection
    async def stop_child(self, path: str, how: Literal["stop", "drain", "kill"] = "stop") -> None:
        """Stop a child and wait until it has really ended; a pending restart is cancelled. It stays stopped until restarted by hand.

        Args:
            path: the child's; a supervisor is stopped with all below it.
            how: "stop" finishes the message in hand, "drain" all messages that wait, "kill" interrupts; what still waits then
                becomes dead letters. After its grace the child is killed in any case.

        Raises:
            NotFoundError: no child has this path.
            RefusedError: it is the root: use `stop`.
            DeadlockError: the caller is part of what would stop, and would wait for its own end.

        Cancellation: the child goes on stopping.
        """
        node, branch = self._child(path)
        kind = How(how)
        self._refuse_own_end(node)
        node.by_hand = True
        ended: Answer[None] = Answer()
        node.stoppers.append(ended)
        if branch.live and node.live:
            node.ask_stop(kind, for_good=True)
        else:
            self._stopped_while_down(node, branch)
        await ended.wait()

    @trio.lowlevel.enable_ki_protection
    async def remove_child(self, path: str) -> None:
        """Forget a child that is stopped; its name is free again.

        Raises:
            NotFoundError: no child has this path.
            AlreadyRunningError: it runs, or waits for its restart.
            RefusedError: it is the root, or its supervisor is dynamic.
        """
        node, branch = self._child(path)
        if branch.dynamic:
            raise RefusedError(branch.path, "is dynamic: what ended is forgotten")
        node.refuse_if_active()
        node.close("stopped")
        branch.forget(node)
        await trio.lowlevel.checkpoint()

    async def stop(self) -> None:
        """Stop the whole tree in reverse start order, within the root's grace; returns when all but stuck children have ended.

        The body of `run` goes on. Called from inside the tree it asks for the stop and returns at once, since it would wait for its
        caller; the body is then cancelled when all have ended. Cancellation: the tree goes on stopping.
        """
        inside = self._engine.is_own(current.get())
        self._engine.body_goes_on = not inside
        self._engine.stop()
        if inside:
            await trio.lowlevel.checkpoint()
        else:
            await self._engine.over.wait()

    async def _start(self, node: Node) -> Ref[Any]:
        starter: Answer[Ref[Any]] = Answer()
        node.starter = starter
        node.start()
        return await starter.wait()

    def _stopped_while_down(self, node: Node, branch: Branch) -> None:
        node.failed = False
        node.close("stopped")
        if branch.dynamic and node.really_down:
            branch.forget(node)
        if node.group is not None:
            node.group.leave(node)
        self._engine.check_really_ended(node)

    def _refuse_own_end(self, node: Node) -> None:
        above: Node | None = current.get()
        caller = above
        while above is not None:
            if above is node and caller is not None:
                raise self._engine.deadlock(node.path, [caller.path])
            above = above.parent

    def _node(self, path: str) -> Node:
        node = self._engine.nodes.get(path)
        if node is None:
            raise NotFoundError(path)
        return node

    def _child(self, path: str) -> tuple[Node, Branch]:
        node = self._node(path)
        if node.parent is None:
            raise RefusedError(path, "is the root")
        return node, node.parent


@asynccontextmanager
@trio.lowlevel.enable_ki_protection
async def run(
    tree: Supervisor,
    *,
    seed: int | None = None,
    signals: bool = True,
    on_stuck: Callable[[Running], object] | None = None,
) -> AsyncIterator[Running]:
    """Run a tree for as long as the block runs: the body begins when all children are ready.

    However the block is left — its end, an error, cancellation, SIGTERM, Ctrl-C — the children are stopped in reverse start order, each
    within its grace, all within the root's; only then does it return. A second signal kills them at once.

    Args:
        tree: the root supervisor.
        seed: makes the jitter of the delays repeatable.
        signals: False where SIGTERM and Ctrl-C belong to somebody else, such as the server that an application runs in.
        on_stuck: called once, between two checkpoints, if the root's grace is over and nothing but STUCK children is left. The block cannot
            return before they do; a program may end itself here. Never called where the root's grace is infinite.

    Raises:
        StartError: a child failed to start; the body was not entered.
        EscalatedError: the root gave up; the body was cancelled. The cause is the last crash. It takes the place of a SendError that
            left the body, which followed from it.

    Owns: all tasks of the tree; none outlives the block, not even one that is stuck.
    """
    if not isinstance(tree, Supervisor):
        raise SpecError("tree", f"must be a Supervisor, not {tree!r}")
    engine = Engine(tree, seed, on_stuck)
    engine.running = Running(engine)
    failure: BaseException | None = None
    with heed(engine.signalled) if signals else nullcontext():
        async with trio.open_nursery() as nursery:
            engine.begin(nursery)
            try:
                await engine.up.wait()
                with engine.body:
                    yield engine.running
            except BaseException as error:  # noqa: BLE001 — raised again below, when all children have ended
                failure = error
            # From here on nothing but the tree's own deadlines ends the wait; its tasks are told by the stop.
            nursery.cancel_scope.shield = True
            engine.stop()
            await engine.over.wait()
    if failure is None or (engine.failure is not None and _follows(failure)):
        failure = engine.failure
    if failure is not None:
        raise failure


def _follows(error: BaseException) -> bool:
    """Whether an error of the body may be but a consequence of the tree's end: what it sent found nobody any more."""
    if isinstance(error, BaseExceptionGroup):
        return all(_follows(part) for part in error.exceptions)
    return isinstance(error, SendError | trio.Cancelled)
