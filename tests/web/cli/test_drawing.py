"""The supervision tree as the terminal shows it."""

import io

import pytest
from rich.console import Console

from web.cli.drawing import age, drawing


def actor(name, state="running", **others):
    node = {
        "kind": "actor",
        "name": name,
        "state": state,
        "uptime": 61.0,
        "restarts": 0,
        "lastError": None,
        "mailbox": {"depth": 0, "capacity": 100},
        "messages": {"handled": 0},
    }
    return {**node, **others}


def supervisor(name, *children, **others):
    node = {"kind": "supervisor", "name": name, "state": "running", "uptime": 3_700.0, "lastError": None}
    return {**node, "restartsInWindow": 0, "escalatesAfter": "", "children": list(children), **others}


def drawn(status, **others):
    console = Console(file=io.StringIO(), width=120)
    console.print(drawing(status, **others))
    return console.file.getvalue()


def test_the_tree_has_a_line_for_each_part():
    text = drawn({"root": supervisor("rookery", supervisor("pipeline", actor("watcher")), actor("web"))})

    assert [text_line.split("● ")[1].split("  ")[0] for text_line in text.splitlines()] == [
        "rookery",
        "pipeline",
        "watcher",
        "web",
    ]
    assert "up 1 h" in text
    assert "up 1 min" in text


def test_trouble_is_said():
    breakers = [{"name": "shop", "state": "open"}, {"name": "other", "state": "closed"}]
    troubled = actor(
        "watcher",
        "backoff",
        restarts=2,
        restartsInWindow=1,
        breakers=breakers,
        lastError="OSError: too many\x1b[0m files",
    )
    one = supervisor("rookery", troubled, restartsInWindow=2, escalatesAfter="escalates after 2 more within 12 s")
    text = drawn({"root": one, "deadLetterCount": 3})

    assert "backoff · 2 restarts · 1 of them lately · breaker shop open" in text
    assert "OSError: too many" in text
    assert "\x1b" not in text
    assert "escalates after 2 more within 12 s" in text
    assert "3 dead letters" in text


def test_work_is_counted():
    busy = actor("cataloger", mailbox={"depth": 7, "capacity": 100}, messages={"handled": 12}, restarts=1)

    assert "7/100 waiting, 12 handled · 1 restart" in drawn({"root": supervisor("rookery", busy), "deadLetterCount": 1})


def test_a_note_says_that_it_is_not_of_now():
    assert "is away" in drawn({"root": supervisor("rookery")}, note="http://host is away")


@pytest.mark.parametrize(
    "seconds,text", [(0.4, "0 s"), (59.9, "59 s"), (60, "1 min"), (7_200, "2 h"), (200_000, "2 d")]
)
def test_ages(seconds, text):
    assert age(seconds) == text
