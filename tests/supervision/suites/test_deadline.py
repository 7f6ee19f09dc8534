"""The root's grace is one deadline for the whole tree, whatever ends it."""

import math
import os
import signal

import pytest
import trio

from supervision import (
    Actor,
    AutoShutdown,
    Child,
    EscalatedError,
    EventKind,
    Intensity,
    Restart,
    Shutdown,
    StartError,
    Supervisor,
    run,
)

FOR_EVER = Shutdown(grace_s=math.inf)


async def deaf(context) -> None:
    """Does not look at `stopping`, and may take as long as it likes."""
    await trio.sleep_forever()


async def crash(context) -> None:
    await trio.sleep(1)
    raise ValueError


async def fatal(context) -> None:
    await trio.sleep(1)
    raise SystemExit


class FailsToStart(Actor[object]):
    """Its first start is its end."""

    async def started(self, context) -> None:
        await trio.sleep(1)
        raise ValueError

    async def receive(self, message: object) -> None: ...


async def end(context) -> None:
    await trio.sleep(1)


CAUSES = {
    "escalation": (Child("b", crash), EscalatedError),
    "auto-shutdown": (Child("b", end, restart=Restart.TEMPORARY, significant=True), None),
    "failed start": (Child("b", FailsToStart), StartError),
    "fatal error": (Child("b", fatal), SystemExit),
    "end of the block": (None, None),
    "error of the block": (None, KeyError),
    "cancellation": (None, trio.Cancelled),
    "signal": (None, None),
    "stop": (None, None),
}


@pytest.mark.parametrize("cause", CAUSES)
async def test_all_has_ended_by_the_deadline_whatever_ends_the_tree(cause, autojump_clock) -> None:
    child, error = CAUSES[cause]
    inner = Supervisor("s", children=[Child("a", deaf, shutdown=FOR_EVER)])
    tree = Supervisor(
        "r",
        intensity=Intensity(restarts=0),
        auto_shutdown=AutoShutdown.ANY_SIGNIFICANT,
        shutdown=Shutdown(grace_s=5),
        children=[Child("first", deaf, shutdown=FOR_EVER), inner, *([child] if child else [])],
    )
    began = trio.current_time()
    scope, running, raised = trio.CancelScope(), None, None
    with scope:
        try:
            async with run(tree) as running:
                if child is not None:
                    await trio.sleep_forever()
                await trio.sleep(1)
                match cause:
                    case "error of the block":
                        {}[cause]
                    case "cancellation":
                        scope.cancel()
                        await trio.sleep_forever()
                    case "signal":
                        os.kill(os.getpid(), signal.SIGTERM)
                        await trio.sleep_forever()
                    case "stop":
                        await running.stop()
        except BaseException as caught:
            raised = type(caught)
            if isinstance(caught, trio.Cancelled):
                raise

    assert trio.current_time() == began + 6
    assert raised == error
    if running is not None:
        ends = [event.path for event in running.recent_events() if event.kind is EventKind.EXITED]
        assert {"r/first", "r/s", "r/s/a"} <= set(ends)
        assert ends[-1] == "r"


async def test_supervisor_that_gives_up_has_its_own_grace_for_its_children(autojump_clock) -> None:
    inner = Supervisor(
        "s",
        intensity=Intensity(restarts=0),
        shutdown=Shutdown(grace_s=5),
        children=[Child("a", deaf, shutdown=FOR_EVER), Child("b", crash)],
    )
    async with run(Supervisor("r", children=[inner], intensity=Intensity(restarts=1, within_s=2))) as running:
        await trio.sleep(7)
        status = running.status().find("r/s")

        assert (status.state, status.incarnation) == ("running", 2)
