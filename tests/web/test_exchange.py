"""The exchange being served."""

import pytest

from web.exchange import Exchange, exchange, serving, timed


def test_there_is_none_outside() -> None:
    with pytest.raises(LookupError):
        exchange()


def test_inside_it_is_the_current_one() -> None:
    outer, inner = (Exchange(request_id=name, method="GET", path="/") for name in "ab")
    with serving(outer):
        with serving(inner):
            assert exchange() is inner
        assert exchange() is outer


def test_times_of_a_part_add_up() -> None:
    with serving(Exchange(request_id="a", method="GET", path="/")) as current:
        for _ in range(2):
            with timed("db"):
                pass
        assert list(current.spent_s) == ["db"]

    names = [part.partition(";dur=")[0] for part in current.server_timing().split(", ")]
    assert names == ["db", "total"]
