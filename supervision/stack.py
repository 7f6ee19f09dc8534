"""Where a task stands, for people: its own frames, and those of the thread it waits for."""

import sys
import threading
import traceback

from trio.lowlevel import Task


def stack_of(task: Task | None) -> str:
    """The frames of the task, outermost first, then those of worker threads that it started and waits for."""
    if task is None:
        return ""
    text = "".join(traceback.StackSummary.extract(task.iter_await_frames()).format())
    # Trio names a worker thread after its function and the task that called it.
    frames = sys._current_frames()  # noqa: SLF001 — the documented way to other threads' frames
    for thread in threading.enumerate():
        if thread.name.endswith(f" from {task.name}") and thread.ident in frames:
            text += f"in thread {thread.name}:\n" + "".join(traceback.format_stack(frames[thread.ident]))
    return text
