"""The supervision tree as the terminal shows it."""

import io

import pytest
from rich.console import Console

from tests.web.cli.parts import actor, event, supervisor
from web.cli.drawing import drawing, event_line


def drawn(root, *, width=120, events=(), note=None, **others):
    console = Console(file=io.StringIO(), width=width)
    console.print(drawing({"root": root, **others}, events=events, note=note))
    return console.file.getvalue()


def test_the_tree_has_a_line_for_each_part():
    text = drawn(supervisor("rookery", supervisor("pipeline", actor("watcher")), actor("web")))
    lines = [line for line in text.splitlines() if "●" in line]

    assert [line.split()[line.split().index("●") + 1] for line in lines] == ["rookery", "pipeline", "watcher", "web"]
    assert [line[: line.index("●")] for line in lines] == ["", "├── ", "│   └── ", "└── "]
    assert "up 1 h" in text
    assert "up 1 min" in text
    assert text.startswith("4 of 4 parts run\n")


def test_figures_stand_below_their_titles():
    busy = actor(
        "cataloger",
        mailbox={"depth": 7, "capacity": 100, "highWater": 42, "waitingSenders": 0},
        messages={"handled": 1_234, "ratePerSecond": 2.5},
        latency={"p50": 0.0015, "p95": 0.02, "p99": 1.5},
        restarts=1,
    )
    lines = drawn(supervisor("rookery", busy)).splitlines()
    (titles,) = [line for line in lines if "handled" in line]
    (figures,) = [line for line in lines if "cataloger" in line]

    for title, figure in {
        "waiting": "7/100", "most": "42", "handled": "1,234", "per s": "2.5", "p50": "1.5 ms", "p95": "20 ms", "p99": "1.5 s",
        "restarts": "1",
    }.items():  # fmt: skip
        end = titles.index(title) + len(title)
        assert figures[:end].endswith(figure), title


@pytest.mark.parametrize("width", [20, 40, 60, 80, 100, 120])
def test_no_line_is_wider_than_the_terminal(width):
    busy = actor(
        "a-rather-long-name",
        latency={"p50": 0.0015, "p95": 0.02, "p99": 1.5},
        messages={"handled": 10**9, "ratePerSecond": 1e6},
        lastError="E" * 200,
        state="backoff",
    )
    happened = [event("exited", "rookery/a-rather-long-name", error="E" * 200)]
    text = drawn(supervisor("rookery", busy), width=width, events=happened)

    assert max(map(len, text.splitlines())) <= width
    assert ("handled" in text) == (width >= 60)


def test_trouble_stands_below_its_part():
    troubled = actor("watcher", "backoff", restarts=2, lastError="OSError: too many\x1b[0m files")
    root = supervisor(
        "rookery",
        troubled,
        restartsInWindow=2,
        escalatesAfter="escalates after 2 more within 12 s",
        restartsRemaining=1,
    )
    text = drawn(root, deadLetterCount=3, deadlockCount=1)

    assert text.startswith("1 of 2 parts run · 3 dead letters · 1 deadlock\n")
    assert "\x1b" not in text
    lines = text.splitlines()
    assert lines[3] == "│ escalates after 2 more within 12 s"
    assert lines[5] == "      OSError: too many�[0m files"
    assert "1 left" in lines[2]
    assert "backoff" in lines[4]


def test_what_went_wrong_lately_stands_below_the_tree():
    letters = [
        {"path": "r/a", "message": f"Found{n}", "reason": "crashed", "at": "2026-01-01T10:00:00Z"} for n in range(5)
    ]
    happened = [event("restarted", "r/a", incarnation=7), event("exited", "r/a", error="ValueError: no", incarnation=6)]
    text = drawn(supervisor("r", actor("a")), deadLetters=letters, deadlocks=[["r/a", "r/b"]], events=happened)

    assert "deadlock  r/a → r/b → r/a" in text
    assert [f"Found{n} · crashed" in text for n in range(5)] == [False, False, True, True, True]
    assert text.index("ValueError: no") < text.index("life 7")


def test_a_note_says_that_it_is_not_of_now():
    assert "is away" in drawn(supervisor("rookery"), note="http://host is away")


def test_event_is_one_line():
    backoff = event("backoff", "r/a", delay=0.25)
    letter = event("dead_letter", "r/a", message="FileFound", reason="crashed")
    stuck = event("stuck", "r/a", reason="File a.py, line 1\nFile b.py, line 2")

    assert event_line(backoff).plain.endswith("backoff     r/a  for 0.25 s")
    assert event_line(letter).plain.endswith("dead letter r/a  crashed · FileFound")
    assert event_line(stuck).plain.endswith("stuck       r/a  File a.py, line 1")


@pytest.mark.parametrize(
    "feed, line",
    [
        ({"websocket": 0, "sse": 0}, "live feed: nobody"),
        ({"websocket": 2, "sse": 1}, "live feed: 2 websocket, 1 sse · up to 1.5 s and 2,048 bytes behind · ended: 12 left, 1 too slow"),
    ],
    ids=["nobody", "some"],
)  # fmt: skip
def test_the_live_feed_is_one_line(feed, line):
    is_heard = any(feed.values())
    told = {
        "connections": feed,
        "left": {"too_slow": 1, "left": 12} if is_heard else {},
        "mostLag": 1.5 if is_heard else 0.0,
        "mostLagBytes": 2_048 if is_heard else 0,
    }

    assert line in drawn(supervisor("rookery"), feed=told).splitlines()
