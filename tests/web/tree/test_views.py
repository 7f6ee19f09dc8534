"""The tree as clients see it."""

import traceback
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
import trio

from supervision import (
    Actor,
    Child,
    CircuitBreaker,
    CircuitOpenError,
    InFlight,
    Mailbox,
    MessageFailedError,
    Supervisor,
    run,
)
from web.openapi import examples
from web.tree.views import _last_line, node_view, tree_view

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Glass(Actor[str]):
    """Breaks at the first touch."""

    async def receive(self, message: str) -> None:
        """Break."""
        raise ValueError(f"broken by {message}")


TREE = Supervisor("house", children=[Child("glass", Glass, mailbox=Mailbox(in_flight=InFlight.drop()))])


async def test_a_crash_is_seen_without_its_traceback(autojump_clock) -> None:
    async with run(TREE) as running:
        await trio.sleep(10)
        with pytest.raises(MessageFailedError):
            await running.ref("house/glass").ask("stone", timeout_s=1)
        await trio.testing.wait_all_tasks_blocked()
        view = tree_view(running.status(), now=NOW, feed=examples.TREE.feed)
        encoded = msgspec.json.encode(view)

        assert b"Traceback" not in encoded
        glass = view.root.children[0]
        assert (glass.name, glass.incarnation, glass.last_error) == ("glass", 2, "ValueError: broken by stone")
        assert [letter.message for letter in view.dead_letters] == ["str"]
        assert view.dead_letters[0].at == NOW
        assert view.root.started_at == NOW - timedelta(seconds=10)
        assert node_view(running.status().root, now=NOW).path == "house"


async def test_an_actor_shows_its_restarts_lately_and_its_breakers(autojump_clock) -> None:
    breaker = CircuitBreaker("shop", failures=1)

    class Buyer(Actor[str]):
        """Breaks the breaker."""

        async def receive(self, message: str) -> None:
            """Fail behind it."""
            with suppress(OSError, CircuitOpenError):
                async with breaker:
                    raise OSError(message)
            if message == "crash":
                raise ValueError(message)

    async with run(Supervisor("house", children=[Child("buyer", Buyer)])) as running:
        for message in ("crash", "no answer"):
            running.ref("house/buyer").tell_nowait(message)
            await trio.testing.wait_all_tasks_blocked()
            await trio.sleep(1)
        buyer = msgspec.to_builtins(tree_view(running.status(), now=NOW, feed=examples.TREE.feed).root.children[0])

        assert buyer["restartsInWindow"] == 1
        assert buyer["restartsRemaining"] == 2
        assert buyer["escalatesAfter"].startswith("escalates after 3 more")
        assert [(each["name"], each["state"]) for each in buyer["breakers"]] == [("shop", "open")]


def test_the_last_error_of_a_group_is_the_error_inside_it():
    group = ExceptionGroup("several", [ValueError("a"), OSError(2, "gone - for now -")])
    text = "".join(traceback.format_exception(group))

    assert _last_line(text) == "FileNotFoundError: [Errno 2] gone - for now -"
    assert _last_line(None) is None
