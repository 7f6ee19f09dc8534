"""Which actor a call belongs to, found from the task that makes it. No ref needs to know its holder."""

from contextvars import ContextVar
from typing import TYPE_CHECKING

from trio.lowlevel import current_task

if TYPE_CHECKING:
    from supervision.leaf import Leaf

current: ContextVar["Leaf | None"] = ContextVar("supervision.current", default=None)


def waiting_actor() -> "Leaf | None":
    """The actor that cannot go on while the running task waits; None outside of actors.

    That is the case for its own task and for tasks of nurseries opened there, not for those of `context.start_soon`.
    """
    leaf = current.get()
    if leaf is None or leaf.task is None:
        return None
    task = current_task()
    while task is not leaf.task:
        nursery = task.parent_nursery
        if nursery is None:
            return None
        task = nursery.parent_task
    return leaf
