"""What can go wrong, by who can mend it.

SupervisionError
├── SpecError                 who wrote the tree: a value that cannot be; `field` names it
├── StartError                a child that failed to start; `path` names it, the cause is its error
├── EscalatedError            a supervisor whose children died too often; the cause is the last crash
├── SendError                 one message did not get through; `path` names the receiver
│   ├── MailboxFullError      no room: send less, wait, or declare another overflow
│   ├── ActorStoppedError     the receiver has ended, or is ending: nobody will read it
│   ├── MessageFailedError    the receiver failed on it; the cause is its error
│   ├── AskTimeoutError       no answer in time: it may still be handled
│   └── DeadlockError         waiting would close a cycle; `cycle` names its actors
├── AdministrationError       a change of the running tree that cannot be
│   ├── AlreadyRunningError   the child runs, or will when its restart is due
│   ├── AlreadyPresentError   a stopped child has that name: restart or remove it
│   ├── NotFoundError         no child has that path
│   └── RefusedError          the supervisor's kind, limit or state forbids it
├── CircuitOpenError          a breaker lets nothing through; `retry_after_s` says when to look again
└── DeclineStart              raised by an actor's `started`: it does not want to run, and that is no error
"""

from collections.abc import Sequence


class SupervisionError(Exception):
    """Root of all errors that the engine raises on purpose."""


class SpecError(SupervisionError, ValueError):
    """A specification cannot be; `field` names the value at fault, and nothing was started."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field


class StartError(SupervisionError):
    """The child at `path` did not start; those started before it were stopped again. The cause is the child's error."""

    def __init__(self, path: str, message: str = "failed to start") -> None:
        super().__init__(f"{path} {message}")
        self.path = path


class EscalatedError(SupervisionError):
    """The supervisor at `path` gave up: more restarts than its intensity allows. The cause is the last crash."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path} {message}")
        self.path = path


class SendError(SupervisionError):
    """A message to the actor at `path` did not get through, or found no answer."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path} {message}")
        self.path = path


class MailboxFullError(SendError):
    """The mailbox has no room. The message was not taken; uncaught in `receive`, it fails that message alone."""

    def __init__(self, path: str) -> None:
        super().__init__(path, "has a full mailbox")


class ActorStoppedError(SendError):
    """The actor has ended or is ending, and will not read the message."""

    def __init__(self, path: str) -> None:
        super().__init__(path, "has stopped")


class MessageFailedError(SendError):
    """The actor failed while it handled an asked message, which will not be tried again. The cause is its error."""

    def __init__(self, path: str) -> None:
        super().__init__(path, "failed on the message")


class AskTimeoutError(SendError):
    """The answer did not come in time. The message may still be handled; its answer is dropped and counted."""

    def __init__(self, path: str, timeout_s: float) -> None:
        super().__init__(path, f"did not answer within {timeout_s:g} s")
        self.timeout_s = timeout_s


class DeadlockError(SendError):
    """This wait would never end: each actor of `cycle` waits for the next, the last for the first. Nothing was sent."""

    def __init__(self, path: str, cycle: Sequence[str]) -> None:
        super().__init__(path, f"waits for the sender: {' → '.join((*cycle, cycle[0]))}")
        self.cycle = tuple(cycle)


class AdministrationError(SupervisionError):
    """A child could not be added, stopped, restarted or removed; the tree is as it was."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path} {message}")
        self.path = path


class AlreadyRunningError(AdministrationError):
    """The child runs already, or waits for its restart."""


class AlreadyPresentError(AdministrationError):
    """A child that is not running has this name; restart it, or remove it first."""

    def __init__(self, path: str) -> None:
        super().__init__(path, "is present but not running")


class NotFoundError(AdministrationError):
    """No child has this path."""

    def __init__(self, path: str) -> None:
        super().__init__(path, "is not a child of this tree")


class RefusedError(AdministrationError):
    """The supervisor does not do this: its kind, its limit or its present state forbids it."""


class CircuitOpenError(SupervisionError):
    """The breaker `name` lets no call through; `retry_after_s` is when the next one passes at the latest."""

    def __init__(self, name: str, retry_after_s: float) -> None:
        super().__init__(f"{name} is open; next probe in {retry_after_s:g} s")
        self.name = name
        self.retry_after_s = retry_after_s


class DeclineStart(SupervisionError):  # noqa: N818 — an answer, not an error
    """Raise it in `started`: the child stays down without being failed, and its siblings go on."""
