"""What one writes: an actor, and the context that each of its incarnations is given."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar, TypeVarTuple, Unpack

import trio

if TYPE_CHECKING:
    from supervision.incarnation import Incarnation
    from supervision.ref import Ref
    from supervision.running import Running

Message = TypeVar("Message")
Arguments = TypeVarTuple("Arguments")


class Context:
    """What an incarnation knows of itself and may do in the tree. It dies with the incarnation."""

    __slots__ = ("_incarnation", "reason")

    def __init__(self, incarnation: "Incarnation") -> None:
        self._incarnation = incarnation
        self.reason: str | None = None
        """Why the incarnation ends: None until it does, set for `stopped`."""

    @property
    def path(self) -> str:
        """The full path, such as "rookery/pipeline/cataloger"."""
        return self._incarnation.leaf.path

    @property
    def ref(self) -> "Ref[Any]":
        """The own ref, for others to answer to."""
        return self._incarnation.leaf.ref

    @property
    def incarnation(self) -> int:
        """1 for the first, one more for each restart."""
        return self._incarnation.number

    @property
    def running(self) -> "Running":
        """The running tree."""
        return self._incarnation.leaf.engine.running

    def ref_to(self, path: str) -> "Ref[Any]":
        """The ref of any child of the tree by its full path, also before it has started.

        Raises:
            NotFoundError: no child has this path.
        """
        return self.running.ref(path)

    @property
    def stopping(self) -> trio.Event:
        """Set as soon as the child is asked to stop: a task should end then, within its grace."""
        return self._incarnation.stopping

    @property
    def asker_waiting(self) -> bool:
        """Whether the message in hand was asked and its asker still waits for the answer."""
        return self._incarnation.leaf.asker_waiting

    def start_soon(self, function: Callable[[Unpack[Arguments]], Awaitable[object]], *arguments: *Arguments) -> None:
        """Run a sub-task that is cancelled when the incarnation ends; its crash is the incarnation's.

        Raises:
            RefusedError: the incarnation has ended.
        """
        self._incarnation.start_soon(function, *arguments)

    def ready(self) -> None:
        """For tasks: the child has started, the next one may. Further calls do nothing."""
        self._incarnation.ready()

    def stop(self) -> None:
        """End normally after the message in hand, as if by the actor's own wish; PERMANENT ones are started again."""
        self._incarnation.end()


class Actor(ABC, Generic[Message]):
    """A task with a mailbox, made anew for each incarnation.

    Messages are handled one at a time, in the order each sender sent them. An error that `receive` lets out is a crash: the
    supervisor decides, the mailbox stays.

    Cancellation: each of its methods may be cancelled at any wait, when it is killed or its grace is over.
    """

    async def started(self, context: Context) -> None:
        """Make ready; the supervisor goes on only after this.

        An error is a failed start, after which `stopped` is not called: undo here what was half done. DeclineStart is no error.
        """

    @abstractmethod
    async def receive(self, message: Message) -> object:
        """Handle one message; what it returns answers an ask.

        Any error is a crash, except an uncaught MailboxFullError (perhaps in a group): it fails this message alone.
        """

    async def stopped(self) -> None:
        """Clean up, after a stop, a normal end and a crash, within the grace; not after a kill. `context.reason` says why.

        Sub-tasks have ended by then. Its own error after a stop or a normal end is a crash; after a crash it is dropped for the first one.
        """
