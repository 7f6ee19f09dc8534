"""Errors as they are kept."""

import gc
import logging
import weakref

import pytest
import trio

from supervision import EventKind, Failure, Supervisor, run
from supervision.testing import Probe


class Big:
    """Something that a frame holds."""


def raised(error: Exception) -> Exception:
    """The error with a traceback."""
    with pytest.raises(type(error)) as caught:
        fail(error)
    return caught.value


def fail(error: Exception) -> None:
    raise error


def test_it_has_class_message_and_the_traceback_with_its_causes() -> None:
    error = ValueError("outer")
    error.__cause__ = raised(KeyError("inner"))
    failure = Failure(raised(error))

    assert (failure.kind, failure.message, failure.summary) == (ValueError, "outer", "ValueError: outer")
    assert "KeyError: 'inner'" in str(failure)
    assert str(failure).count("in fail") == 2
    assert str(failure).endswith("ValueError: outer\n")


def test_summary_of_a_group_is_that_of_the_first_error_inside_it() -> None:
    group = ExceptionGroup("nursery", [ExceptionGroup("inner", [OSError("gone")]), ValueError("no")])

    assert Failure(group).summary == "OSError: gone"
    assert Failure(group).kind is ExceptionGroup
    assert Failure(KeyError()).summary == "KeyError"


def test_error_that_cannot_say_what_it_is_is_kept_too() -> None:
    class MuteError(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert "MuteError" in Failure(raised(MuteError())).summary


def test_traceback_of_endless_recursion_is_its_innermost_part() -> None:
    def deeper(levels: int) -> None:
        if levels:
            deeper(levels - 1)
        raise ValueError

    failure = None
    try:
        deeper(500)
    except ValueError as error:
        failure = Failure(error)

    assert "raise ValueError" in str(failure)
    assert len(failure._read.stack) == 64


async def test_nothing_of_a_crash_is_held_by_what_is_told_of_it(monkeypatch, autojump_clock) -> None:
    # pytest keeps what is logged, with its errors.
    monkeypatch.setattr(logging.getLogger("supervision"), "disabled", True)
    held = []

    def crash(message: str) -> None:
        big = Big()
        held.append(weakref.ref(big))
        raise ValueError(message)

    async with run(Supervisor("r", children=[Probe(crash).child("a")])) as running, running.events() as events:
        running.ref("r/a").tell_nowait("no")
        await trio.sleep(1)
        gc.collect()

        assert [reference() for reference in held] == [None]
        (exited,) = [event for event in running.recent_events() if event.kind is EventKind.EXITED]
        assert "raise ValueError(message)" in str(exited.error)
        assert (await anext(events)).kind is EventKind.DEAD_LETTER
        assert "ValueError: no" in running.status().find("r/a").last_error
