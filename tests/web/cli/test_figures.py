"""The columns of the tree."""

import pytest

from tests.web.cli.parts import actor, supervisor
from web.cli.figures import COLUMNS, age, amount, span, state

BY_TITLE = {column.title: column for column in COLUMNS}


@pytest.mark.parametrize(
    "seconds,text", [(0.4, "0 s"), (59.9, "59 s"), (60, "1 min"), (7_200, "2 h"), (200_000, "2 d")]
)
def test_ages(seconds, text):
    assert age(seconds) == text


@pytest.mark.parametrize(
    "seconds,text",
    [
        (8.4e-9, "8.4 ns"),
        (999e-9, "999 ns"),
        (999.9e-9, "1.0 µs"),
        (15e-6, "15 µs"),
        (0.0015, "1.5 ms"),
        (2, "2.0 s"),
        (75, "75 s"),
    ],
)
def test_spans(seconds, text):
    assert span(seconds) == text


def test_amounts():
    assert [amount(count, "restart") for count in (0, 1, 1200)] == ["0 restarts", "1 restart", "1,200 restarts"]


def test_state_is_the_uptime_of_what_runs():
    assert state(actor("a")) == "up 1 min"
    assert state(actor("a", "backoff")) == "backoff"


def test_a_mailbox_that_is_nearly_full_is_marked():
    box = {"depth": 81, "capacity": 100, "highWater": 81, "waitingSenders": 0}

    assert BY_TITLE["waiting"].style(actor("a", mailbox=box)) == "yellow"
    assert BY_TITLE["waiting"].style(actor("a")) == "bright_black"


def test_tasks_and_supervisors_have_no_mailbox_to_show():
    task = actor("a", mailbox={"depth": 0, "capacity": 0, "highWater": 0, "waitingSenders": 0})

    for title in ("waiting", "most", "handled", "per s"):
        assert BY_TITLE[title].text(task) == BY_TITLE[title].text(supervisor("s")) == ""
    assert BY_TITLE["budget"].text(supervisor("s")) == "3 left"
    assert BY_TITLE["budget"].text(task) == ""
