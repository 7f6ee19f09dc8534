"""One part of the tree in detail."""

import io

from rich.console import Console

from tests.web.cli.parts import actor, event, supervisor
from web.cli.detail import detail


def drawn(node, **others):
    console = Console(file=io.StringIO(), width=100)
    console.print(detail(node, **others))
    return console.file.getvalue()


def test_everything_of_an_actor_is_told():
    node = actor(
        "watcher",
        incarnation=3,
        restarts=2,
        restartsInWindow=1,
        failuresInRow=2,
        lastError="ValueError: no\x1b[0m",
        mailbox={"depth": 7, "capacity": 100, "highWater": 42, "waitingSenders": 1},
        latency={"count": 5, "p50": 0.0015, "p95": 0.02, "p99": 1.5},
        waitingFor=["rookery/b"],
        breakers=[{"name": "shop", "state": "half_open", "failuresInRow": 3, "failureRate": 0.25, "refused": 1200}],
        stack="File a.py, line 1\n  sleep()\n",
    )
    text = drawn(node, events=[event("restarted", "rookery/watcher", incarnation=3)])
    lines = [line.rstrip() for line in text.splitlines()]

    assert lines[0] == "● rookery/watcher"
    for name, value in {
        "state": "running, life 3, up 1 min",
        "restarts": "2, 1 lately · 2 failures in a row",
        "budget": "with its siblings escalates after 4 more within 5 s",
        "mailbox": "7 of 100 waiting, at most 42 so far · 1 sender waiting for room",
        "rate": "0.0 per second",
        "handling": "p50 1.5 ms · p95 20 ms · p99 1.5 s",
        "waits for": "rookery/b",
        "breaker": "shop half open · 25% of the last calls failed, 3 in a row · 1,200 refused",
        "last error": "ValueError: no�[0m",
        "stack": "File a.py, line 1",
    }.items():
        assert any(line.split("  ")[0] == name and line.endswith(value) for line in lines), name
    assert "0 handled · 0 failed · 0 dropped" in text
    assert lines[-1].endswith("restarted   rookery/watcher  life 3")


def test_a_supervisor_is_told_with_its_children():
    text = drawn(supervisor("rookery", actor("watcher"), restartsInWindow=1), note="it is away")

    assert "one for one" in text
    assert "1 restart lately · escalates after 4 more within 5 s" in text
    assert "└── ● watcher" in text
    assert text.endswith("it is away\n")
