"""Pekko's cases of starting: when an actor is made, and what follows when that fails."""

import pytest

from supervision import (
    Backoff,
    Child,
    DeclineStart,
    EscalatedError,
    Intensity,
    Restart,
    StartError,
    Supervisor,
    run,
)
from tests.supervision.suites.pekko.counter import Counter, ask, crash, crash_and_wait, tree

CASES = {
    "stubbed: create underlying deferred behavior immediately": "test_actor_starts_before_any_message",
    "create underlying deferred behavior immediately": "test_actor_starts_before_any_message",
    "work with nested supervisions and defers": "test_actor_starts_before_any_message",
    "stop when strategy is stop - exception in setup": "test_first_start_that_fails_is_not_tried_again",
    "fail instead of restart when deferred factory throws": "test_first_start_that_fails_is_not_tried_again",
    "fail to restart when deferred factory throws unhandled": "test_first_start_that_fails_is_not_tried_again",
    "fail instead of restart with exponential backoff when deferred factory throws unhandled": "test_first_start_that_fails_is_not_tried_again",
    "fail instead of restart with limit when deferred factory throws unhandled": "test_first_start_that_fails_is_not_tried_again",
    "fail when exception from AbstractBehavior constructor": "test_first_start_that_fails_is_not_tried_again",
    "restart.withLimit when deferred factory throws": "test_restart_that_fails_is_tried_again_within_the_limit",
    "ensure stash message retention on start exception when restart": "test_restart_that_fails_is_tried_again_within_the_limit",
    "ensure stash message retention on start exception when backoff": "test_restart_that_fails_is_tried_again_within_the_limit",
    "fail after more than limit in restart.withLimit when deferred factory throws": "test_restart_that_fails_too_often_escalates",
    "fail if reaching maximum number of restarts with backoff": "test_restart_that_fails_too_often_escalates",
    "that is initially stopped should be stopped": "test_actor_that_declines_its_start_is_not_restarted",
    "that is stopped after setup should be stopped": "test_actor_that_ends_itself_in_its_start_ends_normally",
    "that is stopped after restart should be stopped": "test_actor_that_declines_its_restart_is_not_restarted_again",
}  # fmt: skip

BACKOFFS = pytest.mark.parametrize("backoff", [None, Backoff(first_s=1, jitter=0)], ids=["at once", "backoff"])


class Unmade(Counter):
    """Fails when it is made."""

    def __init__(self, life: list[str]) -> None:
        life.append("tried")
        raise OSError("no")


class Unready(Counter):
    """Fails when it is started."""

    async def started(self, context) -> None:
        self.life.append("tried")
        raise OSError("no")


async def test_actor_starts_before_any_message(autojump_clock) -> None:
    life = []
    async with run(Supervisor("top", children=[Supervisor("middle", children=[tree(life)])])):
        assert life == ["started"]


@BACKOFFS
@pytest.mark.parametrize("restart", Restart, ids=str)
@pytest.mark.parametrize("kind", [Unmade, Unready])
async def test_first_start_that_fails_is_not_tried_again(kind, restart, backoff, autojump_clock) -> None:
    tried = []
    with pytest.raises(StartError) as raised:
        async with run(tree(tried, restart, kind, backoff=backoff)):
            pass
    assert isinstance(raised.value.__cause__, OSError)
    assert tried == ["tried"]


class Flaky(Counter):
    """Comes up, fails to come up again so many times, and then does."""

    failures = 2

    async def started(self, context) -> None:
        if 1 < context.incarnation <= 1 + self.failures:
            self.life.append("tried")
            raise OSError("not yet")
        await super().started(context)


@BACKOFFS
async def test_restart_that_fails_is_tried_again_within_the_limit(backoff, autojump_clock) -> None:
    life = []
    async with run(tree(life, kind=Flaky, backoff=backoff, intensity=Intensity(restarts=3, within_s=60))) as running:
        running.ref("r/a").tell_nowait(ValueError("crash"))
        for _ in range(3):
            running.ref("r/a").tell_nowait("add")
        assert await ask(running, "count") == 3
    assert life == ["started", "stopped: crashed", "tried", "tried", "started", "stopped: stopped"]


@BACKOFFS
async def test_restart_that_fails_too_often_escalates(backoff, autojump_clock) -> None:
    life = []
    with pytest.raises(EscalatedError) as raised:
        async with run(
            tree(life, kind=Flaky, backoff=backoff, intensity=Intensity(restarts=2, within_s=60))
        ) as running:
            await crash_and_wait(running, 1)
    assert isinstance(raised.value.__cause__, OSError)
    assert life == ["started", "stopped: crashed", "tried", "tried"]


class Declines(Counter):
    """Does not want to run, from this incarnation on."""

    since = 1

    async def started(self, context) -> None:
        if context.incarnation >= self.since:
            raise DeclineStart
        await super().started(context)


class DeclinesLater(Declines):
    """Does not want to run again."""

    since = 2


@pytest.mark.parametrize("restart", [Restart.PERMANENT, Restart.TRANSIENT], ids=str)
async def test_actor_that_declines_its_start_is_not_restarted(restart, autojump_clock) -> None:
    async with run(tree([], restart, Declines)) as running:
        assert await running.ref("r/a").watch() == "declined"
        assert running.status().find("r/a").state == "stopped"


@pytest.mark.parametrize("restart", [Restart.PERMANENT, Restart.TRANSIENT], ids=str)
async def test_actor_that_declines_its_restart_is_not_restarted_again(restart, autojump_clock) -> None:
    async with run(tree([], restart, DeclinesLater)) as running:
        await crash(running)
        assert await running.ref("r/a").watch() == "declined"
        status = running.status().find("r/a")
        assert (status.state, status.incarnation) == ("stopped", 2)


async def test_actor_that_ends_itself_in_its_start_ends_normally(autojump_clock) -> None:
    class Brief(Counter):
        async def started(self, context) -> None:
            await super().started(context)
            context.stop()

    life = []
    brief = Child("a", lambda: Brief(life), restart=Restart.TRANSIENT)
    async with run(Supervisor("r", children=[brief])) as running:
        assert await running.ref("r/a").watch() == "normal"
    assert life == ["started", "stopped: normal"]
