"""What is said of a part that is in trouble."""

from tests.web.cli.parts import actor, supervisor
from web.cli.trouble import STACK_LINES, troubles


def told(node):
    return [text for text, _ in troubles(node)]


def test_nothing_is_said_of_a_part_in_health():
    assert told(actor("a")) == told(supervisor("s")) == []
    assert told(actor("a", lastError="ValueError: long ago", restarts=1)) == []


def test_everything_that_is_wrong_is_said():
    box = {"depth": 100, "capacity": 100, "highWater": 100, "waitingSenders": 2}
    breakers = [{"name": "shop", "state": "half_open"}, {"name": "other", "state": "closed"}]
    node = actor("a", "stuck", mailbox=box, breakers=breakers, waitingFor=["r/b", "r/c"], lastError="ValueError: no")
    lines = told({**node, "stack": "\n".join(f"line {n}" for n in range(10))})

    assert lines[:4] == ["ValueError: no", "full: 2 senders wait", "waits for r/b, r/c", "breaker shop is half open"]
    assert lines[4:] == [f"line {n}" for n in range(10 - STACK_LINES, 10)]


def test_a_supervisor_says_how_near_it_is_to_giving_up():
    near = {"restartsInWindow": 1, "escalatesAfter": "escalates after 2 more within 12 s"}

    assert told(supervisor("s", **near)) == ["escalates after 2 more within 12 s"]
    assert told(actor("a", **near)) == []
