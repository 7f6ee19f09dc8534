"""The tree in numbers."""

import contextlib

import trio
from prometheus_client.parser import text_string_to_metric_families

from actors.metrics import Metrics
from supervision import (
    Actor,
    Backoff,
    Child,
    CircuitBreaker,
    CircuitOpenError,
    Context,
    Mailbox,
    Running,
    Strategy,
    Supervisor,
    run,
)
from web.tree.metrics import MOST_CHILDREN, tree_families

ORDER = ["path", "breaker", "state", "outcome", "kind", "le"]


class Sink(Actor[object]):
    """Crashes on errors, goes through its breaker otherwise."""

    async def started(self, context: Context) -> None:
        """Have a breaker."""
        self.breaker = CircuitBreaker("shaky", failures=1)

    async def receive(self, message: object) -> object:
        """Take it."""
        if isinstance(message, Exception):
            raise message
        async with self.breaker:
            return message


def samples(running: Running) -> dict[tuple[str, ...], float]:
    """Everything, as a reader of the text format understands it, by name, path and other labels."""
    text = Metrics().exposition(tree_families(running.status())).decode()
    return {
        (sample.name, *(sample.labels[name] for name in sorted(sample.labels, key=ORDER.index))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_every_figure_of_an_actor_is_told(autojump_clock) -> None:
    tree = Supervisor(
        "r", backoff=Backoff(first_s=2, jitter=0), children=[Child("a", Sink, mailbox=Mailbox(capacity=7))]
    )
    async with run(tree) as running:
        ref = running.ref("r/a")
        for message in (1, 2, ValueError("no"), 3):
            ref.tell_nowait(message)
        await trio.sleep(1)
        during = samples(running)
        await trio.sleep(5)
        after = samples(running)

    assert (during["rookery_children", "r/a", "backoff"], during["rookery_children", "r/a", "running"]) == (1, 0)
    assert (after["rookery_children", "r/a", "backoff"], after["rookery_children", "r/a", "running"]) == (0, 1)
    assert (during["rookery_mailbox_depth", "r/a"], after["rookery_mailbox_depth", "r/a"]) == (1, 0)
    assert (after["rookery_mailbox_capacity", "r/a"], after["rookery_mailbox_high_water", "r/a"]) == (7, 4)
    assert after["rookery_mailbox_waiting_senders", "r/a"] == 0
    outcomes = {key[2]: value for key, value in after.items() if key[0] == "rookery_messages_total"}
    assert outcomes == {
        "handled": 3, "failed": 1, "dropped": 0, "redelivered": 0, "quarantined": 0, "answered_late": 0, "dead_letter": 1,
    }  # fmt: skip
    assert (after["rookery_child_restarts_total", "r/a"], after["rookery_child_incarnation", "r/a"]) == (1, 2)
    assert after["rookery_child_uptime_seconds", "r/a"] == 4
    assert after["rookery_child_failures_in_row", "r/a"] == 1
    assert (after["rookery_supervisor_restarts_recent", "r"], during["rookery_supervisor_restarts_recent", "r"]) == (
        0,
        1,
    )
    assert during["rookery_supervisor_restarts_remaining", "r"] == 2
    assert after["rookery_supervision_events_total", "restarted"] == 1
    assert (after["rookery_dead_letters_total",], after["rookery_deadlocks_total",]) == (1, 0)


async def test_handling_times_are_a_histogram(autojump_clock) -> None:
    async with run(Supervisor("r", children=[Child("a", Sink), Child("b", Sink)])) as running:
        for number in range(5):
            await running.ref("r/a").ask(number, timeout_s=1)
        found = samples(running)

    buckets = [value for key, value in found.items() if key[:2] == ("rookery_message_seconds_bucket", "r/a")]
    assert buckets == sorted(buckets)
    assert found["rookery_message_seconds_bucket", "r/a", "+Inf"] == found["rookery_message_seconds_count", "r/a"] == 5
    assert 0 < found["rookery_message_seconds_sum", "r/a"] < 60
    assert found["rookery_message_seconds_bucket", "r/a", "1.024e-06"] <= 5
    assert found["rookery_message_seconds_bucket", "r/b", "+Inf"] == 0


async def test_breakers_are_told_by_their_state(autojump_clock) -> None:
    class Failing(Sink):
        async def receive(self, message: int) -> None:
            with contextlib.suppress(ZeroDivisionError, CircuitOpenError):
                async with self.breaker:
                    message / 0

    async with run(Supervisor("r", children=[Child("a", Failing)])) as running:
        for _ in range(3):
            await running.ref("r/a").ask(1, timeout_s=1)
        found = samples(running)

    states = {key[3]: value for key, value in found.items() if key[:2] == ("rookery_breaker_state", "r/a")}
    assert states == {"closed": 0, "open": 1, "half_open": 0}
    assert found["rookery_breaker_refused_total", "r/a", "shaky"] == 2


async def test_a_crowd_is_told_together(autojump_clock) -> None:
    crowd = Supervisor("crowd", strategy=Strategy.DYNAMIC)
    async with run(Supervisor("r", children=[Child("a", Sink), crowd])) as running:
        for number in range(MOST_CHILDREN):
            await running.start_child("r/crowd", Child(f"c{number}", Sink, mailbox=Mailbox(capacity=3)))
        few = samples(running)
        await running.start_child("r/crowd", Child("last", Sink, mailbox=Mailbox(capacity=3)))
        many = samples(running)

    assert few["rookery_children", "r/crowd/c7", "running"] == 1
    assert {key[1] for key in many if key[0] == "rookery_children"} == {"r", "r/a", "r/crowd", "r/crowd/*"}
    assert many["rookery_children", "r/crowd/*", "running"] == MOST_CHILDREN + 1
    assert many["rookery_mailbox_capacity", "r/crowd/*"] == 3 * (MOST_CHILDREN + 1)
    assert ("rookery_messages_total", "r/a", "handled") in many
    assert not any(key[0] == "rookery_messages_total" and "crowd" in key[1] for key in many)
